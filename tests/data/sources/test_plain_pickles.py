"""The reader of pickles that unpickles nothing: what it reads, and that nothing else is looked up, called or believed."""

from __future__ import annotations

import builtins
import collections
import functools
import io
import os
import pickle
import pickletools
import struct
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from netlib.data.sources.pickled_arrays import ALLOWED, PickleProblem
from netlib.data.sources.plain_pickles import load

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)
NUMBERS = st.one_of(
    hnp.integer_dtypes(endianness="?"),
    hnp.unsigned_integer_dtypes(endianness="?"),
    hnp.floating_dtypes(endianness="?", sizes=(16, 32, 64)),
    hnp.boolean_dtypes(),
)


@given(PLAIN, st.integers(3, 5))
def test_plain_values_like_pickle_does(value, protocol):
    assert load(pickle.dumps(value, protocol)) == value


@given(st.lists(st.integers(-(2**31), 2**31 - 1) | st.integers(0, 300) | st.integers(0, 70_000), max_size=50))
def test_lists_of_integers_of_every_length(values):
    assert load(pickle.dumps(values, 2)) == values


@given(
    array=NUMBERS.flatmap(lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, max_dims=3))),
    fortran=st.booleans(),
    protocol=st.sampled_from([3, 4]),
)
def test_arrays_like_pickle_does(array, fortran, protocol):
    array = np.asfortranarray(array) if fortran else array
    for found in (load(pickle.dumps(array, protocol)), load(pickle.dumps({"a": array, "b": 1}, protocol))["a"]):
        np.testing.assert_array_equal(found, array)
        assert (found.dtype, found.shape) == (array.dtype, array.shape)


def test_an_array_of_lists():
    array = np.empty(3, object)
    array[:] = [[1, 2], [], [70_000]]
    assert load(pickle.dumps(array, 3)) == [[1, 2], [], [70_000]]


def test_a_pickle_of_python_2():
    """As the batches of CIFAR are: protocol 2, texts as bytes, an array's bytes in such a text."""
    pixels = bytes(range(6))
    pickled = (
        b"\x80\x02}q\x01(U\x0bbatch_labelq\x02U\x01xq\x03U\x06labelsq\x04]q\x05(K\x06K\x09eU\x04dataq\x06"
        b"cnumpy.core.multiarray\n_reconstruct\nq\x07cnumpy\nndarray\nq\x08K\x00\x85U\x01b\x87Rq\x09(K\x01K\x02K\x03\x86"
        b"cnumpy\ndtype\nq\x0aU\x02u1K\x00K\x01\x87Rq\x0b(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89"
        b"T\x06\x00\x00\x00" + pixels + b"tb" + b"u."
    )
    found = load(pickled)
    assert pickle.loads(pickled, encoding="bytes").keys() == found.keys()
    assert (found[b"batch_label"], found[b"labels"]) == (b"x", [6, 9])
    np.testing.assert_array_equal(found[b"data"], [[0, 1, 2], [3, 4, 5]])


class Trap:
    """Writes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return (Path.touch, (self.path,))


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
@pytest.mark.parametrize(
    "wrap", [lambda trap: trap, lambda trap: {"data": trap}, lambda trap: np.array([trap], object)]
)
def test_nothing_is_run(tmp_path, protocol, wrap):
    trapped = pickle.dumps(wrap(Trap(tmp_path / "ran")), protocol)
    with pytest.raises(PickleProblem):
        load(trapped)
    assert not (tmp_path / "ran").exists()
    pickle.loads(trapped)  # the trap is one
    assert (tmp_path / "ran").exists()


OTHERS = [
    os.system, os.popen, eval, exec, getattr, setattr, builtins.__import__, open, io.BytesIO, functools.partial, bytearray, set,
    complex, object, type, pickle.loads, np.load, np.memmap, np.frombuffer, np.void, np.float64, np.ma.MaskedArray,
    collections.OrderedDict,
]  # fmt: skip


@pytest.mark.parametrize("other", OTHERS, ids=lambda each: getattr(each, "__qualname__", str(each)))
@pytest.mark.parametrize("protocol", [2, 4])
def test_every_other_name_is_refused(other, protocol):
    with pytest.raises(PickleProblem, match=r"it asks for [\w.]+, which no array of numbers needs"):
        load(pickle.dumps(other, protocol))


@given(
    st.text(st.characters(codec="ascii", exclude_characters="\n")),
    st.text(st.characters(codec="ascii", exclude_characters="\n")),
)
@example("os", "system")
@example("numpy", "load")
@example("numpy.core.multiarray", "scalar")
@example("numpy", "ndarray.tofile")
def test_a_name_is_looked_up_only_among_the_four(module, name):
    written = f"c{module}\n{name}\n.".encode()
    if (module, name) in ALLOWED:
        with pytest.raises(PickleProblem, match="it has an array that is not finished"):
            load(written)
    else:
        with pytest.raises(PickleProblem):
            load(written)


NDARRAY, DTYPE = b"cnumpy\nndarray\n", b"cnumpy\ndtype\n"
RECONSTRUCT = b"cnumpy.core.multiarray\n_reconstruct\n"
EMPTY = RECONSTRUCT + b"(" + NDARRAY + b"K\x00\x85U\x01btR"


def dtype(code: bytes, state: bytes = b"(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb") -> bytes:
    return DTYPE + b"(U" + bytes([len(code)]) + code + b"K\x00K\x01tR" + state


def array(shape: bytes, of: bytes, data: bytes) -> bytes:
    return b"\x80\x02" + EMPTY + b"(K\x01" + shape + of + b"\x89" + data + b"tb."


@pytest.mark.parametrize(
    ("written", "message"),
    [
        # Objects whose flags say that they are plain bytes: NumPy would take the bytes for addresses.
        (array(b"K\x01\x85", dtype(b"O8"), b"U\x08AAAAAAAA"), "an array of objects that are not as many as it says"),
        (array(b"K\x02\x85", dtype(b"O8"), b"]K\x01a"), "an array of objects that are not as many as it says"),
        (array(b"K\x09\x85", dtype(b"u1"), b"U\x02AB"), "an array whose length is not what its shape says"),
        (array(b"J\xff\xff\xff\xff\x85", dtype(b"u1"), b"U\x00"), "an array of an unknown form"),
        (array(b"]", dtype(b"u1"), b"U\x00"), "an array of an unknown form"),
        (array(b"K\x01\x85", b"N", b"U\x01A"), "an array of an unknown form"),
        (array(b"K\x01\x85", dtype(b"u1"), b"K\x01"), "an array whose length is not what its shape says"),
        (array(b"K\x01\x85", dtype(b"V8"), b"U\x08AAAAAAAA"), "neither an array nor a dtype of plain numbers"),
        (array(b"K\x01\x85", dtype(b"M8"), b"U\x08AAAAAAAA"), "neither an array nor a dtype of plain numbers"),
        (array(b"K\x01\x85", dtype(b"u1", b"(K\x03U\x01|N(U\x01atNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"), b"U\x01A"),
         "a dtype that is not one of plain numbers"),
        (array(b"K\x01\x85", dtype(b"u1", b"K\x01b"), b"U\x01A"), "a dtype that is not one of plain numbers"),
        (array(b"K\x01\x85", dtype(b"f1"), b"U\x01A"), r"it is damaged or cut off \(TypeError\)"),
        (array(b"(" + b"K\x00" * 70 + b"t", dtype(b"u1"), b"U\x00"), r"it is damaged or cut off \(ValueError\)"),
        (NDARRAY + b"(tR.", "it makes what is neither an array nor a dtype"),
        (b"K\x01(tR.", "it makes what is neither an array nor a dtype"),
        (NDARRAY + b"}b.", "it changes what is no array"),
        (RECONSTRUCT + b"(N}tb.", "it changes what is no array"),
        (EMPTY + b".", "it has an array that is not finished"),
        (dtype(b"u1") + b".", "it has an array that is not finished"),
        (b"}U\x01a" + EMPTY + b"s.", "it has an array that is not finished"),
        (b"K\x01(K\x02e.", "it adds to what is no list"),
        (b"]K\x01K\x02s.", "it adds to what is no mapping"),
        (b"}(K\x01u.", "it adds to what is no mapping"),
        (b"}]K\x01s.", r"it is damaged or cut off \(TypeError\)"),
        (b"i__builtin__\neval\n.", "it has the operation 0x69, which none of numbers, texts and arrays needs"),
        (b"Pid\n.", "it has the operation 0x50"),
        (b"\x82\x01.", "it has the operation 0x82"),
        (NDARRAY + b")\x81.", "it has the operation 0x81"),
        (b"(" + NDARRAY + b"o.", "it has the operation 0x6f"),
        (b"", r"it is damaged or cut off \(IndexError\)"),
        (b".", r"it is damaged or cut off \(IndexError\)"),
        (b"h\x07.", r"it is damaged or cut off \(KeyError\)"),
        (b"K", r"it is damaged or cut off \(IndexError\)"),
        (b"\x85.", "it is damaged"),
        (b"cnumpy", "it is cut off"),
        (b"B\xff\xff\xff\x7fab", "it is cut off"),
        (b"T\xff\xff\xff\xff.", "it is cut off"),
        (b"\x8e" + struct.pack("<Q", 1 << 62), "it is cut off"),
        (b"X\x01\x00\x00\x00\xff.", r"it is damaged or cut off \(UnicodeDecodeError\)"),
    ],
)  # fmt: skip
def test_what_is_refused(written, message):
    with pytest.raises(PickleProblem, match=message):
        load(written)


def test_a_place_in_memory_is_no_size_of_memory():
    assert load(b"K\x05r\xff\xff\xff\xff0j\xff\xff\xff\xff.") == 5


def test_values_that_hold_each_other_end():
    nested = []
    for _ in range(60):
        nested = [nested, nested]  # 2^60 of them, if they were copied
    assert isinstance(load(pickle.dumps(nested, 2)), list)
    own: list = []
    own.append(own)
    found = load(pickle.dumps(own, 2))
    assert found[0] is found


VALID = pickle.dumps({"data": np.arange(6, dtype=np.uint8).reshape(2, 3), "labels": [1, 300, 70_000], "name": "x"}, 3)


@settings(max_examples=400)
@given(st.data())
def test_no_change_gives_anything_but_a_refusal_or_plain_values(data):
    contents = bytearray(VALID)
    for place in data.draw(st.lists(st.integers(0, len(contents) - 1), max_size=4)):
        contents[place] = data.draw(st.integers(0, 255))
    with suppress(PickleProblem):
        load(bytes(contents[: data.draw(st.integers(0, len(contents)))]))


@settings(max_examples=400)
@given(
    st.lists(st.sampled_from([opcode.code.encode("latin-1") for opcode in pickletools.opcodes]) | st.binary(max_size=4))
)
def test_no_sequence_of_operations_does(operations):
    with suppress(PickleProblem):
        load(b"".join(operations) + b".")

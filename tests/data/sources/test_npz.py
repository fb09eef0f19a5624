"""What becomes of an npz file's arrays, and what is said of a damaged one. Headers: tests/spec/test_sources.py."""

from __future__ import annotations

import io
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from netlib.data.sources.npz import read
from netlib.spec.errors import NetlabError, SpecError
from netlib.spec.sources.npz import Npz


def saved(folder: Path, save=np.savez, **arrays: object) -> Npz:
    save(folder / "a.npz", **arrays)
    return Npz(path=str(folder / "a.npz"))


DTYPES = st.one_of(
    hnp.floating_dtypes(sizes=(16, 32, 64), endianness="?"),
    hnp.integer_dtypes(endianness="?"),
    hnp.unsigned_integer_dtypes(sizes=(8, 16), endianness="?"),
    hnp.boolean_dtypes(),
)
SHAPES = hnp.array_shapes(min_dims=1, max_dims=4, max_side=5)


@given(
    x=DTYPES.flatmap(
        lambda dtype: hnp.arrays(
            dtype, SHAPES, elements={"min_value": -100, "max_value": 100} if dtype.kind in "f" else None
        )
    ),
    save=st.sampled_from([np.savez, np.savez_compressed]),
    fortran=st.booleans(),
)
def test_values_survive_and_fit_the_signature(tmp_path_factory, x, save, fortran):
    stored = np.asfortranarray(x) if fortran else x
    source = saved(tmp_path_factory.mktemp("npz"), save, x=stored, y=np.arange(len(x)))
    wide = x.dtype.kind in "iu" and x.dtype.itemsize == 8
    if wide and x.size and (x.max() > 2**31 - 1 or x.min() < -(2**31)):
        with pytest.raises(NetlabError, match="int32 cannot hold"):
            read(source, 0)
        return
    values, tensor = read(source, 0).inputs["x"], source.signature().inputs["x"].tensor
    narrow = x.dtype.kind != "f" and x.dtype.itemsize < 4
    assert (values.dtype.name, (None, *values.shape[1:])) == (x.dtype.name if narrow else tensor.dtype, tensor.shape)
    assert values.flags.c_contiguous
    np.testing.assert_array_equal(values.reshape(x.shape), x.astype(tensor.dtype))


def test_names_and_uses(tmp_path):
    np.savez(tmp_path / "a.npz", image=np.zeros((3, 2)), label=np.arange(3), other=np.ones((3, 4)))
    source = Npz.parse(
        {"path": str(tmp_path / "a.npz"), "inputs": {"left": "image", "right": "other"}, "targets": ["label", "image"]}
    )
    arrays = read(source, 0)
    assert {name: values.shape for name, values in arrays.inputs.items()} == {"left": (3, 2), "right": (3, 4)}
    assert {name: values.shape for name, values in arrays.targets.items()} == {"label": (3,), "image": (3, 2)}


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.array([[0.0, 1.0], [2.0, 1e39]]), r"array 'x' has 1e\+39 in row 1, which float32 cannot hold"),
        (np.array([3, 2**31]), "array 'x' has 2147483648 in row 1, which int32 cannot hold"),
        (np.array([-(2**31) - 1, 3]), "array 'x' has -2147483649 in row 0, which int32 cannot hold"),
        (np.array([0, 2**32 - 1], np.uint32), "array 'x' has 4294967295 in row 1, which int32 cannot hold"),
    ],
)
def test_numbers_that_are_too_large(tmp_path, x, message):
    with pytest.raises(NetlabError, match=message) as caught:
        read(saved(tmp_path, x=x, y=np.arange(2)), 0)
    assert caught.value.exit_code == 1


def test_the_largest_that_fit(tmp_path):
    limits = np.iinfo(np.int32)
    arrays = read(saved(tmp_path, x=np.array([3.4e38, np.inf]), y=np.array([limits.min, limits.max], np.int64)), 0)
    np.testing.assert_array_equal(arrays.inputs["x"][:, 0], np.array([3.4e38, np.inf], np.float32))
    np.testing.assert_array_equal(arrays.targets["y"], [limits.min, limits.max])


def test_objects_are_not_unpickled(tmp_path):
    class Trap:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "ran",))

    source = saved(tmp_path, x=np.array([Trap()], object), y=np.zeros(1))
    with pytest.raises(SpecError, match="array 'x' holds Python objects"):
        read(source, 0)
    assert not (tmp_path / "ran").exists()


def test_a_changed_value_is_found_by_the_checksum(tmp_path):
    source = saved(tmp_path, x=np.arange(40_000.0), y=np.arange(40_000))
    before, after = np.array([30_000.0, 30_001.0]).tobytes(), np.array([30_000.0, 7.0]).tobytes()
    contents = Path(source.path).read_bytes()
    assert contents.count(before) == 1
    Path(source.path).write_bytes(contents.replace(before, after))
    with pytest.raises(
        NetlabError, match=r"a\.npz is damaged: array 'x' cannot be read \(Bad CRC-32 for file 'x\.npy'\)"
    ):
        read(source, 0)


def test_not_enough_memory(tmp_path, monkeypatch):
    source = saved(tmp_path, x=np.zeros((4, 3)), y=np.arange(4))

    def exhausted(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr("numpy.lib.format.read_array", exhausted)
    with pytest.raises(NetlabError, match=r"array 'x' takes 0\.0 GiB, more memory than there is"):
        read(source, 0)


@settings(max_examples=300)
@given(st.data())
def test_no_damage_gives_anything_but_a_message_or_the_values(tmp_path_factory, data):
    buffer = io.BytesIO()
    save = data.draw(st.sampled_from([np.savez, np.savez_compressed]))
    save(buffer, x=np.arange(60.0).reshape(30, 2), y=np.arange(30))
    contents = bytearray(buffer.getvalue())
    for place in data.draw(st.lists(st.integers(0, len(contents) - 1), min_size=1, max_size=4)):
        contents[place] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("npz") / "a.npz"
    path.write_bytes(contents)
    with suppress(NetlabError):
        assert len(read(Npz(path=str(path)), 0)) > 0

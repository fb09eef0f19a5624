"""What becomes of the arrays of npy files, and what is mapped rather than read. Headers: tests/spec/sources/test_npy.py."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from netlib.data.sources import blocks
from netlib.data.sources.npy import read
from netlib.spec.errors import NetlabError
from netlib.spec.sources.npy import Npy

DTYPES = st.one_of(
    hnp.floating_dtypes(sizes=(16, 32, 64), endianness="?"),
    hnp.integer_dtypes(endianness="?"),
    hnp.unsigned_integer_dtypes(sizes=(8, 16), endianness="?"),
    hnp.boolean_dtypes(),
)


def source(folder: Path, x: np.ndarray) -> Npy:
    np.save(folder / "x.npy", x)
    return Npy.parse({"inputs": str(folder / "x.npy"), "targets": []})


def is_mapped(array: np.ndarray) -> bool:
    while not isinstance(array, np.memmap) and isinstance(array.base, np.ndarray):
        array = array.base
    return isinstance(array, np.memmap)


@given(
    x=DTYPES.flatmap(
        lambda dtype: hnp.arrays(
            dtype,
            hnp.array_shapes(min_dims=1, max_dims=4, max_side=5),
            elements={"min_value": -100, "max_value": 100} if dtype.kind == "f" else None,
        )
    ),
    fortran=st.booleans(),
    block=st.sampled_from([1, 16, 1 << 24]),
)
def test_values_survive_and_fit_the_signature(tmp_path_factory, x, fortran, block):
    spec = source(tmp_path_factory.mktemp("npy"), np.asfortranarray(x) if fortran else x)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "BLOCK", block)
        if x.dtype.kind in "iu" and x.dtype.itemsize == 8 and (x.max() > 2**31 - 1 or x.min() < -(2**31)):
            with pytest.raises(NetlabError, match="int32 cannot hold"):
                read(spec, 0)
            return
        values, tensor = read(spec, 0).inputs["x"], spec.signature().inputs["x"].tensor
    narrow = x.dtype.kind != "f" and x.dtype.itemsize < 4
    assert (values.dtype.name, (None, *values.shape[1:])) == (x.dtype.name if narrow else tensor.dtype, tensor.shape)
    assert values.flags.c_contiguous
    np.testing.assert_array_equal(values.reshape(x.shape), x.astype(tensor.dtype))


@pytest.mark.parametrize("dtype", ["<f4", "<i4", "u1", "?"])
def test_what_needs_no_conversion_stays_mapped_until_rows_are_taken(tmp_path, dtype):
    arrays = read(source(tmp_path, np.arange(12).reshape(6, 2).astype(dtype)), 0)
    assert is_mapped(arrays.inputs["x"])
    taken = arrays.take(np.array([4, 1])).inputs["x"]
    assert not is_mapped(taken)
    np.testing.assert_array_equal(taken, np.array([[8, 9], [2, 3]]).astype(dtype))


@pytest.mark.parametrize("x", [np.zeros((3, 2)), np.zeros((3, 2), ">f4"), np.asfortranarray(np.zeros((3, 2), "f4"))])
def test_what_needs_conversion_does_not(tmp_path, x):
    assert not is_mapped(read(source(tmp_path, x), 0).inputs["x"])


def test_inputs_and_targets_of_several_files(tmp_path):
    for name, array in {"a": np.zeros((3, 2)), "b": np.ones((3, 4)), "c": np.arange(3)}.items():
        np.save(tmp_path / f"{name}.npy", array)
    path = {name: str(tmp_path / f"{name}.npy") for name in "abc"}
    spec = Npy.parse({"inputs": {"left": path["a"], "right": path["b"]}, "targets": {"label": path["c"]}})
    arrays = read(spec, 0)
    assert {name: values.shape for name, values in arrays.inputs.items()} == {"left": (3, 2), "right": (3, 4)}
    np.testing.assert_array_equal(arrays.targets["label"], [0, 1, 2])


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.array([[0.0, 1.0], [2.0, 1e39]]), r"x\.npy has 1e\+39 in row 1, which float32 cannot hold"),
        (np.array([3, 2**31]), r"x\.npy has 2147483648 in row 1, which int32 cannot hold"),
        (np.array([-(2**31) - 1, 3]), r"x\.npy has -2147483649 in row 0, which int32 cannot hold"),
        (np.array([0, 2**32 - 1], np.uint32), r"x\.npy has 4294967295 in row 1, which int32 cannot hold"),
        (np.array([0, 2**63], np.uint64), r"x\.npy has 9223372036854775808 in row 1, which int32 cannot hold"),
    ],
)
def test_numbers_that_are_too_large_are_named_by_their_row_in_the_file(tmp_path, monkeypatch, x, message):
    monkeypatch.setattr(blocks, "BLOCK", 8)
    with pytest.raises(NetlabError, match=message) as caught:
        read(source(tmp_path, x), 0)
    assert caught.value.exit_code == 1


def test_infinity_and_missing_numbers_are_no_overflow(tmp_path):
    found = read(source(tmp_path, np.array([np.inf, -np.inf, np.nan, 3.4e38])), 0).inputs["x"]
    np.testing.assert_array_equal(found[:, 0], np.array([np.inf, -np.inf, np.nan, 3.4e38], np.float32))


def test_a_file_that_is_cut_off_after_its_header_was_read(tmp_path, monkeypatch):
    spec = source(tmp_path, np.zeros((3, 2)))
    headers = spec.headers()
    monkeypatch.setattr(Npy, "headers", lambda _: headers)
    path = Path(spec.inputs["x"])
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(NetlabError, match=r"x\.npy is damaged: its values cannot be mapped \(.*\)"):
        read(spec, 0)


PEAK = """
import resource, sys
import numpy as np
from netlib.data.sources.npy import read
from netlib.spec.sources.npy import Npy
spec = Npy.parse({"inputs": sys.argv[1], "targets": []})
resource.setrlimit(resource.RLIMIT_DATA, (int(sys.argv[2]),) * 2)
arrays = read(spec, 0)
print(arrays.fingerprint())
"""


def peak_allows(path: Path, limit: int) -> bool:
    done = subprocess.run(
        [sys.executable, "-c", PEAK, str(path), str(limit)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0 or "do not fit" in done.stderr or "MemoryError" in done.stderr, done.stderr
    return done.returncode == 0


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_DATA"), reason="no limit of memory to be set here")
@pytest.mark.parametrize(("dtype", "copies"), [("f8", 1.0), ("f4", 0.0)])
def test_memory_stays_near_one_copy_in_float32_or_none(tmp_path, dtype, copies):
    shape = (1 << 22, 16)
    array = np.lib.format.open_memmap(tmp_path / "x.npy", mode="w+", dtype=dtype, shape=shape)  # zeros, sparse
    del array
    one = 4 * shape[0] * shape[1]  # 256 MiB
    assert peak_allows(tmp_path / "x.npy", int(one * (copies + 0.75)))
    if copies:
        assert not peak_allows(tmp_path / "x.npy", int(one * copies))

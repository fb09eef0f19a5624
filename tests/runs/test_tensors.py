from __future__ import annotations

import json
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
import safetensors.numpy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from netlib.runs import tensors
from netlib.runs.errors import TensorFileError

NAMES = st.text(min_size=0, max_size=20).filter(lambda name: name != "__metadata__" and name.isprintable())
SHAPES = hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)


@st.composite
def arrays(draw: st.DrawFn) -> np.ndarray:
    name = draw(st.sampled_from(sorted(tensors.DTYPES)))
    if name == "bfloat16":
        return draw(hnp.arrays(np.uint16, SHAPES)).view(ml_dtypes.bfloat16)
    array = draw(hnp.arrays(np.dtype(name).newbyteorder(draw(st.sampled_from("<>"))), SHAPES))
    layout = draw(st.sampled_from(["dense", "transposed", "strided", "reversed"]))
    if layout == "transposed":
        return array.T
    if array.ndim and layout != "dense":
        return array[::-1] if layout == "reversed" else np.concatenate([array, array])[::2]
    return array


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(NAMES, arrays(), max_size=4), st.randoms())
def test_arrays_of_every_type_shape_and_layout_come_back(tmp_path: Path, content: dict[str, Any], order: Any) -> None:
    file = tmp_path / "a.safetensors"
    tensors.save(file, content)
    loaded = tensors.load(file)
    assert list(loaded) == sorted(content)
    for name, array in content.items():
        native = array.astype(array.dtype.newbyteorder("="))
        assert loaded[name].dtype == native.dtype
        assert loaded[name].shape == array.shape
        assert loaded[name].tobytes() == native.tobytes()
        assert loaded[name].flags.writeable
    shuffled = list(content)
    order.shuffle(shuffled)
    tensors.save(tmp_path / "b.safetensors", {name: content[name] for name in shuffled})
    assert (tmp_path / "b.safetensors").read_bytes() == file.read_bytes()


def test_equal_content_gives_equal_bytes_in_another_process(tmp_path: Path) -> None:
    code = """
import sys
from pathlib import Path
import numpy as np
from netlib.runs import tensors
arrays = {f"layer.{n}": np.arange(n, dtype=np.float32) for n in range(20)}
tensors.save(Path(sys.argv[1]), arrays, {f"alias.{n}": f"layer.{n}" for n in range(20)})
"""
    for name in "ab":
        subprocess.run([sys.executable, "-c", code, str(tmp_path / name)], check=True)
    arrays = {f"layer.{n}": np.arange(n, dtype=np.float32) for n in reversed(range(20))}
    tensors.save(tmp_path / "c", arrays, {f"alias.{n}": f"layer.{n}" for n in reversed(range(20))})
    assert len({(tmp_path / name).read_bytes() for name in "abc"}) == 1


def test_others_can_read_what_is_written(tmp_path: Path) -> None:
    tensors.save(tmp_path / "m", {"k": np.arange(6.0).reshape(2, 3).T}, {"tied": "k"})
    with safetensors.safe_open(tmp_path / "m", framework="np") as file:
        assert json.loads(file.metadata()["aliases"]) == {"tied": "k"}
        np.testing.assert_array_equal(file.get_tensor("k"), [[0, 3], [1, 4], [2, 5]])


def test_the_bytes_are_those_of_the_library_s_own_writer(tmp_path: Path) -> None:
    arrays = {
        "b": np.arange(3.0),
        "a": np.ones((2, 2), np.int8),
        "c": np.zeros((), np.float32),
        "d": np.ones(5, np.float64),
    }
    arrays["e"] = np.ones((0, 3), ml_dtypes.bfloat16)
    tensors.save(tmp_path / "ours", arrays)
    safetensors.numpy.save_file(arrays, tmp_path / "theirs")
    assert (tmp_path / "ours").read_bytes() == (tmp_path / "theirs").read_bytes()


def test_the_file_has_the_permissions_that_the_user_gives_new_files(tmp_path: Path) -> None:
    (tmp_path / "other").touch()
    tensors.save(tmp_path / "m", {})
    assert (tmp_path / "m").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_a_name_that_is_no_text_in_utf8_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="surrogates not allowed"):
        tensors.save(tmp_path / "m", {"a\ud800": np.zeros(1)})
    assert list(tmp_path.iterdir()) == []


def test_what_others_write_can_be_read(tmp_path: Path) -> None:
    safetensors.numpy.save_file({"k": np.ones(2)}, tmp_path / "m", {"format": "np", "other": "x"})
    assert tensors.load_aliases(tmp_path / "m") == {}
    np.testing.assert_array_equal(tensors.load(tmp_path / "m")["k"], [1, 1])


def test_aliases_come_back(tmp_path: Path) -> None:
    aliases = {"decoder.kernel": "tokens.embeddings", "ü.$": "tokens.embeddings"}
    tensors.save(tmp_path / "m", {"tokens.embeddings": np.zeros(2)}, aliases)
    assert tensors.load_aliases(tmp_path / "m") == aliases


@pytest.mark.parametrize(
    ("aliases", "message"),
    [
        ({"b": "c"}, r"^m: 'b' is an alias of 'c', which is not there$"),
        ({"a": "a"}, r"^m: 'a' is an alias of 'a' and an array too$"),
    ],
)
def test_an_alias_must_name_an_array_and_be_none(tmp_path: Path, aliases: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tensors.save(tmp_path / "m", {"a": np.zeros(1)}, aliases)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("dtype", ["complex128", "U3", "O", "M8[s]", "longdouble"])
def test_a_type_that_the_format_has_not_is_refused(tmp_path: Path, dtype: str) -> None:
    with pytest.raises(
        TypeError, match=r"^m: array 'x' has dtype .*, expected one of bool, int8, .*bfloat16.*complex64$"
    ):
        tensors.save(tmp_path / "m", {"x": np.zeros(1, dtype)})


def test_the_format_s_own_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^m: an array cannot be named '__metadata__'$"):
        tensors.save(tmp_path / "m", {"__metadata__": np.zeros(1)})


def raw(header: Any, data: bytes = b"", length: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def entry(dtype: str, shape: list[int], end: int) -> dict[str, Any]:
    return {"a": {"dtype": dtype, "shape": shape, "data_offsets": [0, end]}}


DAMAGED = {
    "empty": b"",
    "short": b"abc",
    "header longer than the file": raw(b"{}", length=2**63),
    "not JSON": raw(b"nonsense"),
    "not UTF-8": raw(b'{"\xff":1}'),
    "deep": raw(b'{"a":' * 100_000),
    "cut": raw(entry("F32", [2], 8), b"0000"),
    "more than it says": raw(entry("F32", [1], 4), b"00000"),
    "absurd size": raw(entry("F32", [2**40], 2**42)),
    "overflowing size": raw(entry("F32", [2**40, 2**40], 4), b"0000"),
    "empty but overflowing": raw(entry("F32", [0, 2**60, 2**60], 0)),
    "negative": raw(entry("F32", [-1], 4), b"0000"),
    "hundred axes": raw(entry("F32", [1] * 100, 4), b"0000"),
    "unknown type": raw(entry("F99", [1], 4), b"0000"),
    "type of four bits": raw(entry("F4", [2], 1), b"0"),
    "type of six bits": raw(entry("F6_E2M3", [4], 3), b"000"),
    "a pickle": b"\x80\x04cos\nsystem\n(S'true'\ntR.",
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_file_is_an_error_of_ours(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "m").write_bytes(content)
    with pytest.raises(TensorFileError, match=r"^/.*/m is damaged: .") as caught:
        tensors.load(tmp_path / "m")
    assert caught.value.exit_code == 1


@pytest.mark.parametrize(
    ("aliases", "message"),
    [
        ("[", "is damaged: Expecting value"),
        ("[" * 100_000, "is damaged: maximum recursion depth"),
        ("[]", "is damaged: its aliases are not a mapping"),
        ('{"b": "c"}', "is damaged: 'b' is an alias of 'c', which is not there"),
        ('{"b": ["a"]}', "is damaged: 'b' is an alias of"),
    ],
)
def test_damaged_aliases_are_an_error_of_ours(tmp_path: Path, aliases: str, message: str) -> None:
    safetensors.numpy.save_file({"a": np.zeros(1)}, tmp_path / "m", {"aliases": aliases})
    with pytest.raises(TensorFileError, match=message):
        tensors.load_aliases(tmp_path / "m")


def test_a_file_that_is_missing_or_cannot_be_read_is_reported(tmp_path: Path) -> None:
    with pytest.raises(TensorFileError, match=r"^there is no file .*/m$"):
        tensors.load(tmp_path / "m")
    with pytest.raises(TensorFileError, match=r"^cannot read .*: "):
        tensors.load(tmp_path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300), st.booleans())
def test_no_bytes_give_anything_but_arrays_or_our_error(tmp_path: Path, content: bytes, framed: bool) -> None:
    (tmp_path / "m").write_bytes(raw(content) if framed else content)
    try:
        tensors.load(tmp_path / "m")
        tensors.load_aliases(tmp_path / "m")
    except TensorFileError:
        pass

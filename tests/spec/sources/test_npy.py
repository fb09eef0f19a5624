"""The source npy: what its parameters and the headers of its files say, before values are read."""

from __future__ import annotations

import io
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlib.spec.errors import NetlabError, SpecError
from netlib.spec.features import MissingFileError
from netlib.spec.sources.npy import Npy
from netlib.spec.tensors import TensorSpec


def written(folder: Path, **arrays: object) -> dict[str, str]:
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)  # type: ignore[arg-type]
    return {name: str(folder / f"{name}.npy") for name in arrays}


def source(inputs: object, targets: object = ()) -> Npy:
    return Npy.parse({"inputs": inputs, "targets": targets})


class TestParameters:
    def test_forms(self):
        assert source("a/x.npy", []).inputs == {"x": "a/x.npy"}
        assert source(["a/x.npy", "z.npy"]).inputs == {"x": "a/x.npy", "z": "z.npy"}
        spec = source({"left": "a.npy", "right": "a.npy"}, {"y": "b.npy"})
        assert (spec.inputs, spec.targets) == ({"left": "a.npy", "right": "a.npy"}, {"y": "b.npy"})
        assert Npy.parse(spec.to_plain()) == spec

    @pytest.mark.parametrize(
        ("inputs", "loc", "message"),
        [
            (3, ("inputs",), "expected a file, a list of files or a mapping from name to file, got 3"),
            (["a.npy", 1], ("inputs", 1), "expected the path of an .npy file, got 1"),
            ({"a": ""}, ("inputs", "a"), "expected the path of an .npy file, got ''"),
            (["a/x.npy", "b/x.npy"], ("inputs",), "two files have one name; name their arrays, as a mapping"),
            ("train-images.npy", ("inputs", "train-images"), "expected a name of letters, digits and '_'"),
            ({"input": "a.npy"}, ("inputs", "input"), "'input' has a meaning of its own"),
        ],
    )
    def test_mistakes(self, inputs, loc, message):
        with pytest.raises(SpecError) as caught:
            source(inputs)
        (problem,) = caught.value.problems
        assert problem.loc == loc
        assert message in problem.message

    def test_both_are_needed(self):
        with pytest.raises(SpecError, match=r"(?s)needs 'inputs': files to read.*needs 'targets': files to learn"):
            Npy.parse({})

    def test_an_input_is_needed(self):
        with pytest.raises(SpecError, match="inputs: at least one file is needed as an input"):
            source({}).signature()


class TestSignature:
    @pytest.mark.parametrize(
        ("array", "expected"),
        [
            (np.zeros((5, 3)), TensorSpec((None, 3), "float32")),
            (np.zeros((5, 3), np.float16), TensorSpec((None, 3), "float32")),
            (np.zeros(5), TensorSpec((None, 1), "float32")),
            (np.zeros(5, np.int64), TensorSpec((None,), "int32")),
            (np.zeros((5, 8, 8), np.uint8), TensorSpec((None, 8, 8), "int32")),
            (np.zeros((5, 4), ">f8", order="F"), TensorSpec((None, 4), "float32")),
        ],
    )
    def test_from_the_headers(self, tmp_path, array, expected):
        files = written(tmp_path, x=array, y=np.zeros(5, int))
        signature = source({"x": files["x"]}, {"y": files["y"]}).signature()
        assert signature.inputs["x"].tensor == expected
        assert signature.targets["y"].is_label
        assert signature.samples == 5

    def test_only_headers_are_read(self, tmp_path, monkeypatch):
        path = tmp_path / "x.npy"
        array = np.lib.format.open_memmap(path, mode="w+", dtype=np.float64, shape=(200_000_000, 8))  # 12.8 GB, sparse
        del array
        monkeypatch.setattr(np, "load", lambda *_: pytest.fail("read an array"))
        assert source(str(path)).signature().samples == 200_000_000

    def test_a_missing_file(self, tmp_path):
        files = written(tmp_path, x=np.zeros(3))
        spec = source(files["x"], {"y": str(tmp_path / "labels.npy")})
        with pytest.raises(MissingFileError, match=r"targets\.y: there is no file .*labels\.npy") as caught:
            spec.signature()
        assert (caught.value.exit_code, caught.value.problems[0].loc) == (2, ("targets", "y"))

    def test_a_folder(self, tmp_path):
        with pytest.raises(SpecError, match=r"inputs\.x: .* cannot be read: Is a directory"):
            source({"x": str(tmp_path)}).signature()

    @pytest.mark.parametrize(
        ("array", "message"),
        [
            (np.array([{}, {}], object), "holds Python objects, .* a pickle can run code; save numbers instead"),
            (np.array(["a", "b"]), "holds <U1; numbers are needed"),
            (np.zeros(2, complex), "holds complex128; numbers are needed"),
            (np.float32(1), "is a single value; one row for each sample is needed"),
            (np.zeros((0, 3)), r"has the shape \(0, 3\): it has no values"),
        ],
    )
    def test_arrays_that_are_no_samples(self, tmp_path, array, message):
        np.save(tmp_path / "x.npy", array, allow_pickle=True)
        with pytest.raises(SpecError, match=rf"inputs\.x: .*x\.npy {message}"):
            source(str(tmp_path / "x.npy")).signature()

    def test_different_lengths(self, tmp_path):
        files = written(tmp_path, x=np.zeros(4), y=np.zeros(3))
        with pytest.raises(
            SpecError, match=r"targets\.y: .*x\.npy has 4 rows and .*y\.npy has 3: one row is one sample"
        ):
            source(files["x"], files["y"]).signature()

    def test_the_stamp_changes_with_a_file(self, tmp_path):
        files = written(tmp_path, x=np.zeros(4), y=np.zeros(4))
        spec = source(files["x"], files["y"])
        before = spec.stamp()
        written(tmp_path, y=np.zeros(5))
        assert spec.stamp() != before
        Path(files["y"]).unlink()
        assert len(spec.stamp()) == 1


class TestDamaged:
    @pytest.mark.parametrize(
        ("contents", "kind", "message"),
        [
            (b"", NetlabError, "x.npy is damaged: it is empty"),
            (b"x,y\n1,2\n", SpecError, r"x\.npy is not an npy file but something else; write one with numpy\.save"),
            (b"PK\x03\x04rest", SpecError, r"is not an npy file but an archive of arrays \(source: npz reads those\)"),
            (b"\x93NUMPY\x01", NetlabError, r"x\.npy is damaged: its header cannot be read"),
            (b"\x93NUMPY\x01\x00\x04\x00(((\n", NetlabError, "its header cannot be read"),
            (b"\x93NUMPY\x03\x00\x02\x00\x00\x00{}", NetlabError, r"its format is version 3\.0"),
        ],
    )
    def test_headers(self, tmp_path, contents, kind, message):
        (tmp_path / "x.npy").write_bytes(contents)
        with pytest.raises(kind, match=message) as caught:
            source(str(tmp_path / "x.npy")).signature()
        assert caught.value.exit_code == (2 if kind is SpecError else 1)

    @pytest.mark.parametrize("change", [lambda b: b[:-8], lambda b: b + bytes(8)])
    def test_another_size_than_declared(self, tmp_path, change):
        path = Path(written(tmp_path, x=np.zeros((4, 2)))["x"])
        path.write_bytes(change(path.read_bytes()))
        with pytest.raises(NetlabError, match=r"it declares \(4, 2\) of float64, 64 bytes, but (56|72) are there"):
            source(str(path)).signature()

    @settings(max_examples=200)
    @given(st.data())
    def test_no_changed_byte_brings_down_more_than_the_message(self, tmp_path_factory, data):
        buffer = io.BytesIO()
        np.save(buffer, np.arange(6.0).reshape(3, 2))
        contents = bytearray(buffer.getvalue())
        for place in data.draw(st.lists(st.integers(0, len(contents) - 1), max_size=4)):
            contents[place] = data.draw(st.integers(0, 255))
        path = tmp_path_factory.mktemp("npy") / "x.npy"
        path.write_bytes(contents[: data.draw(st.integers(0, len(contents)))])
        with suppress(NetlabError):
            assert source(str(path)).signature().samples

"""The bundled sets, the generators and npz: what their specs say, before anything is read."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlib.spec.errors import NetlabError, SpecError
from netlib.spec.features import DataSignature, MissingFileError, SourceSpec
from netlib.spec.registry import names, spec_class
from netlib.spec.sources.bundled import Digits
from netlib.spec.sources.generators import Blobs, Moons, Regression, Sine, Spirals, Xor
from netlib.spec.sources.npz import Npz
from netlib.spec.tensors import TensorSpec


def write(path: Path, **arrays: object) -> str:
    np.savez(path, **arrays)  # type: ignore[arg-type]
    return str(path)


def shapes(signature: DataSignature) -> dict[str, str]:
    return {name: str(feature.tensor) for name, feature in {**signature.inputs, **signature.targets}.items()}


def test_every_source_has_a_documented_spec_under_its_name():
    for name in names("source"):
        cls = spec_class("source", name)
        assert issubclass(cls, SourceSpec)
        assert cls.type_name() == name
        assert cls.__doc__
        assert all(field.description for field in cls.model_fields.values()), name


def test_a_signature_is_known_without_numpy_polars_or_tensorflow():
    code = """
import sys
from netlib.spec.data import DataSpec
from netlib.spec.registry import names, spec_class
needed = {"noise": {"inputs": {"x": {}}}, "keras_dataset": {"name": "imdb"}}
for name in names("source"):
    if not spec_class("source", name).paths:
        DataSpec.parse({"source": name, **needed.get(name, {})}).signature()
found = {"numpy", "polars", "tensorflow", "keras"} & set(sys.modules)
assert not found, found
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_digits():
    signature = Digits().signature()
    assert shapes(signature) == {"image": "(batch, 8, 8, 1) float32", "digit": "(batch) int32"}
    assert signature.targets["digit"].class_names == tuple("0123456789")


@pytest.mark.parametrize(
    ("spec", "expected", "classes"),
    [
        (Spirals(classes=5), "(batch, 2) float32", 5),
        (Moons(), "(batch, 2) float32", 2),
        (Blobs(classes=4, features=7), "(batch, 7) float32", 4),
        (Xor(features=3), "(batch, 3) float32", 2),
        (Sine(), "(batch, 1) float32", None),
        (Regression(features=6), "(batch, 6) float32", None),
    ],
)
def test_generators(spec, expected, classes):
    signature = spec.signature()
    assert str(signature.inputs["features"].tensor) == expected
    (target,) = signature.targets.values()
    assert target.num_classes == classes
    assert target.is_label == (classes is not None)
    assert signature.samples == 1000


def test_fewer_samples_than_classes():
    with pytest.raises(SpecError, match=r"samples \(=3\) must not be fewer than the classes \(=4\)"):
        Blobs.parse({"samples": 3, "classes": 4})
    with pytest.raises(SpecError, match=r"samples \(=1\) must not be fewer than the classes \(=2\)"):
        Moons.parse({"samples": 1})


def test_absurd_numbers_of_samples_are_refused():
    with pytest.raises(SpecError, match=r"samples: expected a number not greater than 10000000, got 1000000000000"):
        Sine.parse({"samples": 10**12})


class TestNpzParameters:
    def test_forms(self):
        assert Npz.parse({"path": "a.npz"}).inputs == {"x": "x"}
        assert Npz.parse({"path": "a.npz", "inputs": "a", "targets": []}).targets == {}
        assert Npz.parse({"path": "a.npz", "inputs": ["a", "b"]}).inputs == {"a": "a", "b": "b"}
        spec = Npz.parse({"path": "a.npz", "inputs": {"left": "a", "right": "a"}})
        assert spec.inputs == {"left": "a", "right": "a"}
        assert Npz.parse(spec.to_plain()) == spec

    @pytest.mark.parametrize(
        ("inputs", "loc", "message"),
        [
            (3, ("inputs",), "expected an array's name, a list of names or a mapping from name to array, got 3"),
            (["a", 1], ("inputs", 1), "expected the name of an array, got 1"),
            ({"a": ""}, ("inputs", "a"), "expected the name of an array, got ''"),
            (["a", "a"], ("inputs",), "an array is listed twice; give its uses different names, as a mapping"),
            ("train images", ("inputs", "train images"), "expected a name of letters, digits and '_'"),
            ({"input": "a"}, ("inputs", "input"), "'input' has a meaning of its own"),
        ],
    )
    def test_mistakes(self, inputs, loc, message):
        with pytest.raises(SpecError) as caught:
            Npz.parse({"path": "a.npz", "inputs": inputs})
        (problem,) = caught.value.problems
        assert problem.loc == loc
        assert message in problem.message

    def test_an_input_is_needed(self, tmp_path):
        path = write(tmp_path / "a.npz", x=np.zeros(3))
        with pytest.raises(SpecError, match="inputs: at least one array is needed as an input"):
            Npz(path=path, inputs={}).signature()


class TestNpzSignature:
    @pytest.mark.parametrize(
        ("array", "expected"),
        [
            (np.zeros((5, 3)), TensorSpec((None, 3), "float32")),
            (np.zeros((5, 3), np.float16), TensorSpec((None, 3), "float32")),
            (np.zeros(5), TensorSpec((None, 1), "float32")),
            (np.zeros(5, np.int64), TensorSpec((None,), "int32")),
            (np.zeros((5, 8, 8), np.uint8), TensorSpec((None, 8, 8), "int32")),
            (np.zeros((5, 2), bool), TensorSpec((None, 2), "int32")),
            (np.zeros((5, 4), ">f8", order="F"), TensorSpec((None, 4), "float32")),
        ],
    )
    @pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
    def test_from_the_headers(self, tmp_path, array, expected, save):
        save(tmp_path / "a.npz", x=array, y=np.zeros(5, int))
        signature = Npz(path=str(tmp_path / "a.npz")).signature()
        assert signature.inputs["x"].tensor == expected
        assert signature.targets["y"].is_label
        assert signature.samples == 5

    def test_only_headers_are_read(self, tmp_path, monkeypatch):
        path = write(tmp_path / "a.npz", x=np.zeros((100_000, 10)), y=np.zeros(100_000))
        monkeypatch.setattr("numpy.lib.format.read_array", lambda *_: pytest.fail("read an array"))
        assert Npz(path=path).signature().samples == 100_000

    def test_a_missing_file(self, tmp_path):
        with pytest.raises(MissingFileError, match=r"path: there is no file .*nothing\.npz") as caught:
            Npz(path=str(tmp_path / "nothing.npz")).signature()
        assert caught.value.exit_code == 2
        assert caught.value.problems[0].loc == ("path",)

    def test_a_folder(self, tmp_path):
        with pytest.raises(SpecError, match=r"path: .* cannot be read: Is a directory"):
            Npz(path=str(tmp_path)).signature()

    @pytest.mark.parametrize(
        ("parameters", "loc", "message"),
        [
            ({}, ("inputs",), r"has no array 'x' \(it has: 'images', 'labels'\)$"),
            ({"inputs": "image"}, ("inputs",), r"has no array 'image' \(it has: .*\); did you mean 'images'\?"),
            ({"inputs": "images"}, ("targets",), r"has no array 'y' \(it has: 'images', 'labels'\)"),
        ],
    )
    def test_wrong_keys(self, tmp_path, parameters, loc, message):
        path = write(tmp_path / "a.npz", images=np.zeros((3, 2)), labels=np.zeros(3, int))
        with pytest.raises(SpecError, match=message) as caught:
            Npz.parse({"path": path, **parameters}).signature()
        assert caught.value.problems[0].loc == loc

    def test_an_archive_of_nothing(self, tmp_path):
        zipfile.ZipFile(tmp_path / "a.npz", "w").close()
        with pytest.raises(SpecError, match=r"has no array 'x' \(it has none\)"):
            Npz(path=str(tmp_path / "a.npz")).signature()

    @pytest.mark.parametrize(
        ("array", "message"),
        [
            (
                np.array([{}, {}], object),
                "array 'x' holds Python objects, .* a pickle can run code; save numbers instead",
            ),
            (np.array(["a", "b"]), "array 'x' holds <U1; numbers are needed"),
            (np.zeros(2, "datetime64[s]"), r"array 'x' holds datetime64\[s\]; numbers are needed"),
            (np.zeros(2, complex), "array 'x' holds complex128; numbers are needed"),
            (np.float32(1), "array 'x' is a single value; one row for each sample is needed"),
            (np.zeros((0, 3)), r"array 'x' has the shape \(0, 3\): it has no values"),
            (np.zeros((2, 0)), r"array 'x' has the shape \(2, 0\): it has no values"),
        ],
    )
    def test_arrays_that_are_no_samples(self, tmp_path, array, message):
        path = write(tmp_path / "a.npz", x=array, y=np.zeros(2))
        with pytest.raises(SpecError, match=f"inputs: .*{message}"):
            Npz(path=path).signature()

    @pytest.mark.parametrize(("inputs", "key"), [("x", "targets"), (["x", "z"], "inputs")])
    def test_different_lengths(self, tmp_path, inputs, key):
        path = write(tmp_path / "a.npz", x=np.zeros(4), y=np.zeros(3), z=np.zeros(3))
        targets = ["y"] if inputs == "x" else []
        with pytest.raises(SpecError, match=f"{key}: .*'x' has 4 rows and '[yz]' has 3: one row is one sample"):
            Npz.parse({"path": path, "inputs": inputs, "targets": targets}).signature()


class TestDamagedNpz:
    def test_not_an_archive(self, tmp_path):
        file = tmp_path / "a.npz"
        file.write_text("x,y\n1,2\n")
        with pytest.raises(SpecError, match=r"path: .*a\.npz is not an npz file but something else; write one with"):
            Npz(path=str(file)).signature()

    def test_one_array(self, tmp_path):
        np.save(tmp_path / "a.npy", np.zeros(3))
        with pytest.raises(SpecError, match=r"a\.npy is not an npz file but one array \(\.npy\)"):
            Npz(path=str(tmp_path / "a.npy")).signature()

    def test_empty(self, tmp_path):
        (tmp_path / "a.npz").touch()
        with pytest.raises(NetlabError, match=r"a\.npz is damaged: it is empty") as caught:
            Npz(path=str(tmp_path / "a.npz")).signature()
        assert caught.value.exit_code == 1

    def test_cut_off(self, tmp_path):
        path = Path(write(tmp_path / "a.npz", x=np.zeros(100), y=np.zeros(100)))
        path.write_bytes(path.read_bytes()[:-30])
        with pytest.raises(NetlabError, match=r"is damaged: it begins like an npz file, .* was it cut off") as caught:
            Npz(path=str(path)).signature()
        assert caught.value.exit_code == 1

    def archive(self, path: Path, contents: bytes, compression: int = zipfile.ZIP_STORED) -> Npz:
        with zipfile.ZipFile(path, "w", compression) as archive:
            archive.writestr("x.npy", contents)
        return Npz(path=str(path), targets={})

    def header(self, shape: str, version: tuple[int, int] = (1, 0)) -> bytes:
        text = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}}}".ljust(117) + "\n"
        return b"\x93NUMPY" + bytes(version) + len(text).to_bytes(2, "little") + text.encode()

    def test_an_absurd_size_in_the_header(self, tmp_path):
        spec = self.archive(tmp_path / "a.npz", self.header("(1000000000000, 8)") + bytes(64))
        with pytest.raises(
            NetlabError, match=r"array 'x' declares \(1000000000000, 8\) of float64, 64000000000000 bytes, but"
        ):
            spec.signature()

    def test_a_size_that_archive_and_header_agree_on_but_the_file_cannot_hold(self, tmp_path):
        spec = self.archive(tmp_path / "a.npz", self.header("(1000000,)") + bytes(64))
        contents = Path(spec.path).read_bytes()
        true, false = (128 + 64).to_bytes(4, "little"), (128 + 8_000_000).to_bytes(4, "little")
        Path(spec.path).write_bytes(contents.replace(true, false))
        with pytest.raises(
            NetlabError, match=r"declares \(1000000\) of float64, 8000000 bytes, but at most \d+ are there"
        ):
            spec.signature()

    def test_a_deflated_array_of_zeros_is_no_bomb(self, tmp_path):
        np.savez_compressed(tmp_path / "a.npz", x=np.zeros((1000, 1000)))
        assert Npz(path=str(tmp_path / "a.npz"), targets={}).signature().samples == 1000

    def test_a_method_of_compression_that_numpy_does_not_write(self, tmp_path):
        spec = self.archive(tmp_path / "a.npz", self.header("(8,)") + bytes(64), zipfile.ZIP_BZIP2)
        with pytest.raises(NetlabError, match=r"64 bytes, but at most .* are there"):
            spec.signature()

    @pytest.mark.parametrize(
        ("contents", "message"),
        [
            (b"", "the header of array 'x' cannot be read"),
            (b"not an array", "the header of array 'x' cannot be read"),
            (b"\x93NUMPY\x09\x00", r"cannot be read .*9"),
            (b"\x93NUMPY\x03\x00\x02\x00\x00\x00{}", r"its format is version 3\.0"),
            (b"\x93NUMPY\x01\x00\x04\x00(((\n", "the header of array 'x' cannot be read"),
        ],
    )
    def test_headers(self, tmp_path, contents, message):
        with pytest.raises(NetlabError, match=message) as caught:
            self.archive(tmp_path / "a.npz", contents).signature()
        assert caught.value.exit_code == 1

    def test_a_negative_length(self, tmp_path):
        with pytest.raises(NetlabError, match=r"array 'x' declares \(-1, -8\)"):
            self.archive(tmp_path / "a.npz", self.header("(-1, -8)") + bytes(64)).signature()

    @settings(max_examples=300)
    @given(st.data())
    def test_no_changed_byte_brings_down_more_than_the_message(self, tmp_path_factory, data):
        buffer = io.BytesIO()
        save = data.draw(st.sampled_from([np.savez, np.savez_compressed]))
        save(buffer, x=np.arange(6.0).reshape(3, 2), y=np.arange(3))
        contents = bytearray(buffer.getvalue())
        for place in data.draw(st.lists(st.integers(0, len(contents) - 1), max_size=4)):
            contents[place] = data.draw(st.integers(0, 255))
        path = tmp_path_factory.mktemp("npz") / "a.npz"
        path.write_bytes(contents[: data.draw(st.integers(0, len(contents)))])
        with suppress(NetlabError):
            assert Npz(path=str(path)).signature().samples

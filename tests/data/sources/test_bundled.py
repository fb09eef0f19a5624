"""The bundled sets, held against their specs and read a second time without polars."""

from __future__ import annotations

import csv
import shutil

import numpy as np
import pytest

from netlib.data.sources import bundled
from netlib.data.sources.bundled import FOLDER, read, verified
from netlib.spec.errors import NetlabError
from netlib.spec.registry import TABLES, spec_class

NAMES = [name for name, module in TABLES["source"].items() if module == "netlib.spec.sources.bundled"]
TABLE_NAMES = [name for name in NAMES if name != "digits"]


@pytest.mark.parametrize("name", NAMES)
def test_the_spec_tells_what_is_in_the_file(name):
    source = spec_class("source", name)()
    signature, arrays = source.signature(), read(source, 0)
    assert len(arrays) == signature.samples
    assert (list(arrays.inputs), list(arrays.targets)) == (list(signature.inputs), list(signature.targets))
    for key, feature in {**signature.inputs, **signature.targets}.items():
        values = {**arrays.inputs, **arrays.targets}[key]
        assert (None, *values.shape[1:]) == feature.tensor.shape
        assert values.dtype == feature.tensor.dtype
        assert values.flags.c_contiguous
        assert values.min() == np.float32(feature.minimum)
        assert values.max() == np.float32(feature.maximum)
        if feature.is_label:
            assert list(feature.class_names) == sorted(feature.class_names)
            assert len(feature.class_names) == feature.num_classes
            np.testing.assert_array_equal(np.unique(values), np.arange(feature.num_classes))


@pytest.mark.parametrize("name", TABLE_NAMES)
def test_tables_have_the_values_of_their_files(name):
    with (FOLDER / f"{name}.csv").open(newline="") as file:
        _, *rows = csv.reader(file)
    source = spec_class("source", name)()
    arrays = read(source, 0)
    np.testing.assert_array_equal(arrays.inputs["features"], np.array([row[:-1] for row in rows], float).astype("f4"))
    ((target, feature),) = source.signature().targets.items()
    read_again = [feature.class_names[label] for label in arrays.targets[target]] if feature.class_names else None
    if read_again is None:
        np.testing.assert_array_equal(arrays.targets[target][:, 0], np.array([row[-1] for row in rows], "f4"))
    else:
        assert read_again == [row[-1] for row in rows]


def test_digits_are_the_grey_values_of_the_file():
    with np.load(FOLDER / "digits.npz") as file:
        x, y = file["x"], file["y"]
    arrays = read(spec_class("source", "digits")(), 0)
    np.testing.assert_array_equal(arrays.inputs["image"][..., 0] * 16, x)
    np.testing.assert_array_equal(arrays.targets["digit"], y)


def test_every_file_has_a_checksum_and_its_provenance():
    files = {path.name for path in FOLDER.iterdir()} - {"README.md", "SHA256SUMS"}
    assert files == {line.split()[1] for line in (FOLDER / "SHA256SUMS").read_text().splitlines()}
    provenance = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert all(f"| {name} |" in provenance for name in files)
    assert all(verified(name) for name in files)


@pytest.fixture
def copy(tmp_path, monkeypatch):
    shutil.copytree(FOLDER, tmp_path / "bundled")
    monkeypatch.setattr(bundled, "FOLDER", tmp_path / "bundled")
    return tmp_path / "bundled"


@pytest.mark.parametrize(("name", "file"), [("iris", "iris.csv"), ("digits", "digits.npz")])
def test_a_damaged_file(copy, name, file):
    contents = bytearray((copy / file).read_bytes())
    contents[len(contents) // 2] ^= 1
    (copy / file).write_bytes(contents)
    message = (
        rf"bundled file .*{file} is damaged: its SHA-256 is \w{{64}}, SHA256SUMS has \w{{64}}; install netlab again"
    )
    with pytest.raises(NetlabError, match=message) as caught:
        read(spec_class("source", name)(), 0)
    assert caught.value.exit_code == 1


def test_a_missing_file(copy):
    (copy / "wine.csv").unlink()
    with pytest.raises(
        NetlabError, match=r"bundled file .*wine\.csv cannot be read \(.*No such file.*\); install netlab"
    ):
        read(spec_class("source", "wine")(), 0)


def test_a_file_without_a_checksum(copy):
    (copy / "SHA256SUMS").write_text("")
    with pytest.raises(NetlabError, match=r"wine\.csv is damaged: .* SHA256SUMS has none"):
        read(spec_class("source", "wine")(), 0)

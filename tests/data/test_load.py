"""From the section to splits: everything together."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from netlib.data.load import READERS, load
from netlib.data.preprocessing import Preprocessing
from netlib.data.sources.generators import read
from netlib.spec.data import DataSpec
from netlib.spec.errors import NetlabError, SpecError, UsageError
from netlib.spec.registry import TABLES, names, spec_class

READS = {name for name in names("source") if spec_class("source", name).paths} | {"keras_dataset"}
OFFLINE = {name: {} for name in names("source") if name not in READS} | {
    "noise": {"inputs": {"x": {"shape": [2]}}, "targets": {"y": {"classes": 3}}}
}
"""Sources that read no file -> the parameters that they need."""


def test_every_source_has_a_reader():
    assert set(TABLES["source"].values()) <= set(READERS)


@pytest.mark.parametrize("name", OFFLINE)
def test_every_source_loads_as_its_signature_says(name):
    spec = DataSpec.parse({"source": name, **OFFLINE[name], "validation": 0.15, "test": 0.15})
    signature, splits = spec.signature(), load(spec, 7)
    assert splits.validation is not None
    assert splits.test is not None
    assert len(splits.train) + len(splits.validation) + len(splits.test) == signature.samples
    for split in (splits.train, splits.validation, splits.test):
        for values, features in ((split.inputs, signature.inputs), (split.targets, signature.targets)):
            shown = {key: (str(array.dtype), (None, *array.shape[1:])) for key, array in values.items()}
            assert shown == {key: (feature.tensor.dtype, feature.tensor.shape) for key, feature in features.items()}


def test_splits_are_parts_of_the_source():
    spec = DataSpec.parse({"source": "blobs", "samples": 200, "validation": 0.2, "test": 0.1})
    splits, whole = load(spec, 3), read(spec.source, 3)
    for split in (splits.train, splits.validation, splits.test):
        rows = [split.row(i) for i in range(len(split))]
        np.testing.assert_array_equal(split.inputs["features"], whole.inputs["features"][rows])
        np.testing.assert_array_equal(split.targets["label"], whole.targets["label"][rows])
    assert splits.fingerprint == whole.fingerprint()


def test_what_is_not_held_out_is_none():
    splits = load(DataSpec.parse({"source": "iris"}), 0)
    assert (len(splits.train), splits.validation, splits.test) == (150, None, None)


def test_classes_keep_their_proportions_unless_told_otherwise():
    section = {"source": "iris", "test": 0.2}
    stratified = load(DataSpec.parse(section), 0).test
    assert np.bincount(stratified.targets["species"]).tolist() == [10, 10, 10]
    plain = [load(DataSpec.parse({**section, "stratify": False}), seed).test for seed in range(5)]
    assert any(np.bincount(split.targets["species"], minlength=3).tolist() != [10, 10, 10] for split in plain)


def test_several_inputs_and_targets_stay_together():
    section = {"source": "views", "samples": 300, "validation": 0.2, "test": 0.1, "noise": 0.0}
    splits = load(DataSpec.parse(section), 5)
    whole = read(DataSpec.parse(section).source, 5)
    assert [len(split) for split in (splits.train, splits.validation, splits.test)] == [210, 60, 30]
    for split in (splits.train, splits.validation, splits.test):
        rows = [split.row(i) for i in range(len(split))]
        for found, drawn in ((split.inputs, whole.inputs), (split.targets, whole.targets)):
            assert list(found) == list(drawn)
            for name, values in found.items():
                np.testing.assert_array_equal(values, drawn[name][rows])


def test_of_several_targets_none_is_stratified_by():
    section = {"source": "views", "classes": 2, "samples": 100, "test": 0.2}
    held_out = [load(DataSpec.parse(section), seed).test.targets["kind"] for seed in range(5)]
    assert any(kind.sum() != 10 for kind in held_out)
    message = r"stratify needs one target, .*'kind' \(batch\) int32, 'position' \(batch, 1\) float32$"
    with pytest.raises(SpecError, match=message):
        load(DataSpec.parse({**section, "stratify": True}), 0)


def test_one_class_among_several_inputs_is_stratified_by():
    splits = load(DataSpec.parse({"source": "customers", "samples": 1000, "test": 0.2}), 0)
    shares = [split.targets["buys"].mean() for split in (splits.train, splits.test)]
    assert shares[0] == pytest.approx(shares[1], abs=0.005)


def test_every_input_has_its_own_preprocessing():
    steps = {"age": "Standardize", "income": [{"Rescale": 0.01}, "Standardize"], "city": {"Rescale": 0.5}}
    spec = DataSpec.parse({"source": "customers", "samples": 400, "test": 0.25, "preprocess": steps})
    splits, signature = load(spec, 1), spec.signature()
    train, raw = splits.train.inputs, load(DataSpec.parse({"source": "customers", "samples": 400, "test": 0.25}), 1)
    for name in ("age", "income"):
        assert train[name].shape == (300, 1)
        assert train[name].mean() == pytest.approx(0, abs=1e-5)
        assert train[name].std() == pytest.approx(1, abs=1e-5)
    np.testing.assert_array_equal(train["city"][:, 0], raw.train.inputs["city"] / 2)
    np.testing.assert_array_equal(train["job"], raw.train.inputs["job"])
    assert {name: values.dtype.name for name, values in train.items()} == {
        name: feature.tensor.dtype for name, feature in signature.inputs.items()
    }
    assert (signature.inputs["city"].maximum, signature.inputs["city"].num_classes) == (5.5, None)
    assert signature.inputs["job"].num_classes == 8


def test_without_a_target():
    splits = load(DataSpec.parse({"source": "noise", "inputs": {"x": {"shape": [2]}}, "test": 0.25}), 0)
    assert (len(splits.train), len(splits.test), splits.test.targets) == (48, 16, {})


def test_integers_of_a_file_are_stratified(npz):
    spec = npz({"x": np.zeros((100, 2)), "y": np.repeat([3, 8], [80, 20])}, test=0.1)
    assert np.sort(load(spec, 0).test.targets["y"]).tolist() == [3] * 8 + [8] * 2


@pytest.mark.parametrize("dtype", [bool, np.uint8, ">i2", np.int64])
def test_integers_of_every_width_are_int32_in_the_end(npz, dtype):
    values = (np.arange(12) % 2).astype(dtype)
    splits = load(npz({"x": values.reshape(6, 2), "y": values[:6]}), 0)
    assert splits.train.inputs["x"].dtype == splits.train.targets["y"].dtype == np.int32
    np.testing.assert_array_equal(splits.train.inputs["x"], values.reshape(6, 2).astype(int))
    np.testing.assert_array_equal(splits.train.targets["y"], values[:6].astype(int))


def test_the_bytes_of_images_are_rescaled(npz):
    image = np.arange(256, dtype=np.uint8).reshape(4, 8, 8)
    spec = npz({"x": image, "y": np.arange(4)}, preprocess={"x": {"Rescale": 1 / 255}}, stratify=False)
    result = load(spec, 0).train.inputs["x"]
    assert result.dtype == spec.signature().inputs["x"].tensor.dtype == "float32"
    np.testing.assert_allclose(result, image / 255, rtol=1e-6)


def test_too_many_classes_to_stratify(npz):
    spec = npz({"x": np.zeros((10, 2)), "y": np.arange(10)}, test=0.2, stratify=True)
    with pytest.raises(SpecError, match=r"test: 10 samples of 10 classes .* set stratify: false"):
        load(spec, 0)


def test_preprocessing_is_fitted_on_the_training_split_only():
    section = {"source": "wine", "validation": 0.2, "test": 0.2}
    raw = load(DataSpec.parse(section), 1)
    splits = load(DataSpec.parse({**section, "preprocess": {"features": "Standardize"}}), 1)
    mean = raw.train.inputs["features"].astype(np.float64).mean(axis=0)
    deviation = raw.train.inputs["features"].astype(np.float64).std(axis=0)
    for before, after in ((raw.train, splits.train), (raw.validation, splits.validation), (raw.test, splits.test)):
        expected = (before.inputs["features"] - mean) / deviation
        np.testing.assert_allclose(after.inputs["features"], expected, rtol=1e-3, atol=1e-5)
    assert splits.fingerprint == raw.fingerprint


def test_preprocessing_that_was_fitted_before_is_used_as_it_is():
    section = {"source": "wine", "test": 0.2, "preprocess": {"features": "Standardize"}}
    first = load(DataSpec.parse(section), 1)
    stored = Preprocessing.from_state(*first.preprocessing.state())
    again = load(DataSpec.parse(section), 1, preprocessing=stored)
    np.testing.assert_array_equal(again.test.inputs["features"], first.test.inputs["features"])
    other = load(DataSpec.parse(section), 2, preprocessing=stored)
    fitted_anew = load(DataSpec.parse(section), 2)
    assert not np.array_equal(other.train.inputs["features"], fitted_anew.train.inputs["features"])


def test_preprocessing_of_other_data():
    fitted = load(DataSpec.parse({"source": "wine", "preprocess": {"features": "Standardize"}}), 1).preprocessing
    with pytest.raises(UsageError, match=r"fitted on samples that end in \(13,\), the data's have the shape \(4,\)"):
        load(DataSpec.parse({"source": "iris"}), 1, preprocessing=fitted)


@pytest.mark.parametrize("preprocess", [{}, {"x": "Standardize"}])
def test_numbers_that_are_not_finite_are_found_in_the_source(npz, preprocess):
    x = np.ones((50, 2))
    x[31, 1] = np.nan
    spec = npz({"x": x, "y": np.arange(50) % 2}, test=0.5, preprocess=preprocess)
    with pytest.raises(
        NetlabError, match=r"^source 'npz': input 'x' has nan in row 31 at \[1\] \(1 values are not finite\)$"
    ):
        load(spec, 0)


def test_mistakes_are_found_before_anything_is_read(npz, monkeypatch):
    spec = npz({"x": np.ones((50, 2)), "y": np.arange(50) % 2}, preprocess={"z": "Standardize"})
    monkeypatch.setattr("netlib.data.sources.npz.read", lambda *_: pytest.fail("read the file"))
    with pytest.raises(SpecError, match=r"preprocess\.z: source 'npz' has no input 'z'"):
        load(spec, 0)


def test_not_enough_memory(monkeypatch):
    def exhausted(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("netlib.data.sources.generators.read", exhausted)
    with pytest.raises(NetlabError, match="the samples of source 'moons' do not fit into memory"):
        load(DataSpec.parse({"source": "moons"}), 0)


def shares_of(path, values, **section):
    """Of each value in the training split, of a table whose only target has these values."""
    pl.DataFrame({"x": np.arange(len(values)), "y": values}).write_parquet(path / "t.parquet")
    plain = {"source": "parquet", "path": str(path / "t.parquet"), "targets": "y", "preprocess": "auto", "test": 0.25}
    train = load(DataSpec.parse({**plain, **section}), 2).train
    return np.unique(train.targets["y"], return_counts=True)[1]


def test_texts_are_stratified_as_integers_are(tmp_path):
    texts = ["rare"] * 8 + ["often"] * 40 + ["usual"] * 120
    numbers = [{"rare": 5, "often": 1, "usual": 9}[text] for text in texts]
    assert sorted(shares_of(tmp_path, texts)) == sorted(shares_of(tmp_path, numbers)) == [6, 30, 90]


def test_an_amount_in_integers_is_not_stratified_unless_it_is_asked_for(tmp_path):
    with pytest.raises(SpecError, match="cannot be stratified"):
        shares_of(tmp_path, np.arange(40), stratify=True)
    assert len(shares_of(tmp_path, np.arange(40))) == 30

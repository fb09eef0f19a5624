"""The `data` section: its flat form, its problems and its signature."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from netlib.spec.data import DataSpec
from netlib.spec.errors import SpecError
from netlib.spec.features import MissingFileError, PreprocessingSpec, SourceSpec, numbers
from netlib.spec.preprocessing.numbers import Rescale, Standardize
from netlib.spec.registry import names, spec_class
from netlib.spec.schema.examples import example_parameters
from netlib.spec.shares import part_sizes
from netlib.spec.sources.bundled import Digits, Iris
from netlib.spec.sources.npz import Npz


def problems(values: object) -> list[tuple[tuple[str | int, ...], str, str]]:
    with pytest.raises(SpecError) as caught:
        DataSpec.parse(values)
    return [(problem.loc, problem.message, problem.at) for problem in caught.value.problems]


def test_the_keys_of_source_and_section_stand_side_by_side():
    spec = DataSpec.parse({"path": "a.npz", "batch_size": 64, "source": "npz", "inputs": "images", "validation": 0.15})
    assert spec.source == Npz(path="a.npz", inputs={"images": "images"})
    assert (spec.batch_size, spec.validation, spec.test, spec.shuffle) == (64, 0.15, 0.0, True)


def test_plain_values_are_flat_and_make_an_equal_spec():
    spec = DataSpec.parse(
        {
            "source": "npz",
            "path": "a.npz",
            "targets": ["label"],
            "validation": 0.1,
            "preprocess": {"x": [{"Rescale": 0.1}, "Standardize"]},
        }
    )
    assert spec.to_plain() == {
        "source": "npz",
        "path": "a.npz",
        "inputs": {"x": "x"},
        "targets": {"label": "label"},
        "validation": 0.1,
        "test": 0.0,
        "folds": None,
        "fold": None,
        "stratify": None,
        "split": "Random",
        "memory": None,
        "cache": None,
        "batch_size": 32,
        "shuffle": True,
        "drop_remainder": False,
        "buckets": None,
        "class_weights": None,
        "preprocess": {"x": [{"Rescale": {"scale": 0.1, "offset": 0.0}}, {"Standardize": {"per": "channel"}}]},
    }
    assert DataSpec.parse(spec.to_plain()) == spec


@pytest.mark.parametrize("name", names("source"))
def test_every_source_survives_the_plain_form(name):
    spec = DataSpec.parse({"source": name, **example_parameters(spec_class("source", name)), "validation": 0.25})
    assert spec.source.type_name() == name
    assert DataSpec.parse(spec.to_plain()) == spec


def test_no_source_has_a_parameter_that_the_section_has():
    for name in names("source"):
        assert not set(spec_class("source", name).model_fields) & set(DataSpec.model_fields), name


def test_made_in_python():
    spec = DataSpec(source=Iris(), validation=0.2, preprocess={"features": (Standardize(),)})
    assert spec == DataSpec.parse({"source": "iris", "validation": 0.2, "preprocess": {"features": "Standardize"}})


def test_inside_another_section_its_problems_are_placed_under_its_key():
    class Experiment(BaseModel):
        data: DataSpec

    assert Experiment.model_validate({"data": {"source": "digits"}}).data.source == Digits()
    with pytest.raises(Exception, match="source 'digits' has no parameter 'noise'") as caught:
        Experiment.model_validate({"data": {"source": "digits", "noise": 1}})
    assert [error["loc"] for error in caught.value.errors()] == [("data", "noise")]  # type: ignore[attr-defined]


def test_all_problems_at_once_and_flat():
    found = problems({"source": "npz", "pth": "a", "vaildation": 0.1, "batch_size": "64", "test": 1.5})
    assert found == [
        (("pth",), "source 'npz' has no parameter 'pth'; did you mean 'path'?", "key"),
        (("vaildation",), "source 'npz' has no parameter 'vaildation'; did you mean 'validation'?", "key"),
        (("test",), "expected a number less than 1, got 1.5", "value"),
        (("batch_size",), "expected an integer, got '64'", "value"),
    ]


def test_an_unknown_key_without_a_likeness_names_the_keys_of_both():
    ((loc, message, at),) = problems({"source": "moons", "frequency": 3})
    assert (loc, at) == (("frequency",), "key")
    assert message == (
        "source 'moons' has no parameter 'frequency' (moons has: samples, noise; data has: source, validation, test, folds, "
        "fold, stratify, split, memory, cache, batch_size, shuffle, drop_remainder, buckets, class_weights, preprocess)"
    )
    assert "(digits has: none; data has: source," in problems({"source": "digits", "frequency": 3})[0][1]


def test_an_unknown_source():
    found = problems({"source": "digitz", "noise": 1, "shuffle": "yes"})
    assert found == [
        (("source",), "there is no source 'digitz'; did you mean 'digits'?", "value"),
        (("shuffle",), "expected true or false, got 'yes'", "value"),
    ]


@pytest.mark.parametrize("values", [{}, None])
def test_no_source(values):
    ((loc, message, _),) = problems(values)
    assert loc == ()
    assert message.startswith("data needs 'source': where the samples come from (digits, iris, wine, ")


def test_a_misspelt_source():
    found = problems({"sourc": "digits", "noise": 1})
    assert found[0] == (("sourc",), "data has no key 'sourc'; did you mean 'source'?", "key")
    assert found[1][1].startswith("data needs 'source'")
    assert len(found) == 2


@pytest.mark.parametrize("values", [{"npz": {"path": "a"}}, 3, None])
def test_the_source_is_a_name(values):
    ((loc, message, _),) = problems({"source": values})
    assert loc == ("source",)
    assert message.startswith(
        "expected the name of a source, its parameters stand beside it (source: npz, path: samples.npz), got "
    )


def test_a_section_is_a_mapping():
    assert problems(["digits"]) == [((), "expected a mapping of data's keys, got ['digits']", "value")]


def test_shares_leave_something_to_train_on():
    ((loc, message, _),) = problems({"source": "digits", "validation": 0.5, "test": 0.5})
    assert loc == ("validation",)
    assert message == (
        "validation (=0.5) and test (=0.5) must leave a part of the samples to train on: their sum must be less than 1"
    )


class TestPreprocess:
    def test_one_step_or_a_list(self):
        one = DataSpec.parse({"source": "iris", "preprocess": {"features": "standardize"}})
        assert one.preprocess == {"features": (Standardize(),)}
        several = DataSpec.parse({"source": "iris", "preprocess": {"features": [{"Rescale": 2}, "Standardize"]}})
        assert several.preprocess == {"features": (Rescale(scale=2.0), Standardize())}

    def test_the_place_of_a_problem_is_as_it_is_written(self):
        one = problems({"source": "iris", "preprocess": {"features": {"Standardize": {"pre": "element"}}}})
        message = "Standardize has no parameter 'pre'; did you mean 'per'?"
        assert one == [(("preprocess", "features", "Standardize", "pre"), message, "key")]
        several = problems({"source": "iris", "preprocess": {"features": ["Standardise", {"Rescale": "a"}]}})
        assert several == [
            (
                ("preprocess", "features", 0),
                "there is no preprocessing 'Standardise'; did you mean 'Standardize'?",
                "value",
            ),
            (("preprocess", "features", 1, "Rescale", "scale"), "expected a number, got 'a'", "value"),
        ]

    def test_of_what_is_no_input(self):
        spec = DataSpec.parse({"source": "iris", "preprocess": {"feature": "Standardize", "species": "Standardize"}})
        with pytest.raises(SpecError) as caught:
            spec.signature()
        assert [(problem.loc, problem.message, problem.at) for problem in caught.value.problems] == [
            (
                ("preprocess", "feature"),
                "source 'iris' has no input 'feature'; did you mean 'features'?",
                "key",
            ),
            (("preprocess", "species"), "'species' is a target; preprocessing is of inputs ('features')", "key"),
        ]
        other = DataSpec.parse({"source": "iris", "preprocess": {"pixels": "Standardize"}})
        with pytest.raises(SpecError, match=r"source 'iris' has no input 'pixels' \(it has: features\)"):
            other.signature()

    def test_in_the_signature(self):
        spec = DataSpec.parse({"source": "digits", "preprocess": {"image": {"Rescale": {"scale": 2, "offset": -1}}}})
        assert spec.signature().inputs == {"image": numbers(8, 8, 1, minimum=-1.0, maximum=1.0)}
        assert spec.source.signature().inputs == {"image": numbers(8, 8, 1, minimum=0.0, maximum=1.0)}


class TestSplits:
    def test_a_share_that_is_not_one_sample(self):
        spec = DataSpec.parse({"source": "iris", "validation": 0.002, "test": 0.1})
        with pytest.raises(SpecError, match=r"validation \(=0.002\) of 150 samples is not one sample") as caught:
            spec.signature()
        assert caught.value.problems[0].loc == ("validation",)

    def test_nothing_left_to_train_on(self):
        spec = DataSpec.parse({"source": "moons", "samples": 2, "validation": 0.45, "test": 0.5})
        with pytest.raises(SpecError, match=r"\(=0.45\) and test \(=0.5\) of 2 samples leave none to train on"):
            spec.signature()

    def test_stratify_needs_a_class(self):
        spec = DataSpec.parse({"source": "diabetes", "stratify": True})
        with pytest.raises(
            SpecError,
            match=r"needs one target, of classes: integers or texts; the targets are: 'progression' \(batch, 1\) float32",
        ) as caught:
            spec.signature()
        assert caught.value.problems[0].loc == ("stratify",)

    @pytest.mark.parametrize(
        ("source", "stratify", "expected"),
        [("iris", None, True), ("iris", False, False), ("iris", True, True), ("diabetes", None, False)],
    )
    def test_by_default_a_class_is_stratified(self, source, stratify, expected):
        spec = DataSpec.parse({"source": source, "stratify": stratify})
        assert spec.stratified(spec.source.signature()) is expected

    def test_several_targets_are_not_stratified(self, tmp_path):
        np.savez(tmp_path / "a.npz", x=np.zeros(4), y=np.zeros(4, int), z=np.zeros(4, int))
        spec = DataSpec.parse({"source": "npz", "path": str(tmp_path / "a.npz"), "targets": ["y", "z"]})
        assert not spec.stratified(spec.source.signature())

    def test_no_full_batch(self):
        section = {"source": "iris", "test": 0.2, "batch_size": 121, "drop_remainder": True}
        with pytest.raises(SpecError, match=r"drop_remainder: 120 training samples do not fill one batch of 121"):
            DataSpec.parse(section).signature()
        assert DataSpec.parse({**section, "batch_size": 120}).signature()

    @given(st.integers(1, 10_000), st.floats(0, 0.99), st.floats(0, 0.99))
    def test_sizes(self, samples, validation, test):
        try:
            sizes = part_sizes(samples, validation, test)
        except SpecError:
            too_small = any(share and samples * share < 0.5 for share in (validation, test))
            assert too_small or samples * (1 - validation - test) < 1
        else:
            assert sum(sizes.values()) == samples
            assert sizes["train"] >= 1
            assert abs(sizes["validation"] - samples * validation) <= 0.5
            assert abs(sizes["test"] - samples * test) <= 0.5


class TestPaths:
    def test_which_keys_are_paths(self):
        assert DataSpec.path_keys({"source": "npz", "path": "a.npz"}) == ("path",)
        assert DataSpec.path_keys({"source": "npz"}) == ()
        assert DataSpec.path_keys({"source": "digits", "path": "a"}) == ()

    @pytest.mark.parametrize("values", [{}, {"source": "nothing"}, {"source": 3, "path": 4}, {"source": ["npz"]}])
    def test_a_section_with_mistakes_has_none(self, values):
        assert DataSpec.path_keys(values) == ()

    def test_a_missing_file_is_placed_at_its_path(self, tmp_path):
        spec = DataSpec.parse({"source": "npz", "path": str(tmp_path / "none.npz")})
        with pytest.raises(MissingFileError) as caught:
            spec.signature()
        assert caught.value.problems[0].loc == ("path",)


def test_the_bases_say_what_is_missing():
    with pytest.raises(NotImplementedError, match="source 'source_spec' does not say its signature"):
        SourceSpec().signature()
    with pytest.raises(NotImplementedError, match="PreprocessingSpec does not say what it makes of an input"):
        PreprocessingSpec().feature(numbers(1))

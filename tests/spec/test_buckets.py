"""Buckets as they are written, and what of the data they cut."""

from __future__ import annotations

from typing import Any

import pytest

from netlib.spec.buckets import Bucketed, Buckets, bucketed
from netlib.spec.choice import parse_choice
from netlib.spec.data import DataSpec
from netlib.spec.errors import SpecError
from netlib.spec.features import DataSignature, Feature, labels, numbers, text
from netlib.spec.pipeline import Pipeline
from netlib.spec.tensors import TensorSpec


def section(buckets: Any) -> DataSpec:
    return DataSpec.parse({"source": "iris", "buckets": buckets})


@pytest.mark.parametrize("given", [None, [8], [8, 16, 200], {"of": ["tokens"], "lengths": [8, 16]}])
def test_they_come_back_as_they_were_written(given: Any) -> None:
    made = section(given)
    assert made.to_plain()["buckets"] == given
    assert DataSpec.parse(made.to_plain()) == made


@pytest.mark.parametrize(
    ("given", "loc", "message"),
    [
        ([], (), "expected at least 1 values"),
        ([16, 8], (1,), "8 stands behind 16: lengths rise"),
        ([8, 8], (1,), "8 stands behind 8"),
        ({"lengths": [16, 8]}, ("lengths", 1), "8 stands behind 16"),
        ([0, 8], (0,), "expected a number greater than 0"),
        (list(range(1, 10)), (), "expected at most 8 values"),
        ("many", (), "expected a list, got 'many'"),
        ({"length": [8]}, ("length",), "buckets has no key 'length'; did you mean 'lengths'"),
        ({"of": ["x"]}, (), "buckets needs 'lengths'"),
        ({"of": [], "lengths": [8]}, ("of",), "expected at least 1 values"),
    ],
)
def test_what_is_none(given: Any, loc: tuple[Any, ...], message: str) -> None:
    with pytest.raises(SpecError, match=message) as error:
        section(given)
    assert [problem.loc for problem in error.value.problems] == [("buckets", *loc)]


def pipeline(auto: tuple[str, ...] = ()) -> Pipeline:
    tokens = (parse_choice("preprocessing", {"Tokenize": 20}),)
    inputs = {"text": text(), "other": text(), "ids": Feature(TensorSpec((None, 12), "int32")), "amount": numbers(3)}
    raw = DataSignature(inputs, {"label": labels(2), "answer": text()}, 100)
    return Pipeline(raw, {} if auto else {"text": tokens, "answer": tokens}, auto)


def test_what_steps_pad_is_cut_and_the_last_is_the_whole_length() -> None:
    assert bucketed(Buckets.parse([8, 16]), pipeline()) == Bucketed(("text", "answer"), (8, 16, 20))
    assert bucketed(Buckets.parse([8, 20]), pipeline()) == Bucketed(("text", "answer"), (8, 20))
    assert bucketed(Buckets.parse({"of": ["ids"], "lengths": [4]}), pipeline()) == Bucketed(("ids",), (4, 12))
    cut = Bucketed(("ids",), (4, 12)).cut(pipeline().raw.inputs, 4)
    assert cut["ids"].tensor.shape == (None, 4)
    assert cut["amount"].tensor.shape == (None, 3)


@pytest.mark.parametrize(
    ("given", "auto", "loc", "message"),
    [
        ([8, 24], (), (1,), "24 is more than 'text' has places .20.: the last bucket has that length at most"),
        ({"of": ["ids"], "lengths": [13]}, (), ("lengths", 0), "13 is more than 'ids' has places .12."),
        ([1, 2, 3, 4, 5, 6, 7, 8], (), (), r"with one of the whole length \(20\) there are 9 buckets, expected 8"),
        ({"of": ["txt"], "lengths": [8]}, (), ("of", 0), "no input or target 'txt'; did you mean 'text'"),
        ({"of": ["label"], "lengths": [8]}, (), ("of", 0), r"'label' is \(batch\) int32: it has no places to cut"),
        ({"of": ["text", "ids"], "lengths": [8]}, (), (), "'text' has 20 places, 'ids' has 12 places; name what"),
        ([8], ("text", "answer"), (), r"not known where its steps are chosen \(auto\)"),
    ],
)
def test_what_cannot_be_cut(given: Any, auto: tuple[str, ...], loc: tuple[Any, ...], message: str) -> None:
    with pytest.raises(SpecError, match=message) as error:
        bucketed(Buckets.parse(given), pipeline(auto))
    assert [problem.loc for problem in error.value.problems] == [("buckets", *loc)]


def test_without_a_step_that_pads_inputs_are_named() -> None:
    message = r"no step pads an input: .* name the inputs, as in \{of: \[features\], lengths: \[2, 4\]\}"
    with pytest.raises(SpecError, match=message):
        section([2, 4]).signature()

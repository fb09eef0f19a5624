from __future__ import annotations

from typing import Any

import pytest

from netlib.config.load import read
from netlib.config.problems import ConfigError
from netlib.spec.contract_states import check_states
from netlib.spec.data import DataSpec
from netlib.spec.errors import Problem
from netlib.spec.graph import Graph
from netlib.spec.language.analysis import analyse
from netlib.spec.tensors import TensorSpec
from netlib.spec.training import TrainSpec

FITS = {"source": "digits", "batch_size": 4, "shuffle": False, "drop_remainder": True}
KEEPS = {"stateful": True, "batch_size": 4}
MEMORY = [{"GRU": {"units": 3, **KEEPS}, "name": "memory"}, {"Dense": 1}]
GOES_ON = "GRU 'memory' is stateful: row i of a batch goes on where row i of the batch before ended, but "


def graph(nodes: list[Any], *axes: int) -> Graph:
    made, problems = analyse(nodes, {"x": TensorSpec((None, *(axes or (6, 5))))}, {}, ("model",))
    assert not problems
    assert made is not None
    return made


def problems(nodes: Any = MEMORY, *axes: int, samples: int | None = 100, mix: Any = None, **data: Any) -> list[Problem]:
    train = TrainSpec.parse({"loss": "mse", "epochs": 1, "mix": mix})
    return check_states(graph(nodes, *axes), train, DataSpec.parse({**FITS, **data}), samples)


def test_rows_that_follow_one_another_have_no_problems() -> None:
    assert problems() == []
    assert problems(samples=None) == []
    assert problems(drop_remainder=False) == []  # 25 whole batches
    assert problems([{"GRU": 3}], shuffle=True, drop_remainder=False, batch_size=7, validation=0.1) == []


@pytest.mark.parametrize(
    ("wrong", "loc", "message"),
    [
        ({"shuffle": True}, ("data", "shuffle"), "the samples are shuffled for every epoch; set shuffle: false"),
        (
            {"validation": 0.2},
            ("data", "validation"),
            "validation (= 0.2) takes samples out from among the others; set split: Contiguous",
        ),
        (
            {"test": 0.2},
            ("data", "test"),
            "test (= 0.2) takes samples out from among the others; set split: Contiguous",
        ),
        (
            {"folds": 5, "fold": 2},
            ("data", "split"),
            "validation takes samples out from among the others; set split: Contiguous",
        ),
        (
            {"split": "Contiguous", "folds": 5, "fold": 2},
            ("data", "fold"),
            "fold 2 of 5 leaves a gap; validate on the first or the last fold",
        ),
        ({"mix": "MixUp"}, ("train", "mix"), "mix joins each with another one; leave mix out"),
    ],
    ids=["shuffled", "validated", "tested", "folded", "gap", "mixed"],
)
def test_what_puts_other_samples_into_the_rows(wrong: dict[str, Any], loc: tuple[str, ...], message: str) -> None:
    (found,) = problems(**wrong)
    assert (found.loc, found.severity, found.message) == (loc, "error", GOES_ON + message)


@pytest.mark.parametrize(
    ("samples", "what"),
    [(None, "the last one of an epoch may have fewer"), (102, "of 102 samples 2 are left for the last one")],
    ids=["unknown", "known"],
)
def test_a_smaller_last_batch(samples: int | None, what: str) -> None:
    (found,) = problems(samples=samples, drop_remainder=False)
    assert found.loc == ("data", "drop_remainder")
    start = "GRU 'memory' is stateful: every batch must have 4 rows (batch_size), but "
    assert found.message == f"{start}{what}; set drop_remainder: true"


@pytest.mark.parametrize("held_out", [{"validation": 0.2, "test": 0.2}, {"folds": 5, "fold": 5}, {"test": 0.08}])
def test_rows_in_order_can_be_held_out_in_whole_batches(held_out: dict[str, Any]) -> None:
    assert problems(split="Contiguous", **held_out) == []
    assert problems(split="Contiguous", samples=None, **held_out) == []


@pytest.mark.parametrize(
    ("held_out", "place", "verb", "remedy"),
    [
        ({"validation": 0.1}, "validation", "validate", ", as validation: $(8 / 100)"),
        ({"test": 0.1}, "test", "test", ", as test: $(8 / 100)"),
        ({"folds": 10, "fold": 1}, "fold", "validate", ""),
    ],
)
def test_a_smaller_last_batch_that_is_held_out(held_out: dict[str, Any], place: str, verb: str, remedy: str) -> None:
    (found,) = problems(split="Contiguous", **held_out)
    start = "GRU 'memory' is stateful: every batch must have 4 rows (batch_size), but "
    left = f"of 10 samples to {verb} on 2 are left for the last one; hold out a multiple of 4{remedy}"
    assert (found.loc, found.message) == (("data", place), start + left)


def test_rows_of_another_number_at_their_layer() -> None:
    (found,) = problems(batch_size=5)
    assert found.loc == ("model", 0, "GRU", "batch_size")
    expected = "GRU is stateful with batch_size (= 4), but data has batch_size (= 5): set batch_size: 5 here"
    assert found.message == expected


def test_micro_batches_are_of_the_data_s_size() -> None:
    train = TrainSpec.parse({"loss": "mse", "epochs": 1, "accumulate": 3})
    assert check_states(graph(MEMORY), train, DataSpec.parse(FITS), 100) == []


def test_under_time_distributed_each_place_is_a_row() -> None:
    nodes = [{"TimeDistributed": {"GRU": {"units": 3, **KEEPS}}}, "Flatten", {"Dense": 1}]
    assert problems(nodes, 2, 6, 5, batch_size=2) == []
    (found,) = problems(nodes, 2, 6, 5)
    places = "for each of the 2 places of TimeDistributed: set batch_size: 8 here"
    assert found.message == f"GRU is stateful with batch_size (= 4), but data has batch_size (= 4) {places}"


TEXT = """\
data: {source: digits, batch_size: 8, validation: 0.1}
model:
  - Reshape: [8, 8]
  - Bidirectional: {LSTM: {units: 3, stateful: true, batch_size: 4}}
  - Dense: 10
train:
  epochs: 1
  loss: sparse_categorical_crossentropy
"""


def test_each_mistake_of_a_config_is_told_once_at_its_place() -> None:
    with pytest.raises(ConfigError) as caught:
        read(TEXT, "net.yaml")
    subject = "LSTM 'bidirectional.forward' is stateful"
    goes_on = f"{subject}: row i of a batch goes on where row i of the batch before ended, but "
    left = "of 1617 samples 1 are left for the last one"
    held_out = "of 180 samples to validate on 4 are left for the last one; hold out a multiple of 8, as validation: $(176 / 1797)"
    found = {(problem.place.line + 1, problem.message) for problem in caught.value.problems if problem.place}
    assert len(caught.value.problems) == len(found)
    assert found == {
        (1, f"{goes_on}the samples are shuffled for every epoch; set shuffle: false"),
        (1, f"{goes_on}validation (= 0.1) takes samples out from among the others; set split: Contiguous"),
        (1, f"{subject}: every batch must have 8 rows (batch_size), but {held_out}"),
        (1, f"{subject}: every batch must have 8 rows (batch_size), but {left}; set drop_remainder: true"),
        (4, "LSTM is stateful with batch_size (= 4), but data has batch_size (= 8): set batch_size: 8 here"),
    }


def test_a_config_whose_rows_follow_one_another_is_read() -> None:
    text = TEXT.replace("validation: 0.1", "shuffle: false, drop_remainder: true").replace(
        "batch_size: 4", "batch_size: 8"
    )
    assert read(text, "net.yaml").warnings == ()

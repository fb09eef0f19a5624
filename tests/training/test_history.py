from __future__ import annotations

import pytest

from netlib.spec.errors import UsageError
from netlib.training.history import History

RECORDS = [
    {"epoch": 1, "step": 6, "train": {"loss": 0.5}, "learning_rate": 0.1},
    {
        "epoch": 2,
        "step": 12,
        "train": {"loss": 0.25},
        "validation": {"loss": 0.75, "accuracy": 1.0},
        "learning_rate": 0.1,
    },
]


def test_it_is_the_sequence_of_its_records() -> None:
    history = History(RECORDS)
    assert len(history) == 2
    assert list(history) == RECORDS
    assert history[0] is RECORDS[0]
    assert history[-1]["validation"]["accuracy"] == 1.0
    assert history == RECORDS
    assert history != RECORDS[:1]
    assert history != "records"
    assert RECORDS[1] in history
    assert repr(history) == f"History({RECORDS!r})"
    assert not History([])
    with pytest.raises(IndexError):
        history[2]


def test_a_slice_is_a_history() -> None:
    part = History(RECORDS)[1:]
    assert isinstance(part, History)
    assert part == RECORDS[1:]


def test_a_name_gives_its_values_over_the_epochs() -> None:
    history = History(RECORDS)
    assert history["train.loss"] == [0.5, 0.25]
    assert history["epoch"] == [1, 2]
    assert history["learning_rate"] == [0.1, 0.1]
    assert history["validation.loss"] == [None, 0.75]
    names = ("epoch", "step", "train.loss", "learning_rate", "validation.loss", "validation.accuracy")
    assert history.names == names


def test_records_that_come_later_are_not_in_it() -> None:
    records = RECORDS[:1]
    history = History(records)
    records.append(RECORDS[1])
    assert len(history) == 1


@pytest.mark.parametrize(
    ("records", "name", "message"),
    [
        (RECORDS, "train.los", "the history has no 'train.los'; did you mean 'train.loss'?"),
        (RECORDS, "f1", "the history has no 'f1' (it has: epoch, step, train.loss, learning_rate, validation.loss, "),
        ([], "train.loss", "the history has no 'train.loss' (it has: no epochs)"),
    ],
)
def test_an_unknown_name(records: list[dict[str, object]], name: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        History(records)[name]
    assert message in str(caught.value)

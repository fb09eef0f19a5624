"""`train.freeze`, from the file to the graph."""

from __future__ import annotations

import pytest

from netlib.config.load import read
from netlib.config.problems import ConfigError

TEXT = """\
data: {source: digits}
model:
  - Flatten
  - {Dense: 4, name: hidden}
  - Dense: 10
train:
  epochs: 1
  loss: sparse_categorical_crossentropy
  freeze: SELECTORS
"""


def told(selectors: str) -> str:
    with pytest.raises(ConfigError) as caught:
        read(TEXT.replace("SELECTORS", selectors), "net.yaml")
    return str(caught.value)


def test_the_graph_is_frozen_and_the_config_says_so_again() -> None:
    experiment = read(TEXT.replace("SELECTORS", "hidden"))
    assert experiment.graph is not None
    assert experiment.graph.parameters() == (4 * 10 + 10, 64 * 4 + 4)
    assert experiment.resolved()["train"]["freeze"] == ["hidden"]


def test_a_selector_that_fits_nothing_is_told_at_its_place() -> None:
    message = told('["hidden.*", "hiden.**"]')
    assert (
        "net.yaml:9:24: error: the selector 'hiden.**' fits none of the 7 paths; did you mean 'hidden.**'?" in message
    )


def test_one_selector_needs_no_list() -> None:
    assert "net.yaml:9:11: error: the selector 'hiden' fits none of the 7 paths; did you mean 'hidden'?" in told(
        "hiden"
    )


def test_nothing_left_to_train_is_told() -> None:
    assert "nothing in the network can be trained: all 310 parameters are frozen" in told('"**"')


def test_a_number_of_epochs_leaves_the_graph_trained_and_stands_in_the_config_again() -> None:
    experiment = read(TEXT.replace("SELECTORS", "{hidden.bias: null, hidden: 0}"))
    assert experiment.graph is not None
    assert experiment.graph.parameters() == (64 * 4 + 4 * 10 + 10, 4)
    assert experiment.resolved()["train"]["freeze"] == {"hidden.bias": None, "hidden": 0}
    assert experiment.warnings == ()


@pytest.mark.parametrize(
    ("written", "place", "message"),
    [
        ("{hiden: 3}", "9:12", "the selector 'hiden' fits none of the 7 paths; did you mean 'hidden'?"),
        ("{hidden: -1}", "9:20", "expected a number of epochs, or null for all of them, got -1"),
        ("{hidden: 1.5}", "9:20", "expected a number of epochs, or null for all of them, got 1.5"),
        ("{hidden: true}", "9:20", "expected a number of epochs, or null for all of them, got true"),
        ("{hidden..x: 1}", "9:12", "the selector 'hidden..x' has an empty part"),
        ('{"**": 1}', "9:3", "in epoch 1 nothing would be trained: all that could be is frozen by **"),
    ],
)
def test_a_schedule_that_is_wrong_is_told_at_its_place(written: str, place: str, message: str) -> None:
    assert f"net.yaml:{place}: error: {message}" in told(written)

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

"""`train.callbacks`: what does not fit the network or the data is told at its place."""

from __future__ import annotations

import pytest

from netlib.config.load import read
from netlib.config.problems import ConfigError

TEXT = """\
data: {source: digits, validation: 0.2}
model: [Flatten, {Dense: 10, name: digit}]
train:
  epochs: 1
  loss: sparse_categorical_crossentropy
  callbacks:
    - CSVLog
    - TensorBoard: {histograms: ["**.kernel"], confusion: true, every: 2}
"""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("**.kernel", "**.kernl", "net.yaml:8:34: error: the selector '**.kernl' fits none of the 3 paths; did you mean"),
        (", validation: 0.2", "", "net.yaml:8:59: error: there is no validation split to draw the confusion matrix of;"),
        ("every: 2", "every: 0", "net.yaml:8:72: error: expected a number greater than 0"),
    ],
    ids=["selector", "validation", "every"],
)  # fmt: skip
def test_a_mistake_is_told_at_its_place(old: str, new: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(TEXT.replace(old, new), "net.yaml")
    assert message in str(caught.value)


def test_the_config_says_them_again() -> None:
    log, board = read(TEXT).resolved()["train"]["callbacks"]
    assert log == "CSVLog"
    assert board == {"TensorBoard": {"histograms": ["**.kernel"], "confusion": True, "every": 2}}

"""`train.param_groups`, from the file to its problems and to the resolved config."""

from __future__ import annotations

import pytest

from netlib.config.load import read
from netlib.config.problems import ConfigError

TEXT = """\
data: {source: digits}
model:
  - Flatten
  - {Dense: 4, name: hidden}
  - {Dense: 10, name: digit}
train:
  epochs: 1
  loss: sparse_categorical_crossentropy
  optimizer: AdamW
  param_groups:
    - {params: "hidden.**", learning_rate_scale: 0.1}
    - {params: "**.bias", weight_decay: 0}
"""


def told(old: str, new: str) -> str:
    with pytest.raises(ConfigError) as caught:
        read(TEXT.replace(old, new), "net.yaml")
    return str(caught.value)


def test_the_config_says_them_again() -> None:
    groups = read(TEXT).resolved()["train"]["param_groups"]
    assert [group["params"] for group in groups] == [["hidden.**"], ["**.bias"]]
    assert groups[1]["weight_decay"] == 0


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("hidden.**", "hiden.**", "net.yaml:11:16: error: the selector 'hiden.**' fits none of the 6 paths; did you mean"),
        ('"**.bias"', '["**.bias", "**.gama"]', "net.yaml:12:28: error: the selector '**.gama' fits none of the 6 paths"),
        ("weight_decay", "wieght_decay", "net.yaml:12:27: error: param_group has no key 'wieght_decay'; did you mean"),
        ("weight_decay: 0", "learning_rate: -1", "net.yaml:12:42: error: expected a number greater than 0 that float32"),
        ("loss:", "freeze: hidden\n  loss:", "net.yaml:12:16: error: the selector 'hidden.**' fits only weights that are not"),
        (
            "learning_rate_scale: 0.1",
            "optimizer: {SGD: {momentun: 0.9}}",
            "net.yaml:11:47: error: SGD has no parameter 'momentun'; did you mean 'momentum'?",
        ),
    ],
    ids=["selector", "selector in a list", "key", "value", "frozen", "optimizer"],
)  # fmt: skip
def test_a_mistake_is_told_at_its_place(old: str, new: str, message: str) -> None:
    assert message in told(old, new)


def test_a_schedule_that_is_cut_short_is_told_in_its_group() -> None:
    schedule = "learning_rate: {CosineDecay: {initial_learning_rate: 0.1, decay_steps: 999}}"
    (warning,) = read(TEXT.replace("learning_rate_scale: 0.1", schedule), "net.yaml").warnings
    assert warning.place is not None
    assert (warning.place.line, warning.severity) == (10, "warning")
    assert warning.message == "the schedule CosineDecay takes 999 steps, but training has 57: it is cut short"

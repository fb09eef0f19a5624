"""What a schedule freezes in each epoch, and what is said of it."""

from __future__ import annotations

from typing import Any

import pytest

from netlib.spec.errors import UsageError
from netlib.spec.freezing import Freezing
from netlib.spec.listener import Listener
from netlib.training.fit import fit
from netlib.training.unfreezing import unfreezing

NODES = [
    {"Sequential": [{"Dense": 4, "name": "one"}, "BatchNormalization"], "name": "body"},
    {"Dense": 3, "name": "head"},
]
NORM = ["body.batch_normalization.gamma", "body.batch_normalization.beta"]
BODY = ["body.one.kernel", "body.one.bias", *NORM]
HEAD = ["head.kernel", "head.bias"]


class Heard(Listener):
    def __init__(self) -> None:
        self.said: list[str] = []

    def message(self, text: str) -> None:
        self.said.append(text)


def trained(model: Any) -> list[str]:
    return [named.path for named in model.named_variables() if named.trainable]


def test_a_schedule_of_nothing_needs_nobody(make_lab: Any) -> None:
    loop = make_lab(NODES).engine.loop
    for written in ((), ("body",), {"body": None}, {"body": 0, "head": None}):
        assert unfreezing(Freezing(written), loop) == []


def test_each_epoch_has_what_its_number_says_in_whatever_order_they_come(make_lab: Any) -> None:
    lab, heard = make_lab(NODES), Heard()
    model = lab.engine.model
    model.freeze("head.bias")
    (callback,) = unfreezing(Freezing({"body": 1, "body.one": 3, "head.bias": None}), lab.engine.loop)
    lab.job(epochs=1, callbacks=[callback], listeners=[heard])
    assert trained(model) == [*BODY, "head.kernel"]
    normalization = model["body.batch_normalization"]
    expected = {1: [], 2: NORM, 3: NORM, 4: BODY}
    for epoch in (1, 2, 3, 4, 1, 4, 3):  # back, too: a training may begin again from a checkpoint
        callback.epoch_started(epoch, None, None)
        assert trained(model) == [*expected[epoch], "head.kernel"]
        assert normalization.is_frozen == (epoch == 1)
    assert heard.said[:3] == [
        "frozen: body until epoch 1; body.one until epoch 3",
        "epoch 2: body is trained from now on, 8 parameters more",
        "epoch 4: body.one is trained from now on, 28 parameters more",
    ]


def test_a_step_is_compiled_anew_where_others_are_trained_and_only_there(make_lab: Any) -> None:
    lab = make_lab(NODES)
    (callback,) = unfreezing(Freezing({"body": 2}), lab.engine.loop)

    class Compiled(Listener):
        def __init__(self) -> None:
            self.epochs: list[int] = []

        def epoch_started(self, epoch: int, *_: Any) -> None:
            self.epoch = epoch

        def phase(self, text: str) -> None:
            assert text == "compiling"
            self.epochs.append(self.epoch)

    heard = Compiled()
    fit(lab.job(epochs=4, callbacks=[callback], listeners=[heard]))
    assert sorted(set(heard.epochs)) == [1, 3]


def test_nothing_to_train_is_told_where_it_is_known_only_now(make_lab: Any) -> None:
    lab = make_lab(NODES)
    (callback,) = unfreezing(Freezing({"**": 1}), lab.engine.loop)
    lab.job(epochs=1, callbacks=[callback])
    with pytest.raises(UsageError, match=r"in epoch 1 nothing would be trained: all that could be is frozen by \*\*"):
        callback.epoch_started(1, None, None)

"""The states that layers keep from batch to batch: zero where an epoch, an evaluation or a prediction begins."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from netlib.nn.module import Module
from netlib.spec.errors import UsageError
from netlib.training.waiting import Poll

_Values = list[tuple[Any, Any]]


class KeptStates:
    """Those of the layers of a model that define `reset_states()`; of the catalogue's, the stateful ones.

    They are looked for when they are needed: a model may be built, and changed, in between.
    """

    def __init__(self, model: Module) -> None:
        self._model = model

    def reset(self) -> None:
        """Lets the next batch begin anew."""
        for layer in self._layers():
            layer.reset_states()

    @contextmanager
    def anew(self) -> Iterator[Callable[[Poll], Poll]]:
        """Inside, they begin anew; afterwards they are what they were before, to the bit.

        What it gives makes of a function one that, called inside, finds them as they were before.
        """
        own = self._values()
        self.reset()

        def outside(poll: Poll) -> Poll:
            return partial(self._polled, poll, own) if next(self._layers(), None) is not None else poll

        try:
            yield outside
        finally:
            self._set(own)

    def _polled(self, poll: Poll, own: _Values) -> None:
        inside = self._values()
        self._set(own)
        poll()
        self._set(inside)

    def _values(self) -> _Values:
        return [(variable, variable.numpy()) for layer in self._layers() for variable in layer.non_trainable_variables]

    def _set(self, values: _Values) -> None:
        self.reset()  # what was built in between begins anew
        for variable, value in values:
            variable.assign(value)

    def need_order(self, samples: int, rows: int, *, shuffle: bool) -> None:
        """Refuses arrays of samples of which the rows of a batch do not go on where those of the batch before ended.

        Args:
            samples: how many there are.
            rows: of a batch.
            shuffle: whether each epoch has an order of its own.

        Raises:
            UsageError: they are shuffled, or do not fill their batches.
        """
        first = next(self._layers(), None)
        if first is None:
            return
        path = first.path
        if shuffle:
            raise UsageError(
                f"{path} keeps a state for each row from batch to batch, but the samples are shuffled for every epoch; give"
                " shuffle=False"
            )
        if samples % rows:
            raise UsageError(
                f"{path} keeps a state for each row from batch to batch, but {samples} samples do not fill batches of {rows}:"
                f" leave the last {samples % rows} out"
            )

    def _layers(self) -> Iterator[Any]:
        return (module for _, module in self._model.named_modules() if _keeps_states(module))


def _keeps_states(module: Any) -> bool:
    resets = isinstance(module, Module) and callable(getattr(module, "reset_states", None))
    return resets and getattr(getattr(module, "spec", None), "stateful", True)

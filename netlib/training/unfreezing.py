"""`Unfreezing`: what `train.freeze` freezes for some epochs is trained afterwards."""

from __future__ import annotations

import numpy as np

from netlib.nn.freezing import restore, settings
from netlib.nn.network import Network
from netlib.report.numbers import count
from netlib.spec.errors import UsageError
from netlib.spec.freezing import Freezing
from netlib.training.callbacks.callback import Callback, Training
from netlib.training.loop import TrainLoop


def unfreezing(freezing: Freezing, loop: TrainLoop) -> list[Callback]:
    """The callback that follows a schedule, if there is one."""
    return [Unfreezing(freezing, loop)] if freezing.stages else []


class Unfreezing(Callback):
    """Freezes at the start of each epoch what is frozen in it, which follows from the epoch's number alone.

    The model is given with everything trained that ever is: the optimizers and the averages then know all of it from the start,
    and checkpoints have the same form before and after. Where the trained weights are others than before, the step is compiled
    anew.

    Args:
        freezing: what is frozen, and for how many epochs.
        loop: what runs the steps.
    """

    def __init__(self, freezing: Freezing, loop: TrainLoop) -> None:
        self._freezing = freezing
        self._loop = loop
        self._now: tuple[str, ...] = ()

    def join(self, training: Training) -> None:
        """Keeps what is trained in the end."""
        self._training = training
        self._settings = settings(training.model)

    def epoch_started(self, epoch: int, epochs: int | None, steps: int | None) -> None:
        """Freezes and unfreezes, and says so.

        Raises:
            UsageError: nothing would be trained, as is known only now of Keras's layers.
        """
        del epochs, steps
        wanted = self._freezing.until(epoch - 1)
        if wanted == self._now:
            return
        model = self._training.model
        before = None if not self._now else _trained(model)
        restore(model, self._settings)
        if wanted:
            model.freeze(wanted)
        self._loop.forget()
        freed = [selector for selector in self._now if selector not in wanted]
        self._now = wanted
        if not model.trainable_variables:
            raise UsageError(
                f"in epoch {epoch} nothing would be trained: all that could be is frozen by {_listed(wanted)}"
            )
        if freed and before is not None:
            self._training.say(f"epoch {epoch}: {_listed(freed)} is trained from now on, {_more(before, model)}")
        elif wanted:
            self._training.say(_frozen_for(self._freezing, epoch))


def _frozen_for(freezing: Freezing, epoch: int) -> str:
    ends = [(stage.last, stage.selectors) for stage in freezing.stages if stage.last >= epoch]
    later = [selectors for _, selectors in ends[1:]] + [()]
    said = [
        f"{_listed([each for each in selectors if each not in after])} until epoch {last}"
        for (last, selectors), after in zip(ends, later, strict=True)
    ]
    return f"frozen: {'; '.join(said)}"


def _trained(model: Network) -> int:
    return sum(int(np.prod(variable.shape)) for variable in model.trainable_variables)


def _more(before: int, model: Network) -> str:
    return f"{count(_trained(model) - before)} parameters more"


def _listed(selectors: list[str] | tuple[str, ...]) -> str:
    return ", ".join(selectors)

"""`Callback`: what takes part in a training; and `Training`, what it may use of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

import tensorflow as tf

from netlib.nn.network import Network
from netlib.runs.background import Background
from netlib.runs.directory import RunDirectory
from netlib.spec.base import spec_argument
from netlib.spec.callbacks import CallbackSpec, Mode
from netlib.spec.errors import UsageError
from netlib.spec.listener import Listener
from netlib.training.monitor import Monitor
from netlib.training.progress import Progress, Record

if TYPE_CHECKING:
    from netlib.spec.training import TrainSpec
    from netlib.training.checkpoints import TrainingState
    from netlib.training.evaluation import Measured
    from netlib.training.optimizers import Optimizers
    from netlib.training.phase_optimizers import PhaseOptimizers

SpecType = TypeVar("SpecType", bound=CallbackSpec)
DeviceHook = Callable[[tf.Tensor], None]
"""Takes the step, int64, counted from 0 over the whole run; what it does to variables is compiled into the step."""
StandIn = tuple[tf.Variable, tf.Variable]
"""A weight, and the variable whose value it has when the model is measured."""


@dataclass(frozen=True)
class Training:
    """What a callback may use of the training that it takes part in. `run` is None in `Model.fit`."""

    state: TrainingState
    optimizer: Optimizers | PhaseOptimizers
    monitor: Monitor
    """What decides about the best epoch."""
    watch: Callable[[str | None, Mode], Monitor]
    """The monitor of a logged name, `validation.loss`; raises SpecError for one that is not logged."""
    callbacks: Sequence[Callback] = ()
    """All of them, in their order."""
    listeners: list[Listener] = field(default_factory=list)
    """Who looks on; a callback may add one when it joins."""
    run: RunDirectory | None = None
    train: TrainSpec | None = None
    validation: Measured | None = None
    batch_size: int = 1
    background: Background = field(default_factory=lambda: Background("netlab-save"))
    """Writes what is saved while the training goes on, which ends only when all of it is written."""

    @property
    def model(self) -> Network:
        """The network that is trained."""
        return self.state.model

    @property
    def progress(self) -> Progress:
        """Where the training stands."""
        return self.state.progress

    def say(self, text: str) -> None:
        """Tells a line to all who take part or look on."""
        for each in (*self.callbacks, *self.listeners):
            each.message(text)

    def measured(self) -> AbstractContextManager[None]:
        """Inside, the model has the weights with which it is measured: averages, where there are some."""
        return standing_in(self.callbacks)


class Callback(Listener):
    """Takes part in a training: a listener that may also ask for something, keep a state, and act on the device.

    A subclass defines what it needs of these methods and of the listener's. The listener's `epoch_ended` is told to callbacks
    before the epoch's checkpoint is written, so that their state is in it, and to others after. `netlib.training.fit.fit` has
    the order of everything. One object may take part in one training after another; `join` begins anew.

    >>> class Halving(Callback):
    ...     def join(self, training):
    ...         self.optimizer = training.optimizer
    ...     def epoch_ended(self, record):
    ...         self.optimizer.learning_rate = 0.5 * record["learning_rate"]
    """

    name: ClassVar[str | None] = None
    """Under which its state is saved; the class's name if None."""

    def join(self, training: Training) -> None:
        """Takes its place, before anything is restored or computed; variables of its own are made here."""

    def next_stop(self, step: int) -> int | None:
        """The next step of the run, greater than `step`, after which the device should return; None if it does not matter."""

    def stop(self) -> str | None:
        """Why training should end now, or None. Asked after each chunk and epoch, and before the first step."""

    def save(self, record: Record | None) -> None:
        """Writes what it keeps of the training's state, which is whole now.

        Called after a chunk (`record` is None) and after every callback has seen an epoch's record.
        """

    def failed(self, error: Exception) -> str | None:
        """Why training ends here without an error, once the callback has put right what is not finite; None if it cannot."""

    def close(self) -> None:
        """Lets go of files and of the terminal, however the training ended; may be called again."""

    def state(self) -> dict[str, Any]:
        """Plain values (`netlib.runs.plain`) that `restore` takes back."""
        return {}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Goes on from a saved state."""

    def begin_late(self) -> None:
        """Begins in the middle of a run that was trained without it: the weights have come to be what they are there."""

    def variables(self) -> dict[str, tf.Variable]:
        """Variables of its own by name, which are saved and restored with the training."""
        return {}

    def device_hook(self) -> DeviceHook | None:
        """What runs on the device after each update of the weights."""

    def stand_ins(self) -> Sequence[StandIn]:
        """Weights and what stands in for them when the model is measured, and from the end of the training on."""
        return ()


class SpecCallback(Callback, Generic[SpecType]):
    """A callback of the catalogue: `class EMA(SpecCallback[spec.EMA])` takes the spec's parameters, or the spec."""

    spec_type: ClassVar[type[CallbackSpec]]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        found = spec_argument(cls, CallbackSpec)
        if found is not None:
            cls.spec_type = found

    def __init__(self, *args: Any, **parameters: Any) -> None:
        self.spec: SpecType = self._parse(args, parameters)

    def _parse(self, args: tuple[Any, ...], parameters: dict[str, Any]) -> Any:
        if args and isinstance(args[0], self.spec_type):
            return args[0]
        shorthand = self.spec_type.shorthand
        if len(args) > 1 or (args and shorthand is None):
            first = f"only {shorthand}" if shorthand else "nothing"
            raise UsageError(f"{type(self).__name__} takes {first} by position; name the others")
        return self.spec_type.parse({str(shorthand): args[0], **parameters} if args else parameters)


def close_all(callbacks: Iterable[Callback]) -> None:
    """Closes them in their order: all of them, whatever one of them raises."""
    with ExitStack() as stack:
        for callback in reversed(list(callbacks)):
            stack.callback(callback.close)


@contextmanager
def standing_in(callbacks: Sequence[Callback]) -> Iterator[None]:
    """Inside, weights have the values of what stands in for them; afterwards their own, to the bit."""
    pairs = [pair for callback in callbacks for pair in callback.stand_ins()]
    own = [tf.identity(weight) for weight, _ in pairs]
    settle(callbacks)
    try:
        yield
    finally:
        for (weight, _), value in zip(pairs, own, strict=True):
            weight.assign(value)


def settle(callbacks: Sequence[Callback]) -> None:
    """Gives weights the values of what stands in for them."""
    for callback in callbacks:
        for weight, stand_in in callback.stand_ins():
            weight.assign(stand_in)

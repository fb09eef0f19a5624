"""Losses and metrics of a user's own: `@netlib.loss` and `@netlib.metric` make them of functions, which
`netlib.nn.plugin_terms` calls."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Literal, NamedTuple, TypeVar, get_args, overload

from netlib.spec.base import Spec
from netlib.spec.losses import Link, LossSpec, Wants
from netlib.spec.metrics import MetricSpec
from netlib.spec.plugins.adding import add, written_at
from netlib.spec.plugins.making import make_spec
from netlib.spec.plugins.origin import Origin
from netlib.spec.plugins.parameters import Parameters, as_paths, parameters_of

Kind = Literal["values", "classes", "one-hot", "binary"]
Seen = Literal["linked output", "output"]
Direction = Literal["min", "max"]
Function = TypeVar("Function", bound=Callable[..., Any])
_COMPARED = ("y_true", "y_pred")


class _Form(NamedTuple):
    """The target that a kind has, and what makes probabilities of its logits."""

    target: Wants
    link: Link | None


_FORMS: dict[Kind, _Form] = {
    "values": _Form("like output", None),
    "classes": _Form("class index", "softmax"),
    "one-hot": _Form("one-hot", "softmax"),
    "binary": _Form("like output", "sigmoid"),
}


@dataclass(frozen=True)
class WrittenTerm:
    """A user's function, where it is written, and which of its parameters are files."""

    function: Callable[..., Any]
    origin: Origin
    paths: tuple[str, ...]

    def __call__(self, spec: Spec, target: Any, output: Any) -> Any:
        """What it returns, with the parameters of a spec."""
        given = {name: deepcopy(getattr(spec, name)) for name in type(spec).model_fields}
        given |= {name: as_paths(given[name]) for name in self.paths}
        return self.function(target, output, **given)


class PluginLoss(LossSpec):
    """Base of the losses that are functions of a user's."""

    written: ClassVar[WrittenTerm]

    @property
    def takes_logits(self) -> bool:
        """Of classes: always."""
        return self.logits_link is not None


class PluginMetric(MetricSpec):
    """Base of the metrics that are functions of a user's."""

    written: ClassVar[WrittenTerm]


@overload
def loss(function: Function, /) -> Function: ...


@overload
def loss(*, kind: Kind = "values") -> Callable[[Function], Function]: ...


def loss(function: Any = None, /, *, kind: Kind = "values") -> Any:
    """Makes a function a loss, which a config calls by its name: `loss: pinball`, or `loss: {Pinball: {quantile: 0.9}}`.

    The function takes `y_true` and `y_pred`, tensors of TensorFlow, and behind them parameters, of the types that those of
    `@netlib.source` have. It returns a value for each sample, (batch), or for each entry, (batch, ...): netlab takes the mean,
    with the weights of the samples and without the places that a mask leaves out. It itself stays as it is.

    Args:
        function: the function.
        kind: what it compares. `y_pred` is always the output as the network gives it.

            - "values": numbers; `y_true` has the output's shape.
            - "classes": logits, of which a softmax makes probabilities; `y_true` is the index of the class.
            - "one-hot": the same, with `y_true` one-hot, or a probability for each class.
            - "binary": logits of yes and no, of which a sigmoid makes probabilities; `y_true` has the output's shape.

    Raises:
        TypeError: it is no plain function.
        UsageError: it cannot be a loss: its name is taken, or a parameter has no type that a config can hold.
    """
    if function is None:
        return partial(loss, kind=kind)
    made = _made("loss", PluginLoss, function, kind)
    made.logits_link = _FORMS[kind].link
    add("loss", made, made.written.origin)
    return function


@overload
def metric(function: Function, /) -> Function: ...


@overload
def metric(
    *, kind: Kind = "values", direction: Direction = "max", takes: Seen = "linked output"
) -> Callable[[Function], Function]: ...


def metric(
    function: Any = None, /, *, kind: Kind = "values", direction: Direction = "max", takes: Seen = "linked output"
) -> Any:
    """Makes a function a metric, which a config calls by its name: `metrics: [within]`, or `[Within: {tolerance: 0.1}]`.

    The function is as one under `@netlib.loss`: what it returns is averaged over all samples of a split.

    Args:
        function: the function.
        kind: what it compares, as of a loss; but for "values" the output must be that of a loss that gives probabilities.
        direction: which way is better.
        takes: whether `y_pred` is what a person reads, probabilities, or the output as the network gives it.

    Raises:
        TypeError: it is no plain function.
        UsageError: it cannot be a metric: its name is taken, or a parameter has no type that a config can hold.
    """
    if function is None:
        return partial(metric, kind=kind, direction=direction, takes=takes)
    made = _made("metric", PluginMetric, function, kind)
    made.written.origin.need("direction", direction, get_args(Direction))
    made.written.origin.need("takes", takes, get_args(Seen))
    made.direction, made.takes = direction, takes
    made.needs = "values" if kind == "values" else "probabilities"
    add("metric", made, made.written.origin)
    return function


def _made(term: str, base: Any, function: Callable[..., Any], kind: Kind) -> Any:
    origin = written_at(term, function)
    origin.need("kind", kind, _FORMS)
    first = tuple(inspect.signature(function).parameters)[: len(_COMPARED)]
    if first != _COMPARED:
        raise origin.mistake(f"its first parameters must be y_true and y_pred, got {' and '.join(first) or 'none'}")
    taken = {*dir(base), *base.__class_vars__, "of", "target", "weight", "name"}
    parameters: Parameters = parameters_of(function, origin, given=_COMPARED, taken=taken)
    made = make_spec(base, function, origin, parameters)
    made.written = WrittenTerm(function, origin, parameters.paths)
    made.target = _FORMS[kind].target
    return made

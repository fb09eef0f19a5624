"""What was replaced in a model's tree since it was looked at last: what is compiled, and the graph of a hand-written `call`, are
then of another tree.
"""

from __future__ import annotations

from operator import is_
from typing import Any, NamedTuple

from netlib.nn.freezing import settings
from netlib.nn.network import Network
from netlib.spec.tensors import TensorSpec


class TreeWatch:
    """Notices that a model has other modules or variables than before, or that others of them are trained."""

    def __init__(self) -> None:
        self._known: _Form | None = None

    def changed(self, model: Network, *tensors: TensorSpec) -> bool:
        """Whether there is a change since the last time, the first time included; the graph is that of the tree afterwards.

        Args:
            model: a built model.
            tensors: its inputs, in their order.

        Raises:
            UsageError: the `call` of the model cannot run with what was put into it.
        """
        form = _form(model)
        if self._known is not None and _same(self._known, form):
            return False
        if model.is_written and _described(model) != _held(model):
            model._assemble(*model._graph_for(tensors))
            form = _form(model)
        self._known = form
        return True


class _Form(NamedTuple):
    """The modules and variables themselves, which are thereby kept alive: no other one can get their places in memory; and what
    is trained of them.
    """

    objects: list[Any]
    flags: list[Any]


def _form(model: Network) -> _Form:
    named = list(model.named_variables())
    objects = [module for _, module in model.named_modules()]
    return _Form(
        [*objects, *(each.variable for each in named)], [*settings(model), *(each.trainable for each in named)]
    )


def _same(one: _Form, other: _Form) -> bool:
    same_number = len(one.objects) == len(other.objects)
    return same_number and all(map(is_, one.objects, other.objects)) and one.flags == other.flags


def _described(model: Network) -> dict[str, tuple[int | None, ...]]:
    """The shapes of the weights that the only node of its graph has, by path."""
    return {weight.name: weight.shape for node in model.graph.nodes for weight in node.weights}


def _held(model: Network) -> dict[str, tuple[int | None, ...]]:
    """The shapes of the variables in the tree, by path."""
    return {named.path: tuple(named.variable.shape) for named in model.named_variables()}

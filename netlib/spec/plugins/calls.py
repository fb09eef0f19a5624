"""What the `call` of a user's layer takes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from netlib.spec.errors import NetlabError, closest, one_of
from netlib.spec.plugins.origin import Origin

TRAINING, MASK, RANDOM = "training", "mask", "random"
GIVEN = (TRAINING, MASK, RANDOM)
"""What netlab gives a `call` that names it."""


@dataclass(frozen=True)
class Call:
    """The parameters of a `call`: the inputs that it reads, what netlab `gives` it, and the weights, some of them `optional`."""

    inputs: tuple[str, ...]
    optional_inputs: tuple[str, ...]
    variadic: bool
    gives: frozenset[str]
    weights: tuple[str, ...]
    optional_weights: frozenset[str]

    def check_weights(self, found: Collection[str], origin: Origin) -> None:
        """Holds the names of the layer's weights against those that `call` takes.

        Raises:
            NetlabError: `call` takes another, or does not take one.
        """
        for name in found:
            if name not in self.weights:
                raise NetlabError(
                    f"{origin}: `call` does not take its weight '{name}'; write call(self, ..., *, {name})"
                )
        for name in self.weights:
            if name not in found and name not in self.optional_weights:
                known = [*found, *GIVEN]
                close = closest(name, known)
                hint = (
                    f"did you mean '{close}'?" if close else f"a weight of its own, or {one_of(GIVEN)}, may stand there"
                )
                raise NetlabError(f"{origin}: `call` takes '{name}', which `weights` does not have; {hint}")


def call_of(function: Callable[..., Any], origin: Origin) -> Call:
    """What a method `call` takes: inputs before the `*`, an optional one with the default None, and behind it the weights.

    Raises:
        PluginMistake: it is written otherwise.
    """
    _, *parameters = inspect.signature(function).parameters.values()
    for each in parameters:
        if each.kind is each.VAR_KEYWORD:
            raise origin.mistake(f"`call` takes '**{each.name}'; name the weights that it takes behind a '*'")
        if each.kind is not each.KEYWORD_ONLY and each.name not in GIVEN and each.default not in (None, each.empty):
            why = "is a tensor that it reads, so its default can only be None; a parameter of a config is a field"
            raise origin.mistake(f"`call`: '{each.name}' {why}: {each.name}: float = ...")
    named = [each for each in parameters if each.name not in GIVEN]
    read = [each for each in named if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)]
    weights = [each for each in named if each.kind is each.KEYWORD_ONLY]
    variadic = any(each.kind is each.VAR_POSITIONAL for each in named)
    if not read and not variadic:
        raise origin.mistake("`call` reads nothing; write call(self, x), with a name for each input")
    if read and variadic:
        raise origin.mistake("`call` reads either inputs with names or any number of them, '*xs', not both")
    return Call(
        tuple(each.name for each in read if each.default is each.empty),
        tuple(each.name for each in read if each.default is None),
        variadic,
        frozenset(each.name for each in parameters if each.name in GIVEN),
        tuple(each.name for each in weights),
        frozenset(each.name for each in weights if each.default is not each.empty),
    )

"""`Counterpart`: what Keras has in place of one layer of ours, called on the tensors of a functional model.

By default that is Keras's layer of the same name with the same parameters; what differs is in the files beside this one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple

import keras
import tensorflow as tf

from netlib.nn.keras_objects import activation, make
from netlib.nn.keras_twin.obstacles import NoCounterpart
from netlib.spec.base import Spec
from netlib.spec.tensors import TensorSpec


class Pair(NamedTuple):
    """A variable of Keras's, and the one of ours for which it stands."""

    keras: Any
    ours: tf.Variable


@dataclass(frozen=True)
class Place:
    """Where a layer of ours stands.

    `tensors` are what it reads, `ports` what it gives, of which something reads those in `read`.
    """

    path: str
    dtype: str
    tensors: Sequence[TensorSpec]
    ports: Sequence[str]
    read: frozenset[str]

    @property
    def options(self) -> dict[str, Any]:
        """What every layer of Keras's takes."""
        return {"name": self.path, "dtype": self.dtype}


@dataclass(frozen=True)
class Given:
    """What a layer is called with: tensors by the names of its inputs, and a mask where one stands beside them."""

    inputs: Mapping[str, Any]
    mask: Any = None

    @property
    def tensors(self) -> list[Any]:
        """The inputs in their order."""
        return list(self.inputs.values())

    @property
    def options(self) -> dict[str, Any]:
        """The mask as an argument."""
        return {} if self.mask is None else {"mask": self.mask}


@dataclass
class Counterpart:
    """Keras's layer of the same name.

    `spec` is of the layer of ours, or else says what that is; `made` is what has the weights, if it has any.

    Raises:
        NoCounterpart: Keras has nothing with these parameters.
    """

    ours: Any
    spec: Any
    place: Place
    made: Any = field(init=False)
    keras_name: ClassVar[str | None] = None
    """Of Keras's layer, where it is not that of ours."""
    own: ClassVar[frozenset[str]] = frozenset()
    """Parameters that Keras's layer has not, and needs not."""
    is_operation: ClassVar[bool] = False
    """Whether it is one of Keras's operations, which lose the mask of what they read."""

    def __post_init__(self) -> None:
        self.made = self.make(self.arguments)

    @property
    def arguments(self) -> dict[str, Any]:
        """The parameters as Keras takes them."""
        return {name: argument(value) for name, value in self.spec if name not in self.own}

    def make(self, arguments: dict[str, Any]) -> Any:
        """What has the weights; None where nothing has."""
        return getattr(keras.layers, self.keras_name or self.spec.type_name())(**arguments, **self.place.options)

    def __call__(self, given: Given) -> dict[str, Any]:
        """What it gives, by port."""
        result = self.call(given)
        several = list(result) if isinstance(result, list | tuple) else [result]
        return dict(zip(self.place.ports, several, strict=False))

    def call(self, given: Given) -> Any:
        """One tensor, or those of the ports in their order."""
        return self.made(*given.tensors, **given.options)

    def weights(self) -> Iterator[Pair]:
        """Its variables, each with that of ours."""
        for variable in variables_of(self.made):
            yield Pair(variable, self.ours[self.weight_name(variable)])

    def weight_name(self, variable: Any) -> str:
        """What we call Keras's variable."""
        return str(variable.name)


class Together(Counterpart):
    """Takes its inputs as one list."""

    def call(self, given: Given) -> Any:
        """One tensor."""
        if any(map(is_masked, given.tensors)):
            raise NoCounterpart("Keras's merging layers do not always keep the mask of what they read")
        return self.made(given.tensors, **given.options)


class Sided(Counterpart):
    """Of one axis, whose only pair stands for itself in Keras."""

    def make(self, arguments: dict[str, Any]) -> Any:
        """The layer."""
        return super().make({name: value[0] for name, value in arguments.items()})


class AsInstanceNormalization(Counterpart):
    """Keras has it as a group for each channel."""

    keras_name = "GroupNormalization"

    def make(self, arguments: dict[str, Any]) -> Any:
        """The layer."""
        return super().make({**arguments, "groups": -1})


class AsEinsumDense(Counterpart):
    """Keras calls output_dim otherwise."""

    def make(self, arguments: dict[str, Any]) -> Any:
        """The layer."""
        arguments["output_shape"] = arguments.pop("output_dim")
        return super().make(arguments)


class AsStochasticDepth(Counterpart):
    """Keras has it as a Dropout that decides once for each sample, and so its own networks write it."""

    keras_name = "Dropout"

    def make(self, arguments: dict[str, Any]) -> Any:
        """The layer."""
        (tensor,) = self.place.tensors
        return super().make({**arguments, "noise_shape": (None, *[1] * (len(tensor.shape) - 1))})


class Rebuilt(Counterpart):
    """A layer of Keras's own, that a config names: made again."""

    def make(self, arguments: dict[str, Any]) -> Any:
        """A layer with the same parameters, and weights of its own."""
        target = self.ours.target
        return type(target).from_config({**target.get_config(), "name": self.place.path})

    def call(self, given: Given) -> Any:
        """What it gives, of several inputs as the layer of Keras's takes them."""
        together = self.spec.variadic and len(given.inputs) > 1
        return self.made(*([given.tensors] if together else given.tensors), **given.options)

    def weights(self) -> Iterator[Pair]:
        """In their order, which is the same; the states of random numbers too, which are Keras's own here."""
        for mine, yours in zip(self.made.variables, self.ours.target.variables, strict=True):
            yield Pair(mine, yours.value)


def argument(value: Any) -> Any:
    """A parameter as Keras takes it."""
    if isinstance(value, Spec) and value.kind:
        return activation(value) if value.kind == "activation" else make(value)
    return value


def is_masked(tensor: Any) -> bool:
    """Whether a mask goes with a tensor of a functional model."""
    return getattr(tensor, "_keras_mask", None) is not None


def variables_of(layer: Any) -> list[Any]:
    """Those of a layer of Keras's without the states of its generators of random numbers, which no layer of ours has."""
    return [] if layer is None else [each for each in layer.variables if "seed_generator" not in each.path]

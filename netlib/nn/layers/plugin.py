"""`PluginLayer`: runs the `call` of a user's class."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import tensorflow as tf

from netlib.nn.layer import Layer
from netlib.nn.tracing import run_without_values
from netlib.nn.users_code import users_code
from netlib.spec.base import Spec
from netlib.spec.choice import parse_choice
from netlib.spec.errors import NetlabError, one_of
from netlib.spec.layers import plugin as spec
from netlib.spec.plugins.calls import MASK, RANDOM, TRAINING
from netlib.spec.registry import snake_case
from netlib.spec.tensors import TensorSpec, show


class PluginLayer(Layer[spec.PluginLayer]):
    """A layer that a plug-in has added.

    Args:
        layer: its name with its parameters, as a config writes them.
        options: those of every layer.
    """

    def __init__(self, layer: Any, **options: Any) -> None:
        super().__init__(layer if isinstance(layer, Spec) else parse_choice("layer", layer), **options)
        self.__dict__["_held"] = {}  # by name, for no name of a user's is to stand for something of ours
        if not self.named:
            self._name = snake_case(self.type_name())
            self.path = self.path if self.prefix else self._name

    def type_name(self) -> str:
        """The name of the user's class."""
        return self.spec.type_name()

    def get_config(self) -> dict[str, Any]:
        """Plain values from which such a layer is made again, where the plug-in is loaded."""
        return {**self.given_options(), "layer": self.spec.to_choice()}

    @property
    def couples_rows(self) -> bool:  # type: ignore[override]
        """Whether samples depend on the others of their batch."""
        return self.spec.written.couples_rows

    def children(self) -> Iterator[tuple[str, Any]]:
        """The weights, by their names alone."""
        yield from ((name, value) for name, value in super().children() if name != "_held")
        yield from self._held.items()

    def weight_called(self, name: str) -> Any:
        """What serves as the weight of that name; None before it is there."""
        return self._held.get(name)

    def hold_weight(self, name: str, value: Any) -> None:
        """Takes a variable as the weight of that name."""
        self._held[name] = value

    def build_whole(self, *tensors: TensorSpec) -> None:
        """Builds it, and runs it once without values, so that what is wrong with it is seen now.

        Raises:
            SpecError: the layer cannot take these inputs.
            NetlabError: it raised something, or gave something else than it says.
        """
        self.ensure_built(*tensors)
        run_without_values(self, tensors)
        if {TRAINING, RANDOM} & self.spec.written.call.gives:
            run_without_values(self, tensors, training=True)

    def call(self, *inputs: tf.Tensor, training: Any = False, mask: Any = None) -> Any:
        """What the user's `call` gives."""
        origin, gives = self.spec.written.origin, self.spec.written.call.gives
        known = {TRAINING: training and not self._keeps_statistics, MASK: mask, RANDOM: _Random(self)}
        weights = {each.name: self._weight(each.name, each.trainable) for each in self._listed(inputs)}
        with users_code(origin):
            given = self.spec.object().call(
                *inputs, **weights, **{name: known[name] for name in known if name in gives}
            )
        expected = self.spec.outputs(*self.described_inputs(inputs), compute=self.compute_dtype)
        if not isinstance(given, Mapping):
            if len(expected) > 1:
                raise self._other("gives one tensor", f"names {one_of(expected)}; give a mapping with these")
            return self._agreed("", given, next(iter(expected.values())))
        if given.keys() != expected.keys():
            raise self._other(f"gives {one_of(map(str, given))}", f"names {one_of(expected)}")
        return {port: self._agreed(f" as '{port}'", given[port], each) for port, each in expected.items()}

    def _listed(self, inputs: tuple[tf.Tensor, ...]) -> list[Any]:
        return self.spec.weights(*(each.shape for each in self.described_inputs(inputs)))

    def _weight(self, name: str, trainable: bool) -> Any:
        held = self._held[name]
        return self.cast(held) if trainable else held

    @property
    def _keeps_statistics(self) -> bool:
        """Whether it has weights that it assigns to, and those are frozen."""
        statistics = {name for name, each in self._held.items() if not getattr(each, "trainable", True)}
        return bool(statistics) and (not self._trainable or bool(statistics & self.frozen_names))

    def _agreed(self, port: str, given: Any, expected: TensorSpec) -> tf.Tensor:
        if isinstance(given, tf.Variable):
            given = tf.convert_to_tensor(given)
        if not tf.is_tensor(given):
            hint = "; does it end with `return`?" if given is None else ""
            raise NetlabError(f"{self.spec.written.origin}: `call` gives {given!r}{port}, and not a tensor{hint}")
        if given.dtype.name != expected.dtype:
            raise NetlabError(
                f"{self.spec.written.origin}: `call` gives {given.dtype.name}{port}, where {expected.dtype} is computed; cast"
                " it: tf.cast(..., x.dtype)"
            )
        if not given.shape.is_compatible_with(expected.shape):
            got = show((None, *given.shape[1:]) if given.shape.rank else ())
            raise self._other(f"gives {got}{port}", f"says {show(expected.shape)}")
        return tf.ensure_shape(given, expected.shape)

    def _other(self, given: str, said: str) -> NetlabError:
        return NetlabError(f"{self.spec.written.origin}: `call` {given}, but output_shape {said}")


class _Random(NamedTuple):
    """The random numbers of a layer, as its `call` draws them: they follow from the run's seed, the layer's path, the step and
    the sample."""

    layer: PluginLayer

    def uniform(self, shape: Any) -> tf.Tensor:
        """Float32 numbers in [0, 1); the first axis are the samples."""
        return self.layer.random_uniform("plugin", shape)

    def normal(self, shape: Any) -> tf.Tensor:
        """Float32 numbers of mean 0 and variance 1; the first axis are the samples."""
        return self.layer.random_normal("plugin", shape)

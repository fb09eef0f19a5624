"""`KerasLayer`: a layer of Keras's own that a config names; and what Keras tells of one before it runs."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from inspect import signature
from typing import Any, Self

import keras

from netlib.nn.foreign import Foreign
from netlib.nn.keras_objects import make
from netlib.nn.layer import Layer
from netlib.nn.random import stable_hash
from netlib.nn.symbolic import Static
from netlib.spec import foreign, keras_layers
from netlib.spec.base import Spec
from netlib.spec.choice import parse_choice
from netlib.spec.errors import Problem, SpecError
from netlib.spec.precision import POLICIES
from netlib.spec.tensors import TensorSpec


class KerasLayer(Foreign):
    """A layer of Keras's own, as a config names it. It is made when it is built: what Keras draws for it, its initial weights and
    the seeds of its random numbers, follows from the seed and the path.

    Args:
        layer: its name with its parameters.
        options: those of every layer.

    >>> layer = KerasLayer({"keras.layers.Dense": {"units": 3}}, seed=1)
    >>> import tensorflow as tf
    >>> layer(tf.ones([2, 4])).shape, layer.path
    (TensorShape([2, 3]), 'dense')
    """

    keras_spec: keras_layers.KerasLayer

    def __init__(self, layer: Any, **options: Any) -> None:
        Layer.__init__(self, **options)
        self.__dict__["keras_spec"] = layer if isinstance(layer, Spec) else parse_choice("layer", layer)
        self.target = None
        self._has_run = False
        self._takes = frozenset(signature(self._keras_class.call).parameters)
        self._name_after_type()

    @property
    def _keras_class(self) -> Any:
        return getattr(keras.layers, self.keras_spec.keras_name)

    def type_name(self) -> str:
        """As a config calls it: `keras.layers.Dense`."""
        return self.keras_spec.type_name()

    def static(self, *tensors: TensorSpec) -> Static:
        """What is known of it for such inputs before it runs.

        Raises:
            SpecError: Keras cannot make it with these parameters, or it cannot take these inputs.
        """
        try:
            found = super().static(*tensors)
        except SpecError:
            raise
        except Exception as error:
            raise SpecError([_problem(self.keras_spec, error, tensors)], self.path) from error
        spec = self.keras_spec
        names = found.inputs if spec.variadic else (*spec.inputs, *spec.optional_inputs)[: len(tensors)]
        if not isinstance(found.spec, foreign.Foreign):
            raise TypeError(f"{self.path} was not traced")
        return found._replace(inputs=names, spec=spec.answered(found.spec))

    def build(self, *shapes: Any) -> None:
        """Makes the layer of Keras's, which makes its weights in its first call."""
        takes = signature(self._keras_class.__init__).parameters
        own = {"data_format": "channels_last"} if "data_format" in takes else {}
        if "output_mode" not in takes:  # where it depends on that, Keras chooses the dtype
            own["dtype"] = self.dtype
        with self._seeded("made"):
            self.target = self._keras_class(**_arguments(self.keras_spec), **own)

    def call(self, *inputs: Any, training: Any = False, mask: Any = None) -> Any:
        """What the layer of Keras's gives."""
        if self._has_run:
            return super().call(*inputs, training=training, mask=mask)
        with self._seeded("run"):
            given = super().call(*inputs, training=training, mask=mask)
        self._has_run = True
        return given

    @contextmanager
    def _seeded(self, phase: str) -> Iterator[None]:
        """Inside, the seeds that Keras draws from Python's generator follow from the layer's seed and path."""
        if self.seed is None:
            yield
            return
        state = random.getstate()
        random.seed(stable_hash(self.seed, "keras", phase, self.path))
        try:
            yield
        finally:
            random.setstate(state)

    def _together(self, count: int) -> bool:
        return self.keras_spec.variadic

    def get_config(self) -> dict[str, Any]:
        """Plain values from which `from_config` makes such a layer again, without its weights."""
        return {**Layer.get_config(self), "layer": self.keras_spec.to_choice()}

    @classmethod
    def from_config(cls, config: Mapping[str, Any], layers: Mapping[str, Any] | None = None) -> Self:
        """A layer as `get_config` describes it, with weights of its own; `layers` are not needed."""
        return cls(**config)

    def description(self) -> str:
        """Its name, with the parameters that were given."""
        given = ((name, getattr(self.keras_spec, name)) for name in sorted(self.keras_spec.model_fields_set))
        shown = [f"{name}={value.type_name() if isinstance(value, Spec) else value!r}" for name, value in given]
        return f"{self.type_name()}({', '.join(shown)})"


def ask_keras(spec: keras_layers.KerasLayer, tensors: tuple[TensorSpec, ...], compute: str) -> foreign.Foreign:
    """What a layer of Keras's gives for such inputs, which weights it has, and how its outputs end.

    Raises:
        SpecError: Keras cannot make it with these parameters, or it cannot take these inputs.
    """
    policy = next(name for name, each in POLICIES.items() if each.compute == compute)
    answered: Any = KerasLayer(spec, dtype=policy).static(*tensors).spec
    found: foreign.Foreign = answered.found
    return found


def _arguments(spec: keras_layers.KerasLayer) -> dict[str, Any]:
    """The parameters as Keras takes them: activations by their names, which have no parameters here."""
    return {name: _argument(value) for name, value in spec}


def _argument(value: Any) -> Any:
    if not isinstance(value, Spec):
        return value
    return value.type_name() if value.kind == "activation" else make(value)


_BESIDE_THE_POINT = re.compile(r"\n\s*\n|\s*Arguments received by|\s*Full (?:object )?config", re.IGNORECASE)


def _problem(spec: keras_layers.KerasLayer, error: Exception, tensors: tuple[TensorSpec, ...]) -> Problem:
    """What Keras objects to, at the parameter that it names, if that is one."""
    text = " ".join(_BESIDE_THE_POINT.split(str(error).strip())[0].split()) or type(error).__name__
    given = " and ".join(map(str, tensors))
    message = f"{spec.type_name()} cannot be built for {given}: Keras says: {text}"
    named = [name for name in spec.model_fields_set if re.search(rf"\b{name}\b", text)]
    return Problem((named[0],), message) if len(named) == 1 else Problem((), message, at="key")

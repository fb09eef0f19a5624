"""`Foreign`: a Keras layer, a hand-written `tf.Module` or a function, as a layer among others."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Self

import keras
import tensorflow as tf

from netlib.nn.control_flow import traceable
from netlib.nn.layer import Layer
from netlib.nn.topology import users_class
from netlib.spec.errors import UsageError
from netlib.spec.registry import snake_case


class Foreign(Layer[Any]):
    """Calls something that is no layer of ours; its variables are found, trained and saved like all others.

    What stands in `Sequential([...])` and is no layer is wrapped without being asked.

    Args:
        target: a Keras layer, a `tf.Module`, or a function of tensors. It is given `training` and `mask` if its `call`, or
            `__call__`, names them. What it computes in float64 or in text stays that.
        options: those of every layer. `seed` does not reach the target: what draws the initial weights of a Keras layer is its
            initializer, `keras.initializers.GlorotUniform(seed=1)`, or `keras.utils.set_random_seed`.

    >>> import keras, tensorflow as tf
    >>> layer = Foreign(keras.layers.Dense(3))
    >>> layer(tf.ones([2, 4])).shape, [named.path for named in layer.named_variables()]
    (TensorShape([2, 3]), ['kernel', 'bias'])
    """

    masks_its_inputs = False  # Keras is told in its own way, and warns of a mask that a layer cannot use

    def __init__(self, target: Any, **options: Any) -> None:
        super().__init__(**options)
        if isinstance(target, type):
            raise UsageError(f"{target.__name__} is a class: write {target.__name__}(...), which makes a layer")
        if not callable(target):
            raise UsageError(f"expected a layer, a module or a function, got {target!r}")
        self.target = target
        self._takes = _parameters(target.call if isinstance(target, keras.layers.Layer) else target)
        self._name_after_type()

    def _name_after_type(self) -> None:
        if not self.named:
            self._name = snake_case(self.type_name())
            self.path = self.path if self.prefix else self._name

    def children(self) -> Iterator[tuple[str, Any]]:
        """The target, which has no place of its own in a path."""
        yield "", self.target

    @property
    def compute_dtype(self) -> str:
        """That of the policy; of a `tf.Module`, which knows of no policies, always float32, as its weights are."""
        return "float32" if isinstance(self.target, tf.Module) else super().compute_dtype

    def type_name(self) -> str:
        """The target's class, or the function's name."""
        named = self.target if hasattr(self.target, "__name__") else type(self.target)
        name = str(named.__name__)
        return name if name.isidentifier() else "Lambda"

    def call(self, *inputs: Any, training: Any = False, mask: Any = None) -> Any:
        """What the target gives."""
        if isinstance(self.target, keras.layers.Layer):
            return self._call_keras(inputs, training, mask)
        options = {name: value for name, value in (("training", training), ("mask", mask)) if name in self._takes}
        return _traceable(self.target)(*inputs, **options)

    def _call_keras(self, inputs: tuple[Any, ...], training: Any, mask: Any) -> Any:
        options = {"training": training}  # Keras takes it of any layer, for those inside that name it
        if "mask" in self._takes:
            options["mask"] = list(mask) if isinstance(mask, tuple) else mask
        if self._together(len(inputs)):
            return self.target(list(inputs), **options)
        if isinstance(mask, tuple):  # as `query_mask` and `value_mask`
            named = zip(inspect.signature(self.target.call).parameters, mask, strict=False)
            options |= {f"{name}_mask": each for name, each in named if f"{name}_mask" in self._takes}
        return self.target(*inputs, **options)

    def _together(self, count: int) -> bool:
        """Whether so many inputs are given to Keras as one list."""
        return count > 1 and _takes_a_list(self.target)

    def compute_mask(self, *inputs: Any, mask: Any = None) -> Any:
        """A Keras layer's own, a list where it gives several outputs; None for anything else."""
        if not isinstance(self.target, keras.layers.Layer) or not self.target.supports_masking:
            return None
        masks = list(mask) if isinstance(mask, tuple) else [mask] * len(inputs)
        given: Any
        if self._together(len(inputs)):
            given = self.target.compute_mask(list(inputs), masks if isinstance(mask, tuple) else mask)
        else:
            given = self.target.compute_mask(inputs[0], masks[0])
        return given

    def masks_by_port(self, inputs: Sequence[Any], outputs: Mapping[str, Any], mask: Any) -> dict[str, Any]:
        """The masks of the outputs that have one, by port; `mask` is as in a call."""
        found = self.compute_mask(*inputs, mask=mask)
        if not isinstance(found, list | tuple):
            return super().masks_by_port(inputs, outputs, mask)
        return {port: each for port, each in zip(outputs, found, strict=False) if each is not None}

    def get_config(self) -> dict[str, Any]:
        """The Keras layer's; a plain `tf.Module` or function has none.

        Raises:
            UsageError: the target cannot be described by plain values.
        """
        if not isinstance(self.target, keras.layers.Layer):
            raise UsageError(
                f"{self.type_name()} cannot be described by plain values; write it as a nn.Layer with get_config()"
            )
        return {**super().get_config(), "class": type(self.target).__name__, "target": self.target.get_config()}

    @classmethod
    def from_config(cls, config: Mapping[str, Any], layers: Mapping[str, Any] | None = None) -> Self:
        """One as `get_config` describes it, with weights of its own.

        Args:
            config: plain values.
            layers: the Keras layer's class, by its name.

        Raises:
            UsageError: the class is not in `layers`.
        """
        target = users_class(config["class"], layers or {}).from_config(config["target"])
        return cls(target, **{name: value for name, value in config.items() if name not in ("class", "target")})

    def description(self) -> str:
        """The target's class or name."""
        return f"{self.type_name()}()"


def as_layer(value: Any) -> Layer[Any]:
    """A layer as it is; a Keras layer, module or function as a `Foreign`."""
    return value if isinstance(value, Layer) else Foreign(value)


def _traceable(target: Any) -> Any:
    """A function or `tf.Module` with control flow on tensors; a Module of netlab's sees to that itself."""
    if isinstance(target, tf.Module) and not isinstance(target, Layer) and inspect.isfunction(type(target).__call__):
        return traceable(target.__call__)
    return traceable(target)


def _parameters(computation: Any) -> frozenset[str]:
    try:
        return frozenset(inspect.signature(computation).parameters)
    except (TypeError, ValueError):  # built in
        return frozenset()


def _takes_a_list(layer: Any) -> bool:
    """Whether `call` has one place for all inputs, as Keras's merging layers have."""
    parameters = inspect.signature(layer.call).parameters.values()
    return sum(p.kind in (p.POSITIONAL_OR_KEYWORD, p.POSITIONAL_ONLY) and p.default is p.empty for p in parameters) == 1

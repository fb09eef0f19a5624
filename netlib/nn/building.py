"""How a layer comes to its weights: once, on the first call, and never again."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from netlib.nn.building_once import once
from netlib.nn.collecting import Collecting
from netlib.nn.keras_losses import outermost_keras_layers
from netlib.nn.keras_objects import make
from netlib.nn.tree import Entry, Tree, joined
from netlib.nn.tying import Transposed
from netlib.nn.weights import initial_value, make_variable
from netlib.spec.choice import parse_choice
from netlib.spec.errors import UsageError, did_you_mean
from netlib.spec.initializers import InitializerSpec
from netlib.spec.layer import Weight
from netlib.spec.precision import POLICIES, Policy, at_least_float32, policy
from netlib.spec.tensors import DTYPE_BYTES


class _NotInitialised(UsageError, AttributeError):
    """Also an AttributeError, for code that asks whether there is an attribute."""


class Buildable(Collecting):
    """A module whose weights are made by `build`, and depend on a seed and a path that it may be told by the layer around.

    Args:
        name: an identifier; the class's name in snake_case by default.
        trainable: False freezes it.
        dtype: name of a dtype policy; that of the layer around by default.
        seed: with `path`, decides the initial weights; that of the layer around by default, fresh ones without any.
        path: where it stands in its network; told by the layer around by default.
    """

    _unchecked: dict[str, tf.Variable]
    _tied: set[str]
    _early: dict[str, tuple[Weight, tf.Variable, Any]]
    """The weights with random values that the constructor made, and these values; until it is built."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "build" in vars(cls):
            cls.build = once(cls.build)  # type: ignore[method-assign]

    def __init__(
        self,
        *,
        name: str | None = None,
        trainable: bool = True,
        dtype: str | None = None,
        seed: int | None = None,
        path: str | None = None,
    ) -> None:
        super().__init__(name=name)
        self.named = name is not None
        self._trainable = bool(trainable)
        self.seed = seed
        self.path = path or self.name
        self._is_built = False
        self.regularized = []
        self._is_root = path is None
        self._policy = policy(dtype) if dtype is not None else None
        self._building = False
        self._built_for: tuple[Any, ...] = ()
        self._keras_layers: tuple[Any, ...] = ()
        self._weight_names: set[str] = set()
        self.__dict__["_tied"] = set()
        self.__dict__["_early"] = {}
        self.__dict__["_unchecked"] = {}  # by name, until found in an attribute; TensorFlow is not to track them here

    def children(self) -> Iterator[tuple[str, Any]]:
        """Everything that may hold variables; the weights are known by the attributes that `build` sets."""
        return ((name, value) for name, value in super().children() if name not in _ABOUT_ITSELF)

    if not TYPE_CHECKING:  # which would take every attribute for one that is there

        def __getattr__(self, name: str) -> Any:
            """Only for what is not found: says why, where that is a constructor that does not call this one's."""
            if "_is_built" not in vars(self):
                raise _NotInitialised(f"{type(self).__name__}.__init__ must call super().__init__()")
            return super().__getattribute__(name)

    @property
    def built(self) -> bool:
        """Whether `build` has run. Nobody needs to set it: what a layer written for Keras sets, in its constructor or its
        `build`, changes nothing."""
        return self._is_built

    @built.setter
    def built(self, value: bool) -> None:
        pass

    @property
    def dtype(self) -> str:
        """The name of its dtype policy."""
        return self._dtypes.name

    @property
    def compute_dtype(self) -> str:
        """What floating-point inputs are cast to, and weights by `cast`."""
        return self._dtypes.compute

    def cast(self, value: Any) -> tf.Tensor:
        """A weight or another tensor in the compute dtype."""
        return tf.cast(value, self.compute_dtype)

    def widened(self, value: Any) -> tf.Tensor:
        """A tensor in the compute dtype, but at least in float32: for sums, means, statistics, softmax."""
        return tf.cast(value, at_least_float32(self.compute_dtype))

    def given_options(self) -> dict[str, Any]:
        """Those of its options that were given, as plain values."""
        options: dict[str, Any] = {"name": self.name} if self.named else {}
        if not self._trainable:
            options["trainable"] = False
        if self._policy is not None:
            options["dtype"] = self.dtype
        return options

    def build(self, *shapes: Any) -> None:
        """Makes the weights, for inputs of these shapes (batch first). The first call calls it."""

    def add_weight(
        self,
        name: str | None = None,
        shape: Any = (),
        initializer: Any = "glorot_uniform",
        *,
        regularizer: Any = None,
        constraint: Any = None,
        trainable: bool = True,
        dtype: str | None = None,
    ) -> tf.Variable:
        """A new variable; assign it to an attribute. Its initial value depends on the layer's seed and path alone.

        Args:
            name: what its path ends with; another one for each weight; `weight`, `weight_2` by default.
            shape: lengths of its axes.
            initializer: as a config writes it: a name, or `{name: parameters}`.
            regularizer: likewise; what it gives is one of the layer's `losses`.
            constraint: likewise; applied after each update.
            trainable: False for statistics and constants.
            dtype: float32 by default.

        Raises:
            UsageError: the layer is built already, or has a weight of that name; or the shape or dtype is none.
            SpecError: there is no such initializer, regularizer or constraint.
        """
        name = self._unused_name() if name is None else name
        if not isinstance(name, str):
            raise UsageError(f"{self.path}: a weight's name comes first, add_weight('kernel', [3, 4]), got {name!r}")
        if isinstance(initializer, keras.initializers.Initializer | type):
            raise UsageError(
                f"{self.path}: the initializer of the weight '{name}' is written as a config writes it, 'zeros' or"
                f" {{'RandomNormal': {{'stddev': 0.1}}}}, got {initializer!r}"
            )
        if self.built and not self._building:
            raise UsageError(
                f"{self.path} is built, so it takes no weight '{name}' any more: call add_weight in `build` or `__init__`"
            )
        if name in self._weight_names:
            raise UsageError(f"{self.path} has a weight '{name}' already; give each its own name")
        if dtype is not None and dtype not in DTYPE_BYTES:
            raise UsageError(
                f"{self.path}: there is no dtype {dtype!r} for the weight '{name}'{did_you_mean(str(dtype), DTYPE_BYTES)}"
            )
        weight = Weight(
            name,
            self._lengths(name, shape),
            parse_choice("initializer", initializer),
            None if regularizer is None else parse_choice("regularizer", regularizer),
            None if constraint is None else parse_choice("constraint", constraint),
            trainable,
            dtype,
        )
        return self._make_weight(weight)

    def _unused_name(self) -> str:
        names = ("weight" if count == 1 else f"weight_{count}" for count in itertools.count(1))
        return next(name for name in names if name not in self._weight_names)

    def _lengths(self, name: str, shape: Any) -> tuple[int, ...]:
        axes = tuple(shape) if isinstance(shape, list | tuple | tf.TensorShape) else (shape,)
        if not all(isinstance(axis, int | np.integer) and axis >= 0 for axis in axes):
            raise UsageError(f"{self.path}: the shape of the weight '{name}' is a list of lengths, got {shape}")
        return tuple(map(int, axes))

    def _make_weight(self, weight: Weight) -> tf.Variable:
        variable = make_variable(weight, joined(self.path, weight.name), self.seed, self._dtypes.variable)
        self._weight_names.add(weight.name)
        self._unchecked[weight.name] = variable
        if not self._building and isinstance(weight.initializer, InitializerSpec) and weight.initializer.random:
            self._early[weight.name] = (weight, variable, variable.numpy())
        if weight.regularizer:
            self.regularized.append((variable, make(weight.regularizer)))
        return variable

    def _held_or_made(self, weight: Weight) -> Any:
        """What was assigned to the weight's attribute, as a variable that is another layer's too; else a new variable."""
        held = self.weight_called(weight.name)
        if held is None:
            return self._make_weight(weight)
        if not isinstance(held, tf.Variable | keras.Variable | Transposed) or tuple(held.shape) != weight.shape:
            shape = f" of {tuple(held.shape)}" if hasattr(held, "shape") else ""
            raise UsageError(
                f"{self.path}: a {type(held).__name__}{shape} was assigned to '{weight.name}' before it was built; for these"
                f" inputs that is a variable of {weight.shape}"
            )
        if weight.regularizer and weight.name not in self._tied:
            self.regularized.append((held, make(weight.regularizer)))
        return held

    def weight_called(self, name: str) -> Any:
        """What serves as the weight of that name in the layer's spec; None before it is there."""
        return vars(self).get(name)

    def hold_weight(self, name: str, value: Any) -> None:
        """Takes a variable as the weight of that name."""
        setattr(self, name, value)

    def tie(self, name: str, variable: tf.Variable, *, transposed: bool = False) -> None:
        """Takes the variable of another layer in place of a weight of its own, before it is built. What penalises it, and where
        it is saved, is the other's."""
        self._tied.add(name)
        self.hold_weight(name, Transposed(variable) if transposed else variable)

    def place(self, path: str, seed: int | None, dtypes: Policy | None) -> None:
        """Tells a layer that is not built where it stands, and what it inherits where it has none of its own."""
        if not self.built:
            before = self.path, self.seed
            self.path, self._is_root = path, False
            self.seed = seed if self.seed is None else self.seed
            self._policy = self._policy or dtypes
            if self.seed is not None and (self.path, self.seed) != before:
                self._draw_early_weights()

    def _draw_early_weights(self) -> None:
        """Anew, those that the constructor made before it knew of path and seed; not what was assigned to since."""
        with tf.init_scope():  # not as a part of the function that is being made
            for name, (weight, variable, value) in self._early.items():
                if np.array_equal(variable.numpy(), value):
                    variable.assign(initial_value(weight, joined(self.path, name), self.seed, variable.dtype.name))
                    self._early[name] = (weight, variable, variable.numpy())

    def _place_children(self) -> None:
        tree = Tree(self)
        self._keras_layers = outermost_keras_layers(tree)
        for entry in tree.modules:
            if isinstance(entry.value, Buildable) and entry.value is not self:
                around = _layer_around(entry)
                entry.value.place(joined(self.prefix, entry.path), around.seed, around._policy)
                if not self._trainable:
                    entry.value.__dict__["_trainable"] = False

    def _check_weights_are_held(self) -> None:
        found = {id(entry.value) for entry in Tree(self).variables}
        lost = [name for name, variable in self._unchecked.items() if id(variable) not in found]
        self._unchecked.clear()
        if lost:
            raise UsageError(
                f"{self.path}: the weight '{lost[0]}' is in no attribute, so it would never be trained; write"
                f" self.{lost[0]} = self.add_weight('{lost[0]}', ...)"
            )

    @property
    def prefix(self) -> str:
        """The path that those of layers inside begin with; empty for the outermost."""
        return "" if self._is_root else self.path

    @property
    def _dtypes(self) -> Policy:
        return self._policy or POLICIES["float32"]


_ABOUT_ITSELF = ("regularized", "_built_for", "_keras_layers", "_weight_names", "_unchecked", "_early", "_tied")
"""Attributes that are no part of the tree."""


def _layer_around(entry: Entry) -> Buildable:
    """The innermost layer around one that is not the root."""
    layer = next((around.value for around in entry.around() if isinstance(around.value, Buildable)), None)
    if layer is None:
        raise TypeError(f"'{entry.path}' is in no layer")
    return layer

"""`Row`: an object that the conformance tests run over, with what may be expected of it; and how it is run and compared."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import tensorflow as tf

from netlib.nn.module import Module
from netlib.nn.network import Network
from netlib.nn.random import forward_pass
from netlib.nn.symbolic import Input
from netlib.spec.tensors import TensorSpec

BATCH, UNKNOWN, SEED = 6, 5, 5
STEP = tf.constant(11)


@dataclass(frozen=True)
class Row:
    """One object of the table.

    Attributes:
        name: of the class in `netlib.nn`; a class derived from it will do.
        case: which of its rows.
        make: a new object, from the options of a layer; a Module takes none.
        tensors: what it is called with.
        below: integers are drawn from 0 up to this.
        random: whether it draws random numbers in training; `foreign` ones are Keras's, which differ from mode to mode, and
            `always` is outside of training too.
        statistics: whether it changes variables in training.
        mask: what becomes of the mask of an input [batch, time]; `first` where that of the first input is kept, `joined` one
            behind the other, `reversed` in time, `made` of one that gets none. None where no input has a time.
        describable: whether it has a config.
        classes: those that are not netlab's own, to rebuild it from its config.
        gives: whether it has outputs.
    """

    name: str
    case: str
    make: Callable[..., Any]
    tensors: Sequence[TensorSpec]
    below: int | None = None
    random: Literal["", "ours", "foreign", "always"] = ""
    statistics: bool = False
    mask: Literal["kept", "dropped", "first", "joined", "flipped", "made"] | None = None
    describable: bool = True
    classes: Mapping[str, Any] = field(default_factory=dict)
    gives: bool = True

    def __str__(self) -> str:
        return f"{self.name}-{self.case}"

    @property
    def in_catalogue(self) -> bool:
        """Whether its layer is a row of `layer_cases/`."""
        return self.case.isdigit()

    @property
    def is_layer(self) -> bool:
        """Whether it is a Layer, and not a Module alone."""
        return self.name != "Module"

    def values(self, batch: int = BATCH) -> list[tf.Tensor]:
        """Inputs with nothing special about them; an unknown axis gets a length."""
        rng = np.random.default_rng(17)
        shapes = [(batch, *(UNKNOWN if axis is None else axis for axis in tensor.shape[1:])) for tensor in self.tensors]
        if self.below:
            return [
                tf.constant(rng.integers(0, self.below, shape), tensor.dtype)
                for shape, tensor in zip(shapes, self.tensors, strict=True)
            ]
        return [tf.constant(rng.normal(0.3, 1.2, shape), tf.float32) for shape in shapes]

    def signature(self) -> list[tf.TensorSpec]:
        """Of a function of its inputs."""
        return [tf.TensorSpec(tensor.shape, tensor.dtype) for tensor in self.tensors]

    def built(self, **options: Any) -> Any:
        """With all variables, and the initial weights of one seed where it is a layer of ours."""
        made = self.make(**({"seed": SEED, **options} if self.is_layer else {}))
        made(*self.values())
        return made

    def ready(self, **options: Any) -> Any:
        """Built, with weights that no mistake leaves without effect."""
        made = self.built(**options)
        randomise(made)
        return made

    def rebuilt(self, config: Mapping[str, Any]) -> Any:
        """Another one from its config; made anew where it has none."""
        if not self.describable:
            return self.make()
        from_config = type(self.make()).from_config
        known = {"layers": self.classes} if "layers" in inspect.signature(from_config).parameters else {}
        return from_config(config, **known)


def randomise(module: Module) -> None:
    """Weights that no mistake leaves without effect; what is not trained, such as a variance, stays positive."""
    rng = np.random.default_rng(23)
    for variable in module.variables:
        if variable.dtype.is_floating:
            variable.assign(rng.uniform(0.5, 1.5, variable.shape) * rng.choice([-1, 1], variable.shape))
    for variable in module.non_trainable_variables:
        if variable.dtype.is_floating:
            variable.assign(abs(variable))


def call(module: Any, values: Sequence[Any], training: Any = None, **options: Any) -> list[Any]:
    """All outputs, in the order of their ports' names; random layers draw the same each time."""
    with forward_pass(3, STEP):
        flag = {} if training is None else {"training": training}
        return list(tf.nest.flatten(module(*values, **flag, **options)))


def step(module: Any, values: Sequence[Any]) -> list[Any]:
    """The outputs in training, gradients of a nonlinear function of them by inputs and weights, and what variables become."""
    watched = [value for value in values if value.dtype.is_floating]
    with tf.GradientTape() as tape:
        tape.watch(watched)
        outputs = call(module, values, training=True)
        loss = tf.add_n([tf.constant(0.0), *(tf.reduce_sum(tf.sin(tf.cast(each, tf.float32))) for each in outputs)])
    sources = [*watched, *module.trainable_variables]
    gradients = tape.gradient(loss, sources, unconnected_gradients="zero")
    return [*outputs, *map(tf.convert_to_tensor, gradients), *map(tf.identity, floating(module))]


def network_of(layer: Any, tensors: Sequence[TensorSpec]) -> Network:
    """A network of that layer alone; its inputs are x0, x1, ..."""
    inputs = [Input(tensor.shape[1:], tensor.dtype, f"x{i}") for i, tensor in enumerate(tensors)]
    return Network(inputs, layer(*inputs))


def paths(module: Module) -> list[str]:
    """Of its variables."""
    return [named.path for named in module.named_variables()]


def trained(module: Module) -> list[str]:
    """Paths of the variables that are to be trained."""
    return [named.path for named in module.named_variables() if named.trainable]


def described(module: Module) -> list[Any]:
    """Path, shape and whether it is trained, of each variable."""
    return [(named.path, tuple(named.variable.shape), named.trainable) for named in module.named_variables()]


def floating(module: Module) -> list[tf.Variable]:
    """Its variables without the states of generators."""
    return [variable for variable in module.variables if variable.dtype.is_floating]


def assert_close(actual: Sequence[Any], expected: Sequence[Any], tolerance: float) -> None:
    """Equal within `tolerance` of the largest value of each."""
    assert len(actual) == len(expected)
    for one, other in zip(actual, expected, strict=True):
        one, other = (np.asarray(tf.cast(each, tf.float64)) for each in (one, other))
        assert one.shape == other.shape
        scale = max(1.0, np.abs(other).max(initial=0))
        np.testing.assert_allclose(one, other, rtol=0, atol=tolerance * scale)


def assert_same(actual: Sequence[Any], expected: Sequence[Any]) -> None:
    """The same bits."""
    for one, other in zip(actual, expected, strict=True):
        np.testing.assert_array_equal(one, other)


def differ(actual: Sequence[Any], expected: Sequence[Any]) -> bool:
    """Whether any of them is not the same."""
    return any(not np.array_equal(one, other) for one, other in zip(actual, expected, strict=True))

"""`Layer`: a module with one computation, whose weights are made on the first call, from its spec."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from importlib import import_module
from typing import Any, ClassVar, Generic, TypeVar, get_args

import tensorflow as tf

from netlib.nn.keras_objects import make
from netlib.nn.module import Module
from netlib.nn.random import stable_hash, uniform
from netlib.spec.base import Spec
from netlib.spec.errors import SpecError, UsageError
from netlib.spec.initializers import InitializerSpec
from netlib.spec.layer import LayerSpec, Weight
from netlib.spec.tensors import Shape, TensorSpec, show

SpecType = TypeVar("SpecType", bound=LayerSpec)


class Layer(Module, Generic[SpecType]):
    """A computation with weights.

    A layer of the catalogue is `class Dense(Layer[spec.Dense])`: its constructor takes the spec's parameters (the one that may
    stand alone also by position), `build` makes the weights that the spec lists as attributes of their names, and only `call`
    is its own. A layer without a spec derives from `Layer`, makes its weights in `build` by `add_weight`, and has the
    computation in `call`.

    Args:
        name: an identifier; the class's name in lower case by default.
        trainable: False freezes it.
        seed: with `path`, decides the initial weights; fresh ones without.
        path: where the layer stands in its network.
    """

    spec_type: ClassVar[type[LayerSpec] | None] = None
    _call_takes_training: ClassVar[bool] = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for base in getattr(cls, "__orig_bases__", ()):
            arguments = get_args(base)
            if arguments and isinstance(arguments[0], type) and issubclass(arguments[0], LayerSpec):
                cls.spec_type = arguments[0]
        cls._call_takes_training = "training" in inspect.signature(cls.call).parameters

    def __init__(
        self,
        *args: Any,
        name: str | None = None,
        trainable: bool = True,
        seed: int | None = None,
        path: str | None = None,
        **parameters: Any,
    ) -> None:
        super().__init__(name=name)
        self.trainable = trainable
        self.seed = seed
        self.path = path or self.name
        self.built = False
        self.spec: SpecType = self._parse(args, parameters)
        self._checked: set[tuple[TensorSpec, ...]] = set()
        self._regularized: list[tuple[tf.Variable, Any]] = []

    @classmethod
    def from_spec(cls, spec: LayerSpec, **options: Any) -> Layer[Any]:
        """The layer that computes what the spec describes: the class of its name in the module of its name."""
        module = import_module(type(spec).__module__.replace("netlib.spec.", "netlib.nn."))
        layer_class: type[Layer[Any]] = getattr(module, type(spec).__name__)
        return layer_class(spec, **options)

    def _parse(self, args: tuple[Any, ...], parameters: dict[str, Any]) -> Any:
        if self.spec_type is None:
            if args or parameters:
                raise UsageError(f"{type(self).__name__} has no spec; its own __init__ takes its parameters")
            return None
        if args and isinstance(args[0], self.spec_type):
            return args[0]
        if args:
            shorthand = self.spec_type.shorthand
            if len(args) > 1 or shorthand is None:
                first = f"only {shorthand}" if shorthand else "nothing"
                raise UsageError(f"{type(self).__name__} takes {first} by position; name the others")
            parameters = {shorthand: args[0], **parameters}
        return self.spec_type.parse(parameters)

    def children(self) -> Iterator[tuple[str, Any]]:
        """Everything that may hold variables, which are known by the attributes that `build` sets."""
        return ((name, value) for name, value in super().children() if name != "_regularized")

    def build(self, *shapes: Shape) -> None:
        """Makes the weights that the spec lists; called once, by the first call, with the inputs' shapes (batch first)."""
        if self.spec_type is not None:
            for weight in self.spec.weights(*shapes):
                setattr(self, weight.name, self._make_weight(weight))

    def call(self, *inputs: Any, **kwargs: Any) -> Any:
        """The computation; takes `training` if it names it."""
        raise NotImplementedError(f"{type(self).__name__} does not say what it computes; define `call`")

    def __call__(self, *inputs: Any, training: Any = False) -> Any:
        """Computes the outputs; the first call builds.

        Raises:
            SpecError: the layer cannot take inputs of these shapes or dtypes.
        """
        tensors = [self._as_tensor(value) for value in inputs]
        self.ensure_built(*(TensorSpec(tuple(tensor.shape), tensor.dtype.name) for tensor in tensors))
        with tf.name_scope(self.name):
            return self.call(*tensors, training=training) if self._call_takes_training else self.call(*tensors)

    @tf.autograph.experimental.do_not_convert  # plain Python: converting it takes seconds
    def ensure_built(self, *tensors: TensorSpec) -> None:
        """Checks the inputs against the spec, and builds if that has not been done.

        Raises:
            SpecError: the layer cannot take these inputs.
        """
        inputs = tuple(
            TensorSpec((None, *tensor.shape[1:]) if tensor.shape else (), tensor.dtype) for tensor in tensors
        )
        if inputs in self._checked:
            return
        shapes = [tensor.shape for tensor in inputs]
        if self.spec_type is not None:
            self.spec.outputs(*inputs)
        if not self.built:
            with tf.init_scope():
                self.build(*shapes)
            self.built = True
        elif self.spec_type is not None:
            self._check_weights(*shapes)
        self._checked.add(inputs)

    def _as_tensor(self, value: Any) -> tf.Tensor:
        variadic = self.spec_type is not None and self.spec_type.variadic
        if variadic and isinstance(value, list | tuple):
            raise UsageError(f"{self.name} takes its inputs one by one, layer(a, b), got a {type(value).__name__}")
        tensor = tf.convert_to_tensor(value)
        casts = self.spec_type is not None and self.spec_type.takes == "float" and tensor.dtype.is_floating
        return tf.cast(tensor, "float32") if casts else tensor

    def _check_weights(self, *shapes: Shape) -> None:
        for weight in self.spec.weights(*shapes):
            made = tuple(getattr(self, weight.name).shape)
            if made != weight.shape:
                given = " and ".join(map(show, shapes))
                raise SpecError(
                    f"{self.path} was built with a {weight.name} of {made}; for inputs of {given} it would be"
                    f" {weight.shape}"
                )

    def add_weight(
        self,
        name: str,
        shape: tuple[int, ...],
        initializer: Spec,
        *,
        regularizer: Spec | None = None,
        constraint: Spec | None = None,
        trainable: bool = True,
        dtype: str | None = None,
    ) -> tf.Variable:
        """A new variable; assign it to an attribute. Its initial value depends on the layer's seed and path alone."""
        return self._make_weight(Weight(name, shape, initializer, regularizer, constraint, trainable, dtype))

    def _make_weight(self, weight: Weight) -> tf.Variable:
        path = f"{self.path}.{weight.name}"
        seed = None if self.seed is None else stable_hash(self.seed, "initial", path, bits=31)
        takes_seed = isinstance(weight.initializer, InitializerSpec) and weight.initializer.random
        initializer = make(weight.initializer, **({"seed": seed} if takes_seed else {}))
        dtype = weight.dtype or "float32"
        variable = tf.Variable(
            tf.convert_to_tensor(initializer(weight.shape, dtype=dtype)),
            name=path,
            trainable=weight.trainable,
            constraint=make(weight.constraint) if weight.constraint else None,
        )
        if weight.regularizer:
            self._regularized.append((variable, make(weight.regularizer)))
        return variable

    @property
    def losses(self) -> list[tf.Tensor]:
        """The penalties of all regularised weights below, as scalars. Those of frozen weights are left out."""
        trained = {id(variable) for variable in self.trainable_variables}
        layers = (module for _, module in self.named_modules() if isinstance(module, Layer))
        pairs = (pair for layer in layers for pair in layer._regularized)
        return [penalty(variable) for variable, penalty in pairs if id(variable) in trained]

    def random_uniform(self, purpose: str, shape: Any) -> tf.Tensor:
        """Uniform float32 numbers in [0, 1) that depend on the run, this layer, this call and the samples' places alone."""
        return uniform(purpose, self.path, shape)

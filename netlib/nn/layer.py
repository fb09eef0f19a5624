"""`Layer`: a module with one computation, whose weights are made on the first call."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from importlib import import_module
from math import prod
from typing import Any, ClassVar, Generic, Self, TypeVar

import tensorflow as tf

from netlib.nn import calls
from netlib.nn.arguments import as_tensor, named_arguments, only_symbols, shapes_explained
from netlib.nn.building import Buildable
from netlib.nn.control_flow import traceable
from netlib.nn.keras_losses import collected
from netlib.nn.masks import Masked, as_masks, masks_on, with_masks
from netlib.nn.parameters import parsed, undescribed_parameter
from netlib.nn.random import RandomNumbers
from netlib.nn.symbolic import Static, join, symbols_in
from netlib.nn.tracing import by_port, described, run_without_values, traced
from netlib.spec.base import Spec, spec_argument
from netlib.spec.errors import SpecError, UsageError
from netlib.spec.layer import LayerSpec, need_places
from netlib.spec.precision import stored
from netlib.spec.tensors import Shape, TensorSpec, show

SpecType = TypeVar("SpecType", bound=LayerSpec)


class Layer(Buildable, Masked, RandomNumbers, Generic[SpecType]):
    """A computation with weights.

    A layer of the catalogue is `class Dense(Layer[spec.Dense])`: its constructor takes the spec's parameters, by name or in their
    order, `build` makes the weights that the spec lists as attributes of their names, and only `call` is its own. A layer written
    by hand makes its weights in `build` by `add_weight`, holds other layers as attributes, and computes in `call`, which takes
    `training` and `mask` if it names them:

    >>> class Scale(Layer):
    ...     def build(self, shape):
    ...         self.factor = self.add_weight("factor", shape[-1:], "ones")
    ...     def call(self, x, training):
    ...         return x * self.factor if training else x
    >>> scale = Scale()
    >>> scale(tf.ones([2, 3])).shape, scale.num_parameters()
    (TensorShape([2, 3]), 3)

    Args:
        name: an identifier; the class's name in snake_case by default.
        trainable: False freezes it.
        dtype: `float32`, `mixed_bfloat16` or `mixed_float16`: the compute dtype, with weights in float32; or `float64`, with
            weights in float64 too; that of the layer around by default.
        seed: with `path`, decides the initial weights; that of the layer around by default, fresh ones without any. Keras
            layers inside do not take it: seed their initializers.
        path: where the layer stands in its network; told by the layer around by default.
    """

    spec_type: ClassVar[type[LayerSpec] | None] = None
    couples_rows: ClassVar[bool] = False
    """Of a layer without a spec: whether samples depend on the others of their batch. Evaluation and prediction then never fill a
    batch up."""
    call_takes: ClassVar[frozenset[str]] = frozenset()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.spec_type = spec_argument(cls, LayerSpec) or cls.spec_type
        cls.call_takes = frozenset(inspect.signature(cls.call).parameters)

    def __init__(
        self,
        *args: Any,
        name: str | None = None,
        trainable: bool = True,
        dtype: str | None = None,
        seed: int | None = None,
        path: str | None = None,
        **parameters: Any,
    ) -> None:
        super().__init__(name=name, trainable=trainable, dtype=dtype, seed=seed, path=path)
        self.spec: SpecType = parsed(type(self).__name__, self.spec_type, args, parameters)
        self._checked: set[tuple[TensorSpec, ...]] = set()

    @classmethod
    def from_spec(cls, spec: LayerSpec, **options: Any) -> Layer[Any]:
        """The layer that computes what the spec describes: the class of its name in the module of its name."""
        module = import_module(type(spec).__module__.replace("netlib.spec.", "netlib.nn."))
        layer_class: type[Layer[Any]] = getattr(module, type(spec).__name__)
        return layer_class(spec, **options)

    # What it is, before it runs.

    def type_name(self) -> str:
        """What a config, and a summary, calls its type."""
        return type(self).__name__

    def output_shape(self, *shapes: Shape) -> Any:
        """The output's shape for inputs of these shapes (batch first), by port where it has several; builds nothing.

        >>> from netlib import nn
        >>> nn.Conv2D(8, kernel_size=3).output_shape((None, 28, 28, 1))
        (None, 26, 26, 8)

        Raises:
            SpecError: the layer cannot take inputs of these shapes.
        """
        outputs = self.static(*map(self._assumed, shapes)).outputs
        given = {port: tensor.shape for port, tensor in outputs.items()}
        return next(iter(given.values())) if len(given) == 1 else given

    def count(self, *shapes: Shape) -> int:
        """How many parameters it has, or will have, for inputs of these shapes (batch first); builds nothing.

        Raises:
            SpecError: the layer cannot take inputs of these shapes.
        """
        static = self.static(*map(self._assumed, shapes))
        own = sum(prod(weight.shape) for weight in static.weights)
        return own + (static.body.parameters().total if static.body else 0)

    def static(self, *tensors: TensorSpec) -> Static:
        """What is known of it for such inputs before it runs.

        Raises:
            SpecError: the layer cannot take these inputs.
        """
        if self.spec_type is None:
            spec: LayerSpec = traced(self, tensors)
            names: tuple[str, ...] = tuple(map(str, range(len(tensors))))
        else:
            spec, names = self.spec, self._input_names(len(tensors))
        shapes = [tensor.shape for tensor in tensors]
        outputs = spec.outputs(*tensors, compute=self.compute_dtype)
        if self.built and self.spec_type is not None:
            self._check_weights(*shapes)
        weights = stored(spec.weights(*shapes), self.compute_dtype)
        return Static(names, outputs, spec, None, weights, spec.macs(*shapes))

    def _input_names(self, count: int) -> tuple[str, ...]:
        if self.spec.variadic:
            return tuple(map(str, range(count)))
        known = (*self.spec.inputs, *self.spec.optional_inputs)
        if not len(self.spec.inputs) <= count <= len(known):
            raise SpecError(f"{self.type_name()} reads {' and '.join(known) or 'nothing'}, got {count} inputs")
        return known[:count]

    def _assumed(self, shape: Shape) -> TensorSpec:
        integers = self.spec_type is not None and self.spec_type.takes == "integer"
        return TensorSpec(tuple(shape), "int32" if integers else "float32")

    def get_config(self) -> dict[str, Any]:
        """Plain values from which `from_config` makes such a layer again, without its weights.

        A layer written by hand adds its own parameters: `{**super().get_config(), "units": self.units}`.

        Raises:
            UsageError: it has parameters, and does not add them.
        """
        if undescribed := undescribed_parameter(type(self), Layer):
            raise UsageError(
                f"{type(self).__name__} does not say its parameter '{undescribed}': define get_config(self) that returns"
                f" {{**super().get_config(), '{undescribed}': ...}}"
            )
        return {**self.given_options(), **(self.spec.to_plain() if self.spec_type else {})}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """A layer as `get_config` describes it, with weights of its own."""
        return cls(**config)

    # How it comes to its weights.

    def build(self, *shapes: Any) -> None:
        """Makes the weights that the spec lists, those left out that were assigned already; called once, by the first call, with
        the inputs' shapes (batch first)."""
        if self.spec_type is not None:
            for weight in self.spec.weights(*shapes):
                self.hold_weight(weight.name, self._held_or_made(weight))

    @tf.autograph.experimental.do_not_convert  # plain Python: converting it takes seconds
    def ensure_built(self, *tensors: TensorSpec) -> None:
        """Checks the inputs against the spec, and builds if that has not been done.

        Raises:
            SpecError: the layer cannot take these inputs.
        """
        if tensors in self._checked:
            return
        shapes = [tensor.shape for tensor in tensors]
        if self.spec_type is not None:
            self._input_names(len(tensors))
            self.spec.outputs(*tensors)
        if not self.built:
            self._place_children()
            with tf.init_scope():
                self.build(*shapes)
            self._place_children()
        elif self.spec_type is not None:
            self._check_weights(*shapes)
        self._checked.add(tensors)

    def build_whole(self, *tensors: TensorSpec) -> None:
        """Builds it with all layers that it calls, by a run without values where it is written by hand.

        Raises:
            SpecError: the layer cannot take these inputs.
        """
        self.ensure_built(*tensors)
        if self.spec_type is None:
            run_without_values(self, tensors)

    def _check_weights(self, *shapes: Shape) -> None:
        for weight in self.spec.weights(*shapes):
            made = tuple(self.weight_called(weight.name).shape)
            if made != weight.shape:
                given = " and ".join(map(show, shapes))
                raise SpecError(
                    f"{self.path} was built with a {weight.name} of {made}; for inputs of {given} it would be"
                    f" {weight.shape}"
                )

    # How it runs.

    def call(self, *inputs: Any, **kwargs: Any) -> Any:
        """The computation; takes `training` and `mask` if it names them."""
        raise NotImplementedError(f"{type(self).__name__} does not say what it computes; define `call`")

    @tf.autograph.experimental.do_not_convert  # plain Python; `call` is converted where that is needed
    def __call__(self, *inputs: Any, training: Any = None, mask: Any = None, **named: Any) -> Any:
        """Computes the outputs; the first call builds. For symbols (`nn.Input`) gives symbols.

        Args:
            inputs: tensors, or what becomes one; floating-point ones are cast to the compute dtype. A layer written by hand
                also takes None, lists and mappings of tensors; its `build` has the shapes of all, in the order of `tf.nest`.
            training: whether to behave as in training; as the call around by default, False in the outermost.
            mask: which places of the input are real: bool [batch, time], for several inputs a tuple of them; by default those
                of the layers that gave the inputs.
            named: for a `call` written by hand, further arguments by name; `build` is not told of them.

        Raises:
            SpecError: the layer cannot take inputs of these shapes or dtypes.
            UsageError: it is not called as it is written; or its `call` gives nothing.
        """
        if any(map(symbols_in, inputs)):
            return join(self, only_symbols(self, inputs, {"training": training, "mask": mask, **named}))
        tensors = [as_tensor(self, value) for value in inputs]
        options = named_arguments(self, named)
        self.ensure_built(*self.described_inputs([each for each in tf.nest.flatten(tensors) if each is not None]))
        by_hand = not calls.along_edges()
        if by_hand:
            mask = masks_on(inputs) if mask is None else self._checked_mask(as_masks(self.name, mask), tensors)
        given = self._outputs_of(tensors, training, mask, options)
        if by_hand and (mask is not None or type(self).makes_masks()):
            return with_masks(given, self.masks_by_port(tensors, by_port(given), mask))
        return given

    def _checked_mask(self, mask: Any, tensors: list[Any]) -> Any:
        """The mask; refuses one that does not fit the inputs of a layer with a spec."""
        shapes = [tuple(tensor.shape) for tensor in tensors] if self.spec_type is not None else []
        if shapes and self.spec.uses_mask and not isinstance(mask, tuple):
            self.spec.check_mask(tuple(mask.shape), *shapes)
        for each, shape in zip(mask if isinstance(mask, tuple) else (), shapes, strict=False):
            if each is not None:
                need_places(self.spec, tuple(each.shape), shape[:2])
        return mask

    def _outputs_of(self, tensors: list[Any], training: Any, mask: Any, options: dict[str, Any]) -> Any:
        """What `call` gives."""
        with calls.entered(self, training) as flag, tf.name_scope(self.name):
            if "training" in self.call_takes:
                options["training"] = flag
            if "mask" in self.call_takes:
                options["mask"] = mask
            if self.spec_type is not None:
                return self.call(*tensors, **options)
            if self.masks_its_inputs:
                tensors = with_masks(tensors, by_port(mask if isinstance(mask, tuple) else (mask,)))
            with collected(self._keras_layers), shapes_explained(self, tensors):
                given = traceable(self.call)(*tensors, **options)
        if given is None:
            raise UsageError(f"{self.path}: `call` of {self.type_name()} gives None; does it end with `return`?")
        return given

    def described_inputs(self, tensors: Sequence[Any]) -> list[TensorSpec]:
        """What it is called with. The first axis is the batch, but of an input for which it was built without one."""
        built_for = self._built_for if self.spec_type is not None and len(self._built_for) == len(tensors) else ()
        without = {place for place, shape in enumerate(built_for) if len(shape) and shape[0] is not None}
        return [described(each, self.path, batched=place not in without) for place, each in enumerate(tensors)]

    def description(self) -> str:
        """Its class, with the parameters that were given."""
        if self.spec_type is None:
            return super().description()
        given = ((name, value) for name, value in self.spec if name in self.spec.model_fields_set)
        shown = [f"{name}={value.type_name() if isinstance(value, Spec) else value!r}" for name, value in given]
        return f"{self.type_name()}({', '.join(shown)})"

"""`LayerSpec`: what a layer is, before it computes anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol, Self

from netlib.spec.base import Spec
from netlib.spec.errors import SpecError
from netlib.spec.tensors import Shape, TensorSpec, elements, show

MASK = "mask"
"""The input by which a layer that uses a mask may be given one."""


@dataclass(frozen=True)
class Weight:
    """One weight of a layer, as its spec lists it and `build` makes it.

    `dtype` None means the layer's own variable dtype; `initializer` None that it begins as `value` (numbers, in nested lists), or
    that code in Python makes it. A weight without a name is called as its layer is.
    """

    name: str
    shape: tuple[int, ...]
    initializer: Spec | None
    regularizer: Spec | None = None
    constraint: Spec | None = None
    trainable: bool = True
    dtype: str | None = None
    value: Any = None

    def objections(self) -> list[str]:
        """Why its initializer or regularizer cannot handle its shape, if so."""
        from netlib.spec.initializers import InitializerSpec  # two catalogues, of which not every layer has something
        from netlib.spec.regularizers import RegularizerSpec

        by = (self.initializer, self.regularizer)
        found = [spec.objection(self.shape) for spec in by if isinstance(spec, InitializerSpec | RegularizerSpec)]
        return [objection for objection in found if objection]


_BESIDE = ("from", "repeat", "each", "if", "shape", "training", "tie")
"""Keys of a node that are no parameters, here or in Keras; a layer may have one that is called so, as `shape`."""


class LayerSpec(Spec):
    """Base of all layers.

    The shape methods take one shape (batch first) for each named input, in the order of `inputs`; a variadic layer takes any
    number of them. `output_shape` gives one shape, or a mapping from port to shape where `ports` has several.
    """

    kind = "layer"
    refused: ClassVar[dict[str, str]] = {
        "name": "a node's name stands beside the type's key, not under it",
        "trainable": "`trainable` stands beside the type's key, not under it",
        "seed": "set the top-level `seed`; a layer draws from it and from its path",
        "dtype": "`dtype` stands beside the type's key, not under it",
        "data_format": "the channels are always the last axis",
        "activity_regularizer": "add the penalty with a node behind: AddLoss: 1e-4 * mean(abs(x))",
    }
    takes: ClassVar[Literal["float", "integer", "any"]] = "float"
    """The dtypes that it takes. Where that is "float", numbers of another width than the compute dtype's are cast."""
    inputs: ClassVar[tuple[str, ...]] = ("input",)
    optional_inputs: ClassVar[tuple[str, ...]] = ()
    variadic: ClassVar[bool] = False
    source: ClassVar[bool] = False
    """Whether it stands for a value by itself: it reads nothing, is nobody's `previous`, and need not be read."""
    ports: ClassVar[tuple[str, ...]] = ("output",)
    xla: ClassVar[bool] = True
    """Whether XLA can compile it."""
    fast_xla_on_cpu: ClassVar[bool] = True
    """False where XLA on the CPU is known to be far slower than the graph (convolutions)."""
    of_keras: ClassVar[bool] = False
    """Whether it is Keras's own, which has to be asked what it gives; see `netlib.spec.keras_layers`."""
    adds_loss: ClassVar[bool] = False
    """Whether it adds terms to the loss."""
    random: ClassVar[bool] = False
    """Whether it draws random numbers in training."""
    couples_rows_in_training: ClassVar[bool] = False
    """Whether in training its output for a sample depends on the others of the batch."""
    supports_masking: ClassVar[bool] = False
    """Whether its output has the mask of its input, because it keeps the batch and the axis after it as they are."""
    uses_mask: ClassVar[bool] = False
    """Whether it uses the mask of its input; it then also takes one as the input `mask`."""

    keeps_input: ClassVar[bool] = True
    """Whether the backward pass reads what the layer reads, which is then kept for it."""
    keeps_output: ClassVar[bool] = True
    """Whether the backward pass reads what the layer gives. That of an `activation` does, whatever stands here."""
    in_place: ClassVar[bool] = False
    """Whether its output can take the place of its first input, where nothing else needs that."""

    @classmethod
    def refusal(cls, key: str) -> str | None:
        """What to do instead of giving it a parameter that it has not, if that is known."""
        return super().refusal(key) or (
            f"`{key}` stands beside the type's key, not under it" if key in _BESIDE else None
        )

    @property
    def kernel_outputs(self) -> tuple[int, ...]:
        """Axes of its `kernel`, or of its table, along which its outputs lie."""
        return (-1,)

    @property
    def reads_mask_beside(self) -> bool:
        """Whether it may be given a mask besides the inputs that it names."""
        return self.uses_mask and MASK not in (*self.inputs, *self.optional_inputs)

    def check_mask(self, mask: Shape, *shapes: Shape) -> None:
        """Refuses a mask, given beside inputs of these shapes, that has not a value for each place (batch, time) of the first.

        Raises:
            SpecError: with both shapes.
        """
        need_places(self, mask, shapes[0][:2])

    def settled(self, *tensors: TensorSpec) -> Self:
        """The spec with the parameters that were left out because what it reads tells them."""
        return self

    def output_shape(self, *args: Any, **kwargs: Any) -> Shape | dict[str, Shape]:
        """Shape of the output, from the inputs' shapes.

        Raises:
            SpecError: the layer cannot take inputs of these shapes.
        """
        raise NotImplementedError(f"{type(self).__name__} does not say its output shape")

    def weights(self, *args: Any, **kwargs: Any) -> list[Weight]:
        """Its weights in the order in which they are made, from the inputs' shapes."""
        return []

    def macs(self, *args: Any, **kwargs: Any) -> int | None:
        """Multiply-accumulates of the forward pass for one sample; None where an axis is not known."""
        return 0

    def kept(self, *args: Any, **kwargs: Any) -> int | None:
        """Elements for each sample that it keeps for the backward pass, besides what it reads and gives; None where an axis is
        not known. By default, what its activation keeps."""
        activation = getattr(self, "activation", None)
        if activation is None or not activation.kept:
            return 0
        shape = self.output_shape(*args, **kwargs)
        given = elements(next(iter(shape.values())) if isinstance(shape, dict) else shape)
        return None if given is None else given * int(activation.kept)

    def output_dtype(self, compute: str, *inputs: str) -> str:
        """Dtype of the outputs: the compute dtype, unless the layer only moves values about."""
        return compute

    def outputs(self, *tensors: TensorSpec, compute: str = "float32") -> dict[str, TensorSpec]:
        """Every port's shape and dtype.

        Raises:
            SpecError: the layer cannot take these inputs.
        """
        shapes = [tensor.shape for tensor in tensors]
        self._check_dtypes(*(tensor.dtype for tensor in tensors))
        given = self.output_shape(*shapes)
        self._check_weights(self.weights(*shapes))
        by_port = given if isinstance(given, dict) else {self.ports[0]: given}
        dtype = self.output_dtype(compute, *(tensor.dtype for tensor in tensors))
        return {port: TensorSpec(shape, dtype) for port, shape in by_port.items()}

    def weight(self, name: str, *shape: int, trainable: bool = True) -> Weight:
        """A weight whose initializer, regularizer and constraint are the parameters that begin with its name."""
        return Weight(
            name,
            shape,
            initializer=getattr(self, f"{name}_initializer"),
            regularizer=getattr(self, f"{name}_regularizer", None),
            constraint=getattr(self, f"{name}_constraint", None),
            trainable=trainable,
        )

    def _check_dtypes(self, *dtypes: str) -> None:
        for dtype in dtypes:
            if self.takes == "float" and "float" not in dtype:
                raise SpecError(f"{self.type_name()} needs floating-point input, got {dtype}; {_TO_FLOAT}")
            if self.takes == "integer" and not dtype.startswith(("int", "uint")):
                raise SpecError(f"{self.type_name()} needs integers, got {dtype}; {_TO_INTEGER}")

    def _check_weights(self, weights: list[Weight]) -> None:
        for weight in weights:
            for objection in weight.objections():
                raise SpecError(f"{self.type_name()}'s {weight.name}: {objection}")


_TO_FLOAT = "preprocess numbers with Rescale or Standardize, put an Embedding in front of indices"
_TO_INTEGER = "it must read an input of whole numbers (indices), such as Lookup makes, not the result of a computation"


class ShapeLayerSpec(LayerSpec):
    """A layer that only moves values about: dtype in is dtype out."""

    takes = "any"
    keeps_input = False
    keeps_output = False

    def output_dtype(self, compute: str, *inputs: str) -> str:
        """The dtype of its input."""
        return inputs[0]


class Named(Protocol):
    """What has a name for messages."""

    def type_name(self) -> str:
        """The name."""


def need_rank(layer: LayerSpec, shape: Shape, rank: int, axes: str) -> None:
    """Refuses a shape that has not `rank` axes; `axes` names the ones expected, such as `(batch, height, width, channels)`."""
    if len(shape) != rank:
        raise SpecError(f"{layer.type_name()} needs an input of rank {rank}, {axes}, got {show(shape)}")


def need_places(layer: Named, mask: Shape, places: Shape) -> None:
    """Refuses a mask that has not a value for each of the `places`."""
    if len(mask) != len(places) or any(
        None not in pair and len(set(pair)) > 1 for pair in zip(mask, places, strict=False)
    ):
        raise SpecError(f"{layer.type_name()}'s mask has a value for each place, {show(places)}, got {show(mask)}")


def need_min_rank(layer: LayerSpec, shape: Shape, rank: int) -> None:
    """Refuses a shape that has fewer than `rank` axes, the batch included."""
    if len(shape) < rank:
        raise SpecError(f"{layer.type_name()} needs an input of rank {rank} or more, got {show(shape)}")


def need_feature_axis(layer: LayerSpec, shape: Shape, axis: int) -> int:
    """The axis counted from the front; refuses one that the shape has not, and the batch."""
    if not -len(shape) <= axis < len(shape):
        raise SpecError(f"{layer.type_name()} has axis (= {axis}), which its input {show(shape)} has not")
    if axis % len(shape) == 0:
        raise SpecError(f"{layer.type_name()} has axis (= {axis}), which is the batch of its input {show(shape)}")
    return axis % len(shape)


def need_feature_axes(layer: LayerSpec, shape: Shape, axis: int | tuple[int, ...]) -> list[int]:
    """One axis or several counted from the front, in order; refuses also one that is meant twice."""
    written = axis if isinstance(axis, tuple) else (axis,)
    axes = sorted(need_feature_axis(layer, shape, each) for each in written)
    if len(set(axes)) < len(axes):
        raise SpecError(f"{layer.type_name()}'s axis (= {list(written)}) names an axis of {show(shape)} twice")
    return axes


def need_axis(layer: LayerSpec, shape: Shape, axis: int = -1) -> int:
    """Length of an axis that the layer's weights depend on."""
    need_min_rank(layer, shape, 2)
    length = shape[axis]
    if length is None:
        raise SpecError(f"{layer.type_name()} needs to know the length of axis {axis} of its input, got {show(shape)}")
    return length


def need_activation_axis(layer: LayerSpec, activation: Spec | None, shape: Shape) -> None:
    """Refuses an activation along an axis that the shape has not."""
    axis = getattr(activation, "axis", -1)
    if activation is not None and not -len(shape) <= axis < len(shape):
        name = activation.type_name()
        raise SpecError(f"{layer.type_name()}: {name} has axis (= {axis}), which {show(shape)} has not")

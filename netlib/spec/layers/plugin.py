"""Layers of a user's own: `@netlib.layer` makes one of a class, which `netlib.nn.layers.plugin` computes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Literal, TypeVar, get_args, overload

from netlib.spec.errors import NetlabError, SpecError
from netlib.spec.language.nodes import CONTAINERS
from netlib.spec.layer import LayerSpec, Weight
from netlib.spec.plugins.adding import add, class_written_at
from netlib.spec.plugins.calls import MASK, RANDOM, Call, call_of
from netlib.spec.plugins.failures import place_of, running
from netlib.spec.plugins.making import make_spec
from netlib.spec.plugins.origin import Origin
from netlib.spec.plugins.parameters import annotated_fields, as_paths, fields_of
from netlib.spec.plugins.weights import DescribedWeight
from netlib.spec.tensors import Shape, show

Takes = Literal["float", "integer", "any"]
Class = TypeVar("Class", bound=type)
_LIBRARIES = ("tensorflow", "keras", "netlib")


@overload
def layer(written: Class, /) -> Class: ...


@overload
def layer(
    *, takes: Takes = "float", keeps_mask: bool = False, xla: bool = True, couples_rows: bool = False
) -> Callable[[Class], Class]: ...


def layer(
    written: Any = None,
    /,
    *,
    takes: Takes = "float",
    keeps_mask: bool = False,
    xla: bool = True,
    couples_rows: bool = False,
) -> Any:
    """Makes a class a layer, which a config calls by its name: `- Scale: {initial: 0.5}`.

    The class's annotated fields are the layer's parameters, of the types that those of `@netlib.source` have. Of its methods,

    - `call(self, x, *, factor, training, mask, random)` computes with TensorFlow's operations. Before the `*` stand the inputs,
      by their names, optional ones with the default None, or `*xs` for any number; behind it the layer's weights, and of
      `training`, `mask` and `random` what it needs: `random.uniform(shape)` and `random.normal(shape)` draw numbers, the first
      axis being the samples;
    - `weights(self, x)` gives a mapping from each weight's name to `netlib.weight(shape, initializer)`; none by default;
    - `output_shape(self, x)` gives the output's shape, or a mapping from ports to shapes; the first input's by default;
    - `macs(self, x)` gives the multiply-accumulates for one sample; 0 by default.

    Their `x` are shapes without the batch, tuples in which None is an axis of unknown length. A ValueError says that the layer
    cannot take such inputs. They must not need TensorFlow, for `netlab check` asks them. The class has no `__init__`, and keeps
    nothing in attributes: what changes is a weight that is not trainable. It itself stays as it is.

    Args:
        written: the class.
        takes: the dtypes of the inputs; with "float", numbers are cast to the compute dtype.
        keeps_mask: whether the output has the input's mask, as it keeps batch and time as they are.
        xla: whether XLA can compile it.
        couples_rows: whether a sample's output depends on the others of its batch.

    Raises:
        TypeError: it is no class with `call`.
        UsageError: it cannot be a layer: its name is taken, or a field has no type that a config can hold.
    """
    if written is None:
        return partial(layer, takes=takes, keeps_mask=keeps_mask, xla=xla, couples_rows=couples_rows)
    origin = class_written_at("layer", written, "call")
    origin.need("takes", takes, get_args(Takes))
    _check_class(written, origin)
    call = call_of(written.call, origin)
    parameters = fields_of(annotated_fields(written), origin, taken={*dir(PluginLayer), *PluginLayer.__class_vars__})
    spec = make_spec(PluginLayer, written, origin, parameters, name=PluginLayer.__name__)
    spec.written = WrittenLayer(_unchanging(written), origin, call, parameters.paths, couples_rows)
    spec.takes, spec.supports_masking, spec.xla = takes, keeps_mask, xla
    spec.inputs, spec.optional_inputs, spec.variadic = call.inputs, call.optional_inputs, call.variadic
    spec.uses_mask, spec.random = MASK in call.gives, RANDOM in call.gives
    spec.couples_rows_in_training = couples_rows
    add("layer", spec, origin)
    return written


def _check_class(written: type, origin: Origin) -> None:
    if origin.name in CONTAINERS:
        raise origin.mistake(f"netlab has a container '{origin.name}' of its own; choose another name")
    for base in written.__mro__:
        if base.__module__.partition(".")[0] in _LIBRARIES:
            raise origin.mistake(
                f"derives from {base.__module__}.{base.__name__}; a layer is a class without such a base"
            )
    if any("__init__" in vars(base) for base in written.__mro__[:-1]):
        raise origin.mistake("has an `__init__`; its parameters are annotated fields: rate: float = 0.5")


def _unchanging(written: type) -> type:
    """The class without attributes that can be set."""

    def refuse(self: Any, name: str, value: Any) -> None:
        raise AttributeError(
            f"a layer keeps nothing in self.{name}, which no checkpoint would have, and no compiled step would see: make it"
            " a weight, netlib.weight(..., trainable=False)"
        )

    return type(written.__name__, (written,), {"__setattr__": refuse, "__module__": written.__module__})


@dataclass(frozen=True)
class WrittenLayer:
    """A user's class, where it is written, what its `call` takes, and which of its parameters are files."""

    cls: type
    origin: Origin
    call: Call
    paths: tuple[str, ...]
    couples_rows: bool


class PluginLayer(LayerSpec):
    """Base of the layers that are classes of a user's."""

    written: ClassVar[WrittenLayer]

    @classmethod
    def type_name(cls) -> str:
        """The class's name."""
        return cls.written.origin.name if "written" in vars(cls) else super().type_name()

    def object(self) -> Any:
        """A new object of the user's class with these parameters."""
        found: Any = object.__new__(self.written.cls)
        for name in type(self).model_fields:
            value = deepcopy(getattr(self, name))
            object.__setattr__(found, name, as_paths(value) if name in self.written.paths else value)
        return found

    def output_shape(self, *shapes: Shape) -> Shape | dict[str, Shape]:
        """As the plug-in says; by default the first input's.

        Raises:
            SpecError: the layer cannot take inputs of these shapes.
            NetlabError: the class raised something else, or gave no shape.
        """
        given = self._asked("output_shape", shapes, shapes[0][1:])
        if not isinstance(given, Mapping):
            return self._with_batch(given, shapes)
        if not given:
            raise NetlabError(f"{self.written.origin}: output_shape names no output")
        return {str(port): self._with_batch(each, shapes) for port, each in given.items()}

    def weights(self, *shapes: Shape) -> list[Weight]:
        """As the plug-in says."""
        given, origin = self._asked("weights", shapes, {}), self.written.origin
        if not isinstance(given, Mapping):
            raise NetlabError(
                f"{origin}: weights must return a mapping from names to netlib.weight(...), got {given!r}"
            )
        for name, each in given.items():
            if not isinstance(each, DescribedWeight):
                raise NetlabError(f"{origin}: its weight '{name}' must be a netlib.weight(...), got {each!r}")
        self.written.call.check_weights(given, origin)
        return [self._named(name, each, shapes) for name, each in given.items()]

    def macs(self, *shapes: Shape) -> int | None:
        """As the plug-in says; by default none."""
        if any(None in shape[1:] for shape in shapes):
            return None
        given = self._asked("macs", shapes, 0)
        if type(given) is not int:
            raise NetlabError(f"{self.written.origin}: macs must return a whole number, got {given!r}")
        return given

    def _named(self, name: str, described: DescribedWeight, shapes: tuple[Shape, ...]) -> Weight:
        lengths = tuple(axis for axis in described.shape if axis is not None)
        if len(lengths) < len(described.shape):
            read = " and ".join(map(show, shapes))
            raise SpecError(f"{self.type_name()}'s {name} has an axis whose length is not known: its input is {read}")
        return Weight(
            name, lengths, described.initializer, described.regularizer, described.constraint, described.trainable
        )

    def _with_batch(self, given: Any, shapes: tuple[Shape, ...]) -> Shape:
        axes = tuple(given) if isinstance(given, list | tuple) else (0,)
        if not all(axis is None or (type(axis) is int and axis > 0) for axis in axes):
            form = (
                "a tuple of lengths without the batch, None for one that is not known, or a mapping from ports to such"
            )
            raise NetlabError(f"{self.written.origin}: output_shape must return {form}; got {given!r}")
        return (shapes[0][0], *axes)

    def _asked(self, method: str, shapes: tuple[Shape, ...], default: Any) -> Any:
        """What a method of the user's says of inputs of these shapes."""
        function = getattr(self.object(), method, None)
        if function is None:
            return default
        try:
            with running(str(self.written.origin)):
                return function(*(shape[1:] for shape in shapes))
        except NetlabError as error:
            cause = error.__cause__
            unknown = isinstance(cause, TypeError) and any(None in shape[1:] for shape in shapes)
            if cause is None or not (unknown or isinstance(cause, ValueError | SpecError)):
                raise
            read, place = " and ".join(map(show, shapes)), place_of(cause)
            where = f" ({place}; it reads {read})" if place else f" (it reads {read})"
            raise SpecError(f"{self.type_name()}: {cause}{where}") from None

"""`Input`: what stands in for a tensor that has no values yet, and what layers give for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from netlib.spec.errors import SpecError, UsageError
from netlib.spec.graph import Graph
from netlib.spec.language.section import declared_inputs
from netlib.spec.layer import LayerSpec, Weight
from netlib.spec.names import check_name
from netlib.spec.tensors import Shape, TensorSpec


class Static(NamedTuple):
    """What is known of a layer for given inputs before it runs: the names of its inputs, and what a graph's node has."""

    inputs: tuple[str, ...]
    outputs: dict[str, TensorSpec]
    spec: LayerSpec | None = None
    body: Graph | None = None
    weights: tuple[Weight, ...] = ()
    macs: int | None = None
    couples_rows: bool = False


@dataclass(eq=False)
class Step:
    """One call of a layer on symbols. `leaves` are the calls that read what this one gives and give nothing themselves."""

    layer: Any
    static: Static
    reads: list[Symbol]
    leaves: list[Step] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class Symbol:
    """Stands for a tensor that has no values yet: an `Input`, or what a layer gives for symbols."""

    tensor: TensorSpec
    port: str
    step: Step | None = field(default=None, repr=False)
    own_leaves: list[Step] = field(default_factory=list, repr=False)

    @property
    def shape(self) -> Shape:
        """All axes; the batch and others that are not known are None."""
        return self.tensor.shape

    @property
    def leaves(self) -> list[Step]:
        """The calls that read it, or what comes with it, and give nothing themselves."""
        return self.step.leaves if self.step else self.own_leaves

    @property
    def dtype(self) -> str:
        """The dtype's name."""
        return self.tensor.dtype

    def __tf_tensor__(self, dtype: Any = None, name: Any = None) -> Any:
        """Refused: there are no values."""
        raise UsageError(
            f"an Input has no values yet ({self.tensor}): call layers of netlab on it, such as nn.Add()(a, b), Keras layers and"
            f" functions wrapped, as nn.Foreign(tf.nn.relu)(a), or write a Layer whose `call` computes with tensors"
        )

    __array__ = __tf_tensor__

    def __add__(self, other: Any) -> Any:
        """Refused, with what to write instead."""
        return self.__tf_tensor__()

    __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = __matmul__ = __rmatmul__ = __add__
    __pow__ = __rpow__ = __mod__ = __floordiv__ = __lt__ = __le__ = __gt__ = __ge__ = __getitem__ = __add__

    def __neg__(self) -> Any:
        """Refused likewise."""
        return self.__tf_tensor__()

    __abs__ = __iter__ = __neg__


def Input(shape: Sequence[int | None], dtype: str = "float32", name: str = "input") -> Symbol:  # noqa: N802
    """An input of a network to come.

    Args:
        shape: its axes, the batch left out; None where a length is not known.
        dtype: its dtype's name.
        name: what a mapping of inputs calls it; needed where a network has several.

    Raises:
        SpecError: no such dtype, or an axis that is no length.

    >>> from netlib import nn
    >>> x = nn.Input([4])
    >>> network = nn.Network(x, nn.Dense(2)(nn.Dense(3)(x)))
    >>> network.num_parameters()
    23
    """
    problems: list[Any] = [] if name == "input" else check_name(name, ("name",))
    item = {"shape": list(shape) if isinstance(shape, list | tuple) else shape, "dtype": dtype}
    declared = declared_inputs({"x": item}, {}, (), problems)
    if declared is None or problems:
        raise SpecError([replace(problem, loc=problem.loc[-1:]) for problem in problems], "Input")
    return Symbol(declared["x"], name)


def symbols_in(value: Any) -> bool:
    """Whether a value is a symbol, or a list or mapping with one."""
    if isinstance(value, Mapping):
        return any(isinstance(item, Symbol) for item in value.values())
    if isinstance(value, list | tuple):
        return any(isinstance(item, Symbol) for item in value)
    return isinstance(value, Symbol)


def join(layer: Any, reads: Sequence[Symbol]) -> Any:
    """What a layer gives for symbols: one symbol, or a mapping of them by port. A layer that gives nothing becomes a part of the
    networks in which what it reads stands.

    Raises:
        SpecError: the layer cannot take inputs of these shapes or dtypes.
    """
    static: Static = layer.static(*(read.tensor for read in reads))
    step = Step(layer, static, list(reads))
    made = {port: Symbol(tensor, port, step) for port, tensor in static.outputs.items()}
    if not made:
        for leaves in {id(read.leaves): read.leaves for read in step.reads}.values():
            leaves.append(step)
    return made if len(made) != 1 else next(iter(made.values()))

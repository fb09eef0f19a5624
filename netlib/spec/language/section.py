"""A list of nodes with its signature, as a config writes it: `inputs`, `nodes` and `outputs`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from netlib.spec.base import shown
from netlib.spec.errors import Loc, Problem, closest, did_you_mean, one_of
from netlib.spec.language.edges import Source
from netlib.spec.language.nodes import NodeSyntax
from netlib.spec.names import RESERVED_NAMES, check_name
from netlib.spec.tensors import DTYPE_BYTES, TensorSpec
from netlib.spec.types import written_axes

KEYS = ("inputs", "nodes", "outputs")


@dataclass(frozen=True)
class Section:
    """The three parts, `inputs` and `outputs` None where not written, and their places; and the `implied` nodes, which a
    container adds at the end on its own. `nodes` is a list, or a text with a `$` that stands for one."""

    loc: Loc
    inputs: Any
    nodes: list[Any] | str
    outputs: Any
    nodes_loc: Loc
    implied: list[NodeSyntax] = field(default_factory=list)

    @property
    def inputs_loc(self) -> Loc:
        """Where the inputs stand."""
        return (*self.loc, "inputs")

    @property
    def outputs_loc(self) -> Loc:
        """Where the outputs stand."""
        return (*self.loc, "outputs")


def parse_section(value: Any, loc: Loc, problems: list[Problem]) -> Section:
    """A list of nodes, or a mapping of the three keys; what is wrong with its form is added to `problems`."""
    if isinstance(value, list):
        return Section(loc, None, value, None, loc)
    if not isinstance(value, Mapping):
        message = f"expected a list of nodes, or a mapping of {one_of(KEYS)}, got {shown(value)}"
        problems.append(Problem(loc, message))
        return Section(loc, None, [], None, loc)
    misspelt = set()
    for key in value:
        if key not in KEYS:
            misspelt.add(closest(str(key), KEYS))
            hint = did_you_mean(str(key), KEYS) or f"; it has {one_of(KEYS)}"
            problems.append(Problem((*loc, key), f"a network has no key {shown(key)}{hint}", at="key"))
    nodes, outputs = value.get("nodes"), value.get("outputs")
    if not isinstance(nodes, list) and not (isinstance(nodes, str) and "$" in nodes):
        if "nodes" in value or "nodes" not in misspelt:
            problems.append(Problem((*loc, "nodes"), f"expected a list of nodes under 'nodes', got {shown(nodes)}"))
        nodes, outputs = [], None
    return Section(loc, value.get("inputs"), nodes, outputs, (*loc, "nodes"))


def input_names(section: Section, problems: list[Problem]) -> tuple[str, ...]:
    """The names that a container or a block gives its inputs: a list, or a mapping to their shapes; none where it gives none,
    or wrong ones, which are added to `problems`."""
    written, loc = section.inputs, section.inputs_loc
    if written is None:
        return ()
    if not isinstance(written, list | Mapping) or not written:
        problems.append(
            Problem(loc, f"expected a list of the inputs' names, or a mapping to shapes, got {shown(written)}")
        )
        return ()
    before = len(problems)
    for index, name in enumerate(written):
        if isinstance(written, Mapping):
            problems += check_name(name, (*loc, name), at="key")
        else:
            problems += check_name(name, (*loc, index))
            if name in written[:index]:
                problems.append(Problem((*loc, index), f"two inputs are called '{name}'"))
    return tuple(written) if len(problems) == before else ()


def declared_inputs(
    value: Any, given: Mapping[str, TensorSpec], loc: Loc, problems: list[Problem]
) -> dict[str, TensorSpec] | None:
    """`{image: {shape: [32, 32, 3], dtype: float32}}`, the batch axis left out; None if there are mistakes.

    Where no dtype is declared, it is that of the data (`given`), or float32.
    """
    if not isinstance(value, Mapping) or not value:
        got = "an empty mapping" if isinstance(value, Mapping) else shown(value)
        form = "expected a mapping from an input's name to its shape, such as {image: {shape: [32, 32, 3]}}"
        problems.append(Problem(loc, f"{form}, got {got}"))
        return None
    before = len(problems)
    found = {}
    for name, item in value.items():
        problems += check_name(name, (*loc, name), at="key")
        dtype = given[name].dtype if name in given else "float32"
        tensor = _declared_tensor(item, dtype, (*loc, name), problems)
        if tensor:
            found[str(name)] = tensor
    return found if len(problems) == before else None


def check_inputs(
    declared: Mapping[str, TensorSpec], given: Mapping[str, TensorSpec], loc: Loc, problems: list[Problem]
) -> None:
    """Adds to `problems` where declared inputs (at `loc`) do not agree with those that the data gives."""
    for name, tensor in declared.items():
        if name not in given:
            hint = did_you_mean(name, given) or f"; it has {one_of(given)}"
            problems.append(Problem((*loc, name), f"the data has no input '{name}'{hint}", at="key"))
        elif not given[name].fits(tensor):
            problems.append(Problem((*loc, name), f"declared as {tensor}, but the data gives {given[name]}"))


def output_sources(value: Any, loc: Loc, problems: list[Problem]) -> list[Source]:
    """A node's name or a list of them (an output is called like the node, or its port), or a mapping from output to node."""
    if isinstance(value, str):
        return [Source("output" if value in RESERVED_NAMES else value.rpartition(".")[2], value, loc)]
    if isinstance(value, Mapping) and value:
        problems += (p for port in value for p in check_name(port, (*loc, port), at="key"))
        return [Source(str(port), item, (*loc, port)) for port, item in value.items()]
    if isinstance(value, list) and value:
        ports = [str(item).rpartition(".")[2] for item in value]
        for index, port in enumerate(ports):
            if port in ports[:index]:
                message = f"two outputs are called '{port}'; write a mapping from an output's name to its node"
                problems.append(Problem((*loc, index), message))
        return [Source(port, item, (*loc, i)) for i, (port, item) in enumerate(zip(ports, value, strict=True))]
    message = f"expected a node's name, a list of them, or a mapping from output to node, got {shown(value)}"
    problems.append(Problem(loc, message))
    return []


def _declared_tensor(item: Any, dtype: str, loc: Loc, problems: list[Problem]) -> TensorSpec | None:
    keys = ("shape", "dtype")
    before = len(problems)
    for key in item if isinstance(item, Mapping) else ():
        if key not in keys:
            hint = did_you_mean(str(key), keys) or f"; it has {one_of(keys)}"
            problems.append(Problem((*loc, key), f"an input has no key {shown(key)}{hint}", at="key"))
    if not isinstance(item, Mapping) or "shape" not in item:
        if len(problems) == before:
            problems.append(Problem(loc, f"expected an input such as '{{shape: [32, 32, 3]}}', got {shown(item)}"))
        return None
    axes, dtype = written_axes(item["shape"]), item.get("dtype", dtype)
    if axes is None:
        message = f"expected a list of positive integers, or null where unknown, got {shown(item['shape'])}"
        problems.append(Problem((*loc, "shape"), message))
    if not isinstance(dtype, str) or dtype not in DTYPE_BYTES:
        hint = did_you_mean(str(dtype), DTYPE_BYTES) or f" (known: {', '.join(DTYPE_BYTES)})"
        problems.append(Problem((*loc, "dtype"), f"there is no dtype {shown(dtype)}{hint}"))
    return TensorSpec((None, *axes), dtype) if axes is not None and len(problems) == before else None

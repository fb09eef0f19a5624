"""From calls of layers on symbols to the static graph between inputs and outputs, with its layers by name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from netlib.nn.graphs import rebased
from netlib.nn.symbolic import Step, Symbol
from netlib.spec.errors import UsageError
from netlib.spec.graph import Graph, Node, Ref
from netlib.spec.names import check_name
from netlib.spec.registry import snake_case


class Traced(NamedTuple):
    """A graph with the layer of each of its nodes; those that share a layer have it under the first one's name."""

    graph: Graph
    layers: dict[str, Any]


def graph_of(inputs: Any, outputs: Any, prefix: str = "", held: Mapping[str, Any] | None = None) -> Traced:
    """The graph between inputs and outputs: each a symbol, a list of them, or a mapping from names to them.

    Args:
        inputs: made by `Input`.
        outputs: what layers gave.
        prefix: what the nodes' paths begin with, its dot included.
        held: layers that keep the names that they have in a network already.

    Raises:
        UsageError: an output depends on an input that is not listed, an input is not used, or two things have one name.
    """
    by_name = _named_inputs(inputs)
    symbols = _listed(outputs, "outputs")
    tracer = _Tracer(by_name, prefix, _layers_before([*symbols, *by_name.values()]), held or {})
    found = [tracer.ref(symbol) for symbol in symbols]
    tracer.add_leaves()
    refs = dict(zip(_output_names(outputs, symbols, found), found, strict=True))
    unused = [name for name, symbol in by_name.items() if id(symbol) not in tracer.used]
    if unused:
        raise UsageError(f"input '{unused[0]}' is not used by any output; leave it out")
    graph = Graph({name: symbol.tensor for name, symbol in by_name.items()}, tuple(tracer.nodes), refs)
    return Traced(graph, tracer.layers)


class _Tracer:
    """Makes nodes of the steps that lead to the outputs, each after what it reads."""

    def __init__(
        self, inputs: Mapping[str, Symbol], prefix: str, layers: Sequence[Any], held: Mapping[str, Any]
    ) -> None:
        self.nodes: list[Node] = []
        self.layers: dict[str, Any] = {}
        self.used: set[int] = set()
        self._names = {id(symbol): name for name, symbol in inputs.items()}
        self._prefix = prefix
        explicit = {*inputs, *_explicit_names(layers, inputs)}
        self._held = {id(layer): name for name, layer in held.items() if layer in layers and name not in explicit}
        self._taken = {*explicit, *self._held.values()}
        self._of_step: dict[int, Node] = {}
        self._steps: list[Step] = []
        self._inputs = list(inputs.values())
        self._of_layer: dict[int, str] = {}
        self._types: Counter[str] = Counter()

    def ref(self, symbol: Symbol) -> Ref:
        """The edge's beginning, after all nodes that lead to it."""
        self._reach(symbol.step)
        return self._known(symbol)

    def add_leaves(self) -> None:
        """What reads the nodes, or the inputs, and gives nothing."""
        for leaf in (leaf for symbol in self._inputs for leaf in symbol.leaves):
            self._reach(leaf)
        index = 0
        while index < len(self._steps):  # a leaf may bring further nodes with it
            for leaf in self._steps[index].leaves:
                self._reach(leaf)
            index += 1

    def _reach(self, step: Step | None) -> None:
        """Makes the nodes of a call, and of all that lead to it."""
        pending = [step] if step else []
        while pending:  # not by recursion: a network may be deep
            step = pending[-1]
            before = [read.step for read in step.reads if read.step and id(read.step) not in self._of_step]
            if before:
                pending += before
                continue
            pending.pop()
            if id(step) not in self._of_step:
                self._of_step[id(step)] = self._node(step)
                self._steps.append(step)

    def _known(self, symbol: Symbol) -> Ref:
        if symbol.step:
            return Ref(self._of_step[id(symbol.step)].name, symbol.port)
        if id(symbol) not in self._names:
            raise UsageError(f"the outputs depend on an Input {symbol.tensor} that is not among the network's inputs")
        self.used.add(id(symbol))
        return Ref(None, self._names[id(symbol)])

    def _node(self, step: Step) -> Node:
        layer, static = step.layer, step.static
        shares = self._of_layer.get(id(layer))
        name = self._name(layer, first=shares is None)
        if shares is None:
            self._of_layer[id(layer)] = name
            self.layers[name] = layer
        reads = dict(zip(static.inputs, map(self._known, step.reads), strict=True))
        path = self._prefix + (shares or name)
        body = rebased(static.body, f"{path}.", trainable=layer.trainable) if static.body else None
        node = Node(
            name=name,
            path=path,
            loc=(),
            type=layer.type_name(),
            reads=reads,
            outputs=static.outputs,
            spec=static.spec,
            body=body,
            weights=static.weights,
            macs=static.macs,
            couples_rows=static.couples_rows,
            trainable=layer.trainable,
            shares=shares,
        )
        self.nodes.append(node)
        return node

    def _name(self, layer: Any, *, first: bool) -> str:
        """The layer's own name, or its type in snake_case with a number where that is taken."""
        if first and id(layer) in self._held:
            return self._held[id(layer)]
        if layer.named and first:
            return str(layer.name)
        base = layer.name if layer.named else snake_case(layer.type_name())
        while True:
            self._types[base] += 1
            count = self._types[base]
            name = f"{base}_{count}" if count > 1 else base
            if name not in self._taken:
                self._taken.add(name)
                return name


def _layers_before(symbols: Iterable[Symbol]) -> list[Any]:
    """The layers that lead to them, and those that read what these give and give nothing, each once."""
    layers: dict[int, Any] = {}
    seen: set[int] = set()
    symbols = list(symbols)
    waiting = [*(symbol.step for symbol in symbols), *(leaf for symbol in symbols for leaf in symbol.leaves)]
    while waiting:
        step = waiting.pop()
        if step is not None and id(step) not in seen:
            seen.add(id(step))
            layers[id(step.layer)] = step.layer
            waiting += [*(read.step for read in step.reads), *step.leaves]
    return list(layers.values())


def _explicit_names(layers: Iterable[Any], inputs: Iterable[str]) -> set[str]:
    """The names that layers were given; no default name is one of them.

    Raises:
        UsageError: two layers, or a layer and an input, have one name; or it is reserved.
    """
    taken = set(inputs)
    names = [str(layer.name) for layer in layers if layer.named]
    for name in names:
        if name in taken:
            raise UsageError(f"two nodes of a network are called '{name}'; give one of them another name")
        for problem in check_name(name, ()):
            raise UsageError(f"no layer of a network can be called '{name}': {problem.message}")
        taken.add(name)
    return set(names)


def _named_inputs(inputs: Any) -> dict[str, Symbol]:
    symbols = _listed(inputs, "inputs")
    named = dict(inputs) if isinstance(inputs, Mapping) else {symbol.port: symbol for symbol in symbols}
    if len(named) < len(symbols):
        raise UsageError("two inputs have one name; give each its own: nn.Input(shape, name='left')")
    for name, symbol in named.items():
        if symbol.step is not None:
            raise UsageError(f"input '{name}' is the result of {symbol.step.layer.type_name()}; give nn.Input(...)")
    return named


def _output_names(outputs: Any, symbols: Sequence[Symbol], refs: Sequence[Ref]) -> list[str]:
    """The keys of a mapping; `output` for a single one; else the node's name, or the port's where it has several."""
    if isinstance(outputs, Mapping):
        return [str(name) for name in outputs]
    if len(refs) == 1:
        return ["output"]
    several = [symbol.step is not None and len(symbol.step.static.outputs) > 1 for symbol in symbols]
    names = [ref.port if many or ref.node is None else ref.node for ref, many in zip(refs, several, strict=True)]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise UsageError(f"two outputs are called '{twice[0]}'; give a mapping from names to them")
    return names


def _listed(value: Any, what: str) -> list[Symbol]:
    items = list(value.values()) if isinstance(value, Mapping) else value
    items = list(items) if isinstance(items, list | tuple) else [] if items is None else [items]
    for item in items:
        if not isinstance(item, Symbol):
            raise UsageError(f"the {what} of a network are made by nn.Input and by calling layers on it, got {item!r}")
    if not items:
        raise UsageError(f"a network needs {what}, got none")
    return items

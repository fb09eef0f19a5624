"""`Network`: layers joined to a graph, and run in its order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any, ClassVar, Self

import tensorflow as tf

from netlib.nn import calls, topology
from netlib.nn.arguments import only_symbols
from netlib.nn.assembling import NetworkPlace, assembled, expected
from netlib.nn.chain import chained, is_plain
from netlib.nn.graphs import layer_name, rebased
from netlib.nn.joining import graph_of
from netlib.nn.keras_layers import ask_keras
from netlib.nn.layer import Layer
from netlib.nn.masks import mask_on, with_masks
from netlib.nn.network_inputs import NamedInputs
from netlib.nn.running import Tensors, run, widened
from netlib.nn.symbolic import Static, Symbol, join, symbols_in
from netlib.nn.tracing import described
from netlib.nn.written import graph_of_call, written_of
from netlib.nn.written_config import describe_written, rebuild_written
from netlib.spec.errors import SpecError, UsageError
from netlib.spec.graph import Graph
from netlib.spec.language.analysis import analyse
from netlib.spec.tensors import TensorSpec


class Network(NamedInputs):
    """A graph of layers.

    Args:
        nodes: nodes as a config writes them: `["Flatten", {"Dense": 10, "name": "head"}]`; or a chain in which these, layers,
            Keras layers, modules and functions are mixed, and which may begin with a `nn.Input`: it is then built at once,
            else by the first call; or, where `outputs` are what layers gave, the inputs made by `nn.Input`: one, a list, or a
            mapping.
        outputs: a node's name, a list of them, or a mapping from output to node, the last node by default; or what layers gave.
        inputs: shapes and dtypes by name, the batch axis left out; None for one input, known from the first call.
        graph: a graph that is analysed already, instead of all these.
        layers: of the graph, by their nodes' names; made of the graph by default.
        around: layers of the networks around by path, which the graph may share.
        options: those of every layer: `name`, `trainable`, `dtype`, `seed`, `path`.

    A call takes one tensor, or a mapping where there are several inputs; it gives one tensor, or a mapping likewise. Instead of
    being given nodes, a subclass may define `call(self, inputs, training)` with any code, and hold its layers as attributes;
    `call` is given a mapping where the inputs have names, from `inputs` or from the mapping that the network is called with
    first, and may give a mapping of outputs.

    >>> from netlib import nn
    >>> left, right = nn.Input([4], name="left"), nn.Input([4], name="right")
    >>> tower = nn.Dense(3)
    >>> network = Network([left, right], nn.Add()(tower(left), tower(right)))
    >>> network({"left": tf.ones([2, 4]), "right": tf.ones([2, 4])}).shape, network.num_parameters()
    (TensorShape([2, 3]), 15)
    """

    spec_type = None
    _section: dict[str, Any]
    is_chain: ClassVar[bool] = False
    """Whether the constructor takes a list of layers, each reading the one before."""
    own_attributes: ClassVar[frozenset[str]] = frozenset({"_layers", "_graph", "_section", "_start", "_called_with"})
    """Attributes that are no part of the tree."""

    def __init__(
        self,
        nodes: Any = None,
        outputs: Any = None,
        *,
        inputs: Any = None,
        graph: Graph | None = None,
        layers: Mapping[str, Any] | None = None,
        around: MutableMapping[str, Any] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        if inputs is not None and symbols_in(inputs):
            nodes, inputs = inputs, None
        self.__dict__["_section"] = {}  # past TensorFlow, which would wrap its lists and mappings
        self._layers: dict[str, Layer[Any]] = {}
        self._graph: Graph | None = None
        self._start: Symbol | None = None
        if graph is not None:
            self._assemble(graph, layers or {}, around)
        elif isinstance(nodes, Symbol) or (symbols_in(nodes) and outputs is not None):
            self._assemble(*graph_of(nodes, outputs, self._nodes_prefix))
        else:
            items = self._written(nodes) if self.is_written else list(nodes or [])
            self._start = items.pop(0) if items and isinstance(items[0], Symbol) else None
            self._section.update(nodes=items, outputs=outputs, inputs=inputs)
            if self._start is not None:
                self.ensure_built(self._start.tensor)

    @property
    def items(self) -> list[Any]:
        """What it was given, until it is built."""
        return self._section.get("nodes", [])  # type: ignore[no-any-return]

    @property
    def declared(self) -> Any:
        """The shapes and dtypes of the inputs by name, as they were given; None if they were not."""
        return self._section.get("inputs")

    def children(self) -> Iterator[tuple[str, Any]]:
        """The layers by their nodes' names, those of other networks left out; then whatever a subclass holds besides."""
        if self.is_written:  # what runs its `call` has no place of its own
            yield from (*self.attributes(), *(("", layer) for layer in self.in_order()))
            return
        if self.built:
            yield from ((node.name, self._layers[node.name]) for node in self.graph.nodes if node.shares is None)
        else:  # what was given is known, though not yet under its name
            yield from ((str(i), item) for i, item in enumerate(self.items) if not is_plain(item))
        yield from self.attributes()

    def attributes(self) -> Iterator[tuple[str, Any]]:
        """What a subclass holds besides its graph."""
        return ((name, value) for name, value in super().children() if name not in self.own_attributes)

    @property
    def is_written(self) -> bool:
        """Whether its class defines `call` instead of being given nodes."""
        return type(self).call is not Network.call

    def _written(self, nodes: Any) -> list[Any]:
        if nodes:
            raise UsageError(f"{type(self).__name__} defines `call`, so it takes no nodes; got {nodes!r}")
        return [written_of(self)]

    @property
    def graph(self) -> Graph:
        """The static graph.

        Raises:
            UsageError: it is not known before the first call, or `ensure_built`.
        """
        if self._graph is None:
            raise UsageError(f"{self.name} is not built yet: call it once, or give it a graph")
        return self._graph

    def layer(self, name: str) -> Layer[Any]:
        """The layer of a node; of one that shares another's, that one."""
        return self._layers[layer_name(self.graph, self.graph.node(name))]

    def in_order(self) -> list[Any]:
        """The layer of each node, one that runs twice standing there twice; until it is built, what it was given."""
        graph = self._graph
        return list(self.items) if graph is None else [self._layers[layer_name(graph, node)] for node in graph.nodes]

    @tf.autograph.experimental.do_not_convert  # plain Python: converting it takes seconds
    def ensure_built(self, *tensors: TensorSpec) -> None:
        """Checks the inputs, in their order, against the graph; without a graph infers it from them, and makes its layers.

        Raises:
            SpecError: the nodes are not valid, or the network cannot take these inputs.
        """
        self._check_number(len(tensors))
        if not self.built:
            self._assemble(*self._graph_for(tensors))
        else:
            self._check_fit(tensors)

    build_whole = ensure_built
    """Its layers are built with it."""

    def static(self, *tensors: TensorSpec) -> Static:
        """Its graph for such inputs, and what follows from it.

        Raises:
            SpecError: the nodes are not valid, or the network cannot take these inputs.
        """
        self._check_number(len(tensors))
        if self.built:
            self._check_fit(tensors)
        graph = self.graph if self.built else expected(*self._graph_for(tensors), self._policy)
        return Static(tuple(graph.inputs), graph.output_tensors(), None, graph, (), graph.macs())

    def _graph_for(self, tensors: tuple[TensorSpec, ...]) -> tuple[Graph, dict[str, Layer[Any]]]:
        """The graph of its nodes for such inputs, and the layers that are there already."""
        given = dict(zip(self.input_names, tensors, strict=True))
        if self.is_written:
            return graph_of_call(self, self.items[0], given, self._nodes_prefix)
        if not all(map(is_plain, self.items)):
            if len(given) > 1:
                raise UsageError(
                    f"{self.name} is a chain of layers, which reads one input, got {', '.join(given)}: join the layers by"
                    f" nn.Input, one for each, and give Network(inputs, outputs)"
                )
            return chained(self.items, next(iter(given.items())), self.name, self._nodes_prefix)
        section = {key: value for key, value in self._section.items() if value is not None}
        graph, problems = analyse(section, given, loc=(), compute=self.compute_dtype, ask=ask_keras)
        if graph is None:
            raise SpecError(problems, self.name)
        return rebased(graph, self._nodes_prefix), {}

    @tf.autograph.experimental.do_not_convert  # plain Python
    def __call__(self, *inputs: Any, training: Any = None, mask: Any = None, **named: Any) -> Any:
        """Runs the nodes in order. For symbols (`nn.Input`) gives symbols.

        Args:
            inputs: a tensor, a mapping from input to tensor, or a tensor for each input; floating-point numbers of any width.
            training: whether layers behave as in training; as the call around by default, False in the outermost.
            mask: which places of the input are real, bool [batch, time]; for several inputs a mapping, or a tuple in their
                order; by default those of the layers that gave the inputs.

        Raises:
            SpecError: the network cannot take these inputs.
        """
        if named:
            raise UsageError(
                f"{self.name} takes its inputs together, network({{'a': ..., 'b': ...}}), got '{next(iter(named))}' by name"
            )
        if len(inputs) != 1:
            self._check_number(len(inputs))
        values = dict(zip(self.input_names, inputs, strict=False)) if len(inputs) > 1 else inputs[0]
        if symbols_in(values):
            return join(self, only_symbols(self, tuple(self._symbols(values)), {"training": training, "mask": mask}))
        tensors = {name: tf.convert_to_tensor(value) for name, value in self.inputs_by_name(values).items()}
        floats = "float64" if self.compute_dtype == "float64" else "float32"
        self.ensure_built(*(described(tensor, self.path, floats=floats) for tensor in tensors.values()))
        if mask is None and not calls.along_edges():
            mask = {name: mask_on(value) for name, value in tensors.items() if mask_on(value) is not None}
        outputs, output_masks = self.enter(tensors, self.masks_by_name(mask, tensors), training)
        outputs = outputs if calls.along_edges() else with_masks(outputs, output_masks)
        return outputs if len(outputs) > 1 else next(iter(outputs.values()))

    def forward(self, inputs: Tensors, training: Any = False) -> Tensors:
        """Every output by name, in float32 where it is computed in fewer bits; what the training loop calls."""
        outputs, _ = self.enter(inputs, {}, training)
        return {name: widened(value) for name, value in outputs.items()}

    @property
    def output_masks(self) -> Tensors:
        """The masks of the outputs that have one, of the last call."""
        return dict(calls.last(self).output_masks.get(self, {}))

    def call(self, inputs: Tensors, training: Any = False) -> Tensors:
        """Every output by name, from every input by name."""
        return run(self.graph, self._layers, inputs, {}, training)[0]

    def enter(self, inputs: Tensors, masks: Tensors, training: Any) -> tuple[Tensors, Tensors]:
        """Outputs and their masks by name, within a call."""
        with calls.entered(self, training, along_edges=True) as flag, tf.name_scope(self.name):
            outputs, output_masks = run(self.graph, self._layers, inputs, masks, flag)
        calls.last(self).output_masks[self] = output_masks
        return outputs, output_masks

    def _assemble(
        self, graph: Graph, layers: Mapping[str, Layer[Any]], around: MutableMapping[str, Any] | None = None
    ) -> None:
        """Takes a graph, with the layers that are there already; if that fails the network is as it was."""
        made = {} if around is None else around
        place = NetworkPlace(self._nodes_prefix, self.seed, self._policy, self._trainable, made)
        self._graph, self._layers = assembled(graph, layers, place)
        self._is_built = True

    @property
    def _nodes_prefix(self) -> str:
        return f"{self.prefix}." if self.prefix else ""

    def __getitem__(self, path: Any) -> Any:
        """The layer of a node by its place, or what is at a dotted path."""
        if isinstance(path, slice):
            raise UsageError(f"{self.name} is no chain: slices are for nn.Sequential; take its layers one by one")
        if isinstance(path, int):
            in_order = self.in_order()
            if not -len(in_order) <= path < len(in_order):
                raise UsageError(f"{self.name} has {len(in_order)} layers, so none at [{path}]")
            return in_order[path]
        return super().__getitem__(path)

    def get_config(self) -> dict[str, Any]:
        """Plain values that `from_config` makes such a network of, without its weights.

        Raises:
            UsageError: a layer cannot be described by plain values.
        """
        config = {**super().get_config(), "seed": self.seed}
        return {**config, **(describe_written(self) if self.is_written else topology.describe(self))}

    @classmethod
    def from_config(cls, config: Mapping[str, Any], layers: Mapping[str, Any] | None = None) -> Self:
        """A network as `get_config` describes it, with weights of its own.

        Args:
            config: plain values.
            layers: the classes that are not netlab's own, by name.

        Raises:
            UsageError: a class is neither netlab's own nor in `layers`.
        """
        if cls.call is not Network.call:
            return rebuild_written(cls, config)  # type: ignore[no-any-return]
        return topology.rebuild(cls, config, layers or {})  # type: ignore[no-any-return]

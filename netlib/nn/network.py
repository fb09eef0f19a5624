"""`Network` and `Sequential`: layers joined to a graph, and run in its order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import tensorflow as tf

from netlib.nn.layer import Layer
from netlib.spec.analysis import analyse
from netlib.spec.errors import SpecError, UsageError
from netlib.spec.graph import Graph, Node, Ref
from netlib.spec.tensors import TensorSpec


class Network(Layer[Any]):
    """A graph of layers.

    Args:
        nodes: nodes as a config writes them: `["Flatten", {"Dense": 10, "name": "head"}]`.
        inputs: shapes and dtypes by name, the batch axis left out; None for one input, known from the first call.
        outputs: a node's name, a list of them, or a mapping from output to node; the last node by default.
        graph: a graph that is analysed already, instead of all these.
        path: begins the paths on which, with the seed, the initial weights and the random numbers of its layers depend.

    A call takes one tensor, or a mapping where there are several inputs; it gives one tensor, or a mapping likewise.
    """

    spec_type = None

    def __init__(
        self,
        nodes: list[Any] | None = None,
        *,
        inputs: Mapping[str, Any] | None = None,
        outputs: Any = None,
        graph: Graph | None = None,
        path: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(path=path, **options)
        self._prefix = f"{path}." if path else ""
        self._section = {"nodes": list(nodes or []), "outputs": outputs, "inputs": inputs}
        self._layers: dict[str, Layer[Any]] = {}
        self._graph: Graph | None = None
        if graph is not None:
            self._assemble(graph)

    def children(self) -> Iterator[tuple[str, Any]]:
        """The layers by their nodes' names, then whatever a subclass holds besides."""
        yield from self._layers.items()
        for name, value in super().children():
            if name not in ("_layers", "_graph", "_section"):
                yield name, value

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
        """The layer of a node."""
        return self._layers[name]

    @tf.autograph.experimental.do_not_convert  # plain Python: converting it takes seconds
    def ensure_built(self, *tensors: TensorSpec) -> None:
        """Checks the inputs, in their order, against the graph; without a graph infers it from them, and makes its layers.

        Raises:
            SpecError: the nodes are not valid, or the network cannot take these inputs.
        """
        if len(tensors) != len(self.input_names):
            raise SpecError(f"{self.name} has {len(self.input_names)} inputs, got {len(tensors)}")
        given = dict(zip(self.input_names, tensors, strict=True))
        if not self.built:
            section = {key: value for key, value in self._section.items() if value is not None}
            graph, problems = analyse(section, given, loc=())
            if graph is None:
                raise SpecError(problems, self.name)
            self._assemble(graph)
        else:
            for name, tensor in given.items():
                if not tensor.fits(self.graph.inputs[name]):
                    raise SpecError(f"{self.name}'s input '{name}' is {self.graph.inputs[name]}, got {tensor}")

    @property
    def input_names(self) -> list[str]:
        """Names of the inputs in their order."""
        return list(self._graph.inputs if self._graph else self._section["inputs"] or ("input",))

    def inputs_by_name(self, values: Any) -> dict[str, Any]:
        """What a call is given (a value, or a mapping) as one value for each input, in the order of the inputs.

        Raises:
            SpecError: the names are not those of the inputs.
        """
        names = self.input_names
        given = values if isinstance(values, Mapping) else {self._only_input(): values}
        if set(given) != set(names):
            received = ", ".join(map(str, given)) or "none"
            raise SpecError(f"{self.name} has the inputs {', '.join(names)}; got {received}")
        return {name: given[name] for name in names}

    def __call__(self, inputs: Any, *, training: Any = False) -> Any:  # type: ignore[override]  # by name, not by place
        """Runs the nodes in order.

        Args:
            inputs: a tensor, or a mapping from input to tensor; floating-point numbers of any width.
            training: whether layers behave as in training.

        Raises:
            SpecError: the network cannot take these inputs.
        """
        tensors = {name: tf.convert_to_tensor(value) for name, value in self.inputs_by_name(inputs).items()}
        self.ensure_built(*map(_described, tensors.values()))
        with tf.name_scope(self.name):
            outputs = self.call(tensors, training=training)
        return outputs if len(outputs) > 1 else next(iter(outputs.values()))

    def call(self, inputs: dict[str, tf.Tensor], training: Any = False) -> dict[str, tf.Tensor]:
        """Every output by name, from every input by name."""
        values: dict[Ref, tf.Tensor] = {
            Ref(None, name): tf.cast(inputs[name], tensor.dtype) for name, tensor in self.graph.inputs.items()
        }
        for node in self.graph.nodes:
            read = {name: values[ref] for name, ref in node.reads.items()}
            for port, value in self._run(node, read, training).items():
                values[Ref(node.name, port)] = value
        return {name: values[ref] for name, ref in self.graph.outputs.items()}

    def _run(self, node: Node, read: dict[str, tf.Tensor], training: Any) -> dict[str, tf.Tensor]:
        layer = self._layers[node.name]
        if isinstance(layer, Network):
            with tf.name_scope(layer.name):
                return layer.call(read, training=training)
        given = layer(*read.values(), training=training)
        return given if isinstance(given, dict) else {next(iter(node.outputs)): given}

    def _assemble(self, graph: Graph) -> None:
        for node in graph.nodes:
            self._layers[node.name] = self._layer_of(node, graph)
        self._graph = graph
        self.built = True

    def _layer_of(self, node: Node, graph: Graph) -> Layer[Any]:
        options: dict[str, Any] = {
            "name": node.name,
            "seed": self.seed,
            "path": self._prefix + node.name,
            "trainable": self.trainable and node.trainable,
        }
        if node.spec is None:
            return Network(graph=node.body, **options)
        layer = Layer.from_spec(node.spec, **options)
        layer.ensure_built(*(graph.tensor(ref) for ref in node.reads.values()))
        return layer

    def _only_input(self) -> str:
        names = self.input_names
        if len(names) != 1:
            raise SpecError(f"{self.name} has the inputs {', '.join(names)}; call it with a mapping of them")
        return names[0]


class Sequential(Network):
    """A chain: each node reads the one before. `Sequential(["Flatten", {"Dense": 10}])`."""


def _described(tensor: tf.Tensor) -> TensorSpec:
    """Its shape and dtype as analysis takes them; what is computed with is float32."""
    shape = (None, *tensor.shape[1:]) if tensor.shape.rank else ()
    return TensorSpec(shape, "float32" if tensor.dtype.is_floating else tensor.dtype.name)

"""What the layers that are composed of others share: these are named in the language of configs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from netlib.spec.choice import Constraint, Initializer, Regularizer
from netlib.spec.errors import SpecError
from netlib.spec.fields import limited, penalised, starts_as
from netlib.spec.graph import Graph
from netlib.spec.layer import LayerSpec, Weight
from netlib.spec.tensors import Shape, TensorSpec


class ComposedSpec(LayerSpec):
    """Base of the layers that stand for nodes.

    A network has them as a container: its nodes have paths, weights and costs of their own. What is asked of the layer by itself
    follows from these.
    """

    takes = "any"

    def nodes(self, given: Mapping[str, Shape]) -> list[Any]:
        """The nodes, as a config writes them, for the inputs of these shapes.

        Raises:
            SpecError: it cannot take them.
        """
        raise NotImplementedError

    def inner_outputs(self) -> dict[str, str] | None:
        """Which nodes the ports are; None for the last node."""
        return None

    def graph(self, *tensors: TensorSpec, compute: str = "float32") -> Graph:
        """The graph of the nodes for such inputs.

        Raises:
            SpecError: they cannot take them.
        """
        from netlib.spec.language.analysis import analyse  # the language is made of the layers

        given = dict(zip((*self.inputs, *self.optional_inputs), tensors, strict=False))
        node = {self.type_name(): self.to_plain(), "from": {name: name for name in given}}
        graph, problems = analyse([node], given, loc=(), compute=compute)
        if graph is None or graph.nodes[0].body is None:
            raise SpecError(problems)
        return graph.nodes[0].body

    def outputs(self, *tensors: TensorSpec, compute: str = "float32") -> dict[str, TensorSpec]:
        """Every port's shape and dtype.

        Raises:
            SpecError: its nodes cannot take these inputs.
        """
        return self.graph(*tensors, compute=compute).output_tensors()

    def output_shape(self, *shapes: Shape) -> dict[str, Shape]:
        """As its nodes give."""
        return {port: tensor.shape for port, tensor in self.outputs(*map(_tensor, shapes)).items()}

    def weights(self, *shapes: Shape) -> list[Weight]:
        """Those of its nodes, called by their paths."""
        found = []
        for node in self.graph(*map(_tensor, shapes)).walk(shared=False):
            prefix = node.path.partition(".")[2]
            found += [replace(weight, name=f"{prefix}.{weight.name}".strip(".")) for weight in node.own_weights]
        return found

    def macs(self, *shapes: Shape) -> int | None:
        """Those of its nodes."""
        return self.graph(*map(_tensor, shapes)).macs()


class InnerWeights(LayerSpec):
    """A layer that hands on how the weights of the layers inside begin, what they are penalised and limited by."""

    kernel_initializer: Initializer = starts_as("glorot_uniform", "kernels")
    bias_initializer: Initializer = starts_as("zeros", "biases")
    kernel_regularizer: Regularizer = penalised("kernels")
    bias_regularizer: Regularizer = penalised("biases")
    kernel_constraint: Constraint = limited("kernels")
    bias_constraint: Constraint = limited("biases")

    @property
    def handed_on(self) -> dict[str, Any]:
        """These parameters, as a config writes them."""
        plain = self.to_plain()
        return {name: plain[name] for name in InnerWeights.model_fields}


def _tensor(shape: Shape) -> TensorSpec:
    """Of a batch of any size."""
    return TensorSpec((None, *shape[1:]))

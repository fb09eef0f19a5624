"""Wrappers that normalise a weight of the layer that they hold: SpectralNormalization, WeightNormalization."""

from __future__ import annotations

from math import prod
from typing import NamedTuple

from pydantic import Field

from netlib.spec.errors import SpecError
from netlib.spec.graph import Graph, Node
from netlib.spec.initializers import TruncatedNormal
from netlib.spec.layer import Weight
from netlib.spec.tensors import TensorSpec
from netlib.spec.types import PositiveInt
from netlib.spec.wrappers import WrapperSpec

NORMALIZED = ("kernel", "embeddings")
"""What the weight is called that is normalised."""


class Held(NamedTuple):
    """A layer in a wrapper, its weight that is normalised, and the axes of this along which the layer's outputs lie."""

    node: Node
    weight: Weight
    output_axes: tuple[int, ...]

    @property
    def lengths(self) -> tuple[int, ...]:
        """Of these axes."""
        return tuple(self.weight.shape[axis] for axis in self.output_axes)


class WeightWrapperSpec(WrapperSpec):
    """Base of both: the layer runs as it does without the wrapper, but for the weight."""

    def inside(self, given: TensorSpec) -> TensorSpec:
        """What it reads."""
        return given

    def outside(self, given: TensorSpec, made: TensorSpec) -> TensorSpec:
        """What the layer gives."""
        return made

    def times(self, given: TensorSpec) -> int | None:
        """Once."""
        return 1

    def held(self, body: Graph) -> Held:
        """The one layer in it, and the weight that is normalised.

        Raises:
            SpecError: it holds something else, or a layer that has no such weight.
        """
        name = self.type_name()
        if len(body.nodes) != 1 or body.nodes[0].body is not None or body.nodes[0].shares is not None:
            types = ", ".join(node.type for node in body.nodes if node.shares is None) or "none of its own"
            raise SpecError(f"{name} holds one layer, such as Dense or Conv2D, got {types}")
        (node,) = body.nodes
        matrices = [weight for weight in node.weights if weight.name in NORMALIZED or weight.name.endswith("_kernel")]
        if len(matrices) != 1 or matrices[0].name not in NORMALIZED or node.spec is None:
            of_keras = node.spec is not None and node.spec.of_keras
            listed = ", ".join(weight.name for weight in node.weights) or (
                "Keras's own weights" if of_keras else "no weights"
            )
            raise SpecError(
                f"{name} normalises the kernel of a layer that has one (Dense, EinsumDense, a convolution), or the embeddings of"
                f" an Embedding; {node.type} has {listed}"
            )
        rank = len(matrices[0].shape)
        return Held(node, matrices[0], tuple(axis % rank for axis in node.spec.kernel_outputs))


class SpectralNormalization(WeightWrapperSpec):
    """Divides the kernel of the layer that it holds by its largest singular value, so that the layer lengthens no vector.

    The value is followed by power iteration in training. Miyato and others, *Spectral normalization for generative adversarial
    networks*, 2018.
    """

    power_iterations: PositiveInt = Field(
        1, description="Steps of the power iteration in each forward pass of training."
    )

    def own_weights(self, body: Graph) -> list[Weight]:
        """`u`, as long as there are outputs: the direction that the kernel lengthens most. It is not trained."""
        return [Weight("u", (prod(self.held(body).lengths),), TruncatedNormal(mean=0.0, stddev=0.02), trainable=False)]


class WeightNormalization(WeightWrapperSpec):
    """Parts the kernel of the layer that it holds into length and direction: `g * kernel / |kernel|`, with a length `g` for each
    output, which begins as the kernel's own.

    Salimans and Kingma, *Weight normalization*, 2016.
    """

    def own_weights(self, body: Graph) -> list[Weight]:
        """`g`, the axes of the outputs."""
        return [Weight("g", self.held(body).lengths, None)]

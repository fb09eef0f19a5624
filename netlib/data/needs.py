"""What a network and its losses ask of the values of the samples: labels, shares and indices within their ranges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from netlib.data.arrays import Array, Arrays
from netlib.data.contract import check_arrays
from netlib.spec.errors import UsageError
from netlib.spec.graph import Graph, Ref
from netlib.spec.heads import Heads, encoding
from netlib.spec.layer import ShapeLayerSpec
from netlib.spec.layers.core import Embedding
from netlib.spec.tensors import TensorSpec


@dataclass(frozen=True)
class Needs:
    """Found once for data of one form, and then asked of every split, or of every batch of a stream.

    `units` has target -> fewest units of the outputs that it is a label for, `shares` target -> loss that reads it as shares from
    0 to 1, `tables` input -> length of the shortest embedding table that its values are looked up in.
    """

    units: Mapping[str, int]
    shares: Mapping[str, str]
    tables: Mapping[str, int]

    @classmethod
    def of(cls, graph: Graph, heads: Heads, samples: Arrays) -> Needs:
        """What is asked of samples of that form (names, shapes and dtypes).

        Raises:
            SpecError: a target cannot be brought into the form that its loss takes.
        """
        units: dict[str, int] = {}
        shares: dict[str, str] = {}
        outputs, values = graph.output_tensors(), {**samples.inputs, **samples.targets}
        for loss in heads.losses:
            output, target = outputs[loss.output], values[loss.target]
            form = encoding(loss.spec.target, output, TensorSpec((None, *target.shape[1:]), target.dtype.name))
            last = output.shape[-1]
            if form == "like output":
                if loss.spec.probabilities:
                    shares[loss.target] = loss.spec.type_name()
            elif last is not None:
                units[loss.target] = min(last, units.get(loss.target, last))
        return cls(units, shares, embedding_tables(graph))

    def check(self, samples: Arrays, where: str) -> None:
        """Refuses labels that no unit stands for, and indices that no embedding has: XLA would clamp them without a word.

        Args:
            samples: as the network reads them.
            where: what they are, for the message: `the training split`.

        Raises:
            NetlabError: numbers that are not finite.
            UsageError: labels, shares or indices out of range.
        """
        values = {**samples.inputs, **samples.targets}
        labels = {name: values[name] for name in self.units}  # a target may be an input
        labelled = replace(samples, targets={**samples.targets, **labels})
        check_arrays(labelled, where=where, head_units=self.units, vocabulary=self.tables)
        for target, loss in self.shares.items():
            _check_shares(values[target], f"{where}: target '{target}'", loss)


def embedding_tables(graph: Graph) -> dict[str, int]:
    """Input -> length of the shortest embedding table that its values are looked up in, however deep the layer is nested."""
    found: dict[str, int] = {}
    _follow(graph, {name: frozenset([name]) for name in graph.inputs}, found)
    return found


def _follow(graph: Graph, given: Mapping[str, frozenset[str]], found: dict[str, int]) -> dict[str, frozenset[str]]:
    """Adds the tables of a graph to `found`. `given` and the result: whose values each input and output holds, unchanged."""
    held = {Ref(None, name): inputs for name, inputs in given.items()}
    for node in graph.nodes:
        reads = {key: held.get(ref, frozenset()) for key, ref in node.reads.items()}
        inputs = frozenset().union(*reads.values())
        if node.body:
            made = _follow(node.body, reads, found)
            held |= {Ref(node.name, port): inside for port, inside in made.items()}
        elif isinstance(node.spec, Embedding):
            length = node.spec.rows
            found |= {name: min(length, found.get(name, length)) for name in inputs}
        elif isinstance(node.spec, ShapeLayerSpec):
            held |= dict.fromkeys((Ref(node.name, port) for port in node.outputs), inputs)
    return {port: held.get(ref, frozenset()) for port, ref in graph.outputs.items()}


def _check_shares(values: Array, where: str, loss: str) -> None:
    least, most = values.min(), values.max()
    if least < 0 or most > 1:
        raise UsageError(
            f"{where} has values from {least:g} to {most:g}, but {loss} compares probabilities, from 0 to 1"
        )

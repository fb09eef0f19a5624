"""The contract between buckets and the network, which must be the same for every length, and should not see the padding."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from netlib.spec.computed import beside
from netlib.spec.contract_heads import check_heads
from netlib.spec.errors import Problem, SpecError
from netlib.spec.graph import Graph, Node, Ref
from netlib.spec.layers.core import Embedding
from netlib.spec.layers.masking import Masking
from netlib.spec.tensors import TensorSpec, show

if TYPE_CHECKING:
    from netlib.spec.buckets import Bucketed, Buckets
    from netlib.spec.features import DataSignature
    from netlib.spec.training import TrainSpec

Analyse = Callable[[Mapping[str, TensorSpec]], tuple[Graph | None, list[Problem]]]
"""The network for other inputs, and what is wrong with it."""


def check_buckets(
    buckets: Buckets, cut: Bucketed, graph: Graph, train: TrainSpec, signature: DataSignature, analyse: Analyse
) -> Iterator[Problem]:
    """Refuses a length for which the network cannot be, or would be another one; warns where padding is taken for real.

    Args:
        buckets: as the config has them.
        cut: what is cut to which lengths.
        graph: the network for samples of the whole length.
        train: the `train` section.
        signature: the data's inputs and targets, likewise.
        analyse: gives the network for other inputs.

    Yields:
        Problems whose places are those of the whole config.
    """
    stateful = next((node for node in graph.walk() if getattr(node.spec, "stateful", False)), None)
    if stateful:
        message = f"{stateful.type} '{stateful.path}' is stateful: row i of a batch goes on where row i of the batch before ended"
        yield Problem(("data", *buckets.loc()), f"{message}, which is of another bucket")
    for place, length in enumerate(cut.lengths[:-1]):
        loc = ("data", *buckets.loc("lengths", place))
        shorter = replace(
            signature, inputs=cut.cut(signature.inputs, length), targets=cut.cut(signature.targets, length)
        )
        objection = _objection(graph, train, shorter, analyse)
        if objection:
            yield Problem(loc, f"samples cut to a length of {length} do not fit the network: {objection}")
            return  # the other lengths fail alike
    found = _Padding(set(cut.names)).found(graph)
    if found:
        remedy = "mask it (Embedding: {mask_zero: true}, or Masking), so that a sample gives the same in every bucket"
        yield Problem(("data", *buckets.loc()), f"{found}: {remedy}", severity="warning")


def _objection(graph: Graph, train: TrainSpec, shorter: DataSignature, analyse: Analyse) -> str:
    """Why the network cannot take samples that are shorter, if so."""
    made, problems = analyse({name: feature.read for name, feature in shorter.inputs.items()})
    if made is None:
        return next(problem.message for problem in problems if problem.severity == "error")
    other = _other(graph, made)
    if other:
        return other
    try:
        heads = train.bind(list(made.outputs), list(shorter.targets), list(shorter.inputs))
    except SpecError:  # is reported of the loss
        return ""
    found = check_heads(made, heads, beside(shorter.inputs, shorter.targets))
    return next((problem.message for problem in found if problem.severity == "error"), "")


def _other(graph: Graph, made: Graph) -> str:
    """Where it is another network, if it is."""
    for node, now in zip(graph.walk(), made.walk(), strict=False):
        for weight, shorter in zip(node.weights, now.weights, strict=False):
            if weight.shape != shorter.shape:
                shapes = f"has the shape {show(shorter.shape)} then, and {show(weight.shape)} at the whole length"
                remedy = "join the places before it, as by GlobalAveragePooling1D, not by Flatten"
                return f"'{weight.name}' of {now.type} '{now.path}' {shapes}; {remedy}"
        if (node.path, node.spec) != (now.path, now.spec):
            return f"the parameters of {now.type} '{now.path}' follow from the length; let them be the same for every length"
    return ""


class _Padding:
    """Follows what is padded, and what is masked, along the edges of a network."""

    def __init__(self, names: set[str]) -> None:
        self._names = names
        self._report = ""

    def found(self, graph: Graph) -> str:
        """What takes padding for real, as a sentence; empty where nothing is known to."""
        states = self._follow(graph, {name: "padded" for name in graph.inputs if name in self._names})
        if self._report:
            return self._report
        left = [name for name, state in states.items() if state == "padded"]
        return f"output '{left[0]}' has no mask, so that its loss counts padding" if left else ""

    def _follow(self, graph: Graph, given: Mapping[str, str]) -> dict[str, str]:
        """Output -> `padded` or `masked`, where it has padding; `given` says it of the inputs."""
        held = {Ref(None, name): state for name, state in given.items()}
        for node in graph.nodes:
            reads = {key: held[ref] for key, ref in node.reads.items() if ref in held}
            if node.body is not None and node.spec is None:
                inside = self._follow(node.body, reads)
                held |= {Ref(node.name, port): state for port, state in inside.items()}
            elif reads:
                held |= {Ref(node.name, port): state for port, state in self._behind(node, set(reads.values())).items()}
        return {name: held[ref] for name, ref in graph.outputs.items() if ref in held}

    def _behind(self, node: Node, reads: set[str]) -> dict[str, str]:
        """The state of each port of a layer, which reads something that is padded or masked."""
        spec = node.spec
        uses, keeps = bool(spec and spec.uses_mask), bool(spec and spec.supports_masking)
        if isinstance(spec, Embedding | Masking):
            state = "masked" if isinstance(spec, Masking) or spec.mask_zero else "padded"
            return dict.fromkeys(node.outputs, state)
        if "padded" in reads and (uses or not keeps):
            self._say(node, "takes padding for real")
        elif not uses and not keeps and not node.known:
            return {}
        elif not uses and not keeps and node.body is None:
            self._say(node, "has no use for a mask, so that it takes padding for real")
        elif keeps or any(len(tensor.shape) > 2 for tensor in node.outputs.values()):
            return dict.fromkeys(node.outputs, "padded" if "padded" in reads else "masked")
        return {}

    def _say(self, node: Node, what: str) -> None:
        self._report = self._report or f"{node.type} '{node.path}' {what}"

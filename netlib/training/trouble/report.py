"""What was found out of a bad step, for a person and as plain values; and where it is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from netlib.runs import atomic, plain, staging, tensors
from netlib.runs.directory import RunDirectory
from netlib.spec.errors import Loc
from netlib.spec.graph import Node
from netlib.training.trouble.batch import BadBatch
from netlib.training.trouble.looking import NodeFacts, Seen
from netlib.training.trouble.statistics import HUGE, Statistics

FOLDER = "trouble"
MOST = 5
"""Weights, and gradients, that are named one by one."""
Place = Callable[[Loc], str]
"""Where a part of the config is written: `configs/x.yaml:12:5`, or nothing."""


@dataclass(frozen=True)
class Report:
    """A bad step: which one, of what, and what was seen.

    Attributes:
        step: its number in the run, from 1.
        epoch: that of its epoch, from 1.
        became: what became what, as the device computed it: `the loss became nan`.
        batch: its samples.
        seen: what running it node by node has shown.
        largest: the weights with the largest numbers, the largest first.
        place: where parts of the config are written.
        losses: where the losses are written.
    """

    step: int
    epoch: int
    became: str
    batch: BadBatch
    seen: Seen
    largest: dict[str, Statistics]
    place: Place
    losses: Loc = ("train", "loss")

    def lines(self) -> Iterator[str]:
        """What was found, one thing a line."""
        for name, rows in self.batch.odd.items():
            text = f"'{name}' of the batch is itself not finite, or larger than {HUGE:.0e}, in {self.batch.named(rows)}"
            yield f"{text} of the training data: {self.batch.statistics[name]}"
        yield from self._began()
        if self.largest:
            shown = ", ".join(f"{path} {facts.largest:.4g}" for path, facts in self.largest.items())
            yield f"the weights with the largest numbers before the step: {shown}"

    def _began(self) -> Iterator[str]:
        seen = self.seen
        if seen.first:
            yield from self._forward(seen.first)
        elif seen.loss:
            yield f"{self._nodes()}, and the loss '{seen.loss}' is not finite{self._at(self.losses)}"
        elif seen.gradients:
            yield from self._backward()
        elif seen.weights or seen.slots:
            yield from self._update()
        else:
            yield (
                "run by itself, node by node, every number of the step is finite: that rounds otherwise than the compiled loop,"
                " so the numbers must be at the very end of what their type can hold"
            )

    def _nodes(self) -> str:
        if any(each.kinds for each in self.seen.nodes):
            return "no node gives what it does not give in a good step"
        return "all nodes give finite numbers"

    def _forward(self, facts: NodeFacts) -> Iterator[str]:
        gave = "; ".join(each.trouble for each in facts.gives.values() if not each.finite)
        rows = f", in {self.batch.named(facts.rows)} of the training data" if facts.rows else ""
        yield f"the first that is not finite: {self._node(facts.node)} gives {gave}{rows}"
        for name, each in facts.reads.items():
            yield f"  it reads {name}: {each}"

    def _backward(self) -> Iterator[str]:
        paths = list(self.seen.gradients)
        shown = ", ".join(f"{path} ({self.seen.gradients[path].trouble})" for path in reversed(paths[-MOST:]))
        more = f" and {len(paths) - MOST} more" if len(paths) > MOST else ""
        yield f"{self._nodes()}, and the loss is finite; not finite are the gradients of {shown}{more}"
        if self.seen.backward is None:
            yield f"  the gradient of the loss itself is not finite{self._at(self.losses)}"
        elif self.seen.backward:
            yield f"  it becomes so on its way back through {' or '.join(map(self._node, self.seen.backward))}"

    def _update(self) -> Iterator[str]:
        yield "loss and gradients are finite; what the update makes of them is not:"
        for noun, found in (("weight", self.seen.weights), ("the optimizer's", self.seen.slots)):
            for path, facts in list(found.items())[:MOST]:
                yield f"  {noun} '{path}': {facts.trouble}"

    def _node(self, node: Node) -> str:
        return f"node '{node.path}' ({', '.join(filter(None, (node.type, self.place(node.loc))))})"

    def _at(self, loc: Loc) -> str:
        place = self.place(loc)
        return f" ({place})" if place else ""

    def advice(self) -> Iterator[str]:
        """What to do, the likeliest first."""
        odd, seen = self.batch.odd, self.seen
        if odd:
            rows = sorted({int(row) for rows in odd.values() for row in rows})
            yield f"look at {self.batch.named(rows)} of the data, and leave them out or repair them"
            yield "or let train.on_nan=skip leave such steps out"
            return
        if seen.first and seen.first.rows:
            yield f"look at {self.batch.named(seen.first.rows)} of the data"
        if seen.first and any(each.largest >= HUGE**0.5 for each in seen.first.reads.values()):
            yield "the numbers had become very large before: lower the learning rate, or set train.clip"
        else:
            yield "lower the learning rate, or set train.clip"
        if seen.first and any(each.dtype == "float16" for each in seen.first.gives.values()):
            yield "or compute that node in more bits: give it 'dtype: float32'"
        if not seen.weights:
            yield "or let train.on_nan=skip leave such steps out"

    def text(self) -> str:
        """Everything, for a person."""
        header = f"step {self.step}, in epoch {self.epoch}: {self.became}"
        nodes = [f"{self._node(each.node)}: {_listed(each.gives)}" for each in self.seen.nodes]
        batch = [f"{name}: {facts}" for name, facts in self.batch.statistics.items()]
        parts = ("", *self.lines(), "", "the batch:", *batch, "", "the nodes up to there:", *nodes)
        return "\n".join((header, *parts, "", f"what to do: {'; '.join(self.advice())}", ""))

    def plain(self, saved: int) -> dict[str, Any]:
        """Everything, as plain values; `saved` samples of the batch are in its file."""
        return {
            "step": self.step,
            "epoch": self.epoch,
            "became": self.became,
            "found": list(self.lines()),
            "advice": list(self.advice()),
            "first": self.seen.first.node.path if self.seen.first else None,
            "place": self.place(self.seen.first.node.loc) if self.seen.first else None,
            "rows": self.batch.numbers.tolist(),
            "saved_rows": saved,
            "batch": _plain(self.batch.statistics),
            "nodes": [
                {
                    "node": each.node.path,
                    "type": each.node.type,
                    "place": self.place(each.node.loc),
                    "gives": _plain(each.gives),
                }
                for each in self.seen.nodes
            ],
            "gradients": _plain(self.seen.gradients),
            "weights": _plain(self.seen.weights),
            "slots": _plain(self.seen.slots),
            "largest_weights": _plain(self.largest),
        }

    def write(self, run: RunDirectory) -> tuple[Path, int]:
        """Writes it into the run, whole or not at all; the folder, and how many samples of the batch are there.

        Raises:
            NetlabError: the system refuses.
        """
        folder = run.path / FOLDER / f"step-{self.step:08d}"
        with atomic.explained(folder.parent, "make"):
            folder.parent.mkdir(exist_ok=True)
        arrays, saved = self.batch.saved()
        with staging.appearing(folder) as hidden:
            tensors.save(hidden / "batch.safetensors", arrays)
            atomic.write_text(hidden / "report.json", plain.to_json(self.plain(saved)) + "\n")
            atomic.write_text(hidden / "report.txt", self.text())
        return folder, saved


def largest_weights(named: Sequence[tuple[str, Any]]) -> dict[str, Statistics]:
    """Of weights by path, those with the largest numbers, the largest first."""
    found = [(path, Statistics.of(value)) for path, value in named]
    return dict(sorted(found, key=lambda each: -each[1].largest)[:MOST])


def _listed(facts: dict[str, Statistics]) -> str:
    return "; ".join(str(each) if len(facts) == 1 else f"{port}: {each}" for port, each in facts.items()) or "nothing"


def _plain(facts: dict[str, Statistics]) -> dict[str, Any]:
    return {name: each.plain() for name, each in facts.items()}

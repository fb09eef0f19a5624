"""What is to be learned: a number, one of two, or one of several; the head, the loss and the metrics that follow from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from netlib.spec.errors import UsageError
from netlib.tasks.new.draft import Line, named, shown, word

MOST_CODES = 10
"""Different integers that are taken for classes; more are amounts."""
MOST_CLASSES = 1000
UNEVEN = 5.0
"""Times as many rows of the most frequent class as of the rarest from which on classes are weighted."""


@dataclass(frozen=True)
class Target:
    """A target as the config will have it.

    Attributes:
        column: its name in the file.
        name: that of the output.
        kind: what it is.
        about: what is remarkable of its values.
        classes: how many, of classes.
        labels: whether a step has to make numbers of its values, which a text has by default.
        uneven: what is to be said where the classes are.
        mean: of numbers.
        deviation: of numbers.
    """

    column: str
    name: str
    kind: Literal["number", "binary", "classes"]
    about: str
    classes: int = 0
    labels: bool = False
    uneven: str = ""
    mean: float = 0.0
    deviation: float = 1.0

    @property
    def units(self) -> int:
        """Of the layer that tells it."""
        return self.classes if self.kind == "classes" else 1


def target_of(column: pl.Series, taken: Sequence[str] = ()) -> Target:
    """What the values of a column make of it.

    Raises:
        UsageError: nothing can be learned of them.
    """
    name, present = column.name, column.drop_nulls().drop_nans() if column.dtype.is_float() else column.drop_nulls()
    if column.dtype.is_temporal():
        raise UsageError(f"target '{name}' holds times; a network tells numbers or classes: choose another column")
    if present.n_unique() < 2:
        what = f"is always {present[0]!r}" if len(present) else "has no value"
        raise UsageError(f"target '{name}' {what}: there is nothing to learn")
    called = named(name, taken)
    counts = present.value_counts(sort=True)
    if column.dtype == pl.String() or (column.dtype.is_integer() and len(counts) <= MOST_CODES):
        return _of_classes(name, called, present, counts)
    values = present.to_numpy().astype(np.float64)
    mean, deviation = float(values.mean()), float(values.std())
    about = f"from {shown(values.min())} to {shown(values.max())}, {shown(mean)} on average"
    return Target(name, called, "number", about, mean=mean, deviation=deviation)


def _of_classes(name: str, called: str, present: pl.Series, counts: pl.DataFrame) -> Target:
    number, each = len(counts), counts["count"]
    if number > MOST_CLASSES or number > len(present) / 2:
        raise UsageError(
            f"target '{name}' has {number:,} different values in {len(present):,} rows: they hardly repeat, so no class can be"
            " learned; choose another column"
        )
    is_text = present.dtype == pl.String()
    values = sorted(present.unique().to_list())
    labels = not is_text and values != list(range(number))
    about = f"{number} {'classes' if is_text else 'integers, taken for classes'}: {_told(values)}"
    most, least = counts[name][0], counts[name][-1]
    uneven = f"{each[0]:,} rows of {most} and {each[-1]:,} of {least}" if each[0] > UNEVEN * each[-1] else ""
    kind: Literal["binary", "classes"] = "binary" if number == 2 else "classes"
    return Target(name, called, kind, about, number, labels, uneven)


def _told(values: Sequence[object]) -> str:
    names = [str(value) for value in values]
    return ", ".join(names) if len(names) <= 6 else f"{', '.join(names[:5])} and {len(names) - 5} more"


def target_lines(targets: Sequence[Target]) -> list[Line]:
    """The key `targets` of a table."""
    if len(targets) == 1 and targets[0].name == targets[0].column:
        return [Line(f"targets: {word(targets[0].column)}", targets[0].about)]
    return [Line("targets:"), *(Line(f"  {each.name}: {word(each.column)}", each.about) for each in targets)]


def weight_lines(targets: Sequence[Target]) -> list[Line]:
    """Weights of the classes, where the only target has classes that are far from equally frequent."""
    if len(targets) != 1 or not targets[0].uneven:
        return []
    why = f"{targets[0].uneven}: all classes count alike; without it the accuracy is higher, and rare ones are missed"
    return [Line("class_weights: balanced", why)]


def head_lines(targets: Sequence[Target], body: str) -> list[Line]:
    """The last nodes; `body` is the node that the heads read where there are several."""
    lines: list[Line] = []
    for target in targets:
        source = f", from: {body}" if len(targets) > 1 else ""
        if target.kind == "number":
            lines += [
                Line(f"- {{Dense: 1, name: {target.name}_scaled{source}}}"),
                Line(
                    f"- {{Rescaling: {{scale: {shown(target.deviation)}, offset: {shown(target.mean)}}}, name: {target.name}}}",
                    "the target's deviation and mean: the layers before learn numbers around 0",
                ),
            ]
        else:
            what = "one logit" if target.kind == "binary" else "a logit for each class"
            lines.append(Line(f"- {{Dense: {target.units}, name: {target.name}{source}}}", what))
    return lines


def network_lines(nodes: Sequence[Line], targets: Sequence[Target]) -> tuple[Line, ...]:
    """The section `model`; with several heads it says that all of them are outputs."""
    if len(targets) == 1:
        return tuple(nodes)
    outputs = Line(f"outputs: {word([each.name for each in targets])}")
    return (Line("nodes:"), *(each.indented() for each in nodes), outputs)


def loss_lines(targets: Sequence[Target]) -> list[Line]:
    """Loss and metrics of the heads."""
    if len(targets) == 1:
        target = targets[0]
        return [Line(f"loss: {_LOSS[target.kind]}"), Line(f"metrics: {word(list(_METRICS[target.kind]))}")]
    return [
        Line("loss:"),
        *(Line(f"  {each.name}: {_loss(each)}", _why(each)) for each in targets),
        Line("metrics:"),
        *(
            Line(f"  - {{{metric}: {{}}, of: {each.name}, name: {each.name}_{called}}}")
            for each in targets
            for metric, called in _NAMED[each.kind]
        ),
    ]


def _loss(target: Target) -> str:
    if target.kind != "number":
        return _LOSS[target.kind]
    return f"{{MeanSquaredError: {{}}, weight: {shown(1 / target.deviation**2)}}}"


def _why(target: Target) -> str:
    return "1 / variance: so that no target outweighs the others" if target.kind == "number" else ""


_LOSS = {
    "number": "mean_squared_error",
    "binary": "binary_crossentropy",
    "classes": "sparse_categorical_crossentropy",
}
_METRICS = {"number": ("mean_absolute_error", "r2_score"), "binary": ("accuracy", "auc"), "classes": ("accuracy",)}
_NAMED = {
    "number": (("MeanAbsoluteError", "error"), ("R2Score", "r2")),
    "binary": (("Accuracy", "accuracy"), ("AUC", "auc")),
    "classes": (("Accuracy", "accuracy"),),
}

"""What is seen in samples, as plain values: computed where the data is, shown wherever there is someone to read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

AnomalyKind = Literal["leak", "duplicates", "unseen", "imbalance", "missing", "constant", "scales"]


@dataclass(frozen=True)
class Anomaly:
    """Something about the samples that is probably not as it should be; nothing is refused for it.

    Attributes:
        kind: what it is.
        message: one line with the numbers.
        about: the only input or target that it is about; of one of several, or of columns, None.
    """

    kind: AnomalyKind
    message: str
    about: str | None = None


@dataclass(frozen=True)
class ColumnLook:
    """A column, or an input or target of several axes, as the source gives it.

    Attributes:
        name: `age`, or `features[3]` of an array of several columns.
        role: what it is used as.
        member: the input that it is joined to with others; "" if it is one by itself.
        type: `float32`, `int32`, `uint8`, `bool`, `text` or `time`.
        shape: axes of one sample; () of a column.
        missing: samples of which it has no value.
        low: the least value, of times as a text; None of texts, and where there is no value.
        high: the greatest.
        mean: of numbers.
        deviation: the standard deviation, of numbers.
        distinct: how many different values there are; None of floats.
        frequent: the most frequent values of texts and integers, with their counts.
        bars: how many values are in each of equal parts of the range, or have each of few values.
        lengths: characters of the shortest and of the longest text.
    """

    name: str
    role: Literal["input", "target", "weight", "split"]
    member: str
    type: str
    shape: tuple[int, ...]
    missing: int
    low: float | str | None = None
    high: float | str | None = None
    mean: float | None = None
    deviation: float | None = None
    distinct: int | None = None
    frequent: tuple[tuple[str, int], ...] = ()
    bars: tuple[int, ...] = ()
    lengths: tuple[int, int] | None = None


@dataclass(frozen=True)
class ClassLook:
    """A class of a target: its number, its name ("" if it has none), and how many samples of each split have it."""

    number: int
    name: str
    counts: dict[str, int]


@dataclass(frozen=True)
class ReadyLook:
    """An input or target as the network and the losses read it; or a column on its way there, of which only the steps are said.

    Attributes:
        name: its name.
        role: what it is.
        member: the input that the column is joined to; "" of inputs and targets.
        steps: what it goes through, as a config writes them.
        shape: axes of one sample; None of a column.
        dtype: "" of a column.
        low: the least value of the training split; None of a column.
        high: the greatest.
    """

    name: str
    role: Literal["input", "target"]
    member: str
    steps: tuple[str, ...]
    shape: tuple[int, ...] | None = None
    dtype: str = ""
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class SampleLook:
    """One sample: its row in the source, and its values by name as the source gives them and as the network reads them.

    A value is a number, a text, None where it is missing, a list of numbers, or, of several axes or many numbers, a mapping with
    `shape`, `low` and `high`.
    """

    row: int
    raw: dict[str, Any]
    ready: dict[str, Any]


@dataclass(frozen=True)
class DataLook:
    """All that there is to see of a config's data.

    Attributes:
        name: the config's.
        source: type of the source.
        about: a sentence on it.
        files: path and bytes of each that it reads.
        samples: how many each split has.
        columns: of the training split.
        classes: target -> its classes.
        ready: inputs and targets behind the preprocessing, each below its columns.
        rows: the first samples to train on.
        notes: what was chosen where the config left it open.
        anomalies: what is remarkable.
    """

    name: str
    source: str
    about: str
    files: tuple[tuple[str, int], ...]
    samples: dict[str, int]
    columns: tuple[ColumnLook, ...]
    classes: dict[str, tuple[ClassLook, ...]]
    ready: tuple[ReadyLook, ...]
    rows: tuple[SampleLook, ...]
    notes: tuple[str, ...]
    anomalies: tuple[Anomaly, ...]

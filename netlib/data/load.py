"""From a `DataSpec` to splits of preprocessed samples in memory."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module

from netlib.data.arrays import Array, Arrays
from netlib.data.contract import check_arrays
from netlib.data.preprocessing import Preprocessing
from netlib.data.splits import split
from netlib.spec.data import DataSpec
from netlib.spec.errors import NetlabError
from netlib.spec.features import DataSignature, SourceSpec

READERS = {
    "netlib.spec.sources.bundled": "netlib.data.sources.bundled",
    "netlib.spec.sources.npz": "netlib.data.sources.npz",
    **dict.fromkeys(
        (f"netlib.spec.sources.{kind}" for kind in ("generators", "noise", "pairs", "sequences", "customers", "pictures")),
        "netlib.data.sources.generators",
    ),
}
"""Module of a source's spec -> module whose `read(source, seed)` gives its samples."""


@dataclass(frozen=True)
class Splits:
    """Preprocessed samples of each split, None where the config holds out none.

    `fingerprint` is of the source's samples as they were read: before preprocessing, all splits together.
    """

    train: Arrays
    validation: Arrays | None
    test: Arrays | None
    preprocessing: Preprocessing
    fingerprint: str


def load(spec: DataSpec, seed: int, preprocessing: Preprocessing | None = None) -> Splits:
    """Reads the source, splits it by the seed and preprocesses it.

    The preprocessing is fitted on the training split, unless one that was fitted before is given.

    Raises:
        SpecError: the section does not fit the source.
        UsageError: the preprocessing that is given does not fit the data.
        NetlabError: the data is damaged, or has numbers that are not finite.
    """
    spec.signature()  # refuses what can be refused before anything is read
    raw = spec.source.signature()
    arrays = _read(spec.source, seed)
    classes = {name: feature.num_classes for name, feature in raw.targets.items() if feature.num_classes}
    check_arrays(arrays, where=f"source '{spec.source.type_name()}'", num_classes=classes)
    rows = split(len(arrays), spec.validation, spec.test, seed, _classes(spec, raw, arrays))
    parts = {name: arrays.take(numbers) for name, numbers in rows.items() if len(numbers)}
    fitted = Preprocessing.fit(spec.preprocess, parts["train"].inputs) if preprocessing is None else preprocessing
    ready = {name: fitted.apply_to(part) for name, part in parts.items()}
    return Splits(ready["train"], ready.get("validation"), ready.get("test"), fitted, arrays.fingerprint())


def _read(source: SourceSpec, seed: int) -> Arrays:
    reader = import_module(READERS[type(source).__module__])
    try:
        arrays: Arrays = reader.read(source, seed)
    except MemoryError:
        raise NetlabError(f"the samples of source '{source.type_name()}' do not fit into memory") from None
    return arrays


def _classes(spec: DataSpec, raw: DataSignature, arrays: Arrays) -> Array | None:
    return arrays.targets[next(iter(raw.targets))] if spec.stratified(raw) else None

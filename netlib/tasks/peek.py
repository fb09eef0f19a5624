"""Looks at the data of a config as a training would read it; TensorFlow is not needed for it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from netlib.config.experiment import Experiment
from netlib.config.load import load
from netlib.data.arrays import Arrays
from netlib.data.columns import names_of_axis
from netlib.data.load import Parts, Splits, parts, prepared
from netlib.data.looking import columns
from netlib.data.looking_ready import classes, parts_of, ready, rows
from netlib.spec.data import DataSpec
from netlib.spec.errors import SpecError, UsageError
from netlib.spec.features import DataSignature
from netlib.spec.heads import Heads
from netlib.spec.looks import DataLook
from netlib.spec.schema.description import first_sentence
from netlib.tasks.anomalies import read_as_numbers, relevant
from netlib.tasks.data_problems import data_placed


def peek(path: Path, overrides: Sequence[str] = (), count: int = 5, images: Path | None = None) -> DataLook:
    """All that there is to see of the data.

    Args:
        path: the config's file.
        overrides: `key=value`, as on the command line.
        count: samples that are shown as they are.
        images: where a sheet of images is written, if that is asked for.

    Raises:
        UsageError: the config is not valid or has no data, or there are no images in it.
        NetlabError: the data is damaged.
    """
    found = _Found()
    experiment = load(path, overrides, open_data=False, measure=found.measure)
    if experiment.data is None:
        raise UsageError(f"config '{experiment.name}' has no section 'data' to look at")
    raw, splits = found.of(experiment, experiment.data)
    if images is not None:
        _draw(raw, splits, images)
    source, learned = experiment.data.source, splits.preprocessing.learned()
    heads = _heads(experiment, splits)
    pipeline = raw.pipeline.with_steps(splits.preprocessing.specs())

    def names(name: str, width: int) -> list[str]:
        return names_of_axis(pipeline, learned, name, width)

    return DataLook(
        name=experiment.name,
        source=source.type_name(),
        about=first_sentence(type(source).__doc__ or ""),
        files=tuple((str(name), int(size)) for name, size, *_ in source.stamp()),
        samples=found.samples,
        columns=tuple(columns(raw.samples["train"], raw.pipeline.raw)),
        classes={name: found for name, found in classes(splits).items() if name not in read_as_numbers(heads)},
        ready=tuple(ready(splits, raw.pipeline)),
        rows=tuple(rows(raw.samples["train"], splits.train, count, names)),
        notes=splits.notes,
        anomalies=relevant(splits.anomalies, heads, experiment.graph),
    )


class _Found:
    """The data, which is read once: already with the config where widths of the network depend on it."""

    def __init__(self) -> None:
        self._read: tuple[Parts, Splits[Arrays]] | None = None
        self.samples: dict[str, int] = {}
        """How many each split has; of those that stay in their files, some are read."""

    def measure(self, spec: DataSpec, seed: int) -> DataSignature:
        self._read = self._of_files(spec, seed) or self._of_memory(spec, seed)
        return self._read[1].signature

    def _of_memory(self, spec: DataSpec, seed: int) -> tuple[Parts, Splits[Arrays]]:
        raw = parts(spec, seed)
        ready = prepared(raw)
        self.samples = {name: len(part) for name, part in parts_of(ready).items()}
        return raw, ready

    def _of_files(self, spec: DataSpec, seed: int) -> tuple[Parts, Splits[Arrays]] | None:
        if spec.memory is None:
            return None
        from netlib.data.excerpt import excerpt
        from netlib.data.stream_load import streamed

        found = streamed(spec.seeded(seed), seed, spec.memory, None)
        if found is None:
            return None
        self.samples = {name: len(part) for name, part in parts_of(found[0]).items()}
        return excerpt(*found)

    def of(self, experiment: Experiment, spec: DataSpec) -> tuple[Parts, Splits[Arrays]]:
        """The samples, read now if they were not.

        Raises:
            ConfigError: the section does not fit the data.
        """
        if self._read is None:
            with data_placed(experiment):
                self.measure(spec, experiment.seed)
        assert self._read is not None
        return self._read


def _heads(experiment: Experiment, splits: Splits[Arrays]) -> Heads | None:
    """The losses with their targets; None where the config has none, or does not fit its data."""
    if experiment.graph is None or experiment.train is None or not experiment.graph.known:
        return None
    try:
        return experiment.train.bind(
            list(experiment.graph.outputs), list(splits.train.targets), list(splits.train.inputs)
        )
    except SpecError:
        return None


def _draw(raw: Parts, splits: Splits[Arrays], path: Path) -> None:
    from netlib.data.contact_sheet import choose, draw, images_among

    images = images_among(raw.samples["train"].inputs)
    labels = [(splits.train.targets[name], each) for name, each in splits.signature.targets.items() if each.is_label]
    numbers, names = (labels[0][0], labels[0][1].class_names) if labels else (None, ())
    draw(choose(images, numbers, names), path)

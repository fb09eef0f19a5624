"""Says what a network consists of, without building it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from netlib.config.load import load
from netlib.report.summary_rows import Summary, summarise_graph
from netlib.runs.directory import open_run
from netlib.spec.errors import UsageError


def summarise(path: Path, overrides: Sequence[str] = (), depth: int | None = None) -> Summary:
    """The network of a config, or of a run.

    Args:
        path: a config's file, or a run directory.
        overrides: `key=value`, as on the command line.
        depth: levels of containers that are opened; all if None.

    Raises:
        UsageError: there is no such config or run, the config is not valid, or it has no model.
    """
    experiment = load(open_run(path).resolved if path.is_dir() else path, overrides, open_data=False)
    if experiment.graph is None:
        raise UsageError(f"{path} has no model to summarise; add a 'model' section")
    return summarise_graph(experiment.graph, experiment.name, depth)

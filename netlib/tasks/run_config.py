"""The config of a run, as it was run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from netlib.config.experiment import Experiment
from netlib.config.load import load
from netlib.runs.directory import RunDirectory
from netlib.spec.errors import NetlabError
from netlib.spec.recalled import from_plain
from netlib.tasks.plugins import need_plugins

if TYPE_CHECKING:
    from netlib.spec.data import DataSpec
    from netlib.spec.features import DataSignature


def config_of_run(run: RunDirectory, overrides: Sequence[str] = (), *, open_data: bool = True) -> Experiment:
    """The experiment that a run's `resolved.yaml` describes; the arguments are those of `load`.

    What its preprocessing learned is taken from the run: learned again, it would be another network's, if the data has changed.
    So is what its data was, where the files are gone.

    Raises:
        ConfigError: with every problem, in file order.
        UsageError: the run was made with plug-ins that are not loaded, or were changed.
        NetlabError: nothing is wrong but a data file or the stored preprocessing, which is damaged.
    """

    need_plugins(run)

    def known(spec: DataSpec, _seed: int) -> DataSignature:
        from netlib.data.measure import remembered
        from netlib.tasks.run_files import load_preprocessing

        return remembered(spec, load_preprocessing(run))

    return load(run.resolved, overrides, open_data=open_data, measure=known, recalled=_recalled(run))


def _recalled(run: RunDirectory) -> DataSignature | None:
    """What the data was when the run began; None of runs that did not keep it."""
    if not run.data.is_file():
        return None
    try:
        return from_plain(json.loads(run.read(run.data.name)))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError) as error:
        raise NetlabError(f"{run.data} is damaged: {error}") from error

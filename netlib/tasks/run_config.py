"""The config of a run, as it was run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from netlib.config.experiment import Experiment
from netlib.config.load import load
from netlib.runs.directory import RunDirectory
from netlib.tasks.plugins import need_plugins

if TYPE_CHECKING:
    from netlib.spec.data import DataSpec
    from netlib.spec.features import DataSignature


def config_of_run(run: RunDirectory, overrides: Sequence[str] = (), *, open_data: bool = True) -> Experiment:
    """The experiment that a run's `resolved.yaml` describes; the arguments are those of `load`.

    What its preprocessing learned is taken from the run: learned again, it would be another network's, if the data has changed.

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

    return load(run.resolved, overrides, open_data=open_data, measure=known)

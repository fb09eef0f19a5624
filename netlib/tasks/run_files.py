"""The small files of a run directory: what a new run is given, and the fitted preprocessing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from netlib.config.dump import to_yaml
from netlib.data.preprocessing import Preprocessing
from netlib.report.summary import summary_text
from netlib.runs import tensors
from netlib.runs.directory import RunDirectory
from netlib.spec.errors import NetlabError
from netlib.spec.recalled import to_plain
from netlib.tasks.plan import Complete


def first_files(
    config: Complete, threads: int, environment: Mapping[str, Any], preprocessing: Preprocessing
) -> dict[str, str]:
    """Name and text of what a run directory has from the beginning."""
    return {
        "config.yaml": config.experiment.text,
        "resolved.yaml": resolved_text(config, threads),
        "environment.json": json.dumps(environment, indent=2) + "\n",
        "summary.txt": summary_text(config.graph, config.experiment.name, config.train.freezing.counted(config.graph)),
        "data.json": json.dumps(to_plain(config.data.raw()), indent=2) + "\n",
        "preprocessing.json": json.dumps(preprocessing.state()[0], indent=2) + "\n",
    }


def resolved_text(config: Complete, threads: int) -> str:
    """What `resolved.yaml` says. It has the threads even if the config leaves them open: a repetition needs as many."""
    resolved = config.experiment.resolved()
    resolved["train"]["threads"] = threads
    return to_yaml(resolved)


def save_preprocessing(run: RunDirectory, preprocessing: Preprocessing) -> None:
    """Writes what the preprocessing learned; its plain values are among the first files."""
    tensors.save(run.preprocessing_tensors, preprocessing.state()[1])


def load_preprocessing(run: RunDirectory) -> Preprocessing:
    """The preprocessing as it was fitted when the run began.

    Raises:
        NetlabError: its files are missing or damaged.
    """
    try:
        plain = json.loads(run.read(run.preprocessing.name))
        return Preprocessing.from_state(plain, tensors.load(run.preprocessing_tensors))
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise NetlabError(f"{run.preprocessing} is damaged: {error}") from error

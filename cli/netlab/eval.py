"""`netlab eval`."""

from __future__ import annotations

import sys
from typing import Annotated, Literal

import typer

from netlab.plugin import Plugins, load
from netlab.quiet import starting_tensorflow

Checkpoint = Annotated[
    str,
    typer.Option(
        "--checkpoint",
        "-c",
        metavar="RUN_OR_CHECKPOINT",
        help="A run (its best checkpoint), RUN/latest, or a checkpoint.",
    ),
]
Split = Annotated[Literal["test", "validation", "train"], typer.Option("--split", help="Samples to measure on.")]
Json = Annotated[bool, typer.Option("--json", help="The metrics as JSON.")]


def evaluate(checkpoint: Checkpoint, split: Split = "test", plugin: Plugins = None, json: Json = False) -> None:
    """Measure a checkpoint on a split of its run's data.

    \b
    netlab eval --checkpoint runs/digits-cnn-1
    netlab eval --checkpoint runs/digits-cnn-1/latest --split validation --json
    """
    load(plugin)
    from netlib.report.results import evaluation_result
    from netlib.report.terminal import has_color
    from netlib.runs.plain import to_json
    from netlib.tasks.evaluate import measured
    from netlib.tasks.plan import plan_evaluation

    plan = plan_evaluation(checkpoint, split)
    with starting_tensorflow(plan.config.train.threads):
        import netlib.tasks.build  # noqa: F401  # the import that takes seconds

    found = measured(plan)
    place = str(found.checkpoint)
    if json:
        values = {"checkpoint": place, "split": found.split, "samples": found.samples, "metrics": found.metrics}
        print(to_json(values))
    else:
        text = evaluation_result(place, found.split, found.samples, found.metrics, has_color(sys.stdout))
        print(text, end="")

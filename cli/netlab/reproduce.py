"""`netlab reproduce`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from netlab.plugin import Plugins, load
from netlab.quiet import starting_tensorflow

if TYPE_CHECKING:
    from netlib.tasks.reproduce import Reproduction

Run = Annotated[Path, typer.Argument(metavar="RUN", hidden=True)]
RunDir = Annotated[
    Path | None, typer.Option("--run-dir", metavar="DIR", help="Of the repetition, in place of a numbered one beside.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, only the results.")]
Json = Annotated[bool, typer.Option("--json", help="The results as JSON.")]


def reproduce(
    run: Run, run_dir: RunDir = None, plugin: Plugins = None, quiet: Quiet = False, json: Json = False
) -> None:
    """Train a run once more, and compare the two to the bit.

    \b
    RUN  a run directory

    \b
    netlab reproduce runs/digits-mlp-1
    netlab reproduce runs/digits-mlp-1 --run-dir runs/again --json

    What differs in versions, machine, threads, code or data is said first.
    Exit code: 0 the same to the bit, 1 not the same.
    """
    load(plugin)
    from netlib.tasks.reproduce import plan_reproduction, reproduce

    plan = plan_reproduction(run, run_dir)
    if plan.part and not quiet:
        print(plan.part, file=sys.stderr)
    from netlib.report.display import display

    with starting_tensorflow(plan.training.config.train.threads, quiet):
        import netlib.tasks.training_session  # noqa: F401  (the import that takes seconds)

    with display(quiet=quiet) as shown:
        found = reproduce(plan, [shown], None if quiet else shown.message)
    if json:
        from netlib.report.as_json import as_json

        print(as_json(_values(found)))
    else:
        _print(found)
    if not found.comparison.same:
        raise typer.Exit(1)


def _print(found: Reproduction) -> None:
    compared = found.comparison
    records = f"{compared.records} record{'' if compared.records == 1 else 's'}"
    if compared.same:
        checkpoints = ", ".join(each.name for each in compared.checkpoints)
        print(f"the same to the bit: {records} of metrics" + (f", {checkpoints}" if checkpoints else ""))
    else:
        first = compared.difference
        print(f"not the same: {first}" if first else f"not the same, though {records} of metrics are equal")
        if not compared.checkpoints:
            print("there is no checkpoint of the same step to compare")
        for each in compared.checkpoints:
            print(each)
        for line in found.environment:
            print(f"the environment is another: {line}")
    if found.part:
        print(found.part)
    print(found.again)


def _values(found: Reproduction) -> dict[str, Any]:
    from dataclasses import asdict

    compared = found.comparison
    return {
        "run": str(found.run),
        "again": str(found.again),
        "same": compared.same,
        "part": found.part,
        "environment": list(found.environment),
        "records": compared.records,
        "difference": asdict(compared.difference) if compared.difference else None,
        "checkpoints": [{**asdict(each), "other": list(each.other)} for each in compared.checkpoints],
    }

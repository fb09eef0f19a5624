"""`netlab launch`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from netlab.plugin import Plugins, load
from netlab.train import (
    AllowChange,
    Config,
    DryRun,
    FoldOf,
    Json,
    Overrides,
    Quiet,
    Resume,
    RunDir,
    Runs,
    config_and_overrides,
    fold_as_overrides,
)

Workers = Annotated[int, typer.Option("--workers", "-w", metavar="N", help="Processes to start on this machine.")]


def launch(
    workers: Workers,
    config: Config = None,
    overrides: Overrides = None,
    resume: Resume = None,
    allow_change: AllowChange = False,
    run_dir: RunDir = None,
    runs: Runs = Path("runs"),
    fold: FoldOf = None,
    plugin: Plugins = None,
    dry_run: DryRun = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Train with several processes of this machine, for a try or a GPU each.

    \b
    CONFIG     the config's file; none with --resume
    KEY=VALUE  what to change in it: train.epochs=5; ~KEY deletes a key

    \b
    netlab launch --workers 2 configs/digits_mlp.yaml
    netlab launch --workers 2 configs/digits_mlp.yaml train.epochs=5 --quiet
    netlab launch --workers 2 --resume runs/digits-mlp-1

    It is netlab train with train.distribute=multi_worker in each. Where one ends, the others have 60 s to save and end.
    Exit code: that of the first worker that failed.
    """
    load(plugin)
    path, changes = config_and_overrides([*filter(None, [config]), *(overrides or ())], resume is not None)
    changes = [*fold_as_overrides(fold), *changes]
    from netlib.tasks.launch import plan_launch
    from netlib.tasks.worker_processes import run_workers

    plan = plan_launch(
        workers,
        path,
        changes,
        runs_root=runs,
        run_dir=run_dir,
        resume=resume,
        allow_change=allow_change,
        dry_run=dry_run,
    )
    if not quiet:
        _say(plan.said)
    paths = {"--resume": resume, "--run-dir": run_dir, "--runs": runs}
    flags = {
        "--allow-change": allow_change,
        "--dry-run": dry_run,
        "--quiet": quiet,
        "--json": json,
    }
    words = [
        *(word for each in plugin or () for word in ("--plugin", str(each))),
        *(word for name, value in paths.items() if value is not None for word in (name, str(value))),
        *(name for name, given in flags.items() if given),
        *([str(path)] if path else []),
        *plan.overrides,
    ]
    raise typer.Exit(run_workers([sys.executable, "-P", "-m", "netlab", "train", *words], plan.environments, _say))


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)

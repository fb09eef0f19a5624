"""`netlab train`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from netlab.plugin import Plugins, load
from netlab.quiet import starting_tensorflow
from netlab.trained import print_changes, print_next, print_result, print_verdict, progress

Config = Annotated[str | None, typer.Argument(metavar="CONFIG", hidden=True)]
Overrides = Annotated[list[str] | None, typer.Argument(metavar="KEY=VALUE", hidden=True)]
Resume = Annotated[Path | None, typer.Option("--resume", metavar="RUN", help="Go on with a run, with its own config.")]
AllowChange = Annotated[
    bool, typer.Option("--allow-change", help="Resume with changes that make the rest of it another run.")
]
RunDir = Annotated[
    Path | None, typer.Option("--run-dir", metavar="DIR", help="The run directory, in place of a numbered one.")
]
Runs = Annotated[Path, typer.Option("--runs", metavar="DIR", help="Where numbered run directories go.")]
FoldOf = Annotated[
    str | None, typer.Option("--fold", metavar="K/N", help="Validate on fold K of N, and train on the others.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Two steps of everything, and nothing is written.")]
Overfit = Annotated[
    int | None,
    typer.Option(
        "--overfit",
        metavar="N",
        help="Learn the first N batches by heart, as a test; nothing is written. Exit 1 if not.",
    ),
]
Profiled = Annotated[bool, typer.Option("--profile", help="Show where the time went, and keep it in the run.")]
Sweep = Annotated[
    list[str] | None,
    typer.Option(
        "--sweep", metavar="KEY=VALUES", help="Train for each of several values; of several keys, for each pair."
    ),
]
Trials = Annotated[int | None, typer.Option("--trials", metavar="N", min=1, help="With --sweep: how many runs.")]
Workers = Annotated[
    int | None, typer.Option("--workers", metavar="N", min=1, help="With --sweep: processes that train at once.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, only the results.")]
Json = Annotated[bool, typer.Option("--json", help="The results as JSON.")]


def train(
    config: Config = None,
    overrides: Overrides = None,
    resume: Resume = None,
    allow_change: AllowChange = False,
    run_dir: RunDir = None,
    runs: Runs = Path("runs"),
    fold: FoldOf = None,
    plugin: Plugins = None,
    dry_run: DryRun = False,
    overfit: Overfit = None,
    profile: Profiled = False,
    sweep: Sweep = None,
    trials: Trials = None,
    workers: Workers = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Train what a config describes, in a new run directory.

    \b
    CONFIG     the config's file; none with --resume
    KEY=VALUE  what to change in it: train.epochs=5; ~KEY deletes a key

    \b
    netlab train configs/digits_cnn.yaml
    netlab train configs/digits_mlp.yaml train.epochs=5 model.hidden.units=128
    netlab train configs/digits_mlp.yaml --fold 2/5
    netlab train configs/digits_mlp.yaml --dry-run
    netlab train configs/digits_mlp.yaml --overfit 2
    netlab train configs/digits_mlp.yaml --profile
    netlab train configs/digits_mlp.yaml --sweep seed=1..5
    netlab train spirals.yaml --plugin my_sources.py
    netlab train --resume runs/digits-cnn-1
    netlab train --resume runs/digits-cnn-1 train.epochs=60

    --sweep takes 32,64 or 1..5 or 0..0.5:0.1 or, with --trials N, any number of 1e-4..1e-1 or log:1e-4..1e-1. More: netlab sweep.
    """
    load(plugin)
    path, changes = config_and_overrides([*filter(None, [config]), *(overrides or ())], resume is not None)
    changes = [*fold_as_overrides(fold), *changes]
    if sweep or trials or workers:
        one = {
            "--resume": resume,
            "--allow-change": allow_change,
            "--run-dir": run_dir,
            "--dry-run": dry_run,
            "--overfit": overfit,
            "--profile": profile,
        }
        from netlab.train_sweep import train_sweep

        train_sweep(
            path,
            sweep or (),
            changes,
            trials=trials,
            workers=workers,
            runs=runs,
            plugins=plugin or (),
            of_one_run=one,
            quiet=quiet,
            json=json,
        )
        return
    from netlib.tasks.plan import plan_training

    plan = plan_training(
        path,
        changes,
        runs_root=runs,
        run_dir=run_dir,
        resume=resume,
        allow_change=allow_change,
        dry_run=dry_run,
        overfit=overfit,
        profile=profile,
    )
    if plan.resumed and plan.is_chief and not quiet:
        print_changes(plan.resumed)
    with starting_tensorflow(plan.config.train.threads, quiet):
        from netlib.tasks.overfit import overfit as learn_by_heart
        from netlib.tasks.training_session import run

    if plan.overfit is not None:
        with progress(quiet=quiet, json=json) as listeners:
            found = learn_by_heart(plan, listeners)
        print_verdict(found, json)
        raise typer.Exit(0 if found.learned else 1)
    with progress(quiet=quiet, json=json) as listeners:
        result = run(plan, listeners)
    if not plan.is_chief:
        return
    print_result(plan, result, json)
    if not (quiet or json):
        print_next(plan, result)


def config_and_overrides(words: list[str], resumes: bool) -> tuple[Path | None, list[str]]:
    """The first word is the config, unless a run is resumed and the word is an override."""
    if words and not (resumes and ("=" in words[0] or words[0].startswith("~"))):
        return Path(words[0]), words[1:]
    return None, words


def fold_as_overrides(text: str | None) -> list[str]:
    """`2/5` as overrides; a share to validate on, which the config may have, is none then."""
    if text is None:
        return []
    from netlib.spec.errors import UsageError

    fold, slash, folds = text.partition("/")
    if not (slash and fold.isdecimal() and folds.isdecimal()):
        raise UsageError(f"--fold takes a fold and how many there are, such as 2/5, got '{text}'")
    return ["data.validation=0", f"data.folds={int(folds)}", f"data.fold={int(fold)}"]

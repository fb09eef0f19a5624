"""`netlab sweep`, and `netlab sweep show`."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from netlab.errors import reported
from netlab.plugin import Plugins, load
from netlab.sweep_show import show

if TYPE_CHECKING:
    from netlib.tasks.sweep.plan import SweepPlan
    from netlib.tasks.sweep.run_sweep import SweepResult

SweepFile = Annotated[Path, typer.Argument(metavar="SWEEP", hidden=True)]
Overrides = Annotated[list[str] | None, typer.Argument(metavar="KEY=VALUE", hidden=True)]
Workers = Annotated[int | None, typer.Option("--workers", "-w", metavar="N", help="Processes that train at once.")]
Trials = Annotated[int | None, typer.Option("--trials", metavar="N", help="How many trials are to end.")]
Storage = Annotated[
    str | None, typer.Option("--storage", metavar="URL", help="The database that keeps the study, such as PostgreSQL.")
]
Runs = Annotated[Path, typer.Option("--runs", metavar="DIR", help="Where the folder with the trials' runs goes.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, only the results.")]
Json = Annotated[bool, typer.Option("--json", help="The results as JSON.")]
TOP = 5
"""Trials of the table at the end."""


class RunsByDefault(TyperGroup):
    """Runs a sweep where no other verb is named. A file that is called as a verb is written `./show`."""

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """Of the verb that is meant; the running goes by the name of the group."""
        if args[:1] and args[0] in self.commands:
            return super().make_context(info_name, args, parent, **extra)
        return self.commands["run"].make_context(info_name, args, parent, **extra)


app = typer.Typer(cls=RunsByDefault, rich_markup_mode=None)


def sweep(
    file: SweepFile,
    overrides: Overrides = None,
    workers: Workers = None,
    trials: Trials = None,
    storage: Storage = None,
    runs: Runs = Path("runs"),
    plugin: Plugins = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Search a config's keys for the best values, by many trials.

    \b
    SWEEP      the sweep's file: the config, what is tried, and how
    KEY=VALUE  what all trials have otherwise in the config: train.epochs=5

    \b
    netlab sweep digits_search.yaml
    netlab sweep digits_search.yaml --workers 4 --trials 100
    netlab sweep digits_search.yaml train.epochs=10 --quiet
    netlab sweep digits_search.yaml --storage postgresql://me@host/sweeps
    netlab sweep show digits_search.yaml   (netlab sweep show --help)

    Each trial is an ordinary run, runs/NAME/trial-0007. Stopped in any way and started again, a sweep goes on; started twice,
    here or on another machine with the same storage, it is one sweep. For a few keys no file is needed: 'train' has --sweep.
    """
    load(plugin)
    from netlib.config.sweep_file import load_sweep
    from netlib.tasks.sweep.plan import plan_sweep

    found = load_sweep(file, overrides or ())
    plan = plan_sweep(found, workers=workers, trials=trials, storage=storage, runs_root=runs, plugins=plugin or ())
    run_sweep(plan, quiet=quiet, json=json)


def run_sweep(plan: SweepPlan, *, quiet: bool, json: bool) -> None:
    """Runs it, with its progress on stderr, and prints what it came to."""
    from netlab.sweep_worker import command
    from netlib.report.sweep_progress import sweep_progress
    from netlib.tasks.sweep.run_sweep import Watcher
    from netlib.tasks.sweep.run_sweep import sweep as run

    again = shlex.join(["netlab", *sys.argv[1:]])
    with sweep_progress(quiet=quiet or json) as progress:
        result = run(plan, command(), again, Watcher(progress.show, progress.say))
    _print_result(plan, result, json)
    if not (quiet or json):
        _print_next(plan, result)


def _print_result(plan: SweepPlan, result: SweepResult, json: bool) -> None:
    from netlib.report.as_json import as_json
    from netlib.report.numbers import duration
    from netlib.report.sweep_table import sweep_text
    from netlib.report.terminal import has_color, width
    from netlib.tasks.sweep.next_steps import plain

    if json:
        print(as_json(plain(result)))
        return
    print(sweep_text(result.study, width(), has_color(sys.stdout), top=TOP), end="")
    print(f"{result.reason}, in {duration(result.seconds)}")
    print(result.folder)


def _print_next(plan: SweepPlan, result: SweepResult) -> None:
    from netlib.report.closing import next_commands
    from netlib.report.terminal import has_color
    from netlib.tasks.sweep.next_steps import next_steps

    sys.stdout.flush()  # on a terminal they stand below the results
    commands = next_commands([*next_steps(plan, result)], color=has_color(sys.stderr))
    print(f"\n{commands}", end="", file=sys.stderr)


app.command("run", help=sweep.__doc__, hidden=True)(reported(sweep))
app.command("show")(reported(show))

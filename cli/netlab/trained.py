"""What `netlab train` prints: progress and what may come next on stderr, results on stdout."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from netlib.spec.listener import Listener
    from netlib.tasks.overfit import Overfit
    from netlib.tasks.plan import TrainPlan
    from netlib.tasks.resume import Resumed
    from netlib.tasks.train import TrainResult


def print_changes(resumed: Resumed) -> None:
    """What is changed, a line a key."""
    from netlib.report.changes import change_line
    from netlib.report.terminal import has_color

    for change in resumed.changes:
        print(change_line(change.key, *change.shown(), color=has_color(sys.stderr)), file=sys.stderr)


@contextmanager
def progress(*, quiet: bool, json: bool) -> Iterator[list[Listener]]:
    """Listeners that show a training; the run directory is on stdout as soon as there is one, unless the same screen shows it.

    On one screen an empty line parts the progress from the results.
    """
    from netlib.report.display import display

    one_screen = not quiet and sys.stdout.isatty() and sys.stderr.isatty()
    with display(quiet=quiet) as shown:
        yield [shown] if json or one_screen else [_announcer(), shown]
    if one_screen:
        print(file=sys.stderr)


def _announcer() -> Listener:
    from netlib.spec.listener import Listener

    class Announcer(Listener):
        def run_started(self, run: Path | None, header: Mapping[str, Any]) -> None:
            if run:
                print(run, flush=True)

    return Announcer()


def print_result(plan: TrainPlan, result: TrainResult, json: bool) -> None:
    """The metrics, where the time went if that was asked for, and the run directory."""
    from netlib.report.as_json import as_json
    from netlib.report.profile import profile_tables
    from netlib.report.results import training_result
    from netlib.report.terminal import has_color
    from netlib.runs.profile import FOLDER

    profile = plan.profile.to_plain() if plan.profile else None
    if json:
        facts = {**asdict(result), "run": None if result.run is None else str(result.run)}
        print(as_json(facts if profile is None else {**facts, "profile": profile}))
        return
    text = training_result(
        result.metrics,
        best_epoch=result.best_epoch,
        epochs=result.epochs,
        seconds=result.seconds,
        color=has_color(sys.stdout),
    )
    print(text, end="")
    if profile is not None and result.run:
        print("", profile_tables(profile, result.run / FOLDER, color=has_color(sys.stdout)), sep="\n")
    if result.run:
        print(result.run)


def print_next(plan: TrainPlan, result: TrainResult) -> None:
    """The commands that may come next, on stderr: they are no result."""
    from netlib.report.closing import next_commands
    from netlib.report.terminal import has_color
    from netlib.tasks.next_steps import next_steps

    if commands := list(next_steps(plan, result)):
        sys.stdout.flush()  # on a terminal they stand below the results
        print(f"\n{next_commands(commands, color=has_color(sys.stderr))}", end="", file=sys.stderr)


def print_verdict(found: Overfit, json: bool) -> None:
    """Whether a few batches were learned by heart."""
    from netlib.report.as_json import as_json
    from netlib.report.overfit import verdict
    from netlib.report.terminal import has_color
    from netlib.tasks.overfit import RULE

    if json:
        print(as_json({**asdict(found), "rule": RULE}))
    else:
        print(verdict(**asdict(found), rule=RULE, color=has_color(sys.stdout)), end="")

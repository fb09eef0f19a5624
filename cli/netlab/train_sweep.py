"""`netlab train CONFIG --sweep KEY=VALUES`: a grid, or a random search, from the command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path


def train_sweep(
    config: Path | None,
    words: Sequence[str],
    changes: Sequence[str],
    *,
    trials: int | None,
    workers: int | None,
    runs: Path,
    plugins: Sequence[Path],
    of_one_run: Mapping[str, object],
    quiet: bool,
    json: bool,
) -> None:
    """Runs the sweep as `netlab sweep` does, and prints what it came to.

    Args:
        config: the file that was named, if one was.
        words: what was given with `--sweep`.
        changes: `key=value` that all trials have.
        trials: how many there are.
        workers: processes that train at once.
        runs: where the folder of their runs goes.
        plugins: files that every worker loads.
        of_one_run: options that are about one run, with what was given with each.
        quiet: whether only the results are printed.
        json: whether these are JSON.

    Raises:
        UsageError: something of this does not go together, or has mistakes.
    """
    from netlab.sweep import run_sweep
    from netlib.config.sweep_words import sweep_of_words
    from netlib.spec.errors import UsageError
    from netlib.tasks.sweep.plan import plan_sweep

    given = [option for option, value in of_one_run.items() if value not in (None, False)]
    if not words:
        option = "--trials" if trials else "--workers"
        raise UsageError(f"{option} is for many runs: add --sweep KEY=VALUES, or write a file for 'netlab sweep'")
    if given:
        raise UsageError(f"--sweep trains many runs, and {given[0]} is about one; leave one of them out")
    if config is None:
        raise UsageError("--sweep needs a config: netlab train CONFIG --sweep KEY=VALUES")
    sweep = sweep_of_words(config, words, changes, trials=trials, workers=workers)
    run_sweep(plan_sweep(sweep, runs_root=runs, plugins=plugins), quiet=quiet, json=json)

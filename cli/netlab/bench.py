"""`netlab bench`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from netlab.plugin import Plugins, load

Config = Annotated[Path, typer.Argument(metavar="CONFIG_OR_FOLDER", hidden=True)]
Overrides = Annotated[list[str] | None, typer.Argument(metavar="KEY=VALUE", hidden=True)]
Against = Annotated[
    list[str] | None,
    typer.Option("--against", metavar="PEER", help="keras, or keras-tuned (steps_per_execution); may be repeated."),
]
Rounds = Annotated[int, typer.Option("--rounds", metavar="N", min=1, help="How often everything is timed, in turns.")]
Json = Annotated[bool, typer.Option("--json", help="The measurements as JSON.")]


def bench(
    config: Config,
    overrides: Overrides = None,
    against: Against = None,
    rounds: Rounds = 5,
    plugin: Plugins = None,
    json: Json = False,
) -> None:
    """Measure how fast configs train: throughput, start-up, memory.

    \b
    CONFIG_OR_FOLDER  a config's file, or a folder: every *.yaml in it and
                      below, one after the other
    KEY=VALUE         what to change in all of them: data.batch_size=256

    Each config trains in a process of its own, on its own data. Validation,
    checkpoints and callbacks are off, and nothing is written. An epoch
    compiles, others warm up; then rounds are timed: an epoch each, or as
    many as take 0.3 s. With --against a peer trains the same network with
    keras.Model.fit, a round of ours and a round of theirs in turns.

    \b
    netlab bench configs/bench/mlp.yaml
    netlab bench configs/bench/mlp.yaml data.batch_size=512 --against keras
    netlab bench configs/bench --against keras --against keras-tuned --json
    """
    load(plugin)
    from netlib.report.bench_progress import BenchProgress
    from netlib.tasks.bench import bench as measure
    from netlib.tasks.bench import plan_bench

    plan = plan_bench(config, overrides or (), against or (), rounds, plugin or ())
    with BenchProgress(sys.stderr, [str(each) for each in plan.configs]) as progress:
        found = measure(plan, progress.tell)
    if json:
        from netlib.report.as_json import as_json

        print(as_json(found))
    else:
        from netlib.report.bench import bench_text
        from netlib.report.terminal import has_color, width

        print(bench_text(found, width(), has_color(sys.stdout)), end="")
    if any("error" in each for each in found["benchmarks"]):
        raise typer.Exit(1)

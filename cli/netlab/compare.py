"""`netlab compare`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from netlab.plugin import Plugins, load

Sides = Annotated[list[Path], typer.Argument(metavar="A B", hidden=True)]
Json = Annotated[bool, typer.Option("--json", help="The differences as JSON.")]


def compare(sides: Sides, plugin: Plugins = None, json: Json = False) -> None:
    """Compare configs or runs: their keys, networks, results and environments.

    \b
    A B  two or more configs, run directories, or checkpoints of runs

    \b
    netlab compare runs/digits-mlp-1 runs/digits-mlp-2
    netlab compare configs/digits_mlp.yaml configs/digits_cnn.yaml
    netlab compare configs/digits_mlp.yaml runs/digits-mlp-1 --json

    Of a config every key counts, defaults too. Of a network: + a node that the first has not, - one that not all have, ~ one that
    differs. A star marks the better of two metrics, which are those of the best epoch.
    """
    load(plugin)
    from netlib.tasks.compare import compare
    from netlib.tasks.compare_shown import names_of, plain, tables

    found = compare(sides)
    if json:
        from netlib.report.as_json import as_json

        print(as_json(plain(found)))
    else:
        from netlib.report.comparison import comparison_text
        from netlib.report.terminal import has_color, width

        print(comparison_text(names_of(found), tables(found), width(), has_color(sys.stdout)), end="")

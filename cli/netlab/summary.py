"""`netlab summary`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

Config = Annotated[Path, typer.Argument(metavar="CONFIG_OR_RUN", hidden=True)]
Overrides = Annotated[list[str] | None, typer.Argument(metavar="KEY=VALUE", hidden=True)]
Depth = Annotated[
    int | None, typer.Option(metavar="N", min=1, help="Levels of containers that are shown; all by default.")
]
Json = Annotated[bool, typer.Option("--json", help="The summary as JSON.")]


def summary(config: Config, overrides: Overrides = None, depth: Depth = None, json: Json = False) -> None:
    """Show a network node by node: shapes, parameters, cost.

    \b
    CONFIG_OR_RUN  a config's file, or a run directory
    KEY=VALUE      what to change in it: model.hidden.units=64; ~KEY deletes a key

    \b
    netlab summary configs/digits_cnn.yaml
    netlab summary configs/digits_mlp.yaml model.hidden.units=256 --depth 1
    """
    from netlib.report.summary import as_values, for_stream
    from netlib.tasks.summarise import summarise

    found = summarise(config, overrides or (), depth)
    if json:
        from json import dumps

        print(dumps(as_values(found)))
    else:
        print(for_stream(found, sys.stdout), end="")

"""`netlab data`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from netlab.plugin import Plugins, load

Name = Annotated[str | None, typer.Argument(metavar="NAME", hidden=True)]
Json = Annotated[bool, typer.Option("--json", help="The same as JSON.")]


def data(name: Name = None, plugin: Plugins = None, json: Json = False) -> None:
    """List sources, preprocessing steps and splits, or tell all about one: parameters, defaults, an example.

    \b
    NAME  a source, a step or a split

    \b
    netlab data
    netlab data csv
    netlab data Standardize
    netlab data split.Hash
    netlab data --plugin my_sources.py
    """
    load(plugin)
    from netlib.report import layers as report
    from netlib.tasks import describe as task

    if name is None:
        groups = task.data_catalogue()
        shown: object = report.groups_values(groups) if json else report.groups_text(groups, sys.stdout, "data")
    else:
        found = task.describe(name, task.DATA_KINDS)
        parts = found.facts, found.example, found.others
        shown = report.description_values(*parts) if json else report.description_text(*parts, sys.stdout, "data")
    if isinstance(shown, str):
        print(shown, end="")
    else:
        from netlib.report.as_json import as_json

        print(as_json(shown))

"""`netlab layers`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from netlab.plugin import Plugins, load

Name = Annotated[str | None, typer.Argument(metavar="NAME", hidden=True)]
Json = Annotated[bool, typer.Option("--json", help="The same as JSON.")]


def layers(name: Name = None, plugin: Plugins = None, json: Json = False) -> None:
    """List the layers, or tell all about one type: parameters, shapes, weights, an example.

    \b
    NAME  a layer, or whatever a config can name: a loss, an optimizer ...;
          or a kind, whose types are listed

    \b
    netlab layers
    netlab layers Conv2D
    netlab layers optimizer
    netlab layers keras
    netlab layers loss.CosineSimilarity
    netlab layers Scale --plugin my_layers.py
    """
    load(plugin)
    from netlib.report import layers as report
    from netlib.tasks import describe as task

    if name is None or name in task.KINDS:
        groups = task.catalogue(name or "layer")
        _print(report.groups_values(groups) if json else report.groups_text(groups, sys.stdout))
    else:
        found = task.describe(name)
        parts = found.facts, found.example, found.others
        _print(report.description_values(*parts) if json else report.description_text(*parts, sys.stdout))


def _print(shown: object) -> None:
    if isinstance(shown, str):
        print(shown, end="")
    else:
        from netlib.report.as_json import as_json

        print(as_json(shown))

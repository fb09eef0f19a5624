"""`netlab peek`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from netlab.plugin import Plugins, load

Config = Annotated[Path, typer.Argument(metavar="CONFIG", hidden=True)]
Overrides = Annotated[list[str] | None, typer.Argument(metavar="KEY=VALUE", hidden=True)]
Rows = Annotated[int, typer.Option(metavar="N", min=0, help="Samples that are shown as they are.")]
Images = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Draw images of the training split, by class: a .png.")
]
Json = Annotated[bool, typer.Option("--json", help="The same as JSON.")]


def peek(
    config: Config,
    overrides: Overrides = None,
    rows: Rows = 5,
    images: Images = None,
    plugin: Plugins = None,
    json: Json = False,
) -> None:
    """Look at a config's data as a training would read it: columns, classes, samples, and what is odd about them.

    \b
    CONFIG     a config's file; a section 'data' is enough
    KEY=VALUE  what to change: data.validation=0.1; ~KEY deletes a key

    \b
    netlab peek configs/iris.yaml
    netlab peek configs/iris.yaml data.source=wine --rows 3
    netlab peek configs/digits_cnn.yaml --images digits.png
    """
    load(plugin)
    from netlib.tasks.peek import peek as look

    found = look(config, overrides or (), rows, images)
    if images is not None:
        print(f"wrote {images}", file=sys.stderr)
    if json:
        from dataclasses import asdict

        from netlib.report.as_json import as_json

        print(as_json(asdict(found)))
    else:
        from netlib.report.peek import for_stream

        print(for_stream(found, sys.stdout), end="")

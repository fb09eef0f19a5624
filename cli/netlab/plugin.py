"""The option `--plugin`, which several verbs have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Plugins = Annotated[
    list[Path] | None,
    typer.Option(
        "--plugin", metavar="FILE", help="Python with layers, losses, metrics or sources of your own; may be repeated."
    ),
]


def load(plugins: list[Path] | None) -> None:
    """Loads the files, if there are any."""
    if plugins:
        from netlib.spec.plugins.loading import load_plugins

        load_plugins(plugins)

"""`netlab schema`."""

from __future__ import annotations

from typing import Annotated

import typer

from netlab.plugin import Plugins, load

Sweep = Annotated[bool, typer.Option("--sweep", help="That of a sweep file.")]


def schema(plugin: Plugins = None, sweep: Sweep = False) -> None:
    """Print the JSON schema of a config, with which an editor completes and documents every key.

    \b
    netlab schema > netlab.schema.json
    netlab schema --plugin my_sources.py > netlab.schema.json
    netlab schema --sweep > sweep.schema.json

    At the top of a config, for an editor with a YAML language server:

    \b
    # yaml-language-server: $schema=netlab.schema.json
    """
    load(plugin)
    from json import dumps

    if sweep:
        from netlib.tasks.sweep_schema import sweep_schema as made
    else:
        from netlib.tasks.schema import config_schema as made

    print(dumps(made(), indent=2, ensure_ascii=False))

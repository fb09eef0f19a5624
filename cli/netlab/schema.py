"""`netlab schema`."""

from __future__ import annotations

from netlab.plugin import Plugins, load


def schema(plugin: Plugins = None) -> None:
    """Print the JSON schema of a config, with which an editor completes and documents every key.

    \b
    netlab schema > netlab.schema.json
    netlab schema --plugin my_sources.py > netlab.schema.json

    At the top of a config, for an editor with a YAML language server:

    \b
    # yaml-language-server: $schema=netlab.schema.json
    """
    load(plugin)
    from json import dumps

    from netlib.tasks.schema import config_schema

    print(dumps(config_schema(), indent=2, ensure_ascii=False))

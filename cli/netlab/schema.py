"""`netlab schema`."""

from __future__ import annotations


def schema() -> None:
    """Print the JSON schema of a config, with which an editor completes and documents every key.

    \b
    netlab schema > netlab.schema.json

    At the top of a config, for an editor with a YAML language server:

    \b
    # yaml-language-server: $schema=netlab.schema.json
    """
    from json import dumps

    from netlib.tasks.schema import config_schema

    print(dumps(config_schema(), indent=2, ensure_ascii=False))

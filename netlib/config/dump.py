"""Plain values to YAML 1.2 text that this package's reader reads back to equal values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from netlib.config.scalars import MERGE_KEY, TAG, scalar

_ENDLESS = 2**30
"""Columns, so that no line is broken."""


def to_yaml(values: Mapping[str, Any]) -> str:
    """Text of nested mappings, lists, texts, numbers, booleans and nulls, in their order."""
    text: str = yaml.dump(
        values, Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=None, width=120
    )
    return text


def to_flow(value: Any) -> str:
    """Text of a value in one line, as it may stand behind `key=` on the command line."""
    text: str = yaml.dump(
        [value], Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=True, width=_ENDLESS
    )
    return text.strip()[1:-1]


class _Dumper(yaml.CSafeDumper):
    """PyYAML's, which quotes by the rules of YAML 1.1, with the rules of 1.2 instead."""

    def ignore_aliases(self, data: Any) -> bool:
        """Every value is written out where it stands."""
        return True

    def resolve(self, kind: Any, value: Any, implicit: Any) -> str:
        """The tag that a reader gives a value: libyaml quotes a text whose unquoted tag is another."""
        if kind is yaml.ScalarNode and implicit[0]:
            return _tag(value)
        tag: str = super().resolve(kind, value, implicit)  # type: ignore[no-untyped-call]
        return tag


def _tag(word: str) -> str:
    """Of an unquoted word; of one that must be quoted, a tag that no value has."""
    if word == MERGE_KEY or "$(" in word:  # the reader has an eye on these
        return "!"
    try:
        return _TAGS[type(scalar(word))]
    except ValueError:
        return "!"


_TAGS: dict[type, str] = {
    str: f"{TAG}str",
    int: f"{TAG}int",
    float: f"{TAG}float",
    bool: f"{TAG}bool",
    type(None): f"{TAG}null",
}

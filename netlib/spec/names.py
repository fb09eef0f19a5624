"""What nodes, inputs, outputs, loss terms and variables may be called."""

from __future__ import annotations

import keyword
import re
from typing import Literal

from netlib.spec.base import shown
from netlib.spec.errors import Loc, Problem
from netlib.spec.operations import FUNCTIONS

RESERVED_NAMES = ("input", "previous")
_TAKEN = ("input", "previous", "index", "item", "key", "x", "true", "false", "null")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def check_name(name: object, loc: Loc, at: Literal["value", "key"] = "value") -> list[Problem]:
    """What is wrong with the name of a node or an input, if anything."""
    if not isinstance(name, str) or not NAME.fullmatch(name):
        message = f"expected a name of letters, digits and '_' that begins with no digit, got {shown(name)}"
        return [Problem(loc, message, at)]
    if name in RESERVED_NAMES:
        return [Problem(loc, f"'{name}' has a meaning of its own in `from`; choose another name", at)]
    return []


def name_problem(name: object) -> str | None:
    """What is wrong with a name that a config declares (a variable, a parameter); None if it will do."""
    if not isinstance(name, str) or not NAME.fullmatch(name):
        return f"expected a name of letters, digits and '_' that begins with no digit, got {shown(name)}"
    if keyword.iskeyword(name) or name in FUNCTIONS or name in _TAKEN:
        return f"'{name}' has a meaning of its own in expressions; choose another name"
    return None

"""`Finding`: one thing that a diagnosis has looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "note", "broken"]


@dataclass(frozen=True)
class Finding:
    """What was looked at, what was found, and what to do about it; a `note` is worth knowing and stops nothing."""

    name: str
    value: str
    state: State = "ok"
    hint: str = ""


Diagnosis = dict[str, list[Finding]]
"""Heading -> what was found."""

"""Facts as JSON for other programs, printed and not read back: what is read back is `netlib.runs.plain`'s.

JSON has no numbers that are not finite. They are the texts "NaN", "Infinity" and "-Infinity" here too, but a user's text may be
one of these words: a class may be called "NaN", and where it stands tells which of the two it is.
"""

from __future__ import annotations

import json
import math
from typing import Any


def as_json(value: Any) -> str:
    """One line of JSON, of what `json.dumps` takes."""
    return json.dumps(_with_words(value), allow_nan=False)


def _with_words(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return {math.inf: "Infinity", -math.inf: "-Infinity"}.get(value, "NaN")
    if isinstance(value, dict):
        return {key: _with_words(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_with_words(each) for each in value]
    return value

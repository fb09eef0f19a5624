"""How a process knows that `netlab launch` started it, and how many together with it."""

from __future__ import annotations

import os
from collections.abc import Mapping

VARIABLE = "NETLAB_LAUNCHED"
"""The environment variable in which a worker finds how many were started on this machine."""


def launched_workers(environment: Mapping[str, str] | None = None) -> int:
    """The workers of this machine that `netlab launch` started, this process among them; 0 where it did not."""
    written = (os.environ if environment is None else environment).get(VARIABLE, "")
    return int(written) if written.isascii() and written.isdecimal() else 0

"""The entry of the `netlab` command and of `python -m netlab`."""

from __future__ import annotations

import os
import signal
import sys
from io import TextIOWrapper
from pathlib import Path


def main() -> None:
    """Runs the verb that the command line names; ends the process with its exit code."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # it was closed, as a service may be started
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115  # to the end
    if isinstance(sys.stdout, TextIOWrapper):  # a character that the terminal has not must not end the command
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        _run()
    except KeyboardInterrupt:  # while importing; the verbs have their own
        raise SystemExit(128 + signal.SIGINT) from None


def _run() -> None:
    from netlab.app import app
    from netlab.quiet import hold_back_tensorflow

    hold_back_tensorflow()
    app(prog_name="netlab")


if __name__ == "__main__":
    main()

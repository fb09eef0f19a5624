"""The entry of the `netlab` command and of `python -m netlab`."""

from __future__ import annotations

import sys
from io import TextIOWrapper

from netlab.app import app
from netlab.quiet import hold_back_tensorflow


def main() -> None:
    """Runs the verb that the command line names; ends the process with its exit code."""
    if isinstance(sys.stdout, TextIOWrapper):  # a character that the terminal has not must not end the command
        sys.stdout.reconfigure(errors="backslashreplace")
    hold_back_tensorflow()
    app(prog_name="netlab")


if __name__ == "__main__":
    main()

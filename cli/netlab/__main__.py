"""The entry of the `netlab` command and of `python -m netlab`."""

from __future__ import annotations

import gc
import os
import sys
from io import TextIOWrapper
from pathlib import Path

ASKED = "_NETLAB_COMPLETE"
"""The environment variable that names the shell that asks what a word can be."""


def main() -> None:
    """Runs the verb that the command line names; ends the process with its exit code."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # it was closed, as a service may be started
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115  # to the end
    if isinstance(sys.stdout, TextIOWrapper):  # a character that the terminal has not must not end the command
        sys.stdout.reconfigure(errors="backslashreplace")
    if shell := os.environ.pop(ASKED, ""):
        gc.disable()  # the process ends before there is garbage worth looking for
        from netlab.completing import answer

        print(answer(shell, sys.argv[1:]), end="")
        return
    from netlab.signals import leave, obey_signals, say_last

    obey_signals()
    try:
        _run()
    except SystemExit as ended:
        leave(ended.code)
    except KeyboardInterrupt as error:  # while importing; the verbs have their own
        leave(say_last(error))
    leave(0)


def _run() -> None:
    from netlab.app import app
    from netlab.quiet import hold_back_tensorflow

    hold_back_tensorflow()
    app(prog_name="netlab")


if __name__ == "__main__":
    main()

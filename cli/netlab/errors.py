"""Where errors end: a message and an exit code for a user's mistake, a traceback only for a mistake of ours."""

from __future__ import annotations

import atexit
import functools
import os
import re
import signal
import sys
from collections.abc import Callable
from typing import ParamSpec

from netlab.signals import say_last

Arguments = ParamSpec("Arguments")

OUT_OF_MEMORY = ("MemoryError", "ResourceExhaustedError")
"""Names of the classes, Python's and TensorFlow's, which is not imported for this."""
OUT_OF_MEMORY_TOLD = "OutOfMemoryError"
"""The name of the error in which `netlib.tasks.memory_trouble` has explained one of them."""


def reported(verb: Callable[Arguments, None]) -> Callable[Arguments, None]:
    """The verb with its errors put into words on stderr. Exit codes: the error's own; as a shell gives them after a signal."""

    @functools.wraps(verb)
    def run(*arguments: Arguments.args, **options: Arguments.kwargs) -> None:
        try:
            verb(*arguments, **options)
            sys.stdout.flush()
        except BrokenPipeError:  # whoever reads our output has seen enough
            _write_no_more()
            raise SystemExit(128 + signal.SIGPIPE) from None
        except KeyboardInterrupt as error:
            raise SystemExit(say_last(error)) from None
        except Exception as error:
            code = _explain(error)
            if code is None:
                raise
            if type(error).__name__ == OUT_OF_MEMORY_TOLD:
                _end_at_once(code)
            raise SystemExit(code) from None

    return run


def _write_no_more() -> None:
    """Python's last flush must not complain of what stdout has refused before."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _end_at_once(code: int) -> None:
    """Ends the process, tidied up as at any end, but before Python takes TensorFlow apart.

    What XLA leaves where it has run out of memory is freed twice then, which would end the process with SIGABRT.
    """
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _explain(error: Exception) -> int | None:
    """Writes what a user should know, and gives the exit code; None if the error is not one for users."""
    from netlib.spec.errors import NetlabError, UsageError

    if type(error).__name__ in OUT_OF_MEMORY:
        found = re.search(r"OOM .*?(?= on /job:|\n|$)", str(error))  # around it stand names of TensorFlow's own
        what = found[0] if found else ""
        remedy = "make data.batch_size or the network smaller" + (f" ({what})" if what else "")
        print(f"error: there is not enough memory; {remedy}", file=sys.stderr)
        return NetlabError.exit_code
    if isinstance(error, OSError) and error.strerror:  # of stdout, say, on a full disk: the rooms explain their own
        place = f"{error.filename}: " if error.filename else ""
        print(f"error: the system refuses: {place}{error.strerror}", file=sys.stderr)
        _write_no_more()
        return NetlabError.exit_code
    if not isinstance(error, NetlabError):
        return None
    from netlib.config.problems import ConfigError, render
    from netlib.report.terminal import edge, has_color

    if isinstance(error, ConfigError):
        print(render(error.problems, color=has_color(sys.stderr), columns=edge(sys.stderr)), file=sys.stderr)
    else:
        print(f"error: {error}" if error.exit_code <= UsageError.exit_code else error, file=sys.stderr)
    return error.exit_code

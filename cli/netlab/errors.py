"""Where errors end: a message and an exit code for a user's mistake, a traceback only for a mistake of ours."""

from __future__ import annotations

import functools
import os
import signal
import sys
from collections.abc import Callable
from typing import ParamSpec

Arguments = ParamSpec("Arguments")


def reported(verb: Callable[Arguments, None]) -> Callable[Arguments, None]:
    """The verb with its errors put into words on stderr. Exit codes: the error's own; as a shell gives them after a signal."""

    @functools.wraps(verb)
    def run(*arguments: Arguments.args, **options: Arguments.kwargs) -> None:
        try:
            verb(*arguments, **options)
            sys.stdout.flush()
        except BrokenPipeError:  # whoever reads our output has seen enough; Python's last flush must not complain
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise SystemExit(128 + signal.SIGPIPE) from None
        except KeyboardInterrupt:
            print("interrupted", file=sys.stderr)
            raise SystemExit(128 + signal.SIGINT) from None
        except Exception as error:
            code = _explain(error)
            if code is None:
                raise
            raise SystemExit(code) from None

    return run


def _explain(error: Exception) -> int | None:
    """Writes what a user should know, and gives the exit code; None if the error is not one for users."""
    from netlib.spec.errors import NetlabError, UsageError

    if not isinstance(error, NetlabError):
        return None
    from netlib.config.problems import ConfigError, render
    from netlib.report.terminal import has_color

    if isinstance(error, ConfigError):
        print(render(error.problems, color=has_color(sys.stderr)), file=sys.stderr)
    else:
        print(f"error: {error}" if error.exit_code <= UsageError.exit_code else error, file=sys.stderr)
    return error.exit_code

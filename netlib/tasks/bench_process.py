"""The process in which one config is measured. `netlib.tasks.bench` starts it, writes to its stdin and reads its stdout.

Both are lines of JSON: the request, and in answer `{"phase": ...}` again and again, then `{"result": ...}` or `{"error": ...}`.
Whatever else is written to stdout, by a library, goes to stderr.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from pathlib import Path
from typing import TextIO

from netlib.config.load import load
from netlib.config.problems import ConfigError, render
from netlib.spec.errors import NetlabError
from netlib.spec.plugins.loading import load_plugins
from netlib.tasks.bench_run import measure
from netlib.tasks.plan import Complete


def main() -> None:
    """Answers one request."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever started this process, and ends it
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    request = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_stdin, daemon=True).start()
    try:
        load_plugins([Path(each) for each in request["plugins"]])
        config = Complete.of(load(Path(request["config"]), request["overrides"]))
        found = measure(config, request["against"], request["rounds"], lambda phase: _say(answers, {"phase": phase}))
    except ConfigError as error:
        _say(answers, {"error": render(error.problems)})
    except NetlabError as error:
        _say(answers, {"error": str(error)})
    else:
        _say(answers, {"result": found})


def _say(answers: TextIO, value: object) -> None:
    print(json.dumps(value), file=answers, flush=True)


def _end_with_stdin() -> None:
    """Ends the process when nobody can read its answers any more."""
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    main()

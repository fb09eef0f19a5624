"""The process of a worker. `netlib.tasks.sweep.run_sweep` starts it, writes to its stdin and reads its stdout.

Both are lines of JSON: the request, and in answer `{"begun": number}` and `{"ended": number}` again and again, then one of
`{"done": true}`, `{"full": true}`, `{"stopped": text}` and `{"error": text, "code": exit code}`. Whatever else is written to
stdout, by a library, goes to stderr. When stdin ends, whoever started the process wants it to save and end, or is gone.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, TextIO

from netlib.config.problems import ConfigError, render
from netlib.spec.errors import NetlabError
from netlib.spec.plugins.loading import load_plugins
from netlib.tasks.starting import uncollected
from netlib.tasks.sweep.engine import need_optuna
from netlib.tasks.sweep.request import from_plain
from netlib.training.interrupt import Interrupted, watch_signals

Tell = Callable[[dict[str, Any]], None]
"""Tells whoever started this process."""
Starting = Callable[[int | None], AbstractContextManager[None]]
"""What is around the import of TensorFlow; it takes the threads of the trials, where their config says them."""


def main(starting: Starting = lambda threads: uncollected()) -> None:
    """Answers one request."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever started this process
    request = json.loads(sys.stdin.readline())
    try:
        said = answer(request, lambda words: _say(answers, words), starting)
    except ConfigError as error:
        said = {"error": render(error.problems), "code": error.exit_code}
    except NetlabError as error:
        said = {"error": str(error), "code": error.exit_code}
    _say(answers, said)
    sys.stderr.flush()
    answers.flush()


def answer(request: dict[str, Any], tell: Tell, starting: Starting) -> dict[str, Any]:
    """Works as is asked for; the last words.

    Raises:
        NetlabError: the worker cannot go on.
    """
    need_optuna()
    load_plugins([Path(each) for each in request["plugins"]])
    plan = from_plain(request)
    train = plan.sweep.experiment.train
    with starting(plan.threads or (train.threads if train else None)):
        from netlib.tasks.sweep.worker import Worker
    with watch_signals() as interrupt:
        threading.Thread(target=_end_with_stdin, daemon=True).start()
        try:
            return {Worker(plan, interrupt, tell).work(request["seconds"]): True}
        except (Interrupted, KeyboardInterrupt) as error:
            return {"stopped": str(error)}


def _say(answers: TextIO, words: dict[str, Any]) -> None:
    try:
        print(json.dumps(words), file=answers, flush=True)
    except BrokenPipeError:  # whoever started this process is gone, and stdin says so, too
        return


def _end_with_stdin() -> None:
    """Has the training saved and ended when nobody can say more."""
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()

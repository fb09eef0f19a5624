"""Runs the command in processes that faults may befall, without waiting for TensorFlow's start each time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

ALL = "NETLAB_ALL_FAULTS" in os.environ
"""Whether every place is tried at which a process can be killed, and not some of them: a quarter of an hour."""

SERVER = Path(__file__).with_name("forking_server.py")


@dataclass(frozen=True)
class Done:
    """How a process ended: its exit code, that of `-signal` after a signal, and what it printed."""

    code: int
    out: str
    err: str


class Processes:
    """A process that has imported TensorFlow, and forks into one that runs the command whenever it is asked to.

    TensorFlow's threads start with its first operation, after the fork: so each child is as good as a process of its own.
    """

    def __enter__(self) -> Self:
        # What was compiled is not kept: on what a process finds there would depend what it writes and how long it takes.
        quiet = {"NO_COLOR": "1", "COLUMNS": "200", "NETLAB_CACHE": "off"}
        environment = {**os.environ, **quiet, "OPENBLAS_NUM_THREADS": "1"}
        environment.pop("FORCE_COLOR", None)
        self._server = subprocess.Popen(
            [sys.executable, SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        return self

    def __exit__(self, *_: object) -> None:
        assert self._server.stdin is not None
        self._server.stdin.close()
        self._server.wait(timeout=60)

    def __call__(
        self,
        *words: object,
        folder: Path,
        kill_after: float | None = None,
        environment: Mapping[str, str] | None = None,
        **faults: Any,
    ) -> Done:
        """Runs `netlab WORDS` in a folder.

        Args:
            words: of the command line.
            folder: where it is run.
            kill_after: seconds after which it is killed, if it has not ended.
            environment: all of its variables; by default those of tests of faults, without colour and in 200 columns.
            faults: what befalls it from inside; see `faults_inside.arrange`.
        """
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        request = {
            "words": [*map(str, words)],
            "folder": str(folder),
            "kill_after": kill_after,
            "environment": None if environment is None else dict(environment),
            "faults": faults,
        }
        self._server.stdin.write(f"{json.dumps(request)}\n")
        self._server.stdin.flush()
        answer = self._server.stdout.readline()
        assert answer, "the process that forks has ended"
        return Done(**json.loads(answer))

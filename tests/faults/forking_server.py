"""Reads requests from stdin, a line of JSON each, and answers each when the process that it asked for has ended.

See `processes.Processes`, which starts this file as a script.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import sys
import time
from pathlib import Path
from typing import Any, NoReturn

LONGEST = 240.0
"""Seconds after which a process that hangs is killed."""


def main() -> None:
    from netlab.quiet import hold_back_tensorflow

    hold_back_tensorflow()
    import netlib.report.display
    import netlib.tasks.training_session  # noqa: F401  # with TensorFlow

    threads = list(Path("/proc/self/task").iterdir())
    assert len(threads) == 1, f"{len(threads)} threads: a fork would lose them"
    for line in sys.stdin:
        print(json.dumps(_answer(**json.loads(line))), flush=True)


def _answer(
    words: list[str],
    folder: str,
    kill_after: float | None,
    environment: dict[str, str] | None,
    faults: dict[str, Any],
) -> dict[str, Any]:
    out, err = os.pipe(), os.pipe()
    child = os.fork()
    if not child:
        for (_, write), standard in ((out, 1), (err, 2)):
            os.dup2(write, standard)
        if environment is not None:
            os.environ.clear()
            os.environ.update(environment)
        _command(words, folder, faults)
    for _, write in (out, err):
        os.close(write)
    said = _listen(child, {out[0]: b"", err[0]: b""}, LONGEST if kill_after is None else kill_after)
    _, status = os.waitpid(child, 0)
    return {
        "code": os.waitstatus_to_exitcode(status),
        "out": said[out[0]].decode(errors="replace"),
        "err": said[err[0]].decode(errors="replace"),
    }


def _listen(child: int, said: dict[int, bytes], seconds: float) -> dict[int, bytes]:
    """What a process says until it ends; it is killed when its time is over."""
    end = time.monotonic() + seconds
    with selectors.DefaultSelector() as selector:
        for descriptor in said:
            selector.register(descriptor, selectors.EVENT_READ)
        while selector.get_map():
            ready = selector.select(max(0.0, end - time.monotonic()))
            if not ready and time.monotonic() >= end:
                os.kill(child, signal.SIGKILL)
                end += LONGEST
            for key, _ in ready:
                text = os.read(key.fd, 1 << 16)
                said[key.fd] += text
                if not text:
                    selector.unregister(key.fd)
                    os.close(key.fd)
    return said


def _command(words: list[str], folder: str, faults: dict[str, Any]) -> NoReturn:
    """Is the command from here on."""
    import faults_inside

    from netlab.__main__ import main as command

    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.chdir(folder)
    sys.argv = ["netlab", *words]
    faults_inside.arrange(**faults)
    code = 0
    try:
        command()
    except SystemExit as exit_:
        code = exit_.code if isinstance(exit_.code, int) else 1
    except BaseException:
        sys.excepthook(*sys.exc_info())
        code = 1
    import threading

    for thread in threading.enumerate():  # as Python's own end does
        if thread is not threading.main_thread() and not thread.daemon:
            thread.join()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code)


if __name__ == "__main__":
    main()

"""Starts the process that tries TensorFlow out, and says what became of it, also where it crashes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile

from netlib.spec.finding import Finding

SECONDS = 300
"""After which the process is ended."""
_SHOWN_LINES = 3
_CRASHES = {
    signal.SIGILL: "the processor lacks an instruction that this build of TensorFlow uses",
    signal.SIGKILL: "often there is not enough memory: the system ends a process then",
    signal.SIGSEGV: "a library is broken, or two of them do not fit: install into a fresh environment",
}
"""Signal -> what is likely."""


def tried(quick: bool) -> list[Finding]:
    """What the process found; then why it ended, if it ended before it was through.

    Args:
        quick: it only imports TensorFlow.
    """
    with tempfile.TemporaryDirectory(prefix="netlab-doctor-") as folder:
        command = [sys.executable, "-P", "-m", "netlib.tasks.doctor.self_test", *(["--quick"] if quick else [])]
        environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
        try:
            done = subprocess.run(
                command, cwd=folder, env=environment, capture_output=True, text=True, errors="replace", timeout=SECONDS
            )
        except subprocess.TimeoutExpired as error:
            told = error.stdout.decode(errors="replace") if error.stdout else ""  # bytes, though texts are asked for
            late = f"nothing more after {SECONDS} s"
            return [*_findings(told), Finding("self-test", late, "broken", "the machine is busy, or TensorFlow hangs")]
    found = _findings(done.stdout)
    if done.returncode and not any(each.state == "broken" for each in found):
        found.append(_crash(done.returncode, done.stderr))
    return found


def _findings(out: str) -> list[Finding]:
    """One a line; what else a library prints is none."""
    return [Finding(**json.loads(line)) for line in out.splitlines() if line.startswith('{"name"')]


def _crash(code: int, errors: str) -> Finding:
    last = " ".join(errors.strip().splitlines()[-_SHOWN_LINES:])
    if code > 0:
        return Finding("self-test", f"ended with {code}: {last}", "broken", "install into a fresh environment")
    number = signal.Signals(-code)
    return Finding("self-test", f"ended by {number.name}", "broken", _CRASHES.get(number, last))

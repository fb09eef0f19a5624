"""The process of a worker of `netlab sweep`, as `python -m netlab.sweep_worker`: a command that no user types."""

from __future__ import annotations

import sys


def command() -> list[str]:
    """What starts one."""
    return [sys.executable, "-P", "-m", "netlab.sweep_worker"]


def main() -> None:
    """Is one."""
    from netlab.quiet import hold_back_tensorflow, starting_tensorflow

    hold_back_tensorflow()
    from netlib.tasks.sweep.worker_process import main as work

    work(lambda threads: starting_tensorflow(threads, quiet=True))


if __name__ == "__main__":
    main()

"""Samples per second of netlab, Keras, PyTorch, Lightning and JAX on the same networks, in turns.

    pip install torch lightning jax flax optax
    python tests/benchmarks/against.py [--rounds 5] [tiny_mlp mlp cnn lstm gru transformer_lm]

Every loop lives in a process of its own, which waits while another one has its turn: they share neither threads nor memory. A
round is an epoch of each; the first one, in which all compile, does not count. A ratio is the median of the rounds' ratios.
"""

from __future__ import annotations

import argparse
import importlib
import os
import subprocess
import sys
import time
from statistics import median
from typing import Any

import numpy as np

LIBRARIES = {
    "tensorflow_loops": ("netlab", "Keras fit", "Keras tuned"),
    "torch_loops": ("torch eager", "torch.compile", "Lightning"),
    "jax_scan": ("JAX scan",),
}
ROWS: dict[str, tuple[tuple[int, ...], int, int]] = {
    "tiny_mlp": ((64,), 32, 65_536),
    "mlp": ((784,), 128, 16_384),
    "cnn": ((28, 28, 1), 64, 2_048),
    "lstm": ((32, 16), 64, 8_192),
    "gru": ((32, 16), 64, 8_192),
    "transformer_lm": ((64,), 32, 512),
}
"""The shape of a sample, the rows of a batch, and the samples of an epoch."""


def samples(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Random ones: tokens where the network reads tokens and says the next, else numbers and one of ten classes."""
    shape, _, count = ROWS[name]
    random = np.random.default_rng(0)
    if name == "transformer_lm":
        tokens = random.integers(0, 1000, (count, shape[0] + 1), dtype=np.int32)
        return tokens[:, :-1], tokens[:, 1:]
    return random.normal(size=(count, *shape)).astype(np.float32), random.integers(0, 10, count, dtype=np.int32)


def work(library: str, loop: str, name: str, threads: int) -> None:
    """A process of one loop: an epoch for each line that comes in, its seconds for an answer."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what libraries print is no answer
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120
    module = importlib.import_module(f"peers.{library}")
    print(module.start(threads), file=answers)
    epoch = module.LOOPS[loop](name, *samples(name), ROWS[name][1])
    for _ in sys.stdin:
        began = time.perf_counter()
        epoch()
        print(time.perf_counter() - began, file=answers)


class Worker:
    """One loop in its process."""

    def __init__(self, library: str, loop: str, name: str, threads: int) -> None:
        command = [sys.executable, __file__, "--work", library, loop, name, "--threads", str(threads)]
        quiet = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "OMP_NUM_THREADS": str(threads)}
        self._process: Any = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=quiet
        )
        self.version = self._answer()

    def epoch(self) -> float:
        """Seconds of an epoch; not a number where the loop has failed."""
        try:
            self._process.stdin.write("go\n")
            self._process.stdin.flush()
            return float(self._answer())
        except (OSError, ValueError):
            return float("nan")

    def end(self) -> None:
        """Lets the process go."""
        self._process.communicate()

    def _answer(self) -> str:
        return self._process.stdout.readline().strip()  # type: ignore[no-any-return]


def compare(name: str, rounds: int, threads: int) -> set[str]:
    """Prints a line for each loop; the versions that took part."""
    workers = {loop: Worker(library, loop, name, threads) for library, loops in LIBRARIES.items() for loop in loops}
    seconds = [{loop: worker.epoch() for loop, worker in workers.items()} for _ in range(rounds + 1)][1:]
    for worker in workers.values():
        worker.end()
    print(f"{name} (batch {ROWS[name][1]})")
    for loop in workers:
        rate = median(ROWS[name][2] / each[loop] for each in seconds)
        ratios = sorted(each[loop] / each["netlab"] for each in seconds)
        print(f"  {loop:14}{rate:>12,.0f}/s   netlab is {median(ratios):6.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})")
    return {worker.version for worker in workers.values()}


def main() -> None:
    """Compares what is asked for."""
    parser = argparse.ArgumentParser(description="netlab against other libraries, in turns")
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"of {', '.join(ROWS)}; all by default")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--work", nargs=3, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.work:
        work(*asked.work, asked.threads)
        return
    versions = set[str]()
    for name in asked.rows or ROWS:
        versions |= compare(name, asked.rounds, asked.threads)
    print(f"{asked.threads} threads; {'; '.join(sorted(versions))}")


if __name__ == "__main__":
    main()

"""How long `netlab check` takes for configs of more and more nodes: whole processes, medians.

python tests/benchmarks/check_curve.py
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

NODES = (10, 100, 1_000, 3_000, 10_000)
ROUNDS = 5
HEAD = "model:\n  inputs: {features: {shape: [64]}}\n  nodes:\n"


def chain(nodes: int) -> str:
    """Layers one after the other, each written out."""
    return HEAD + "".join(f"    - {{Dense: {{units: 64, activation: relu}}, name: n{i}}}\n" for i in range(nodes))


def blocks(nodes: int) -> str:
    """A block of three layers around which its input is added, again and again by `repeat`: five nodes each."""
    unit = "blocks:\n  Unit: [Residual: [Dense: 64, Activation: relu]]\n"
    return f"{unit}{HEAD}    - {{Unit: , repeat: {max(1, nodes // 5)}, name: unit}}\n"


def seconds(text: str) -> float:
    """Of `netlab check` on a config."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.yaml"
        path.write_text(text)
        taken = []
        for _ in range(ROUNDS):
            started = time.perf_counter()
            subprocess.run([sys.executable, "-m", "netlab", "check", str(path)], check=True, capture_output=True)
            taken.append(time.perf_counter() - started)
    return statistics.median(taken)


def main() -> None:
    """Prints the table."""
    kinds: tuple[Callable[[int], str], ...] = (chain, blocks)
    print("nodes   " + "  ".join(f"{kind.__name__:>8}" for kind in kinds))
    for nodes in NODES:
        print(f"{nodes:>6}  " + "  ".join(f"{seconds(kind(nodes)):7.2f}s" for kind in kinds), flush=True)


if __name__ == "__main__":
    main()

"""Peak memory of trainings against the estimates of `netlib.spec.memory`: each config is trained in a process of its own.

    python tests/benchmarks/memory.py [CONFIG ... [KEY=VALUE ...]]

Without a config, all that are shipped and can be trained. Three steps each. The peak is that of the resident set: what the
system has given the process at most.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from netlib.config.load import load
from netlib.spec.errors import NetlabError
from netlib.tasks.summarise import summarise

MIB = 2**20
STEPS = 3
SHIPPED = Path(__file__).parents[2] / "configs"


def train_here(config: str, overrides: list[str]) -> None:
    """Trains, and prints the peak."""
    from netlib.tasks.train import train
    from netlib.training.measuring import peak_memory

    with tempfile.TemporaryDirectory() as folder:
        train(config, [*overrides, f"train.steps={STEPS}"], runs_root=Path(folder))
    print(f"peak {peak_memory()}")


def measured(config: str, overrides: list[str]) -> int:
    """The peak of a training in a new process."""
    command = [sys.executable, __file__, "--here", config, *overrides]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        raise SystemExit(f"{config}: {done.stderr[-2000:]}")
    return int(next(line for line in done.stdout.splitlines() if line.startswith("peak ")).split()[1])


def compare(config: str, overrides: list[str]) -> None:
    """Prints one line: estimate and measurement in MiB, and their ratio."""
    step = summarise(Path(config), overrides).step
    if step is None or step.memory is None:
        print(f"{Path(config).stem:24} {'not known':>9}")
        return
    estimate, peak = step.memory.total, measured(config, overrides)
    facts = f"{step.batch_size:>6} {step.mode:6} {estimate / MIB:>9,.0f} {peak / MIB:>9,.0f}"
    print(f"{Path(config).stem:24} {facts} {estimate / peak:>7.3f}", flush=True)


def shipped() -> list[str]:
    """Every config that is complete."""
    found = []
    for path in sorted(SHIPPED.rglob("*.yaml")):
        try:
            experiment = load(path, open_data=False)
        except NetlabError:
            continue
        if experiment.train and experiment.data and experiment.graph:
            found.append(str(path))
    return found


if __name__ == "__main__":
    words = sys.argv[1:]
    if words[:1] == ["--here"]:
        train_here(words[1], words[2:])
    else:
        changes = [word for word in words if "=" in word or word.startswith("~")]
        print(f"{'config':24} {'batch':>6} {'mode':6} {'estimate':>9} {'measured':>9} {'ratio':>7}   (MiB)", flush=True)
        for name in [word for word in words if word not in changes] or shipped():
            compare(name, changes)

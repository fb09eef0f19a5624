"""Checkpoints: how fast they are written, verified and read, and what writing them costs a training.

    python tests/benchmarks/saving.py [--gigabytes 1] [--rounds 5] [--skip-training]

Each of the three is done in a process of its own; its peak is that of the resident set. What is read was just written, so that
it comes from the system's memory: hashing is measured, not the disk. Then the MLP 784-256-128-10 is trained, in turns, with a
checkpoint a second and with none but the first and the last; a ratio is the median of the rounds' ratios.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np

GB = 1e9
MLP = """\
name: mlp
seed: 0
data: {{source: npz, path: {path}, inputs: x, targets: y, batch_size: 128, validation: 0, test: 0}}
model: [{{Dense: {{units: 256, activation: relu}}}}, {{Dense: {{units: 128, activation: relu}}}}, {{Dense: 10}}]
train:
  epochs: {epochs}
  loss: sparse_categorical_crossentropy
  optimizer: {{Adam: {{learning_rate: 1e-3}}}}
  monitor: {{metric: train.loss, mode: max}}
  checkpoint: {checkpoint}
"""
"""The loss falls, so by this monitor the first epoch is the best, and none after it is saved for that."""
SAMPLES, EPOCHS = 16_384, 100
NEVER = 10**6
"""Epochs between checkpoints, of which there are not so many."""


def arrays(size: float) -> dict[str, dict[str, np.ndarray]]:
    """Weights, and two slots of an optimizer for each: so many bytes together."""
    random, count = np.random.default_rng(0), int(size / 3 / 4 / 8)
    model = {f"layer_{n}.kernel": random.standard_normal(count, dtype=np.float32) for n in range(8)}
    slots = {f"{slot}.{name}": value for slot in ("momentum", "velocity") for name, value in model.items()}
    return {"model": model, "optimizer": slots, "loop": {}}


def act_here(act: str, folder: Path, size: float) -> None:
    """Writes, verifies or reads the checkpoint in `folder`; prints the seconds, and the peak without what was there before."""
    from netlib.runs import checkpoint
    from netlib.training.measuring import peak_memory

    groups = arrays(size) if act == "write" else {}
    before = peak_memory()
    began = time.perf_counter()
    if act == "write":
        checkpoint.write_folder(folder, 1, groups, {})
    elif act == "verify":
        checkpoint.verify(folder)
    else:
        checkpoint.read(folder)
    print(f"seconds {time.perf_counter() - began} added {peak_memory() - before}")


def measured(act: str, folder: Path, size: float) -> tuple[float, int]:
    """Seconds, and bytes that were added at the peak, of a new process."""
    command = [sys.executable, __file__, "--here", act, str(folder), "--gigabytes", str(size / GB)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = re.search(r"seconds (\S+) added (\d+)", done.stdout)
    assert found
    return float(found[1]), int(found[2])


def compare_acts(size: float, rounds: int) -> None:
    """A line for each act: GB/s, and the memory that it takes as a share of the checkpoint."""
    with tempfile.TemporaryDirectory() as place:
        for act in ("write", "verify", "read"):
            all_of = [measured(act, Path(place) / "checkpoint", size) for _ in range(rounds)]
            rates = sorted(size / seconds / GB for seconds, _ in all_of)
            peak = max(added for _, added in all_of) / size
            print(
                f"{act:7} {median(rates):5.2f} GB/s ({rates[0]:.2f} to {rates[-1]:.2f}), memory {peak:.2f} of its size"
            )


def trained(folder: Path, checkpoint: str) -> float:
    """Seconds of a training in a new process, from the first step to the last, with all that is written."""
    config = folder / "mlp.yaml"
    config.write_text(MLP.format(path=folder / "data.npz", epochs=EPOCHS, checkpoint=checkpoint))
    code = (
        "import sys; from netlib.tasks.train import train; print('seconds', train(sys.argv[1], run_dir=None).seconds)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(config)], cwd=folder, capture_output=True, text=True, check=True
    )
    return float(done.stdout.split("seconds ")[1])


def compare_trainings(rounds: int) -> None:
    """What a checkpoint a second costs."""
    random = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        x = random.normal(size=(SAMPLES, 784)).astype(np.float32)
        np.savez(folder / "data.npz", x=x, y=random.integers(0, 10, SAMPLES, dtype=np.int32))
        ratios = []
        for _ in range(rounds):
            without = trained(folder, f"{{every_epochs: {NEVER}}}")
            with_some = trained(folder, f"{{every_epochs: {NEVER}, every_minutes: {1 / 60}}}")
            ratios.append(with_some / without)
            written = len(list((folder / "runs").glob("*/checkpoints/step-*")))
            print(f"  without {without:.2f} s, with {with_some:.2f} s ({written} checkpoints are there)", flush=True)
    ratios.sort()
    print(
        f"a checkpoint a second costs {median(ratios):.3f} of a training without ({ratios[0]:.3f} to {ratios[-1]:.3f})"
    )


def main() -> None:
    """Measures what is asked for."""
    parser = argparse.ArgumentParser(description="checkpoints: speed, memory, and what they cost a training")
    parser.add_argument("--gigabytes", type=float, default=1.0)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--skip-training", action="store_true")
    parser.add_argument("--here", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    size = asked.gigabytes * GB
    if asked.here:
        act_here(asked.here[0], Path(asked.here[1]), size)
        return
    compare_acts(size, asked.rounds)
    if not asked.skip_training:
        compare_trainings(asked.rounds)


if __name__ == "__main__":
    main()

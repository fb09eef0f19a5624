"""Many checkpoints in a row leave neither memory nor files nor threads behind."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

CONFIG = """
seed: 1
data: {source: digits, batch_size: 64}
model: [Flatten, {Dense: {units: 4096, activation: relu}}, Dense: 10]
train:
  steps: 62
  loss: sparse_categorical_crossentropy
  optimizer: Adam
  execution: graph
  threads: 1
  checkpoint: {every_steps: 1}
"""

SCRIPT = """
import gc, json, os, resource
from pathlib import Path
from netlib.spec.listener import Listener
from netlib.tasks.train import train

seen = []

class Watch(Listener):
    def checkpoint_saved(self, path, best):
        gc.collect()
        resident = int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
        size = sum(file.stat().st_size for file in path.iterdir()) if path.exists() else 0
        seen.append((resident, len(os.listdir("/proc/self/fd")), len(os.listdir("/proc/self/task")), size))

train("c.yaml", run_dir=Path("run"), listeners=[Watch()])
print(json.dumps(seen))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
def test_fifty_checkpoints(tmp_path):
    (tmp_path / "c.yaml").write_text(CONFIG)
    done = subprocess.run([sys.executable, "-c", SCRIPT], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout.splitlines()[-1])
    assert len(seen) >= 60
    memory, files, threads, sizes = zip(*seen[10:61], strict=True)
    size = max(sizes)
    assert size > 3 * 4096 * 75 * 4
    assert max(memory[-5:]) - max(memory[:5]) < 3 * size  # where one a checkpoint were left, it would be fifty
    assert max(files[-5:]) == max(files[:5])
    assert max(threads[-5:]) <= max(threads[:5])

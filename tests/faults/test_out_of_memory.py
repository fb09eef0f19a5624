"""Trainings that run out of memory for real, under a limit of the addresses that the process may have."""

from __future__ import annotations

import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from netlib.runs import checkpoint
from netlib.runs.directory import RunDirectory
from netlib.runs.locate import newest_valid

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="needs a limit of addresses that holds"),
]

CONFIG = """\
name: wide
seed: 3
data: {source: digits, validation: 0.2, test: 0.2, batch_size: 1000}
model: [{UpSampling2D: {size: 160}}, GlobalAveragePooling2D, {Dense: 10}]
train:
  epochs: 2
  loss: sparse_categorical_crossentropy
  optimizer: {SGD: {learning_rate: 1e-3}}
"""
KILOBYTES = 4_500_000
"""TensorFlow takes less than half of that before the first step; the first output of this network has 6.5 GB."""


@pytest.mark.parametrize("mode", ["graph", "xla"])
def test_a_step_that_is_too_large_is_told_and_the_last_checkpoint_stands(tmp_path: Path, mode: str) -> None:
    (tmp_path / "wide.yaml").write_text(CONFIG)
    netlab = Path(sysconfig.get_path("scripts")) / "netlab"
    command = f"ulimit -v {KILOBYTES}; exec {netlab} train wide.yaml train.execution={mode} --run-dir run"
    done = subprocess.run(["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    said = re.search(
        r"^error: there is not enough memory.*: a step is estimated to take \S+ GiB with data\.batch_size: 1,000, and \S+ GiB are"
        r" there for it\. Lower data\.batch_size to at most \d+ \(train\.accumulate: \d+ .*The last checkpoint stands: (.*)$",
        done.stderr,
        re.MULTILINE,
    )
    assert said, done.stderr
    assert "the training may run out of memory" in done.stdout + done.stderr
    newest, damaged = newest_valid(RunDirectory(tmp_path / "run"))
    assert tmp_path / said[1] == newest
    assert damaged == []
    assert checkpoint.read(newest).step == 0

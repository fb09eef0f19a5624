"""The memory that a summary promises against the peak of a training in a process of its own, where the network dominates."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).parents[1] / "benchmarks" / "memory.py"
TOLERANCE = 0.25
RUNTIME = 800
"""MiB that a training of any network takes at most: the measured ones are to need far more."""

IMAGES = """\
data: {source: noise, samples: 128, inputs: {image: {shape: [64, 64, 3]}}, targets: {label: {classes: 10}}, batch_size: 64}
model:
  - Sequential: [{Conv2D: {filters: 32, kernel_size: 3, padding: same, use_bias: false}}, BatchNormalization, Activation: relu]
    repeat: 8
    name: body
  - GlobalAveragePooling2D
  - Dense: 10
train: {epochs: 1, loss: sparse_categorical_crossentropy, optimizer: SGD}
"""
ACTIVATIONS = """\
data: {source: noise, samples: 8192, inputs: {x: {shape: [512]}}, targets: {label: {classes: 10}}, batch_size: 4096}
model:
  - {Dense: {units: 512, activation: gelu}, repeat: 12, name: hidden}
  - Dense: 10
train: {epochs: 1, loss: sparse_categorical_crossentropy, optimizer: SGD}
"""
WEIGHTS = """\
data: {source: noise, samples: 128, inputs: {x: {shape: [512]}}, targets: {label: {classes: 10}}, batch_size: 64}
model:
  - {Dense: {units: 2048, activation: relu}, repeat: 6, name: hidden}
  - Dense: 10
train: {epochs: 1, loss: sparse_categorical_crossentropy, optimizer: Adam}
"""


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the constants were measured on Linux")
@pytest.mark.parametrize("text", [IMAGES, ACTIVATIONS, WEIGHTS], ids=["images", "activations", "weights"])
def test_the_estimate_is_within_a_quarter_of_the_measured_peak(text: str, tmp_path: Path) -> None:
    config = tmp_path / "net.yaml"
    config.write_text(text)
    done = subprocess.run([sys.executable, BENCHMARK, config], capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    *_, estimate, peak, ratio = done.stdout.splitlines()[-1].replace(",", "").split()
    assert float(peak) > RUNTIME, done.stdout
    assert abs(float(ratio) - 1) <= TOLERANCE, done.stdout
    assert float(estimate) / float(peak) == pytest.approx(float(ratio), abs=0.01)

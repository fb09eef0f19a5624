from __future__ import annotations

from pathlib import Path

from netlib.report.header import header_lines
from netlib.spec.graph import Parameters

HEADER = {
    "name": "digits-cnn", "parameters": Parameters(66_090, 192), "execution": "graph", "devices": ["CPU"], "threads": 2,
    "execution_reason": "there is a convolution", "data": "digits", "samples": {"train": 1257, "validation": 270, "test": 0},
    "batch_size": 32, "steps": 40,
}  # fmt: skip


def test_header():
    assert header_lines(Path("runs/digits-cnn-1"), HEADER) == [
        "digits-cnn: 66,282 parameters, 66,090 trainable",
        "samples: 1,257 train, 270 validation of digits; batches of 32, 40 steps an epoch",
        "execution: graph on CPU, 2 threads; there is a convolution",
        "run: runs/digits-cnn-1",
    ]


def test_what_is_not_known_is_left_out():
    lines = header_lines(None, {**HEADER, "samples": {}, "data": None, "steps": None, "threads": 1})
    assert lines[1:] == [
        "samples: a stream; batches of 32",
        "execution: graph on CPU, 1 thread; there is a convolution",
    ]
    assert header_lines(None, {**HEADER, "steps": 1})[1].endswith("; batches of 32, 1 step an epoch")


def test_several_devices():
    lines = header_lines(None, {**HEADER, "devices": ["GPU A (8.0)", "GPU B (8.0)"]})
    assert lines[2] == "execution: graph on GPU A (8.0), GPU B (8.0), 2 threads; there is a convolution"


def test_how_a_step_is_divided_among_replicas():
    lines = header_lines(None, {**HEADER, "batch_size": 64, "replicas": 2, "learning_rate": "0.001, not scaled"})
    assert lines[2] == "2 replicas x 32 = 64 samples a step; learning rate 0.001, not scaled"
    one = header_lines(None, {**HEADER, "replicas": 1, "learning_rate": "by CosineDecay, scaled by 2 (linear)"})
    assert one[2] == "1 replica x 32 = 32 samples a step; learning rate by CosineDecay, scaled by 2 (linear)"

"""The header of a training: what is trained, on what, how and where, in a few lines."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from netlib.report import numbers


def header_lines(run: Path | None, header: Mapping[str, Any]) -> list[str]:
    """The lines; see `netlib.spec.listener.Listener.run_started` for what the header holds."""
    parameters = header["parameters"]
    lines = [
        f"{header['name']}: {numbers.count(parameters.total)} parameters, {numbers.count(parameters.trainable)} trainable",
        f"samples: {_samples(header)}; {_batches(header)}",
        f"execution: {_execution(header)}",
    ]
    if "replicas" in header:
        lines.insert(2, _replicas(header))
    return [*lines, f"run: {run}"] if run else lines


def _samples(header: Mapping[str, Any]) -> str:
    sizes = [f"{numbers.count(size)} {split}" for split, size in header["samples"].items() if size] or ["a stream"]
    source = f" of {header['data']}" if header["data"] else ""
    return f"{', '.join(sizes)}{source}"


def _batches(header: Mapping[str, Any]) -> str:
    steps = header["steps"]
    epoch = f", {numbers.count(steps)} step{'' if steps == 1 else 's'} an epoch" if steps else ""
    return f"batches of {numbers.count(header['batch_size'])}{epoch}"


def _execution(header: Mapping[str, Any]) -> str:
    threads = header["threads"]
    device = ", ".join(header["devices"])
    return f"{header['execution']} on {device}, {threads} thread{'' if threads == 1 else 's'}; {header['execution_reason']}"


def _replicas(header: Mapping[str, Any]) -> str:
    """How a step is divided, and the learning rate that goes with its size."""
    count, rows = header["replicas"], header["batch_size"]
    own = f" x {numbers.count(rows // count)} = {numbers.count(rows)} samples a step"
    return f"{count} replica{'' if count == 1 else 's'}{own}; learning rate {header['learning_rate']}"

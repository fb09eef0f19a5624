"""For all tests: TensorFlow says only what is an error, and Hypothesis draws the same examples each time.

The commands that tests start keep what they compile in a folder of the test run's own.

`pytest --hypothesis-profile=explore` draws new ones. `pytest --every-row` also runs what is left out for rows of the conformance
tables that bring nothing new to a graph.
"""

from __future__ import annotations

import gc
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from netlab.compiled import CACHE
from netlab.quiet import hold_back_tensorflow

hold_back_tensorflow()
_OWN_CACHE = None if CACHE in os.environ else tempfile.mkdtemp(prefix="netlab-tests-")
os.environ.setdefault(CACHE, _OWN_CACHE or "")  # of the first process, which starts the others

# Without a deadline: that a machine is slow is no mistake of the code.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("explore", derandomize=False, deadline=None)
settings.load_profile("repeatable")


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, str], Path]]:
    """Writes a file of a user's own, in the current folder. What is loaded of such files is forgotten afterwards."""
    from netlib.spec.registry import ADDED

    before, modules = {kind: dict(added) for kind, added in ADDED.items()}, set(sys.modules)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.chdir(tmp_path)

    def write(text: str, name: str = "my_sources.py") -> Path:
        Path(name).write_text(f"import numpy as np\nimport netlib\n\n{text}")
        return Path(name)

    yield write
    ADDED.update(before)
    for name in set(sys.modules) - modules:
        if name.startswith("netlab_plugin_"):
            del sys.modules[name]


@pytest.fixture(scope="session")
def processes() -> Iterator[Any]:
    """The command without the wait for TensorFlow: `faults/processes.py`, for Linux."""
    sys.path.insert(0, str(Path(__file__).parent / "faults"))
    from processes import Processes

    with Processes() as started:
        yield started


LOGGED = """\
name: tiny
data: {source: digits, validation: 0.2, test: 0.2, batch_size: 64}
model: [Flatten, {Dense: {units: 8, activation: relu}, name: hidden}, Dense: 10]
train: {epochs: 3, loss: sparse_categorical_crossentropy, metrics: [accuracy]}
"""


@pytest.fixture(scope="session")
def logged_run() -> Callable[..., Path]:
    """Makes a run directory as a training leaves it, without one: of a config with overrides, and the losses of its epochs."""
    from netlib.config.dump import to_yaml
    from netlib.config.load import read
    from netlib.runs.directory import RunDirectory
    from netlib.runs.plain import to_json

    def make(
        path: Path, *overrides: str, losses: Sequence[float] = (0.9, 0.5, 0.6), state: str = "finished", day: int = 1
    ) -> Path:
        run = RunDirectory(path)
        (run.checkpoints / "step-00000000").mkdir(parents=True)
        run.resolved.write_text(to_yaml(read(LOGGED, overrides=overrides).resolved()))
        started = f"2026-01-{day:02d}T00:00:00+00:00"
        run.environment.write_text(to_json({"started": started, "threads": 2, "versions": {"keras": f"3.{day}"}}))
        monitor = {"split": "validation", "metric": "loss", "mode": "min"}
        run.header.write_text(to_json({"name": "tiny", "epochs": 3, "monitor": monitor}))
        records = [
            {
                "epoch": epoch,
                "step": 10 * epoch,
                "train": {"loss": loss * 2, "accuracy": 1 - loss},
                "validation": {"loss": loss, "accuracy": 1 - loss},
                "learning_rate": 0.01,
                "seconds": 1.5,
                "samples_per_second": 100.0,
            }
            for epoch, loss in enumerate(losses, start=1)
        ]
        run.metrics.write_text("".join(f"{to_json(record)}\n" for record in records))
        if state == "failed":
            run.failure.write_text(to_json({"error": "the disk is full", "finished": started}))
        if state == "finished":
            best = min(records, key=lambda record: record["validation"]["loss"])
            metrics = {"train": best["train"], "validation": best["validation"], "test": {"loss": 0.7, "accuracy": 0.3}}
            done = {"reason": "the budget is spent", "epoch": len(records), "step": records[-1]["step"]}
            ended = {**done, "best_epoch": best["epoch"], "seconds": 6.0, "metrics": metrics, "finished": started}
            run.result.write_text(to_json(ended))
        return path

    return make


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--every-row", action="store_true", help="compile every row of the conformance tables")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--every-row"):
        return
    left_out = [item for item in items if item.get_closest_marker("every_row")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if not item.get_closest_marker("every_row")]


def pytest_collection_finish() -> None:
    """Tests and libraries stay to the end: from here on the collector of garbage does not go over them again and again."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure() -> None:
    if _OWN_CACHE:
        shutil.rmtree(_OWN_CACHE, ignore_errors=True)

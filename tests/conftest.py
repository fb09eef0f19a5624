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
from collections.abc import Callable, Iterator
from pathlib import Path

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

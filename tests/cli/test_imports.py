"""What a verb imports, looked at in a fresh process: neither TensorFlow nor anything else that is slow and not needed."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

RUN = """
import json, sys
from netlab.__main__ import main
sys.argv = ["netlab", *sys.argv[2:]]
try:
    main()
except SystemExit as ended:
    assert ended.code in (0, None), ended.code
finally:
    with open({file!r}, "w") as file:
        json.dump(sorted(sys.modules), file)
"""
HEAVY = {"tensorflow", "keras", "numpy", "polars"}


@pytest.fixture
def imported(tmp_path):
    """The modules that the command has imported when it ends."""

    def run(*words: object) -> set[str]:
        file = tmp_path / "modules.json"
        code = RUN.format(file=str(file))
        done = subprocess.run(
            [sys.executable, "-c", code, "-", *map(str, words)], capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr
        return set(json.loads(file.read_text()))

    return run


@pytest.mark.parametrize(
    "words",
    [["--help"], ["--version"], ["train", "--help"], ["eval", "--help"], ["check", "--help"], ["bench", "--help"]],
)
def test_help_imports_nothing_of_netlib_and_nothing_heavy(imported, words):
    modules = imported(*words)
    assert not modules & {*HEAVY, "rich", "yaml", "netlib.config", "netlib.spec"}


@pytest.mark.parametrize("words", [["check"], ["check", "--strict", "--json"], ["summary"], ["summary", "--json"]])
def test_check_and_summary_of_a_bundled_source_import_nothing_heavy(imported, config, words):
    modules = imported(*words, config)
    assert not modules & {*HEAVY, "rich"}
    assert "netlib.config.load" in modules
    assert not any(name.startswith(("netlib.training", "netlib.nn", "netlib.data")) for name in modules)


@pytest.mark.parametrize("words", [["runs"], ["runs", "--json"], ["plot"], ["plot", "--csv"]])
def test_runs_and_plot_import_nothing_heavy(imported, logged_run, tmp_path, words):
    modules = imported(*words, logged_run(tmp_path / "run-1"))
    assert not modules & {*HEAVY, "rich", "matplotlib"}
    assert not any(name.startswith(("netlib.training", "netlib.nn", "netlib.data")) for name in modules)


def test_compare_imports_no_tensorflow(imported, logged_run, tmp_path):
    runs = [logged_run(tmp_path / f"run-{number}") for number in (1, 2)]
    assert not imported("compare", *runs) & {"tensorflow", "keras", "rich"}


def test_a_spec_that_no_config_names_is_not_imported(imported, config):
    assert "netlib.spec.layers.convolution" not in imported("check", config)

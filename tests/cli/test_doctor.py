from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path

import pytest


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A folder with a TensorFlow that cannot be imported."""
    package = tmp_path / "broken" / "tensorflow"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise ImportError('libthis.so.12: cannot open shared object file')\n")
    return package.parent


def findings(stdout: str) -> dict[str, dict[str, dict[str, str]]]:
    return {heading: {each["name"]: each for each in found} for heading, found in json.loads(stdout).items()}


@pytest.mark.slow
def test_everything_is_tried(netlab, tmp_path):
    done = netlab("doctor", "--json", NETLAB_CACHE=str(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    found = findings(done.stdout)
    assert found["Versions"]["tensorflow"]["value"] == version("tensorflow")
    assert found["Folders"]["cache"]["value"].startswith(str(tmp_path))
    tried = found["TensorFlow"]
    assert list(tried) == ["import", "train in xla", "train in graph", "save and resume", "export"]
    assert tried["import"]["value"].startswith(f"TensorFlow {version('tensorflow')} on CPU")
    assert tried["save and resume"]["value"].startswith("the same to the bit, ")
    for mode in ("xla", "graph"):
        words = tried[f"train in {mode}"]["value"].split()
        assert float(words[3].rstrip(",")) < float(words[1])


def test_without_tensorflow_it_says_why_and_all_the_rest(netlab, broken):
    done = netlab("doctor", PYTHONPATH=str(broken), COLUMNS="100")
    assert done.returncode == 1
    assert "  ✓ numpy " in done.stdout
    assert "  ✗ import " in done.stdout
    assert "ImportError: libthis.so.12: cannot open shared object file" in done.stdout
    assert "train in" not in done.stdout
    assert "1 thing is broken" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_a_crash_while_tensorflow_is_imported_is_told(netlab, broken):
    (broken / "tensorflow" / "__init__.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGILL)\n")
    done = netlab("doctor", "--quick", "--json", PYTHONPATH=str(broken))
    assert done.returncode == 1
    (crash,) = json.loads(done.stdout)["TensorFlow"]
    assert crash["value"] == "ended by SIGILL"
    assert crash["hint"] == "the processor lacks an instruction that this build of TensorFlow uses"

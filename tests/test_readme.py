"""What the README shows is true: its configs are valid, and its commands are those of CI."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from netlib.config.load import read

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```yaml\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
PYTHON = re.findall(r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def test_there_are_blocks() -> None:
    assert len(BLOCKS) >= 2


@pytest.mark.parametrize("text", BLOCKS, ids=range(len(BLOCKS)))
def test_every_yaml_block_is_a_valid_config(text: str) -> None:
    experiment = read(text, str(ROOT / "README.yaml"))
    assert experiment.graph is not None
    assert experiment.warnings == ()


@pytest.mark.slow
def test_the_python_runs_from_top_to_bottom(tmp_path: Path) -> None:
    assert len(PYTHON) >= 2
    script = tmp_path / "readme.py"
    script.write_text("\n".join([*PYTHON, "assert float(loss) < 0.8 and len(history) == 5"]))
    done = subprocess.run([sys.executable, script], cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "head: Dense(units=2): kernel (32, 2), bias (2,)" in done.stdout


def test_the_source_of_ones_own_is_a_plug_in(tmp_path: Path) -> None:
    (plugin,) = (block for block in PYTHON if "@netlib.source" in block)
    (tmp_path / "my_sources.py").write_text(plugin)
    data = re.findall(r"`(data: \{source: spiral.*?\})`", README)[0]
    (tmp_path / "spiral.yaml").write_text(f"{data}\nmodel: [Dense: {{units: 8, activation: tanh}}, Dense: 1]\n")
    command = [sys.executable, "-m", "netlab", "check", "spiral.yaml", "--plugin", "my_sources.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=100)
    assert done.stdout == "spiral.yaml: ok (2 nodes, 33 parameters)\n", done.stdout + done.stderr


def test_ci_runs_the_readmes_test_command() -> None:
    assert '\npip install -e ".[test]" && pytest\n' in README
    assert "README.md" in (ROOT / ".ci/run").read_text()


@pytest.mark.parametrize("kind", ["source", "preprocessing", "split"])
def test_all_that_may_stand_in_a_data_section_is_told(kind: str) -> None:
    from netlib.spec.registry import names

    assert [name for name in names(kind) if not re.search(rf"`{name}`", README)] == []


def test_the_language_is_told() -> None:
    from netlib.spec.language.nodes import CONTAINERS, SHARE, WIRING

    told = {word for word in (*CONTAINERS, SHARE, *WIRING) if re.search(rf"`[^`]*\b{word}\b[^`]*`|\b{word}:", README)}
    assert told == {*CONTAINERS, SHARE, *WIRING}

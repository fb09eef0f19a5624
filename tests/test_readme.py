"""What the README and the pages of `docs/` show is true: their configs are valid, their commands and their Python run."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from netlib.config.load import read
from netlib.config.sweep_file import load_sweep

ROOT = Path(__file__).parents[1]
PAGES = {path.name: path.read_text() for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))}
README, TEXT = PAGES["README.md"], "\n".join(PAGES.values())
PLUGINS = PAGES["plugins.md"]
NOT_OURS = ("pip install", "tensorboard")
"""What begins a line that installs something, or runs a program that is not in the environment of the tests."""


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


OTHERS = ("plugins.md", "sweeps.md")
"""Pages whose YAML is no config that stands by itself: it has tests of its own."""
YAML = [(name, block) for name, text in PAGES.items() for block in blocks(text, "yaml") if name not in OTHERS]
SWEEPS = {block.partition("\n")[0].removeprefix("# "): block for block in blocks(PAGES["sweeps.md"], "yaml")}
"""By the name of the file, which their first line is."""


def commands(text: str) -> Iterator[list[str]]:
    """The words of each line in its blocks for a shell."""
    for line in "".join(blocks(text, "sh")).splitlines():
        ours = line.partition("&& ")[2] if line.startswith(NOT_OURS) else line
        if ours and not ours.startswith(NOT_OURS) and ours != "pytest":
            yield shlex.split(ours, comments=True)


def test_there_are_blocks():
    assert len(YAML) > 5
    assert all(blocks(text, "yaml") or blocks(text, "sh") for name, text in PAGES.items() if name != "python.md")


@pytest.mark.parametrize("text", [text for _, text in YAML], ids=[f"{name}-{n}" for n, (name, _) in enumerate(YAML)])
def test_every_yaml_block_is_a_valid_config(text):
    experiment = read(text, str(ROOT / "README.yaml"))
    assert experiment.graph is not None
    assert experiment.warnings == ()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a newcomer would be: with the configs beside, and the sweeps that a page shows."""
    shutil.copytree(ROOT / "configs", tmp_path / "configs")
    for name, text in SWEEPS.items():
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize("name", SWEEPS)
def test_every_sweep_is_valid(folder, name, monkeypatch):
    monkeypatch.chdir(folder)
    assert load_sweep(name).spec.trials <= 6


def test_all_that_may_be_said_of_a_sweep_is_told():
    from netlib.spec.search_forms import KINDS
    from netlib.spec.sweep import SweepSpec
    from netlib.spec.sweep_engines import PRUNERS, SAMPLERS

    page = PAGES["sweeps.md"]
    words = [
        *SweepSpec.model_fields,
        *(kind.key() for kind in KINDS),
        "when",
        *(kind.name() for kind in (*SAMPLERS, *PRUNERS)),
    ]
    assert [word for word in words if not re.search(rf"\b{word}\b", page)] == []


def run(words: list[str], folder: Path) -> str:
    done = subprocess.run([sys.executable, *words], cwd=folder, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, (words, done.stdout, done.stderr)
    return done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name, text in PAGES.items() if [*commands(text)]])
def test_every_command_runs_from_top_to_bottom(folder, name):
    for words in commands(PAGES[name]):
        assert words[0] == "netlab", words
        run(["-m", *words], folder)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "check"), [("README.md", "len(predicted) == 270"), ("python.md", "float(loss) < 0.8")]
)
def test_the_python_of_a_page_runs_from_top_to_bottom(folder, name, check):
    (folder / "page.py").write_text("\n".join([*blocks(PAGES[name], "python"), f"assert {check}"]))
    out = run(["page.py"], folder)
    if name == "python.md":
        assert "head: Dense(units=2): kernel (32, 2), bias (2,)" in out


def test_the_source_of_ones_own_is_a_plug_in(tmp_path):
    (plugin,) = (block for block in blocks(PLUGINS, "python") if "@netlib.source" in block)
    (tmp_path / "my_sources.py").write_text(plugin)
    data = re.findall(r"`(data: \{source: spiral.*?\})`", PLUGINS)[0]
    (tmp_path / "spiral.yaml").write_text(f"{data}\nmodel: [Dense: {{units: 8, activation: tanh}}, Dense: 1]\n")
    out = run(["-m", "netlab", "check", "spiral.yaml", "--plugin", "my_sources.py"], tmp_path)
    assert out == "spiral.yaml: ok (2 nodes, 33 parameters)\n"


@pytest.mark.slow
def test_the_layer_loss_and_metric_of_ones_own_are_plug_ins(tmp_path):
    (plugin,) = (block for block in blocks(PLUGINS, "python") if "@netlib.layer" in block)
    (config,) = blocks(PLUGINS, "yaml")
    (tmp_path / "my_layers.py").write_text(plugin)
    (tmp_path / "quantile.yaml").write_text(config)
    quantile = 0.9
    (said,) = re.findall(r"quantile: ([\d.]+)\}", config)
    assert float(said) == quantile
    run(["-m", "netlab", "train", "quantile.yaml", "--plugin", "my_layers.py", "-q"], tmp_path)
    words = ["eval", "-c", "runs/quantile-1", "--split", "train", "--plugin", "my_layers.py", "--csv", "-"]
    head, values = (line.split(",") for line in run(["-m", "netlab", *words], tmp_path).splitlines())
    share = float(dict(zip(head, values, strict=True))["below"])
    assert share == pytest.approx(quantile, abs=0.05), "such a share of the targets lies below its quantile"


def test_ci_runs_the_readmes_test_command():
    assert '\npip install -e ".[test]" && pytest\n' in README
    assert "README.md" in (ROOT / ".ci/run").read_text()


def test_every_verb_is_in_the_table_of_commands():
    from netlab.verbs import GROUPS

    told = re.findall(r"^\| `netlab ([a-z]+)", README, re.MULTILINE)
    assert sorted(set(told)) == sorted(verb for lines in GROUPS.values() for verb in lines)


def test_links_lead_to_pages():
    for name, text in PAGES.items():
        above = (ROOT if name == "README.md" else ROOT / "docs").resolve()
        for target in re.findall(r"\]\(([^)#]+)\)", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)):
            assert (above / target).is_file(), f"{name}: {target}"


@pytest.mark.parametrize("kind", ["source", "preprocessing", "split"])
def test_all_that_may_stand_in_a_data_section_is_told(kind):
    from netlib.spec.registry import names

    assert [name for name in names(kind) if not re.search(rf"`{name}`", PAGES["data.md"])] == []


def test_the_language_is_told():
    from netlib.spec.language.nodes import CONTAINERS, SHARE, WIRING

    told = {word for word in (*CONTAINERS, SHARE, *WIRING) if re.search(rf"`[^`]*\b{word}\b[^`]*`|\b{word}:", TEXT)}
    assert told == {*CONTAINERS, SHARE, *WIRING}

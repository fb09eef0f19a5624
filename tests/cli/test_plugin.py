from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from netlab.app import app

SOURCES = """\
from pathlib import Path

@netlib.source
def points(samples: int = 40, *, seed: int):
    "Points that know their class."
    print("drawing")
    label = np.arange(samples) % 2
    return {"x": np.stack([label, 1 - label], 1).astype(float)}, {"label": label}

@netlib.source
def lines(path: Path):
    "The lengths of lines."
    rows = np.array([float(each) for each in path.read_text().splitlines()])
    return {"x": rows}, {"y": rows}
"""
CONFIG = """\
data: {source: points, samples: 30, validation: 0.2}
model: [Dense: 2]
train: {epochs: 1, loss: sparse_categorical_crossentropy}
"""

Ran = tuple[int, str, str]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Runs the command in this process: exit code, stdout, stderr."""

    def run(*words: str) -> Ran:
        with pytest.raises(SystemExit) as ended:
            app(list(words), prog_name="netlab")
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out, err

    return run


@pytest.fixture
def config(plugin):
    plugin(SOURCES)
    Path("points.yaml").write_text(CONFIG)
    return "points.yaml"


WITH = ("--plugin", "my_sources.py")


def test_check_and_peek_read_the_plugin(run, config):
    assert run("check", config, *WITH) == (0, "points.yaml: ok (1 node, 6 parameters)\n", "drawing\n")
    code, out, err = run("peek", config, *WITH, "--json")
    assert (code, err) == (0, "drawing\n")
    found = json.loads(out)
    assert (found["source"], found["about"]) == ("points", "Points that know their class.")
    assert found["samples"] == {"train": 24, "validation": 6}
    assert [Path(name).name for name, _ in found["files"]] == ["my_sources.py"]


def test_mistakes_have_their_lines_in_the_config(run, config):
    Path("points.yaml").write_text(CONFIG.replace("samples: 30", "sampels: 30").replace("2]", "1]"))
    code, out, _ = run("check", config, *WITH)
    assert code == 2
    assert "points.yaml:1:24: error: source 'points' has no parameter 'sampels'; did you mean 'samples'?" in out


def test_paths_are_relative_to_the_config(run, config):
    Path("sub").mkdir()
    Path("sub/numbers.txt").write_text("1\n2\n")
    Path("sub/a.yaml").write_text("data: {source: lines, path: numbers.txt}\nmodel: [Dense: 1]\n")
    assert run("check", "sub/a.yaml", *WITH)[0] == 0
    Path("sub/a.yaml").write_text("data: {source: lines, path: nmubers.txt}\nmodel: [Dense: 1]\n")
    code, out, _ = run("check", "sub/a.yaml", *WITH)
    assert code == 2
    assert f"sub/a.yaml:1:29: error: there is no file {Path.cwd()}/sub/nmubers.txt\n" in out


def test_what_the_function_raises(run, config):
    Path("numbers.txt").write_text("1\ntwo\n")
    Path("a.yaml").write_text("data: {source: lines, path: numbers.txt}\nmodel: [Dense: 1]\n")
    code, out, err = run("peek", "a.yaml", *WITH)
    assert (code, out) == (1, "")
    line = "rows = np.array([float(each) for each in path.read_text().splitlines()])"
    assert err.splitlines() == [
        "error: my_sources.py:14: 'lines' raised ValueError: could not convert string to float: 'two'",
        f"  my_sources.py:16, in lines: {line}",
        f"  my_sources.py:16, in <listcomp>: {line}",
    ]


def test_data_and_schema(run, config):
    code, out, _ = run("data", *WITH)
    assert code == 0
    assert "\nmy_sources.py: a plug-in, written as in `{source: points}`.\n  points         Points that know" in out
    code, out, _ = run("data", "points", *WITH)
    assert "\nWritten in my_sources.py:7.\n" in out
    code, out, err = run("schema", *WITH)
    assert (code, err) == (0, "")
    assert "source.points" in json.loads(out)["$defs"]


def test_without_the_option_there_is_no_such_source(run, config):
    assert "there is no source 'points'" in run("check", config)[1]


def test_a_config_loads_no_code(run, config):
    Path("points.yaml").write_text(f"plugins: [my_sources.py]\n{CONFIG}")
    code, out, _ = run("check", config)
    assert code == 2
    assert (
        "points.yaml:1:1: error: a config takes no 'plugins': no config makes netlab run code; name the file on" in out
    )


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("def f(:\n", 2, "error: my_sources.py:4: it is no Python: invalid syntax\n"),
        ("", 2, "error: plug-in my_sources.py adds nothing"),
        (
            "1 / 0\n",
            1,
            "error: plug-in my_sources.py raised ZeroDivisionError: division by zero\n  my_sources.py:4, in",
        ),
        ("@netlib.source\ndef f(n): ...\n", 2, "error: my_sources.py:5: 'f': parameter 'n' has no type; write one"),
    ],
)
@pytest.mark.parametrize(
    "verb",
    [
        "check x.yaml",
        "train x.yaml",
        "peek x.yaml",
        "summary x.yaml",
        "data",
        "schema",
        "eval -c x",
        "layers",
        "bench x.yaml",
    ],
)
def test_what_is_wrong_with_a_plugin_is_said_by_every_verb(run, plugin, verb, text, code, message):
    plugin(text)
    found = run(*verb.split(), *WITH)
    assert found[:2] == (code, "")
    assert found[2].startswith(message)
    assert "Traceback" not in found[2]


LAYERS = """\
from typing import Annotated

@netlib.layer
class Scale:
    "Multiplies each channel by a factor that is trained."
    initial: Annotated[float, "What the factors begin as."] = 1.0
    def weights(self, x):
        "`factor` (channels)."
        return {"factor": netlib.weight(x[-1:], {"Constant": {"value": self.initial}})}
    def call(self, x, *, factor):
        return x * factor

@netlib.loss
def pinball(y_true, y_pred, *, quantile: float = 0.5):
    "Zero in expectation at a quantile."

@netlib.metric
def within(y_true, y_pred, *, tolerance: float = 1.0):
    "Share of values that are so close."
"""
OWN = """\
data: {source: sine, samples: 40}
model: [Dense: 4, Scale: {initial: 0.5}, Dense: 1]
train: {epochs: 1, loss: {Pinball: {quantile: 0.9}}, metrics: [within]}
"""


def test_layers_losses_and_metrics_of_a_plugin(run, plugin):
    plugin(LAYERS, "my_layers.py")
    Path("own.yaml").write_text(OWN)
    own = ("--plugin", "my_layers.py")
    assert run("check", "own.yaml", *own) == (0, "own.yaml: ok (3 nodes, 17 parameters)\n", "")
    code, out, _ = run("summary", "own.yaml", *own, "--json")
    nodes = {each["path"]: each for each in json.loads(out)["nodes"]}
    assert (nodes["scale"]["type"], nodes["scale"]["parameters"]["trainable"]) == ("Scale", 4)
    Path("own.yaml").write_text(
        OWN.replace("initial", "initail").replace("quantile", "quantil").replace("within", "wihtin")
    )
    code, out, _ = run("check", "own.yaml", *own)
    assert code == 2
    for message in (
        "own.yaml:2:27: error: Scale has no parameter 'initail'; did you mean 'initial'?",
        "own.yaml:3:37: error: Pinball has no parameter 'quantil'; did you mean 'quantile'?",
        "own.yaml:3:63: error: there is no metric 'wihtin'; did you mean 'within'?",
    ):
        assert message in out


def test_netlab_layers_lists_and_describes_them(run, plugin):
    plugin(LAYERS, "my_layers.py")
    own = ("--plugin", "my_layers.py")
    out = run("layers", *own)[1]
    assert (
        "\nmy_layers.py: a plug-in, written as in `Scale`.\n  Scale                     Multiplies each channel" in out
    )
    assert "written as in `{loss: Pinball}`" in run("layers", "loss", *own)[1]
    assert "written as in `{metrics: [Within]}`" in run("layers", "metric", *own)[1]
    assert (
        run("layers", "Scale", *own)[1]
        == """\
Scale: layer

Multiplies each channel by a factor that is trained.

Written in my_layers.py:7.

Parameters
  initial: number; default 1.0
    What the factors begin as.

Shapes and costs
  inputs: x (floating-point numbers)
  ports: output
  output shape: The first input's.
  weights: `factor` (channels).
  multiply-accumulates: none

Example
  - Scale
  of (batch, 8) float32 makes (batch, 8) float32
"""
    )
    assert "\nAlso written pinball.\n" in run("layers", "Pinball", *own)[1]
    defined = json.loads(run("schema", *own)[1])["$defs"]
    assert {"layer.Scale", "loss.Pinball", "metric.Within"} <= defined.keys()


@pytest.mark.slow
def test_bench_loads_a_plugin_where_it_measures(netlab, config, tmp_path):
    done = netlab("bench", tmp_path / config, "--plugin", tmp_path / "my_sources.py", "--rounds", "1", "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["benchmarks"][0]["samples"] == 24


@pytest.mark.slow
def test_a_training_by_the_command(netlab, config, tmp_path):
    done = netlab(
        "train", tmp_path / config, "--plugin", tmp_path / "my_sources.py", "--quiet", "--runs", tmp_path / "runs"
    )
    assert (done.returncode, done.stderr) == (0, "drawing\n")
    refused = netlab("eval", "-c", tmp_path / "runs" / "points-1", "--split", "validation")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.endswith(f"add --plugin {tmp_path}/my_sources.py\n")
    again = netlab(
        "eval", "-c", tmp_path / "runs" / "points-1", "--split", "validation", "--plugin", tmp_path / "my_sources.py"
    )
    assert (again.returncode, again.stderr) == (0, "drawing\n")

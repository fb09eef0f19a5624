from __future__ import annotations

import json
import os
import pty
import re
import subprocess
from xml.etree import ElementTree as ET

import pytest

from netlib.config.load import load
from netlib.report.summary_columns import COLUMNS


def test_the_table_of_a_config(netlab, config):
    done = netlab("summary", config)
    assert (done.returncode, done.stderr) == (0, "")
    table, memory = done.stdout.split("Memory of a training step at batch size 64 (xla): about ")
    assert table == (
        "tiny\n"
        "\n"
        "node     type     output            parameters  MACs\n"
        "image    input    (batch, 8, 8, 1)\n"
        "flatten  Flatten  (batch, 64)                0     0\n"
        "hidden   Dense    (batch, 8)               520   512\n"
        "dense    Dense    (batch, 10)               90    80\n"
        "\n"
        "Parameters: 610 (trainable 610, non-trainable 0), 2.4 KiB\n"
        "Multiply-accumulates (MACs): 592 for one sample\n"
        "FLOPs: 1,184 forward, 2,368 backward, for one sample\n"
    )
    assert re.fullmatch(
        r"\d{3}\.\d MiB\n  weights 2\.4 KiB, gradients [\d.]+ KiB, slots 4\.8 KiB, activations [\d.]+ KiB, data [\d.]+ KiB,"
        r" checkpoint 7\.1 KiB,\n  runtime [\d.]+ MiB\n",
        memory,
    )


def test_overrides_and_json(netlab, config):
    done = netlab("summary", config, "model.hidden.units=16", "~train.metrics", "--json")
    found = json.loads(done.stdout)
    assert found["parameters"] == {"trainable": 1210, "non_trainable": 0, "total": 1210}
    assert found["macs"] == 64 * 16 + 16 * 10
    assert [(node["path"], node["type"], node["parameters"]["total"]) for node in found["nodes"]] == [
        ("flatten", "Flatten", 0),
        ("hidden", "Dense", 1040),
        ("dense", "Dense", 170),
    ]
    assert found["nodes"][1]["outputs"] == {"output": {"shape": [None, 16], "dtype": "float32"}}


def test_a_run_directory_stands_for_its_config(netlab, config, tmp_path):
    run = tmp_path / "run"
    (run / "checkpoints").mkdir(parents=True)
    (run / "resolved.yaml").write_text(config.read_text().replace("units: 8", "units: 4"))
    assert load(run / "resolved.yaml").name == "tiny"
    assert json.loads(netlab("summary", run, "--json").stdout)["parameters"]["total"] == 65 * 4 + 5 * 10


def test_depth_folds_containers(netlab, tmp_path):
    path = tmp_path / "nested.yaml"
    path.write_text(
        "data: {source: digits}\nmodel: [Flatten, {Sequential: [Dense: 8, Dense: 4], name: body}, Dense: 10]\n"
    )
    opened, folded = netlab("summary", path).stdout, netlab("summary", path, "--depth", "1").stdout
    assert "\nbody.dense    Dense" in opened
    assert "body." not in folded
    assert opened.splitlines()[-2:] == folded.splitlines()[-2:]


def test_mistakes_are_shown_on_stderr_with_their_lines(netlab, mistakes):
    done = netlab("summary", mistakes)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{mistakes}:4:23: error: Dense has no parameter 'activatoin'" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_that_is_no_run(netlab, tmp_path):
    done = netlab("summary", tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: '{tmp_path}' is not a run directory")


def test_a_reader_who_has_seen_enough_is_no_error(command, config):
    process = subprocess.Popen([command, "summary", config], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()  # as `| head -0` does, long before the first line is written
    stderr = process.stderr.read()
    assert (process.wait(timeout=60), stderr) == (141, b"")


BLOCKS = """\
vars: {width: 4}
blocks:
  ConvBlock:
    params: {filters: $required, kernel_size: 3}
    nodes:
      - Conv2D: {filters: $filters, kernel_size: $kernel_size, padding: same, use_bias: false}
      - BatchNormalization
      - Activation: relu
  Both:
    inputs: [left, right]
    nodes:
      - {Add: , from: [left, right]}
      - Dense: $width
  Broken:
    nodes:
      - Dense: {units: 3, activatoin: relu}
"""


@pytest.fixture
def library(tmp_path):
    path = tmp_path / "library.yaml"
    path.write_text(BLOCKS.rpartition("  Broken")[0])
    return path


def test_a_block_by_itself(netlab, library):
    done = netlab("summary", library, "--block", "ConvBlock", "filters=8", "--input", "[6, 6, 3]", "--json")
    found = json.loads(done.stdout)
    assert found["name"] == "ConvBlock"
    assert found["parameters"] == {"trainable": 3 * 3 * 3 * 8 + 16, "non_trainable": 16, "total": 3 * 3 * 3 * 8 + 32}
    assert [node["path"].rpartition(".")[2] for node in found["nodes"]] == [
        "conv_block", "conv_2d", "batch_normalization", "activation",
    ]  # fmt: skip
    changed = netlab(
        "summary", library, "--block", "ConvBlock", "--json", "--input", "[6, 6, 3]", "filters=8", "kernel_size=1"
    )
    assert json.loads(changed.stdout)["parameters"]["total"] == 3 * 8 + 32


def test_a_block_with_several_inputs(netlab, library):
    done = netlab("summary", library, "--block", "Both", "--input", "left=[5]", "--input", "right=[5]", "--json")
    assert json.loads(done.stdout)["parameters"]["total"] == 6 * 4


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--block", "ConvBlok", "--input", "[2]"], "the config has no block 'ConvBlok'; did you mean 'ConvBlock'?"),
        (["--block", "ConvBlock", "filters=2"], "say what ConvBlock reads, without the batch: --input '[32, 32, 3]'"),
        (["--block", "ConvBlock", "--input", "[6, 6, 3]"], "block ConvBlock needs 'filters'"),
        (
            ["--block", "ConvBlock", "--input", "[6]", "filters=2"],
            "library.yaml:6:9: error: Conv2D needs an input of rank 4",
        ),
        (["--block", "ConvBlock", "--input", "[6]", "a.b=2"], "are given as 'name=value', got 'a.b=2'"),
        (
            ["--block", "ConvBlock", "--input", "6,6,3", "filters=2"],
            "--input takes a shape without the batch, such as '[8, 8, 3]' or 'name=[8, 8, 3]', got '6,6,3'",
        ),
        (["--block", "Both", "--input", "[5]", "--input", "[5]"], "--input says twice what 'x' is; name each"),
        (["--block", "ConvBlock", "--input", "[6, 6, 3]"], "--block ConvBlock: "),
        (["--input", "[6]"], "--input says what a block reads; name the block with --block"),
        (
            [],
            "has no model to summarise; add a 'model' section, or show one of its blocks with --block (ConvBlock, Both)",
        ),
    ],
    ids=["unknown", "no-input", "required", "shape", "form", "bare", "twice", "place", "no-block", "no-model"],
)
def test_a_block_that_cannot_be_shown(netlab, library, words, message):
    done = netlab("summary", library, *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("suffix", [".svg", ".mmd", ".dot", ".txt"])
def test_a_picture_is_written_beside_the_table(netlab, config, tmp_path, suffix):
    path = tmp_path / f"picture{suffix}"
    done = netlab("summary", config, "--graph", path)
    assert (done.returncode, done.stderr) == (0, f"wrote {path}\n")
    assert done.stdout == netlab("summary", config).stdout
    assert "hidden" in path.read_text()
    if suffix == ".svg":
        assert ET.parse(path).getroot().tag.endswith("svg")


def test_the_largest_batch_that_fits(netlab, config):
    done = netlab("summary", config, "--memory", "2GiB", "--batch-size", "100")
    assert "Memory of a training step at batch size 100 (xla)" in done.stdout
    found = re.search(r"^Largest batch in 2GiB: ([\d,]+), with 10% of it left free$", done.stdout, re.MULTILINE)
    assert found
    largest = int(found[1].replace(",", ""))
    totals = [
        json.loads(netlab("summary", config, "--json", "--batch-size", batch).stdout)["memory"]["total"]
        for batch in (largest, largest + 1)
    ]
    assert totals[0] <= 2 * 2**30 * 0.9 < totals[1]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--columns", "name,flop"], "a summary has no column 'flop'; did you mean 'flops'?"),
        (["--memory", "much"], "expected a size such as 16GB or 512MiB (units: KB, MB,"),
        (
            ["--graph", "net.png"],
            "net.png must end with '.svg', '.dot', '.mmd' or '.txt' to say what to draw, got '.png'",
        ),
        (["--batch-size", "0"], "--batch-size"),
        (["--depth", "0"], "--depth"),
    ],
    ids=["columns", "memory", "graph", "batch-size", "depth"],
)
def test_options_that_make_no_sense(netlab, config, words, message):
    done = netlab("summary", config, *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_chosen_columns(netlab, config):
    lines = netlab("summary", config, "--columns", "name,reads,weights").stdout.splitlines()
    assert [line.split() for line in lines[2:7]] == [
        ["node", "reads", "weights"], ["image"], ["flatten", "image"], ["hidden", "flatten", "kernel", "(64,", "8)"],
        ["bias", "(8)"],
    ]  # fmt: skip


def test_the_help_lists_the_columns(netlab):
    words = re.sub(r"[^\w.,:-]+", " ", netlab("summary", "--help").stdout)
    listed = re.search(r"--columns NAMES Of: ([\w, ]+)\.", words)
    assert listed
    assert listed[1].split(", ") == list(COLUMNS)


def test_equal_copies_are_folded_in_the_text_and_listed_in_json(netlab, tmp_path):
    path = tmp_path / "deep.yaml"
    path.write_text("data: {source: digits}\nmodel: [Flatten, {Dense: 64, repeat: 12, name: hidden}, Dense: 10]\n")
    text, found = netlab("summary", path).stdout, json.loads(netlab("summary", path, "--json").stdout)
    assert "hidden.0 ... hidden.11  x12" in text
    assert [node["path"] for node in found["nodes"]][1:13] == [f"hidden.{copy}" for copy in range(12)]
    assert sum(node["parameters"]["total"] for node in found["nodes"]) == found["parameters"]["total"]


def test_a_terminal_is_shown_the_tree(command, tmp_path):
    path = tmp_path / "nested.yaml"
    path.write_text("data: {source: digits}\nmodel: [Flatten, {Sequential: [Dense: 8], name: body}, Dense: 10]\n")
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80", "NO_COLOR": "1", "PYTHONUTF8": "1"}
    done = subprocess.run([command, "summary", path], stdout=theirs, env=environment, timeout=60, check=True)
    os.close(theirs)
    assert done.returncode == 0
    assert "└─ dense" in os.read(ours, 65_536).decode()
    os.close(ours)

from __future__ import annotations

import json
import subprocess

from netlib.config.load import load


def test_the_table_of_a_config(netlab, config):
    done = netlab("summary", config)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
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

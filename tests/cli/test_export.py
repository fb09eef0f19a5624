from __future__ import annotations

import json


def test_a_run_is_exported(netlab, config, tmp_path):
    assert netlab("train", config, "train.epochs=1", "--run-dir", tmp_path / "run").returncode == 0
    done = netlab("export", "-c", tmp_path / "run", "-o", tmp_path / "out", "-w", tmp_path / "w.safetensors")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{tmp_path / 'out'}: a SavedModel, ")
    assert "\nlatency: " in done.stdout
    assert " ms a row in batches of 64\n" in done.stdout
    assert f"{tmp_path / 'w.safetensors'}: the weights of {tmp_path / 'run'}" in done.stdout
    assert (tmp_path / "out" / "saved_model.pb").is_file()

    again = netlab("export", "-c", tmp_path / "run", "-o", tmp_path / "out")
    assert (again.returncode, again.stdout) == (2, "")
    assert again.stderr == f"error: {tmp_path / 'out'} is there already; choose another name, or remove it\n"

    values = json.loads(netlab("export", "-c", tmp_path / "run", "-o", tmp_path / "more", "--json").stdout)
    assert [each["name"] for each in values["outputs"]] == ["output"]
    assert values["folder"] == str(tmp_path / "more")
    assert values["bytes"] > 1000
    assert [each["rows"] for each in values["latency"]] == [1, 64]
    assert all(each["seconds"] == each["seconds_per_row"] * each["rows"] > 0 for each in values["latency"])
    assert values["weights_bytes"] == 0
    assert values["inputs"][0]["argument"] == "image"


def test_nothing_is_asked_for(netlab, tmp_path):
    done = netlab("export", "-c", tmp_path)
    assert done.returncode == 2
    assert "export needs a folder for the SavedModel (--output FOLDER), a file for the weights, or both" in done.stderr

from __future__ import annotations

import json
import subprocess
import sys


def test_the_tables_of_a_config(netlab, config):
    done = netlab("peek", config, "--rows", "2", COLUMNS="80")
    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    lines = done.stdout.splitlines()
    assert lines[0] == "tiny: data of source digits"
    assert "1,797 samples: 1,079 to train on, 359 to validate on, 359 to test on" in lines
    titles = [line for before, line in zip(["", *lines], lines, strict=False) if not before]
    assert titles == [
        "tiny: data of source digits",
        "Columns, of the 1,079 samples to train on",
        "Classes of digit",
        "As the network reads them",
        "Samples as the source gives them",
        "The same as the network reads them",
        "Anomalies",
    ]


def test_overrides_and_json(netlab, config):
    found = json.loads(netlab("peek", config, "data.source=wine", "~model", "~train", "--json", "--rows", "1").stdout)
    assert (found["source"], found["samples"]) == ("wine", {"train": 106, "validation": 36, "test": 36})
    assert len(found["columns"]) == 14
    assert [each["kind"] for each in found["anomalies"]] == ["scales"]
    assert found["rows"][0]["row"] == 0


def test_a_sheet_of_images(netlab, config, tmp_path):
    done = netlab("peek", config, "--images", tmp_path / "sheet.png", "--json")
    assert (done.returncode, done.stderr) == (0, f"wrote {tmp_path / 'sheet.png'}\n")
    assert (tmp_path / "sheet.png").read_bytes().startswith(b"\x89PNG")
    refused = netlab("peek", config, "data.source=iris", "~model", "~train", "--images", tmp_path / "b.png")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith("error: there are no images to draw")


def test_mistakes_are_shown_with_their_lines(netlab, mistakes):
    done = netlab("peek", mistakes)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{mistakes}:4:23: error: Dense has no parameter 'activatoin'" in done.stderr


def test_tensorflow_is_not_imported(config):
    code = (
        "import sys\nfrom pathlib import Path\nfrom netlib.tasks.peek import peek\n"
        f"peek(Path({str(config)!r}))\nassert not {{'tensorflow', 'keras', 'PIL'}} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr

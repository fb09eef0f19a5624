from __future__ import annotations

import json


def test_a_good_config(netlab, config):
    done = netlab("check", config)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{config}: ok (3 nodes, 610 parameters)\n"  # (64 + 1) * 8 + (8 + 1) * 10


def test_all_problems_of_all_files(netlab, config, mistakes):
    missing = config.with_name("missing.yaml")
    done = netlab("check", mistakes, config, missing)
    assert (done.returncode, done.stderr) == (2, "")
    assert f"{mistakes}:4:23: error: Dense has no parameter 'activatoin'; did you mean 'activation'?" in done.stdout
    assert (
        "\n    4 |   - Dense: {units: 8, activatoin: relu}\n      |                       ^^^^^^^^^^\n" in done.stdout
    )
    assert f"{mistakes}:5:20: error: expected an integer, got 'ten'" in done.stdout
    assert f"{config}: ok" in done.stdout
    assert f"there is no file '{missing}'" in done.stdout
    assert f"\n{mistakes}: 2 errors\n" in done.stdout
    assert done.stdout.endswith(f"{missing}: 1 error\n")


def test_json(netlab, config, mistakes):
    done = netlab("check", mistakes, config, "--json")
    bad, good = json.loads(done.stdout)
    assert done.returncode == 2
    assert (bad["path"], bad["errors"], bad["warnings"]) == (str(mistakes), 2, 0)
    assert [(p["severity"], p["line"], p["column"]) for p in bad["problems"]] == [("error", 4, 23), ("error", 5, 20)]
    assert bad["problems"][1]["message"] == "expected an integer, got 'ten'"
    assert good == {"path": str(config), "errors": 0, "warnings": 0, "problems": []}


def test_strict_warns_and_is_no_error(netlab, tmp_path):
    path = tmp_path / "net.yaml"
    path.write_text("data: {source: digits}\nmodel: [Flatten, Dense: 8, Dense: 10]\n")
    assert netlab("check", path).stdout == f"{path}: ok (3 nodes, 610 parameters)\n"
    done = netlab("check", path, "--strict")
    assert done.returncode == 0
    assert f"{path}:2:18: warning: 'dense' is the default name of one of 2 Dense nodes with weights here" in done.stdout
    assert done.stdout.endswith(f"{path}: ok (3 nodes, 610 parameters, 2 warnings)\n")


def test_colour_only_when_wanted(netlab, mistakes):
    assert "\x1b[" not in netlab("check", mistakes).stdout
    assert "\x1b[31merror:\x1b[0m" in netlab("check", mistakes, FORCE_COLOR="1").stdout
    assert "\x1b[" not in netlab("check", mistakes, FORCE_COLOR="1", NO_COLOR="1").stdout


def test_characters_that_the_output_has_not_are_written_in_another_way(netlab, tmp_path):
    path = tmp_path / "net.yaml"
    path.write_text("modle: größer\n", encoding="utf-8")
    done = netlab("check", path, PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (2, "")
    assert "    1 | modle: gr\\xf6\\xdfer\n" in done.stdout

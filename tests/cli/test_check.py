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
    assert done.stdout.endswith(f"{missing}: 1 error\n3 files: 1 ok, 2 with errors (3 errors)\n")


def test_json(netlab, config, mistakes):
    done = netlab("check", mistakes, config, "--json")
    bad, good = json.loads(done.stdout)
    assert done.returncode == 2
    assert (bad["path"], bad["errors"], bad["warnings"]) == (str(mistakes), 2, 0)
    assert [(p["severity"], p["line"], p["column"]) for p in bad["problems"]] == [("error", 4, 23), ("error", 5, 20)]
    assert bad["problems"][1] == {
        "file": str(mistakes),
        "where": f"{mistakes}:5:20",
        "line": 5,
        "column": 20,
        "severity": "error",
        "message": "expected an integer, got 'ten'",
        "via": [],
    }
    assert good == {"path": str(config), "errors": 0, "warnings": 0, "problems": []}


def test_a_folder(netlab, config, mistakes):
    other = config.parent / "more" / "also.yaml"
    other.parent.mkdir()
    other.write_text(config.read_text())
    done = netlab("check", config.parent)
    assert (done.returncode, done.stderr) == (2, "")
    heads = [line for line in done.stdout.splitlines() if line.startswith(str(config.parent)) and ".yaml: " in line]
    files = sorted([config, mistakes, other])
    assert [line.partition(": ")[0] for line in heads] == list(map(str, files))
    assert done.stdout.endswith("\n3 files: 2 ok, 1 with errors (2 errors)\n")
    assert netlab("check", other.parent).stdout == f"{other}: ok (3 nodes, 610 parameters)\n"


def test_a_folder_without_a_config(netlab, tmp_path):
    done = netlab("check", tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"error: there is no config in the folder '{tmp_path}': no file below it ends in '.yaml'\n"


def test_a_mistake_in_a_block_says_who_uses_it(netlab, tmp_path):
    path = tmp_path / "net.yaml"
    block = "blocks:\n  Flat: [{Dense: {units: 8, activatoin: relu}}]\n"
    path.write_text(f"{block}data: {{source: digits}}\nmodel:\n  - Flatten\n  - {{Flat: , name: wide}}\n")
    done = netlab("check", path)
    assert done.returncode == 2
    assert f"{path}:2:29: error: Dense has no parameter 'activatoin'; did you mean 'activation'?\n" in done.stdout
    assert done.stdout.endswith(f"        in Flat, used by 'wide' at {path}:6:5\n{path}: 1 error\n")
    (report,) = json.loads(netlab("check", path, "--json").stdout)
    assert report["problems"][0]["via"] == [f"in Flat, used by 'wide' at {path}:6:5"]


def test_strict_warns_and_fails(netlab, tmp_path):
    path = tmp_path / "net.yaml"
    path.write_text("data: {source: digits}\nmodel: [Flatten, Dense: 8, Dense: 10]\n")
    assert netlab("check", path).stdout == f"{path}: ok (3 nodes, 610 parameters)\n"
    done = netlab("check", path, "--strict")
    assert done.returncode == 2
    assert f"{path}:2:18: warning: 'dense' is the default name of one of 2 Dense nodes with weights here" in done.stdout
    assert done.stdout.endswith(f"{path}: ok (3 nodes, 610 parameters, 2 warnings)\n")


def test_a_warning_is_no_error_unless_strict(netlab, tmp_path):
    path = tmp_path / "net.yaml"
    path.write_text("data: {source: npz, path: none.npz}\nmodel: {inputs: {x: {shape: [4]}}, nodes: [Dense: 2]}\n")
    done = netlab("check", path, path.parent)
    assert done.returncode == 0
    assert f"{path}:1:27: warning: there is no file" in done.stdout
    assert netlab("check", path, "--strict").returncode == 2


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


def test_a_sweep(netlab, config):
    sweep = config.with_name("search.yaml")
    sweep.write_text(f"config: {config.name}\nspace: {{data.batch_size: [32, 64]}}\n")
    assert netlab("check", sweep).stdout == f"{sweep}: ok (3 nodes, 610 parameters)\n"
    sweep.write_text(f"config: {config.name}\nspace: {{data.batch_size: [32, 0]}}\n")
    done = netlab("check", sweep)
    assert (done.returncode, done.stderr) == (2, "")
    assert f"{sweep}:2:31: error: expected a number greater than 0, got 0" in done.stdout

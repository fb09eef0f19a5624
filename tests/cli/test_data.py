from __future__ import annotations

import json

from netlib.spec.registry import names

KINDS = ("source", "preprocessing", "split")


def test_all_of_them(netlab):
    done = netlab("data", COLUMNS="80")
    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    listed = [line.split()[0] for line in done.stdout.splitlines() if line.startswith("  ") and line[2] != " "]
    assert listed == [name for kind in KINDS for name in names(kind)]
    assert done.stdout.endswith(
        "netlab data NAME tells all about one.\nnetlab peek CONFIG shows the data of a config.\n"
    )


def test_all_of_them_as_json(netlab):
    found = json.loads(netlab("data", "--json").stdout)
    assert [(each["group"], each["name"]) for each in found] == [(kind, name) for kind in KINDS for name in names(kind)]
    assert all(each["description"] for each in found)


def test_a_source_a_step_and_a_split(netlab):
    source = netlab("data", "npz")
    assert (source.returncode, source.stderr) == (0, "")
    assert source.stdout.startswith("npz: source\n\n")
    assert "\n  path: text; required\n" in source.stdout
    assert source.stdout.endswith("\nExample\n  data: {source: npz, path: samples.npz}\n")
    step = netlab("data", "standardize").stdout
    assert "\n  per: channel or element; default channel\n" in step
    assert step.endswith("\nExample\n  data:\n    preprocess: {column: Standardize}\n")
    assert netlab("data", "split.Random").stdout.endswith("\nExample\n  data: {split: Random}\n")


def test_one_as_json(netlab):
    found = json.loads(netlab("data", "csv", "--json").stdout)
    assert found["kind"] == "source"
    assert {"path", "targets", "separator"} <= {each["name"] for each in found["parameters"]}


def test_what_is_not_there(netlab):
    for name, hint in (
        ("csvv", "did you mean 'csv'?"),
        ("NPZ2", "did you mean 'npz'?"),
        ("zzzzzz", "'netlab data' lists them"),
    ):
        done = netlab("data", name)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == f"error: there is no source, preprocessing or split '{name}'; {hint}\n"

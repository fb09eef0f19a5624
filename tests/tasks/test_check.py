from __future__ import annotations

import sys

import pytest

from netlib.spec import registry
from netlib.spec.errors import UsageError
from netlib.tasks.check import check
from netlib.tasks.summarise import summarise

GOOD = "data: {source: digits}\nmodel: [Flatten, Dense: 8, Dense: 10]\n"


@pytest.fixture
def write(tmp_path):
    def write(text, name="net.yaml"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


def test_a_good_config_has_its_graph_and_no_problem(write):
    (report,) = check([write(GOOD)])
    assert (report.errors, report.warnings, report.problems) == (0, 0, ())
    assert report.graph.parameters().total == 65 * 8 + 9 * 10


def test_every_file_is_looked_at(write, tmp_path):
    files = [
        write("modle: []\n", "a.yaml"),
        tmp_path / "missing.yaml",
        write("a: [\n", "b.yaml"),
        write(GOOD, "c.yaml"),
    ]
    reports = check(files)
    assert [report.path for report in reports] == files
    assert [report.errors > 0 for report in reports] == [True, True, True, False]
    assert "there is no file" in reports[1].problems[0].message
    assert "did you mean 'model'?" in reports[0].problems[0].message


def test_a_damaged_data_file_is_a_problem_of_its_config(write, tmp_path):
    (tmp_path / "x.npz").write_bytes(b"PK\x03\x04 no archive")
    path = write("data: {source: npz, path: x.npz}\nmodel: [Flatten]\n")
    (report,) = check([path])
    assert report.errors == 1
    assert "x.npz" in report.problems[0].message


def test_strict_warns_of_nodes_that_only_their_places_tell_apart(write):
    body = "  - Sequential: [Dense: 4, Dense: {units: 4}, Activation: relu]\n"
    text = f"data: {{source: digits}}\nmodel:\n  - Flatten\n  - Dense: 8\n{body}  - Dense: 3\n    name: last\n"
    (report,) = check([write(text)], strict=True)
    assert (report.errors, report.warnings) == (0, 2)
    assert [(problem.line, problem.column) for problem in report.problems] == [(5, 18), (5, 28)]
    assert report.problems[0].message == (
        "'dense' is the default name of one of 2 Dense nodes with weights here;"
        " another one in front of it would change its path; give it a `name`"
    )


def test_names_that_were_given_are_no_reason_to_warn(write):
    text = GOOD.replace("Dense: 8", "{Dense: 8, name: hidden}")
    assert check([write(text)], strict=True)[0].problems == ()


def test_of_a_folder_every_config_below_is_looked_at_once_in_sorted_order(write, tmp_path):
    names = ["b.yaml", "a/z.yaml", "a/b/c.yaml", ".hidden/x.yaml", "a/.x.yaml", "notes.txt", "d.yml"]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        write(GOOD, name)
    (tmp_path / "folder.yaml").mkdir()
    wanted = [tmp_path / name for name in ("a/b/c.yaml", "a/z.yaml", "b.yaml")]
    assert [report.path for report in check([tmp_path])] == wanted
    last = tmp_path / "b.yaml"
    assert [report.path for report in check([last, tmp_path, last])] == [last, *wanted[:2]]
    assert all(report.errors == 0 for report in check([tmp_path]))


def test_a_folder_without_a_config(tmp_path):
    with pytest.raises(UsageError, match=r"there is no config in the folder .*: no file below it ends in '\.yaml'"):
        check([tmp_path])


def test_a_library_of_blocks_is_checked(write):
    (report,) = check([write("vars: {w: 3}\nblocks: {Good: [Dense: $w]}\n")])
    assert (report.problems, report.graph) == ((), None)
    (report,) = check([write("vars: {w: 3}\nblocks: {Bad: [Dense: {untis: $w}]}\n")])
    assert [(p.line, p.column) for p in report.problems] == [(2, 24)]


def test_a_sibling_in_a_block_is_warned_of_once_however_often_the_block_is_used(write):
    blocks = "blocks: {Two: [Dense: 3, Dense: 4]}\n"
    model = "model: [Flatten, {Two: , name: a}, {Two: , name: b}]\n"
    (report,) = check([write(f"{blocks}data: {{source: digits}}\n{model}")], strict=True)
    assert [(problem.line, problem.column) for problem in report.problems] == [(1, 16), (1, 26)]


def test_specs_that_no_config_names_are_not_imported(write, monkeypatch):
    dummies = {f"Dummy{number}": f"netlib.spec.dummy_{number}" for number in range(130)}
    for kind, table in registry.TABLES.items():
        monkeypatch.setitem(registry.TABLES, kind, {**table, **dummies} if kind == "layer" else table)
    path = write(GOOD)
    assert check([path], strict=True)[0].errors == 0  # importing one would fail: there is no such module
    assert summarise(path).totals.parameters.total == 65 * 8 + 9 * 10
    assert not sys.modules.keys() & dummies.values()
    with pytest.raises(ModuleNotFoundError, match="dummy_7"):
        check([write("data: {source: digits}\nmodel: [Flatten, Dummy7]\n")])


def test_a_broken_link_is_a_file_that_cannot_be_read(write, tmp_path):
    write(GOOD, "good.yaml")
    (tmp_path / "link.yaml").symlink_to(tmp_path / "gone.yaml")
    good, broken = check([tmp_path])
    assert (good.errors, broken.errors) == (0, 1)
    assert broken.path == tmp_path / "link.yaml"
    assert "link.yaml" in broken.problems[0].message


def test_a_sweep_is_checked_with_its_config_and_every_value(write, tmp_path):
    write(f"{GOOD}train: {{epochs: 1, loss: sparse_categorical_crossentropy}}\n")
    good = write("config: net.yaml\nspace: {data.batch_size: [32, 64]}\n", "search.yaml")
    bad = write("config: net.yaml\nspace: {data.batch_size: [32, 0], data.batch: [1]}\n", "bad.yaml")
    assert [(report.path.name, report.errors) for report in check([tmp_path])] == [
        ("bad.yaml", 2),
        ("net.yaml", 0),
        ("search.yaml", 0),
    ]
    (report,) = check([good])
    assert report.graph.parameters().total == 65 * 8 + 9 * 10
    (report,) = check([bad])
    assert [(problem.place.line, problem.place.column) for problem in report.problems] == [(1, 30), (1, 34)]

from __future__ import annotations

import json

import pytest

from netlib.runs import changes
from netlib.runs.directory import create
from netlib.spec.errors import NetlabError


@pytest.fixture
def run(tmp_path):
    return create(tmp_path, "a", {"resolved.yaml": "seed: 1\n"})


def test_a_line_for_each_change_and_the_new_config(run):
    assert changes.made(run) == []
    changes.write(run, "seed: 2\n", {"step": 3})
    changes.write(run, "seed: 2\n", {"step": 4, "environment": ["keras"]})
    changes.write(run, "seed: 1\n", {"step": 5})
    assert run.resolved.read_text() == "seed: 1\n"
    assert [json.loads(line)["step"] for line in run.changes.read_text().splitlines()] == [3, 4, 5]
    assert [record["step"] for record in changes.made(run)] == [3, 4, 5]
    assert changes.made(run)[0]["time"].endswith("+00:00")


class Killed(BaseException):
    """Ends a process at a place of the test's choosing."""


def test_a_kill_before_the_config_leaves_a_line_that_is_known_not_to_count(run, monkeypatch):
    write = type(run).write

    def stop(self, name, text):
        if name == "resolved.yaml":
            raise Killed
        write(self, name, text)

    monkeypatch.setattr(type(run), "write", stop)
    with pytest.raises(Killed):
        changes.write(run, "seed: 2\n", {"step": 3})
    monkeypatch.undo()
    assert run.resolved.read_text() == "seed: 1\n"
    assert len(run.changes.read_text().splitlines()) == 1
    assert changes.made(run) == []
    changes.write(run, "seed: 7\n", {"step": 4})
    assert [record["step"] for record in changes.made(run)] == [4]


@pytest.mark.parametrize("text", ["{\n", "[]\n", "{}\n", "5\n", "[" * 100_000, '{"config_before": 1}\n'])
def test_a_damaged_file(run, text):
    run.changes.write_text(text)
    with pytest.raises(NetlabError, match=r"changes\.jsonl is damaged: "):
        changes.made(run)

from __future__ import annotations

import pytest

from netlib.runs.directory import RunDirectory
from netlib.runs.environment_file import environment_of
from netlib.spec.errors import NetlabError


@pytest.fixture
def run(tmp_path) -> RunDirectory:
    return RunDirectory(tmp_path)


def test_the_facts(run):
    run.environment.write_text('{"threads": 2}')
    with environment_of(run) as facts:
        assert facts == {"threads": 2}


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "[]", '{"threads": null}', "{}", "3"])
def test_what_cannot_be_used_is_damaged(run, text):
    run.environment.write_text(text)
    with pytest.raises(NetlabError, match=r"environment\.json is damaged: "), environment_of(run) as facts:
        len(facts["threads"])


def test_a_file_that_is_gone(run):
    with pytest.raises(NetlabError, match=r"has no environment\.json"), environment_of(run):
        pass

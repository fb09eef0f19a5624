from __future__ import annotations

import json
import math
from typing import Any

import pytest

from netlib.runs import history
from netlib.runs.directory import RunDirectory
from netlib.runs.errors import HistoryError
from netlib.spec.errors import NetlabError


def record(epoch: int, loss: float = 0.25) -> dict[str, Any]:
    return {"epoch": epoch, "step": 20 * epoch, "train": {"loss": loss}, "learning_rate": 1e-3}


@pytest.fixture
def records(run: RunDirectory) -> list[dict[str, Any]]:
    records = [record(epoch, 0.1 * epoch) for epoch in (1, 2, 3)]
    for entry in records:
        history.append(run, entry)
    return records


def test_records_come_back_in_order(run: RunDirectory, records: list[dict[str, Any]]) -> None:
    assert history.read(run) == history.History(records, None)
    assert [json.loads(line) for line in run.metrics.read_text().splitlines()] == records


def test_a_run_before_its_first_record_has_an_empty_history(run: RunDirectory) -> None:
    assert history.read(run) == history.History([], None)
    assert history.truncate_after(run, 10) == 0
    assert not run.metrics.exists()
    run.metrics.touch()
    assert history.read(run) == history.History([], None)


def test_numbers_that_are_not_finite_are_valid_json_and_come_back(run: RunDirectory) -> None:
    history.append(run, record(1, math.nan))
    history.append(run, record(2, -math.inf))
    assert json.loads(run.metrics.read_text().splitlines()[0])["train"] == {"loss": "NaN"}
    first, second = history.read(run).records
    assert math.isnan(first["train"]["loss"])
    assert second["train"]["loss"] == -math.inf


@pytest.mark.parametrize("step", [None, 1.0, True, "3"])
def test_a_record_needs_a_step(run: RunDirectory, step: object) -> None:
    with pytest.raises(ValueError, match=r"^a record needs an integer 'step', got "):
        history.append(run, {"step": step})
    assert not run.metrics.exists()


def test_a_last_line_cut_anywhere_is_left_out_and_reported(run: RunDirectory, records: list[dict[str, Any]]) -> None:
    whole = run.metrics.read_bytes()
    start = whole.rindex(b"\n", 0, -1) + 1
    for length in range(start + 1, len(whole) - 1):
        run.metrics.write_bytes(whole[:length])
        found = history.read(run)
        assert found.records == records[:2]
        assert found.cut == f"{run.metrics}: line 3, the last, is incomplete and was left out"
    run.metrics.write_bytes(whole[:-1])
    assert history.read(run) == history.History(records, None)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"{", r"metrics\.jsonl: line 2 is damaged: Expecting property name"),
        (b"", r"metrics\.jsonl: line 2 is damaged: Expecting value"),
        (b"[1]", r"line 2 is damaged: expected a mapping with an integer 'step'$"),
        (b'{"step": "3"}', r"line 2 is damaged: expected a mapping with an integer 'step'$"),
        (b'{"step": 3, "train": 0.5}', r"line 2 is damaged: expected the metrics of a split by their names$"),
        (b'{"step": 3, "train": {}}', r"line 2 is damaged: expected of an epoch an integer 'epoch'$"),
        (b'{"step": 3, "train": {"loss": 9223372036854775808}, "epoch": 1}', r"expected integers of 64 bits$"),
        (b'{"step": 3, "seconds": "4"}', r"line 2 is damaged: expected a number of 'seconds'$"),
        (b'{"step": 3, "loss": NaN}', r"line 2 is damaged: the bare word NaN is not JSON$"),
        (b"\xff\xff\xff", r"line 2 is damaged: 'utf-8' codec"),
        (b"[" * 100_000, r"line 2 is damaged: it is nested too deeply$"),
    ],
)
def test_a_damaged_line_before_the_last_is_an_error(
    run: RunDirectory, records: list[dict[str, Any]], line: bytes, message: str
) -> None:
    lines = run.metrics.read_bytes().split(b"\n")
    run.metrics.write_bytes(b"\n".join([lines[0], line, *lines[2:]]))
    with pytest.raises(HistoryError, match=message):
        history.read(run)
    with pytest.raises(HistoryError, match=message):
        history.truncate_after(run, 20)


@pytest.mark.parametrize(("step", "kept"), [(0, 0), (19, 0), (20, 1), (45, 2), (60, 3), (1000, 3)])
def test_records_after_a_step_are_removed(
    run: RunDirectory, records: list[dict[str, Any]], step: int, kept: int
) -> None:
    lines = run.metrics.read_bytes().splitlines(keepends=True)
    assert history.truncate_after(run, step) == 3 - kept
    assert run.metrics.read_bytes() == b"".join(lines[:kept])


@pytest.mark.parametrize("cut", [1, 2, 10])
def test_after_truncation_a_log_that_was_cut_can_be_continued(
    run: RunDirectory, records: list[dict[str, Any]], cut: int
) -> None:
    run.metrics.write_bytes(run.metrics.read_bytes()[:-cut])
    history.truncate_after(run, 40)
    history.append(run, record(3))
    assert history.read(run) == history.History([*records[:2], record(3)], None)


def test_a_log_that_cannot_be_read_or_written_is_reported(run: RunDirectory) -> None:
    run.metrics.mkdir()
    with pytest.raises(HistoryError, match=r"^cannot read .*/metrics\.jsonl: Is a directory$"):
        history.read(run)
    with pytest.raises(NetlabError, match=r"^cannot write .*/metrics\.jsonl: Is a directory$"):
        history.append(run, record(1))

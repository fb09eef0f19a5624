from __future__ import annotations

import json

import pytest

from netlib.runs.directory import RunDirectory
from netlib.runs.profile import FILE, REST, STARTING, Operation, Part, Profile, timed


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_each_second_is_counted_once(clock):
    profile = Profile(clock)
    clock.now += 3
    profile.started()
    for _ in range(2):
        clock.now += 1
        with profile.part("outside"):
            clock.now += 10
            with profile.part("inside"):
                clock.now += 4
            clock.now += 20
    assert profile.parts == {
        STARTING: Part(3, 1, 0),
        REST: Part(2, 0, 0),
        "outside": Part(60, 2, 30),
        "inside": Part(8, 2, 4),
    }
    assert profile.seconds == sum(part.seconds for part in profile.parts.values()) == 73


def test_what_fails_is_counted(clock):
    profile = Profile(clock)
    with pytest.raises(ZeroDivisionError), profile.part("fails"):  # noqa: PT012
        clock.now += 2
        raise ZeroDivisionError
    clock.now += 5
    with profile.part("next"):
        pass
    assert profile.parts["fails"] == Part(2, 1, 2)
    assert profile.parts[STARTING].seconds == 5


def test_it_is_kept_in_the_run(clock, tmp_path):
    profile = Profile(clock)
    profile.started()
    profile.operations, profile.traced_steps = (Operation("add", 0.5, 3),), 10
    clock.now += 1
    profile.save(RunDirectory(tmp_path))
    kept = json.loads((tmp_path / FILE).read_text())
    assert kept == {
        "seconds": 1.0,
        "parts": {
            STARTING: {"seconds": 0.0, "times": 1, "longest": 0.0},
            REST: {"seconds": 1.0, "times": 0, "longest": 0.0},
        },
        "traced_steps": 10,
        "operations": [{"name": "add", "seconds": 0.5, "times": 3}],
    }


def test_what_is_not_profiled(clock):
    with timed(None, "data"):
        clock.now += 1
    profile = Profile(clock)
    with timed(profile, "data"):
        clock.now += 1
    assert profile.parts["data"].seconds == 1

"""Items that are made ahead: their order, errors, and threads that end."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from netlib.training.ahead import ahead


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "netlab-read-ahead"]


def test_the_items_in_their_order():
    assert list(ahead(range(50))) == list(range(50))
    assert list(ahead([])) == []
    assert threads() == []


def test_the_next_one_is_made_while_one_is_in_use():
    made: list[int] = []

    def items() -> Iterator[int]:
        for number in range(9):
            made.append(number)
            yield number

    coming = ahead(items())
    assert next(coming) == 0
    deadline = time.monotonic() + 20
    while len(made) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.3)
    assert made == [0, 1, 2], "one is waiting, and one is being put: no more"
    coming.close()
    assert threads() == []


def test_an_error_comes_where_the_item_would_have_come():
    def items() -> Iterator[int]:
        yield 1
        raise ValueError("row 7 is torn")

    coming = ahead(items())
    assert next(coming) == 1
    with pytest.raises(ValueError, match="row 7 is torn"):
        next(coming)
    assert threads() == []


def test_whoever_stops_leaves_no_thread():
    for number in ahead(iter(range(1000))):
        if number == 3:
            break
    deadline = time.monotonic() + 20
    while threads() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threads() == []


def test_who_waits_is_asked_and_may_wait_no_longer():
    over = threading.Event()
    asked: list[float] = []

    def items() -> Iterator[int]:
        yield 1
        over.wait(30)

    def poll() -> None:
        asked.append(time.monotonic())
        if len(asked) == 3:
            raise InterruptedError

    coming = ahead(items(), poll)
    assert next(coming) == 1
    began = time.monotonic()
    with pytest.raises(InterruptedError):
        next(coming)
    assert time.monotonic() - began < 3
    assert all(thread.daemon for thread in threads())
    assert len(threads()) == 1  # it is in the middle of something
    over.set()
    deadline = time.monotonic() + 20
    while threads() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threads() == []


def test_who_has_what_there_is_is_not_asked():
    def poll() -> None:
        raise AssertionError

    coming = ahead(range(3), poll)
    time.sleep(0.05)
    assert list(coming) == [0, 1, 2]

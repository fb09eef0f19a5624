"""What is needed next is made while what was made before is still in use."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import Any, TypeVar

from netlib.training.waiting import Poll, no_poll

Item = TypeVar("Item")
_END = object()
_POLL_SECONDS = 0.1
_LEAVE_SECONDS = 0.5


def ahead(items: Iterable[Item], poll: Poll = no_poll) -> Generator[Item]:
    """The items, of which a thread makes the next one meanwhile: one is waiting at most, and one being made.

    What goes wrong in making an item is raised where it would have come. While an item is waited for, `poll` is called a few
    times a second; what it raises ends the generator. When that is closed, the thread ends, too: a slow one is not waited for,
    and ends with the item that it is making.
    """
    ready: Queue[Any] = Queue(maxsize=1)
    stop = Event()
    thread = Thread(target=_make, args=(items, ready, stop), daemon=True, name="netlab-read-ahead")
    thread.start()
    try:
        while (item := _next(ready, poll)) is not _END:
            if isinstance(item, _Failure):
                raise item.error
            yield item
            del item  # or it would be in memory until the next one is there
    finally:
        stop.set()
        _drain(ready)
        thread.join(_LEAVE_SECONDS)


class _Failure:
    def __init__(self, error: BaseException) -> None:
        self.error = error


def _next(ready: Queue[Any], poll: Poll) -> Any:
    while True:
        try:
            return ready.get(timeout=_POLL_SECONDS)
        except Empty:
            poll()


def _make(items: Iterable[Item], ready: Queue[Any], stop: Event) -> None:
    try:
        for item in items:
            _put(item, ready, stop)
            del item
            if stop.is_set():
                return
        _put(_END, ready, stop)
    except BaseException as error:
        _put(_Failure(error), ready, stop)


def _put(item: Any, ready: Queue[Any], stop: Event) -> None:
    while not stop.is_set():
        try:
            ready.put(item, timeout=_POLL_SECONDS)
        except Full:
            continue
        return


def _drain(ready: Queue[Any]) -> None:
    while True:
        try:
            ready.get_nowait()
        except Empty:
            return

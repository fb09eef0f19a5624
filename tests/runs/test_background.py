"""Jobs in a thread: their order, who waits for whom, what goes wrong, and that nothing is lost when the process ends."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest

from netlib.runs.background import Background


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """Opened at the end, so that no thread of a test that fails is waited for."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def background() -> Background:
    return Background("jobs")


def alive() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "jobs"]


def test_jobs_are_done_in_order_in_one_other_thread(background: Background) -> None:
    done: list[tuple[int, threading.Thread]] = []
    for number in range(20):
        background.hand_over(lambda number=number: done.append((number, threading.current_thread())))
    background.finish()
    assert [number for number, _ in done] == list(range(20))
    assert threading.main_thread() not in {thread for _, thread in done}


def test_one_job_waits_and_who_comes_then_waits_for_room(background: Background, gate: threading.Event) -> None:
    done: list[int] = []
    began = threading.Event()
    background.hand_over(lambda: (began.set(), gate.wait(), done.append(1)))
    assert began.wait(10)
    background.hand_over(lambda: done.append(2))  # returns at once: it waits in the place for one
    assert done == []
    threading.Timer(0.1, gate.set).start()
    background.hand_over(lambda: done.append(3))
    assert gate.is_set()
    assert done[:1] == [1]
    background.finish()
    assert done == [1, 2, 3]


def test_finish_waits_for_all_and_leaves_no_thread(background: Background, gate: threading.Event) -> None:
    done: list[int] = []
    background.hand_over(lambda: (gate.wait(), done.append(1)))
    background.hand_over(lambda: done.append(2))
    threading.Timer(0.05, gate.set).start()
    background.finish()
    assert done == [1, 2]
    for thread in alive():
        thread.join(10)
    assert alive() == []
    background.hand_over(lambda: done.append(3))  # and it can go on
    background.finish()
    assert done == [1, 2, 3]


def test_without_jobs_nothing_waits_and_there_is_no_thread(background: Background) -> None:
    background.check()
    background.finish()
    assert alive() == []


class Killed(BaseException):
    """No Exception: it must come through as well."""


@pytest.mark.parametrize("error", [ValueError("no"), Killed("no")])
def test_an_error_is_raised_at_the_next_call_and_only_there(background: Background, error: BaseException) -> None:
    def fail() -> None:
        raise error

    background.hand_over(fail)
    with pytest.raises(type(error), match="no") as caught:
        background.finish()
    assert caught.value is error
    background.finish()
    background.check()


def test_what_comes_after_an_error_is_done_nevertheless(background: Background, gate: threading.Event) -> None:
    done: list[int] = []

    def fail() -> None:
        gate.wait()
        raise ValueError("first")

    background.hand_over(fail)
    background.hand_over(lambda: done.append(2))
    gate.set()
    with pytest.raises(ValueError, match="first"):
        background.finish()
    assert done == [2]


def test_a_job_is_not_taken_by_a_call_that_raises(background: Background) -> None:
    done: list[int] = []
    background.hand_over(lambda: 1 / 0)  # type: ignore[arg-type,return-value]
    for thread in alive():
        thread.join(10)
    with pytest.raises(ZeroDivisionError):
        background.hand_over(lambda: done.append(1))
    background.hand_over(lambda: done.append(2))
    background.finish()
    assert done == [2]


def test_several_errors_are_raised_one_after_another(background: Background, gate: threading.Event) -> None:
    def fail(text: str) -> None:
        gate.wait()
        raise ValueError(text)

    background.hand_over(lambda: fail("first"))
    background.hand_over(lambda: fail("second"))
    gate.set()
    for text in ("first", "second"):
        with pytest.raises(ValueError, match=text):
            background.finish()
    background.finish()


def test_what_a_job_holds_is_free_when_it_is_done(background: Background, gate: threading.Event) -> None:
    class Large:
        pass

    large = Large()
    gone = weakref.ref(large)
    background.hand_over(lambda kept=large: None)
    del large
    seen: list[object] = []
    background.hand_over(lambda: (gate.wait(), seen.append(gone())))
    gate.set()
    background.finish()
    assert seen == [None]


def test_where_there_is_no_thread_to_be_had_a_job_is_done_at_once(
    background: Background, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    done: list[int] = []
    background.hand_over(lambda: done.append(1))
    assert done == [1]
    background.hand_over(lambda: 1 / 0)  # type: ignore[arg-type,return-value]
    with pytest.raises(ZeroDivisionError):
        background.finish()


ENDS = """
import sys, time
from pathlib import Path
from netlib.runs.background import Background

def job(name):
    time.sleep(0.3)
    (Path(sys.argv[1]) / name).write_text("whole")

background = Background("jobs")
background.hand_over(lambda: job("first"))
background.hand_over(lambda: job("second"))
"""


@pytest.mark.parametrize(("end", "code"), [("", 0), ("sys.exit(3)", 3), ("raise ValueError", 1)])
def test_an_interpreter_that_ends_does_first_what_was_handed_over(tmp_path: Path, end: str, code: int) -> None:
    done = subprocess.run([sys.executable, "-c", ENDS + end, str(tmp_path)], capture_output=True, timeout=60)
    assert done.returncode == code
    assert [path.read_text() for path in sorted(tmp_path.iterdir())] == ["whole", "whole"]


def test_ctrl_c_while_it_is_waited_for(tmp_path: Path) -> None:
    end = "try:\n    print('now', flush=True)\n    background.finish()\nexcept KeyboardInterrupt:\n    sys.exit(7)"
    command = [sys.executable, "-c", ENDS + end, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        child.send_signal(signal.SIGINT)
        child.wait(60)
    assert child.returncode == 7
    assert [path.read_text() for path in sorted(tmp_path.iterdir())] == ["whole", "whole"]

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import pytest

from netlib.runs import checkpoint
from netlib.runs.directory import create
from netlib.training.interrupt import SIGNALS, Interrupt, Interrupted, StoppedAtOnce, watch_signals


@pytest.mark.parametrize("number", SIGNALS)
def test_notes_a_signal_and_gives_the_handlers_back(number: signal.Signals) -> None:
    before = [signal.getsignal(each) for each in SIGNALS]
    with watch_signals() as interrupt:
        assert interrupt.number is None
        os.kill(os.getpid(), number)
        assert interrupt.number == number
    assert [signal.getsignal(each) for each in SIGNALS] == before


@pytest.mark.parametrize("first", SIGNALS)
def test_ctrl_c_ends_at_once_what_was_to_end(first: signal.Signals) -> None:
    before = signal.getsignal(signal.SIGINT)
    message = r"^stopped at once; nothing was saved$"
    with pytest.raises(StoppedAtOnce, match=message), watch_signals():  # noqa: PT012 - two signals are the point
        os.kill(os.getpid(), first)
        os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_what_ends_at_once_says_where_to_go_on(tmp_path: Path) -> None:
    run = create(tmp_path, "a")
    with watch_signals(run) as interrupt:
        assert interrupt.at_once() == "stopped at once; nothing was saved"
        for step in (8, 40):
            checkpoint.write(run, step, {"model": {}}, {})
        (run.checkpoints / ".step-00000050.writing").mkdir()
        expected = (
            f"stopped at once; nothing more was saved, go on from step-00000040 with: netlab train --resume {run.path}"
        )
        with pytest.raises(KeyboardInterrupt) as caught:  # noqa: PT012 - two signals are the point
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)
        assert str(caught.value) == expected


def test_a_worker_that_has_no_run_says_nothing_of_what_is_saved(tmp_path: Path) -> None:
    interrupt = Interrupt()
    interrupt.shared = True
    assert interrupt.at_once() == "stopped at once"
    interrupt.run = create(tmp_path, "a")
    assert interrupt.at_once() == "stopped at once; nothing was saved"


def test_another_that_is_not_ctrl_c_changes_nothing() -> None:
    with watch_signals() as interrupt:
        for number in (signal.SIGTERM, signal.SIGTERM, signal.SIGHUP):
            os.kill(os.getpid(), number)
        assert interrupt.number == signal.SIGTERM


def test_sigusr1_asks_to_save_and_not_to_end() -> None:
    with watch_signals() as interrupt:
        assert not interrupt.asks_to_save()
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGUSR1)
            assert interrupt.wants_save
            assert interrupt.asks_to_save()
            assert not interrupt.asks_to_save()
        interrupt.obey("while nothing was done")
        assert interrupt.number is None


def test_what_nohup_ignores_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with watch_signals() as interrupt:
            os.kill(os.getpid(), signal.SIGHUP)
            assert interrupt.number is None
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_where_there_is_nothing_to_save_it_is_an_error_that_says_where() -> None:
    with watch_signals() as interrupt:
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(Interrupted, match=r"^stopped by SIGTERM while the test split was measured$") as caught:
            interrupt.obey("while the test split was measured")
    assert caught.value.exit_code == 143


def test_gives_the_handlers_back_after_an_error() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(ZeroDivisionError), watch_signals():
        _ = 1 / 0
    assert signal.getsignal(signal.SIGTERM) is before


def test_in_another_thread_nothing_is_watched() -> None:
    before, seen = signal.getsignal(signal.SIGTERM), []

    def watch() -> None:
        with watch_signals() as interrupt:
            seen.append((interrupt.number, signal.getsignal(signal.SIGTERM)))

    thread = threading.Thread(target=watch)
    thread.start()
    thread.join()
    assert seen == [(None, before)]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_the_exit_code_is_that_of_the_signal(number: int, code: int) -> None:
    assert Interrupted(number, "stopped").exit_code == code

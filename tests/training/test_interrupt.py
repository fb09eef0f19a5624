from __future__ import annotations

import os
import signal
import threading

import pytest

from netlib.training.interrupt import SIGNALS, Interrupted, watch_signals


@pytest.mark.parametrize("number", SIGNALS)
def test_notes_a_signal_and_gives_the_handlers_back(number: signal.Signals) -> None:
    before = [signal.getsignal(each) for each in SIGNALS]
    with watch_signals() as interrupt:
        assert interrupt.number is None
        os.kill(os.getpid(), number)
        assert interrupt.number == number
    assert [signal.getsignal(each) for each in SIGNALS] == before


def test_a_second_interrupt_stops_at_once() -> None:
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), watch_signals():  # noqa: PT012 - two signals are the point
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


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


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_exit_code_is_that_of_the_signal(number: int, code: int) -> None:
    assert Interrupted(number, "stopped").exit_code == code

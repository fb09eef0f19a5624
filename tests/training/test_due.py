from __future__ import annotations

from netlib.training.due import Due, is_due
from netlib.training.progress import Progress


def test_every_so_many() -> None:
    assert [count for count in range(1, 10) if is_due(3, count)] == [3, 6, 9]
    assert not any(is_due(None, count) for count in range(9))


def test_epochs_count_only_at_their_end() -> None:
    due = Due(every_epochs=2)
    assert [due.after_epoch(Progress(epoch=epoch)) for epoch in (1, 2, 3, 4)] == [False, True, False, True]
    assert not due.after_chunk(Progress(epoch=2))
    assert due.next_stop(7) is None


def test_steps_end_chunks() -> None:
    due = Due(every_steps=5)
    assert [due.next_stop(step) for step in (0, 4, 5, 9, 10)] == [5, 5, 10, 10, 15]
    assert due.after_chunk(Progress(step=10))
    assert due.after_epoch(Progress(step=10))
    assert not due.after_chunk(Progress(step=11))


def test_minutes_are_counted_from_the_last_checkpoint_whatever_it_was() -> None:
    due = Due(every_seconds=60)
    due.saved(Progress(elapsed=100))  # of a resumed training
    assert [due.by_clock(Progress(elapsed=elapsed)) for elapsed in (101, 159.9, 160, 500)] == [False, False, True, True]
    due.saved(Progress(elapsed=170))
    assert [due.by_clock(Progress(elapsed=elapsed)) for elapsed in (171, 229, 231)] == [False, False, True]

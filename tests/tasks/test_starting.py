from __future__ import annotations

import gc

from netlib.tasks.starting import uncollected


def test_nothing_is_collected_inside_and_what_is_there_stays_out_of_it() -> None:
    with uncollected():
        assert not gc.isenabled()
        made = [[each] for each in range(1000)]
    assert gc.isenabled()
    assert gc.get_freeze_count() >= len(made)


def test_who_collects_nothing_goes_on_so() -> None:
    gc.disable()
    try:
        with uncollected():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()

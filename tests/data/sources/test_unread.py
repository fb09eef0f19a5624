"""Lines that are looked at before they are passed."""

from __future__ import annotations

import io

from hypothesis import given
from hypothesis import strategies as st

from netlib.data.sources import unread
from netlib.data.sources.unread import Unread


@given(
    content=st.text("ab\n", max_size=40).map(str.encode),
    steps=st.lists(st.tuples(st.integers(1, 12), st.integers(0, 3), st.integers(0, 5)), max_size=12),
)
def test_no_line_is_lost(content, steps):
    lines = content.splitlines(keepends=True)
    found = Unread(io.BytesIO(content))
    done = 0
    for size, passed, ahead in steps:
        held = found.filled(size)
        assert held == b"".join(lines[done:])[: len(held)]
        assert len(held) >= size or done + held.count(b"\n") + (not held.endswith(b"\n")) >= len(lines)
        assert not held or held.endswith(b"\n") or held == b"".join(lines[done:])
        unread.AHEAD, before = 3, unread.AHEAD
        seen = [line for line, _ in zip(found.one_by_one(), range(ahead), strict=False)]
        unread.AHEAD = before
        assert seen == lines[done : done + len(seen)]
        assert len(seen) == min(ahead, len(lines) - done)
        here = found.lines.splitlines(keepends=True)
        passed = min(passed, len(here))
        place = len(b"".join(here[:passed]))
        assert found.line_at(place) == done + passed + 1
        if passed % 2:
            found.pass_to(done + passed + 1 if passed < len(here) else None)
        else:
            found.pass_bytes(place)
        done += passed
        assert found.line == done + 1

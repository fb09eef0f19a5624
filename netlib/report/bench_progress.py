"""What a benchmark is doing now: one line that is written again and again on a terminal, a line for each config elsewhere."""

from __future__ import annotations

import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self, TextIO

from netlib.report.numbers import duration
from netlib.report.terminal import edge, is_live


class BenchProgress:
    """Used with `with`, so that the line goes away however the benchmark ends."""

    def __init__(self, stream: TextIO, configs: Sequence[str]) -> None:
        self._stream = stream
        self._configs = list(configs)
        self._live = is_live(stream)
        self._current = ""
        self._began = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._write("\r\x1b[K")

    def tell(self, config: str, phase: str) -> None:
        """The phase of a config's measurement begins."""
        begins = config != self._current
        self._current = config
        place = f"{self._configs.index(config) + 1}/{len(self._configs)} {config}"
        if self._live:
            passed = duration(time.monotonic() - self._began)
            self._write(f"\r\x1b[K{f'{place}: {phase}  {passed}'[: (edge(self._stream) or 80) - 1]}")
        elif begins:
            self._write(f"{place}\n")

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()

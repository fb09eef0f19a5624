"""What comes by standard input, as a file."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from netlib.spec.errors import NetlabError

STDIN = "-"
_BEGIN = 1024


@contextmanager
def spooled(path: str | None, stream: IO[bytes]) -> Iterator[str | None]:
    """A path as it is, but for `-` that of a file with all that the stream gives: JSON lines, if it begins with `{`, else CSV.

    Inside, errors call that file `stdin`.
    """
    if path != STDIN:
        yield path
        return
    with TemporaryDirectory(prefix="netlab-") as folder:
        begin = stream.read(_BEGIN)
        file = Path(folder) / ("stdin.jsonl" if begin.lstrip().startswith(b"{") else "stdin.csv")
        with file.open("wb") as copy:
            copy.write(begin)
            shutil.copyfileobj(stream, copy)
        try:
            yield str(file)
        except NetlabError as error:
            error.args = tuple(str(each).replace(str(file), "stdin") for each in error.args)
            raise

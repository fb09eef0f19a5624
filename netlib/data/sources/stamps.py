"""What tells the files of a source from others where reading all that they hold would take long: names, sizes and times."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

from netlib.spec.features import SourceSpec
from netlib.spec.sources.stamps import StampedFile


def fingerprint_of(source: SourceSpec, times: Mapping[str, int] | None = None) -> str:
    """SHA-256 in hexadecimal of the files' stamps and of all else that the source is told; the same wherever they stand.

    Args:
        source: whose files they are.
        times: of files by name, which are taken for those of their last change; that of an earlier moment is found with them.
    """
    known = times or {}
    files = [(file.name, file.size, known.get(file.name, file.changed)) for file in stamped_files(source)]
    told = {key: value for key, value in source.to_plain().items() if key not in source.paths}
    return hashlib.sha256(repr((source.type_name(), files, sorted(told.items()))).encode()).hexdigest()


def stamped_files(source: SourceSpec) -> list[StampedFile]:
    """The files of a source as they are now; none if it reads none."""
    stamps = [(Path(name).absolute(), *rest) for name, *rest in source.stamp()]
    folder = os.path.commonpath([path.parent for path, *_ in stamps]) if stamps else ""
    return [StampedFile(path.relative_to(folder).as_posix(), path, *rest) for path, *rest in stamps]

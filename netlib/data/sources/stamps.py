"""What tells the files of a source from others where reading all that they hold would take long: names, sizes and times."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from netlib.spec.features import SourceSpec


def fingerprint_of(source: SourceSpec) -> str:
    """SHA-256 in hexadecimal of the files' stamps and of all else that the source is told; the same wherever they stand."""
    stamps = source.stamp()
    folder = os.path.commonpath([Path(name).absolute().parent for name, *_ in stamps])
    files = [(Path(name).absolute().relative_to(folder).as_posix(), *rest) for name, *rest in stamps]
    told = {key: value for key, value in source.to_plain().items() if key not in source.paths}
    return hashlib.sha256(repr((source.type_name(), files, sorted(told.items()))).encode()).hexdigest()

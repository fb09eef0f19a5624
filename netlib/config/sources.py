"""Texts that configs are read from: files, checked to be YAML-like text of bounded size before anything looks inside."""

from __future__ import annotations

import re
from pathlib import Path

from netlib.config.problems import LINE_BREAK, ConfigError, PlacedProblem
from netlib.config.tree import Origin, Place, Source
from netlib.spec.errors import did_you_mean

MAX_BYTES = 2**20
SUFFIXES = (".yaml", ".yml")
_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What the YAML 1.2 specification does not allow in a stream (its section 5.1)."""
_ENCODINGS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}


def open_source(name: str, origin: Origin, *, path: Path | None = None, mentioned: Place | None = None) -> Source:
    """Reads a file.

    Args:
        name: its path as messages show it.
        origin: what the values in it come from.
        path: where it is, if that is not `name`.
        mentioned: the place in a config that names it.

    Raises:
        ConfigError: there is no such file, it cannot be read, or it is no text.
    """
    path = Path(name) if path is None else path
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise _unreadable(f"there is no file '{name}'{_similar(path)}", mentioned) from None
    except IsADirectoryError:
        raise _unreadable(f"'{name}' is a folder, not a config file", mentioned) from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = getattr(error, "strerror", None) or str(error)
        raise _unreadable(f"cannot read '{name}': {reason}", mentioned) from None
    return checked_source(name, origin, _decoded(name, origin, data, mentioned), path.parent)


def checked_source(name: str, origin: Origin, text: str, folder: Path) -> Source:
    """A source with `text`.

    Raises:
        ConfigError: it is too long, or has characters that YAML does not allow.
    """
    if len(text) > MAX_BYTES:
        raise _unreadable(f"'{name}' is larger than {MAX_BYTES} bytes, too large for a config", None)
    source = Source(name, origin, text.removeprefix("\ufeff"), folder.absolute())
    found = _FORBIDDEN.search(source.text)
    if found:
        place = place_at(source, found.start())
        raise ConfigError([PlacedProblem(place, f"a config is text; this is the character U+{ord(found[0]):04X}")])
    return source


def place_at(source: Source, index: int) -> Place:
    """The place of the character at `index`."""
    before = LINE_BREAK.split(source.text[:index])
    return Place(source, len(before) - 1, len(before[-1]))


def _decoded(name: str, origin: Origin, data: bytes, mentioned: Place | None) -> str:
    if len(data) > MAX_BYTES:
        raise _unreadable(f"'{name}' is larger than {MAX_BYTES} bytes, too large for a config", mentioned)
    if data[:2] in _ENCODINGS:
        raise _unreadable(f"'{name}' is {_ENCODINGS[data[:2]]} text; save it as UTF-8", mentioned)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        source = Source(name, origin, data.decode("utf-8", "replace"), Path(name).parent)
        place = place_at(source, len(data[: error.start].decode("utf-8")))
        raise ConfigError(
            [PlacedProblem(place, f"a config is UTF-8 text; here is the byte 0x{data[error.start]:02X}")]
        ) from None


def _unreadable(message: str, mentioned: Place | None) -> ConfigError:
    return ConfigError([PlacedProblem(mentioned, message)])


def _similar(path: Path) -> str:
    try:
        names = [item.name for item in path.parent.iterdir() if item.suffix in SUFFIXES]
    except (OSError, ValueError):
        return f": there is no folder '{path.parent}'"
    return did_you_mean(path.name, names) or did_you_mean(f"{path.name}.yaml", names)

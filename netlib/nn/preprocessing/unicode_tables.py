"""What Unicode says of characters, as far as texts are brought to a normal form; as Python's tables have it."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

_SURROGATES = range(0xD800, 0xE000)
_HANGUL = range(0xAC00, 0xAC00 + 11172)
_MARKS = ("Mn", "Mc", "Me")


@dataclass(frozen=True)
class Decompositions:
    """Of the characters that become others: `characters`, what each becomes, in `parts` one after the other, by `lengths`."""

    characters: tuple[int, ...]
    lengths: tuple[int, ...]
    parts: tuple[int, ...]


@lru_cache(maxsize=4)
def decompositions(strip_accents: bool) -> Decompositions:
    """The normal form NFD, without accents if they are taken off."""
    of = {code: _decomposed(code, strip_accents) for code in _characters()}
    changed = {code: parts for code, parts in of.items() if parts != (code,)}
    parts = tuple(part for each in changed.values() for part in each)
    return Decompositions(tuple(changed), tuple(map(len, changed.values())), parts)


@lru_cache(maxsize=1)
def combining_classes() -> dict[int, int]:
    """Of the marks, which are put in the order of their classes."""
    return {code: found for code in _characters() if (found := unicodedata.combining(chr(code)))}


@lru_cache(maxsize=1)
def compositions() -> dict[tuple[int, int], int]:
    """Two characters -> the one that they become in NFC."""
    pairs = {}
    for code in _characters():
        character = chr(code)
        if unicodedata.normalize("NFC", character) != character:
            continue
        if code in _HANGUL:  # the first two of its three letters are a character of their own
            parts = unicodedata.normalize("NFD", character)
            first = unicodedata.normalize("NFC", parts[:2]) if len(parts) == 3 else parts[0]
            pairs[ord(first), ord(parts[-1])] = code
        elif parts := unicodedata.decomposition(character):
            codes = [] if parts.startswith("<") else [int(part, 16) for part in parts.split()]
            if len(codes) == 2:
                pairs[codes[0], codes[1]] = code
    return pairs


@lru_cache(maxsize=1)
def second_parts() -> frozenset[int]:
    """The characters that the one before may take in."""
    return frozenset(second for _, second in compositions())


@lru_cache(maxsize=4)
def settled(strip_accents: bool) -> str:
    """A regular expression of RE2's: texts of characters that are in normal form whatever stands beside them."""
    found = decompositions(strip_accents)
    joined = (_composed(code, strip_accents) for code in found.characters)
    changed = (code for code, text in zip(found.characters, joined, strict=True) if text != chr(code))
    moving = {*changed, *combining_classes(), *second_parts(), *_SURROGATES}
    ranges = _ranges(code for code in range(sys.maxunicode + 1) if code not in moving)
    return "[" + "".join(rf"\x{{{first:x}}}-\x{{{last:x}}}" for first, last in ranges) + "]*"


def small_letters(codes: Iterable[int]) -> dict[int, int]:
    """Of these characters, those that are capital letters -> the small one."""
    lowered = ((code, chr(code).lower()) for code in codes)
    return {code: ord(small) for code, small in lowered if len(small) == 1 and small != chr(code)}


@lru_cache(maxsize=1)
def _characters() -> tuple[int, ...]:
    """Those that have a decomposition, or are marks."""
    codes = range(0x80, sys.maxunicode + 1)
    return tuple(
        code
        for code in codes
        if code in _HANGUL or unicodedata.decomposition(chr(code)) or unicodedata.category(chr(code)) in _MARKS
    )


def _decomposed(code: int, strip_accents: bool) -> tuple[int, ...]:
    parts = unicodedata.normalize("NFD", chr(code))
    return tuple(ord(part) for part in parts if not strip_accents or unicodedata.category(part) != "Mn")


def _composed(code: int, strip_accents: bool) -> str:
    return unicodedata.normalize("NFC", "".join(map(chr, _decomposed(code, strip_accents))))


def _ranges(codes: Iterable[int]) -> list[list[int]]:
    found: list[list[int]] = []
    for code in codes:
        if found and found[-1][1] == code - 1:
            found[-1][1] = code
        else:
            found.append([code, code])
    return found

"""Makes the texts of the examples in this folder: `python configs/data/texts.py` writes them again, to the bit.

They are drawn from the few words below. Only `Random.random` is used, whose numbers are the same in every version of Python.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

THINGS = ("film", "book", "café", "play", "hotel", "song", "meal", "game", "tour", "show")
GOOD = ("good", "fine", "lovely", "clever", "great", "warm", "funny")
BAD = ("bad", "dull", "awful", "silly", "poor", "cold", "sad")
BEGINNINGS = ("The {} was", "I think the {} is", "My friends say the {} was", "We all found the {}", "That {}? It's")
DEGREES = ("", "very ", "rather ", "so ", "really ")
ENDINGS = (".", "!", ", I think.", " in the end.", " for me.")

WHO = ("the old fox", "a small girl", "the king", "my sister", "the miller's son", "a grey cat", "the moon")
WHAT = ("a loaf of bread", "the silver key", "three ripe pears", "an open door", "the way home", "a letter")
DOES = ("found", "wanted", "carried", "forgot", "dreamt of", "asked for")
WHERE = ("in the wood", "by the river", "under the bridge", "behind the mill", "on the hill")
LINKS = ("and then", "but soon", "while", "until")


def opinions(lines: int = 800, seed: int = 1) -> Iterator[tuple[str, str]]:
    """Texts and whether they praise or blame; a third of them say it by denying the opposite."""
    draw = Random(seed)
    for _ in range(lines):
        praises, denies = draw.random() < 1 / 2, draw.random() < 1 / 3
        word = _one_of(draw, GOOD if praises != denies else BAD)
        degree = "not " if denies else _one_of(draw, DEGREES)
        beginning = _one_of(draw, BEGINNINGS).format(_one_of(draw, THINGS))
        yield f"{beginning} {degree}{word}{_one_of(draw, ENDINGS)}", "praise" if praises else "blame"


def tale(lines: int = 600, seed: int = 2) -> Iterator[str]:
    """Sentences, one in each line."""
    draw = Random(seed)
    for _ in range(lines):
        sentence = _clause(draw)
        while draw.random() < 1 / 3:
            sentence += f" {_one_of(draw, LINKS)} {_clause(draw)}"
        yield f"{sentence[0].upper()}{sentence[1:]}."


def _clause(draw: Random) -> str:
    where = f" {_one_of(draw, WHERE)}" if draw.random() < 1 / 2 else ""
    return f"{_one_of(draw, WHO)} {_one_of(draw, DOES)} {_one_of(draw, WHAT)}{where}"


def _one_of(draw: Random, choices: Sequence[str]) -> str:
    return choices[int(len(choices) * draw.random())]


def _write(lines: Iterator[str], path: Path) -> None:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    folder = Path(__file__).parent
    drawn = list(opinions())
    _write((text for text, _ in drawn), folder / "opinions.txt")
    _write((label for _, label in drawn), folder / "opinions_labels.txt")
    _write(tale(), folder / "tale.txt")

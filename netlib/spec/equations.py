"""Equations of a product between an input and a kernel, as `abc,cd->abd`: what EinsumDense computes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

_FORM = re.compile(r"(\.\.\.)?([a-zA-Z]+)(\.\.\.)?,([a-zA-Z]+)->(\.\.\.)?([a-zA-Z]+)(\.\.\.)?")


@dataclass(frozen=True)
class Equation:
    """`input,kernel->output`, a letter for each axis; `...` stands for axes that stay as they are, in front or behind.

    The batch is the first of those in front, else the first letter of input and output.
    """

    input: str
    kernel: str
    output: str
    front: bool = False
    behind: bool = False

    @property
    def free(self) -> str:
        """The letters of the output but for the batch."""
        return self.output if self.front else self.output[1:]

    @classmethod
    def parse(cls, text: str) -> Equation:
        """The equation of a text without spaces.

        Raises:
            ValueError: it is none, or not one of a layer.
        """
        found = _FORM.fullmatch(text)
        dots = found and [bool(found[place]) for place in (1, 3, 5, 7)]
        if not found or not dots or dots[:2] != dots[2:] or all(dots):
            raise ValueError(
                f"expected an equation such as 'abc,cd->abd', '...a,ab->...b' or 'ab...,bc->ac...', got '{text}'"
            )
        equation = cls(found[2], found[4], found[6], front=dots[0], behind=dots[1])
        for objection in equation._objections():
            raise ValueError(f"'{text}': {objection}")
        return equation

    def _objections(self) -> list[str]:
        given, kernel, result = set(self.input), set(self.kernel), set(self.output)
        found = [
            f"'{term}' names an axis twice"
            for term in (self.input, self.kernel, self.output)
            if len(set(term)) < len(term)
        ]
        if not self.front and (self.input[0] != self.output[0] or self.input[0] in kernel):
            found.append(
                f"the batch ('{self.input[0]}') must be the first axis of the output too, and none of the kernel's"
            )
        found += [f"'{letter}' is in the output alone" for letter in self.output if letter not in given | kernel]
        found += [f"'{letter}' is in the kernel alone" for letter in self.kernel if letter not in given | result]
        return found


@cache
def equation_of(text: str) -> Equation:
    """The equation of a text that is known to be one."""
    return Equation.parse(text)

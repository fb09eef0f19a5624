"""How much is held out: shares of the samples, or one of several folds of them; and what that comes to in samples."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from netlib.spec.errors import Problem, SpecError

HELD_OUT = ("validation", "test")


@dataclass(frozen=True)
class Shares:
    """Shares that are held out to validate and to test on; or of what is not tested on, the fold of so many, from 1."""

    validation: float = 0.0
    test: float = 0.0
    folds: int | None = None
    fold: int | None = None

    @property
    def held_out(self) -> tuple[str, ...]:
        """The splits that are asked for, besides that to train on."""
        asked = {"validation": self.validation > 0 or self.folds is not None, "test": self.test > 0}
        return tuple(name for name in HELD_OUT if asked[name])

    def problems(self) -> Iterator[Problem]:
        """What cannot be, whatever the samples are."""
        if self.validation + self.test >= 1:
            message = (
                f"validation (={self.validation:g}) and test (={self.test:g}) must leave a part of the samples "
                "to train on: their sum must be less than 1"
            )
            yield Problem(("validation",), message)
        if self.folds is None:
            if self.fold is not None:
                message = f"fold (={self.fold}) says which of several folds is validated on: set folds, their number"
                yield Problem(("fold",), message)
            return
        if self.validation:
            message = (
                f"validation (={self.validation:g}) cannot be given with folds (={self.folds}), of which one is validated on:"
                " leave it out"
            )
            yield Problem(("validation",), message)
        if self.fold is None:
            message = f"folds (={self.folds}) needs fold, the one to validate on: 1 to {self.folds}"
            yield Problem(("folds",), message)
        elif self.fold > self.folds:
            yield Problem(("fold",), f"fold (={self.fold}) is none of the {self.folds} folds: give 1 to {self.folds}")

    def sizes(self, samples: int) -> dict[str, int]:
        """Number of samples in `train`, `validation` and `test`, where it follows from that of all.

        Folds are of equal size, but for the first ones, which may have one sample more.

        Raises:
            SpecError: a split would be empty.
        """
        if self.folds is None or self.fold is None:
            return part_sizes(samples, self.validation, self.test)
        sizes = part_sizes(samples, 0, self.test)
        rest = sizes["train"]
        if rest < self.folds:
            message = (
                f"folds (={self.folds}) are more than the {rest} samples that are not tested on: some would be empty"
            )
            raise SpecError([Problem(("folds",), message)], "data")
        validation = len(range(self.fold - 1, rest, self.folds))
        return {"train": rest - validation, "validation": validation, "test": sizes["test"]}


def part_sizes(samples: int, validation: float, test: float) -> dict[str, int]:
    """Number of samples in `train`, `validation` and `test`: each share rounded to the nearest, `train` has the rest.

    Raises:
        SpecError: a share that is asked for comes out empty, or nothing is left to train on.
    """
    sizes = {"validation": int(samples * validation + 0.5), "test": int(samples * test + 0.5)}
    for name, share in (("validation", validation), ("test", test)):
        if share and not sizes[name]:
            message = f"{name} (={share:g}) of {samples} samples is not one sample: make it larger, or 0"
            raise SpecError([Problem((name,), message)], "data")
    train = samples - sizes["validation"] - sizes["test"]
    if train < 1:
        held_out = f"validation (={validation:g}) and test (={test:g})"
        message = f"{held_out} of {samples} samples leave none to train on: make them smaller"
        raise SpecError([Problem(("validation" if validation else "test",), message)], "data")
    return {"train": train, **sizes}

"""`Experiment`: a config that has been checked, with everything that is known before anything runs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field, PlainValidator

from netlib.config.interpolate import literal
from netlib.config.placing import placed
from netlib.config.problems import PlacedProblem
from netlib.config.tree import Origin, Source, Value
from netlib.spec.base import Spec, shown
from netlib.spec.errors import Loc, Problem
from netlib.spec.types import Int

if TYPE_CHECKING:
    from netlib.spec.data import DataSignature, DataSpec
    from netlib.spec.graph import Graph
    from netlib.spec.training import TrainSpec

FORMAT = 1
MAX_SEED = 2**63 - 1
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def _format(value: Any) -> int:
    if isinstance(value, bool) or value != FORMAT:
        raise ValueError(f"this version reads format {FORMAT}, got {shown(value)}")
    return FORMAT


def checked_name(value: str) -> str:
    """An experiment's name as it is; a ValueError that says what it may be where it is none."""
    if not _NAME.fullmatch(value):
        raise ValueError(
            f"expected at most 100 letters, digits, '-', '_' and '.', the first a letter or digit, got {shown(value)}"
        )
    return value


class Header(Spec):
    """The keys at the top of a config. Those that begin a section are looked into by the section's own spec."""

    refused: ClassVar[dict[str, str]] = {
        "plugins": "no config makes netlab run code; name the file on the command line: --plugin my_sources.py",
        "space": "it is what a sweep has; a sweep file is for netlab sweep",
    }
    format: Annotated[int, PlainValidator(_format, json_schema_input_type=Literal[1])] = Field(
        FORMAT, description="Version of the config language."
    )
    name: Annotated[str, AfterValidator(checked_name)] = Field(description="Begins the names of its runs.")
    seed: Annotated[Int, Field(ge=0, le=MAX_SEED)] = Field(0, description="Of everything that is drawn at random.")
    extends: Any = Field(None, description="The config that this one is based on, or a list of them.")
    vars: Any = Field(None, description="Values that `$name` stands for.")
    blocks: Any = Field(None, description="Modules that nodes use as types, by name.")
    data: Any = Field(None, description="Where the samples come from.")
    model: Any = Field(None, description="The network.")
    train: Any = Field(None, description="How the network is trained.")

    @classmethod
    def type_name(cls) -> str:
        """As messages call it."""
        return "a config"


def default_name(file: str) -> str:
    """The file's name without its ending, `_` written as `-`."""
    name = re.sub(r"[^A-Za-z0-9.-]+", "-", Path(file).stem).lstrip(".-")[:100]
    return name or "experiment"


@dataclass(frozen=True)
class Experiment:
    """One validated config. Parts that the file leaves out are None.

    `model` and `blocks` have the sections' plain values, `$` not replaced, blocks of other files as they are there, with the
    resolved `vars` of their files; `graph` is what they come to. `variables` are the resolved `vars`.
    `signature` is what the data gives, None where that was not looked up. `text` is what the user wrote, `sources` all
    that was read, the file first. Two experiments are equal that ask for the same, wherever it was written.
    """

    name: str
    seed: int
    variables: Mapping[str, Any]
    data: DataSpec | None
    blocks: Mapping[str, Any]
    model: Any
    graph: Graph | None
    train: TrainSpec | None
    signature: DataSignature | None = field(compare=False, repr=False)
    text: str = field(compare=False, repr=False)
    tree: Value = field(compare=False, repr=False)
    sources: tuple[Source, ...] = field(compare=False, repr=False)
    warnings: tuple[PlacedProblem, ...] = field(default=(), compare=False)

    def place(self, problem: Problem) -> PlacedProblem:
        """The problem with the file, line and column where its value, or what is around it, was written."""
        return placed(self.tree, problem)

    def origin(self, loc: Loc) -> Origin:
        """Whether the file, a base file, the command line or a default has set the value at `loc`."""
        found, depth = self.tree.find(loc)
        return found.place.source.origin if depth == len(loc) else "default"

    def resolved(self) -> dict[str, Any]:
        """Everything, defaults too, as plain values with absolute paths, from which an equal experiment is loaded."""
        plain: dict[str, Any] = {"format": FORMAT, "name": self.name, "seed": self.seed}
        if self.variables:
            plain["vars"] = literal(dict(self.variables))
        if self.blocks:
            plain["blocks"] = dict(self.blocks)
        if self.data is not None:
            data = self.data.to_plain()
            plain["data"] = {**literal(data), **{key: data[key] for key in self.data.path_keys(data)}}
        if self.model is not None:
            plain["model"] = self.model
        if self.train is not None:
            train = self.train.to_plain()
            plain["train"] = {**literal(train), "load": train["load"]}
        return plain

from __future__ import annotations

import pytest

from netlib.spec.errors import Problem, SpecError
from netlib.spec.language.blocks import Block, Blocks, Library
from netlib.spec.language.scope import Scope
from netlib.spec.language.section import Section
from netlib.spec.language.surroundings import Surroundings
from netlib.spec.language.wiring import Wiring
from netlib.spec.tensors import TensorSpec

LOC = ("model", 3)
BLOCK = Block("B", ("blocks", "B"), {}, (), Section(("blocks", "B"), None, [], None, ()), Blocks())


def around() -> Surroundings:
    library = Library(Blocks({"B": BLOCK}), {"w": 3, "v": 4})
    return Surroundings(Scope({"row": TensorSpec((None, 7))}), library.variables, library, "float32")


def test_dollar_sees_shapes_variables_and_what_copies_are_given() -> None:
    here = around().copy({"index": 2}).copy({"item": "i"})
    assert here.substituted({"a": "$(w + index + input.channels)", "b": "$item"}, LOC) == {"a": 12, "b": "i"}
    assert list(here.values) == ["w", "v", "row", "input", "index", "item"]


def test_what_has_no_value_is_told_at_its_place() -> None:
    with pytest.raises(SpecError, match=r"model.3.a: there is no value 'zz' here \(known: w, v, row, input\)"):
        around().substituted({"a": "$zz"}, LOC)
    problems: list[Problem] = []
    assert around().or_reported("$zz", LOC, problems, default=5) == 5
    assert [problem.loc for problem in problems] == [LOC]


def test_what_is_inherited() -> None:
    outer = around()
    inner = outer.inside(
        Scope({"v": TensorSpec((None, 2))}, outer.scope), "a.b", Wiring(trainable=False, dtype="mixed_float16")
    )
    assert (inner.path, inner.path_of("c"), inner.depth) == ("a.b", "a.b.c", 1)
    assert (inner.trainable, inner.compute) == (False, "float16")
    assert inner.values["v"]["channels"] == 2, "an input hides a variable"
    assert inner.inside(inner.scope, "a.b.c", Wiring()).trainable is False
    assert outer.path_of("c") == "c"


def test_inside_a_block_only_its_own_values_are_seen() -> None:
    outer = around().copy({"index": 2})
    inner = outer.inside_block(BLOCK, {"p": 1}, Scope({"input": TensorSpec((None, 2))}), "b", Wiring())
    assert set(inner.values) == {"w", "v", "p", "input"}
    assert (inner.used, inner.block_path, inner.path) == ((BLOCK,), "b", "b")

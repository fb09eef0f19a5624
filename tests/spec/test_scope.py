from __future__ import annotations

import re

import pytest

from netlib.spec.errors import SpecError
from netlib.spec.graph import Ref
from netlib.spec.nodes import NodeSyntax
from netlib.spec.scope import Scope
from netlib.spec.tensors import TensorSpec

X = TensorSpec((None, 4, 3))
Y = TensorSpec((None, None))
LOC = ("model", 9)


def add(scope: Scope, kind: str, name: str | None = None, **ports: TensorSpec) -> str:
    chosen = scope.choose_name(NodeSyntax(LOC, kind, None, name=name))
    scope.declare(chosen, ports or {"output": X})
    return chosen


def refused(scope: Scope, text: object, message: str) -> None:
    with pytest.raises(SpecError, match=re.escape(message)) as caught:
        scope.find(text, LOC)
    assert [problem.loc for problem in caught.value.problems] == [LOC]


def test_default_names_count_the_unnamed_nodes_of_a_type() -> None:
    scope = Scope({"x": X})
    names = [add(scope, "Dense"), add(scope, "Dense", "head"), add(scope, "Dense"), add(scope, "Conv2D")]
    assert names == ["dense", "head", "dense_2", "conv_2d"]
    assert scope.declared == names


def test_a_name_is_given_once() -> None:
    scope = Scope({"x": X})
    add(scope, "Dense", "dense")
    with pytest.raises(SpecError, match="another node here is called 'dense' already; give this one another `name`"):
        add(scope, "Dense")
    with pytest.raises(SpecError, match="an input here is called 'x' already") as caught:
        add(scope, "Dense", "x")
    assert caught.value.problems[0].loc == (*LOC, "name")
    assert scope.find("dense", LOC) == Ref("dense", "output")


def test_previous_is_the_node_before_or_the_only_input() -> None:
    scope = Scope({"x": X})
    assert scope.find("previous", LOC) == Ref(None, "x")
    add(scope, "Dense", None, first=X, second=Y)
    assert scope.find("previous", LOC) == Ref("dense", "first")
    add(scope, "Dense")
    assert scope.find("previous", LOC) == Ref("dense_2", "output")
    assert scope.read == {"dense", "dense_2"}


def test_several_inputs_must_be_named() -> None:
    scope = Scope({"x": X, "y": Y})
    refused(scope, "previous", "the first node needs a `from` that names an input: 'x' or 'y'")
    refused(scope, "input", "`input` needs exactly one input; here are 'x' or 'y', name the one meant")
    assert scope.find("y", LOC) == Ref(None, "y")


def test_ports() -> None:
    scope = Scope({"x": X})
    add(scope, "Dense", "a", output=X, state=Y)
    assert scope.find("a", LOC) == Ref("a", "output")
    assert scope.find("a.state", LOC) == Ref("a", "state")
    assert scope.tensor(Ref("a", "state")) == Y
    refused(scope, "a.stat", "'a' has no port 'stat'; did you mean 'state'?")
    refused(scope, "a.", "'a' has no port ''; it has 'output' or 'state'")
    refused(scope, "a.state.x", "'a' has no port 'state.x'")
    refused(scope, "x.shape", "'x' is an input and has no port 'shape'")
    refused(scope, "input.shape", "'x' is an input and has no port 'shape'")


@pytest.mark.parametrize("text", [None, 3, ["a"], {"a": "b"}, True])
def test_what_is_no_name(text: object) -> None:
    refused(Scope({"x": X}), text, "expected the name of a node or an input, got ")


def test_a_default_name_serves_while_it_is_the_only_node_of_its_type() -> None:
    alone = Scope({"x": X})
    alone.expect(["Dense", "Flatten"])
    add(alone, "Dense")
    assert alone.find("dense", LOC) == Ref("dense", "output")
    beside = Scope({"x": X})
    beside.expect(["Dense", "Dense"])  # the second one is still to come
    add(beside, "Dense")
    refused(beside, "dense", "'dense' is the default name of one of 2 Dense nodes here; give that node a `name`")
    named = Scope({"x": X})
    named.expect(["Dense", "Dense"])
    add(named, "Dense", "dense")
    assert named.find("dense", LOC) == Ref("dense", "output")


def test_what_is_not_there() -> None:
    scope = Scope({"image": X})
    add(scope, "Dense", "hidden")
    scope.declare("?1", None)
    refused(scope, "hiden", "there is no node or input 'hiden' before this one; did you mean 'hidden'?")
    refused(scope, "imag", "there is no node or input 'imag' before this one; did you mean 'image'?")
    refused(scope, "zzz", "there is no node or input 'zzz' before this one; a node stands before what reads it")
    refused(scope, "x1", "a node stands before what reads it")
    refused(scope, "", "there is no node or input ''")
    refused(scope, "previous.h", "there is no node or input 'previous'")


def test_what_failed_is_found_but_gives_nothing() -> None:
    scope = Scope({"x": X})
    scope.declare("bad", None)
    assert scope.find("bad", LOC) is None
    assert scope.find("bad.any", LOC) is None
    assert scope.find("previous", LOC) is None
    inner = Scope({"input": X}, scope)
    assert inner.find("bad", LOC) is None
    with pytest.raises(KeyError):
        scope.tensor(Ref("bad", "output"))


def test_a_container_sees_inputs_and_named_nodes_around_it() -> None:
    outer = Scope({"image": X})
    outer.expect(["Dense", "Flatten"])
    add(outer, "Dense", "stem", output=X, state=Y)
    add(outer, "Flatten")
    middle = Scope({"input": Y}, outer)
    inner = Scope({"input": Y}, middle)
    assert inner.find("stem.state", LOC) == Ref(None, "stem.state")
    assert inner.find("image", LOC) == Ref(None, "image")
    assert inner.captured == {"stem.state": Ref(None, "stem.state"), "image": Ref(None, "image")}
    assert middle.captured == {"stem.state": Ref("stem", "state"), "image": Ref(None, "image")}
    assert inner.tensor(Ref(None, "stem.state")) == Y
    assert outer.read == {"stem"}
    refused(inner, "stm", "there is no node or input 'stm' before this one; did you mean 'stem'?")
    refused(inner, "stem.stat", "'stem' has no port 'stat'")
    refused(inner, "flatten", "'flatten' is a default name, which serves only beside its node; give that node a `name`")


def test_a_default_name_does_not_hide_a_node_of_that_name_further_out() -> None:
    outer = Scope({"x": X})
    add(outer, "Flatten", "dense", output=Y)
    middle = Scope({"input": X}, outer)
    add(middle, "Dense")
    inner = Scope({"input": X}, middle)
    assert inner.tensor(inner.find("dense", LOC) or Ref(None, "")) == Y


def test_input_and_previous_are_the_innermost_scopes() -> None:
    outer = Scope({"x": X})
    add(outer, "Dense", "stem")
    inner = Scope({"input": Y}, outer)
    inner.find("stem", LOC)
    assert inner.find("input", LOC) == Ref(None, "input")
    assert inner.find("previous", LOC) == Ref(None, "input")
    assert inner.values() == {"input": {"shape": [None], "rank": 1, "channels": None}}


def test_a_node_may_have_the_name_of_one_further_out_and_hides_it() -> None:
    outer = Scope({"x": X})
    add(outer, "Dense", "stem", output=Y)
    inner = Scope({"input": X}, outer)
    assert inner.find("stem", LOC) == Ref(None, "stem")
    add(inner, "Dense", "stem")
    assert inner.find("stem", LOC) == Ref("stem", "output")


def test_shapes_for_expressions_leave_the_batch_out() -> None:
    assert Scope({"x": X}).values() == {name: {"shape": [4, 3], "rank": 2, "channels": 3} for name in ("x", "input")}
    assert Scope({"x": X, "y": TensorSpec((None,))}).values() == {
        "x": {"shape": [4, 3], "rank": 2, "channels": 3},
        "y": {"shape": [], "rank": 0, "channels": None},
    }

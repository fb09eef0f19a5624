from __future__ import annotations

import re

import pytest

from netlib.spec.errors import SpecError
from netlib.spec.graph import Ref
from netlib.spec.language.entries import Copies
from netlib.spec.language.nodes import NodeSyntax
from netlib.spec.language.scope import Found, Scope
from netlib.spec.tensors import TensorSpec

X = TensorSpec((None, 4, 3))
Y = TensorSpec((None, None))
LOC = ("model", 9)


def add(scope: Scope, kind: str, name: str | None = None, **ports: TensorSpec) -> str:
    chosen = scope.choose_name(NodeSyntax(LOC, kind, None), name)
    scope.declare(chosen, scope.add(chosen, ports or {"output": X}))
    return chosen


def copied(scope: Scope, name: str, *keys: str, chained: bool) -> None:
    scope.declare(name, Copies({key: scope.add(f"{name}.{key}", {"output": X, "h": Y}) for key in keys}, chained))


def ref(scope: Scope, text: str) -> Ref:
    found = scope.find(text, LOC)
    assert found is not None
    assert not found.several
    return found.only


def refused(scope: Scope, text: object, message: str) -> None:
    with pytest.raises(SpecError, match=re.escape(message)) as caught:
        scope.find(text, LOC)
    assert [problem.loc for problem in caught.value.problems] == [LOC]


def test_default_names_count_the_unnamed_nodes_of_a_type() -> None:
    scope = Scope({"x": X})
    names = [add(scope, "Dense"), add(scope, "Dense", "head"), add(scope, "Dense"), add(scope, "Conv2D")]
    assert names == ["dense", "head", "dense_2", "conv_2d"]


def test_a_name_is_given_once() -> None:
    scope = Scope({"x": X})
    add(scope, "Dense", "dense")
    with pytest.raises(SpecError, match="another node here is called 'dense' already; give this one another `name`"):
        add(scope, "Dense")
    with pytest.raises(SpecError, match="an input here is called 'x' already") as caught:
        add(scope, "Dense", "x")
    assert caught.value.problems[0].loc == (*LOC, "name")
    assert ref(scope, "dense") == Ref("dense", "output")


def test_previous_is_the_node_before_or_the_only_input() -> None:
    scope = Scope({"x": X})
    assert ref(scope, "previous") == Ref(None, "x")
    add(scope, "Dense", None, first=X, second=Y)
    assert ref(scope, "previous") == Ref("dense", "first")
    add(scope, "Dense")
    assert ref(scope, "previous") == Ref("dense_2", "output")
    assert scope.read == {"dense", "dense_2"}


def test_several_inputs_must_be_named() -> None:
    scope = Scope({"x": X, "y": Y})
    refused(scope, "previous", "the first node needs a `from` that names an input: 'x' or 'y'")
    refused(scope, "input", "`input` needs exactly one input; here are 'x' or 'y', name the one meant")
    assert ref(scope, "y") == Ref(None, "y")


def test_ports() -> None:
    scope = Scope({"x": X})
    add(scope, "Dense", "a", output=X, state=Y)
    assert ref(scope, "a") == Ref("a", "output")
    assert ref(scope, "a.state") == Ref("a", "state")
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
    assert ref(alone, "dense") == Ref("dense", "output")
    beside = Scope({"x": X})
    beside.expect(["Dense", "Dense"])  # the second one is still to come
    add(beside, "Dense")
    refused(beside, "dense", "'dense' is the default name of one of 2 Dense nodes here; give that node a `name`")
    named = Scope({"x": X})
    named.expect(["Dense", "Dense"])
    add(named, "Dense", "dense")
    assert ref(named, "dense") == Ref("dense", "output")


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
    assert ref(inner, "stem.state") == Ref(None, "stem.state")
    assert ref(inner, "image") == Ref(None, "image")
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
    assert inner.tensor(ref(inner, "dense")) == Y


def test_input_and_previous_are_the_innermost_scopes() -> None:
    outer = Scope({"x": X})
    add(outer, "Dense", "stem")
    inner = Scope({"input": Y}, outer)
    inner.find("stem", LOC)
    assert ref(inner, "input") == Ref(None, "input")
    assert ref(inner, "previous") == Ref(None, "input")
    assert inner.values["input"] == {"shape": [None], "rank": 1, "channels": None}


def test_a_node_may_have_the_name_of_one_further_out_and_hides_it() -> None:
    outer = Scope({"x": X})
    add(outer, "Dense", "stem", output=Y)
    inner = Scope({"input": X}, outer)
    assert ref(inner, "stem") == Ref(None, "stem")
    add(inner, "Dense", "stem")
    assert ref(inner, "stem") == Ref("stem", "output")


def test_shapes_for_expressions_leave_the_batch_out() -> None:
    assert Scope({"x": X}).values == {name: {"shape": [4, 3], "rank": 2, "channels": 3} for name in ("x", "input")}
    assert Scope({"x": X, "y": TensorSpec((None,))}).values == {
        "x": {"shape": [4, 3], "rank": 2, "channels": 3},
        "y": {"shape": [], "rank": 0, "channels": None},
    }


def test_shapes_of_inputs_further_out_are_seen_by_their_names() -> None:
    outer = Scope({"image": X})
    inner = Scope({"memory": Y}, outer)
    assert inner.values["image"]["shape"] == [4, 3]
    assert inner.values["input"] == inner.values["memory"]
    assert Scope({"a": X, "b": X}, outer).values.keys() == {"image", "a", "b"}


def test_what_a_container_adds_takes_a_free_name() -> None:
    scope = Scope({"x": X})
    add(scope, "Dense", "add")
    assert scope.choose_name(NodeSyntax(LOC, "Add", None, implied=True), None) == "add_2"


def test_copies_in_a_chain_are_read_as_the_last_one() -> None:
    scope = Scope({"x": X})
    copied(scope, "body", "0", "1", chained=True)
    assert ref(scope, "body") == ref(scope, "previous") == Ref("body.1", "output")
    assert ref(scope, "body.0") == Ref("body.0", "output")
    assert ref(scope, "body.h") == Ref("body.1", "h")
    assert scope.find("body.*", LOC) == Found({key: Ref(f"body.{key}", "output") for key in "01"}, several=True)
    refused(scope, "body.2", "'body' has no copy '2'; it has '0' or '1'")


def test_copies_side_by_side_are_read_one_by_one_or_all() -> None:
    scope = Scope({"x": X})
    copied(scope, "head", "left", "right", chained=False)
    assert ref(scope, "head.left.h") == Ref("head.left", "h")
    refused(scope, "head", "'head' has copies side by side: read one of 'left' or 'right', or all with '.*'")
    refused(scope, "head.top", "'head' has copies side by side; there is no copy 'top': read one of 'left' or 'right'")
    refused(
        scope, "previous", "the node before has copies side by side, 'head'; say in `from` which to read: head.left"
    )


def test_copies_of_a_scope_around_become_inputs_each() -> None:
    outer = Scope({"x": X})
    copied(outer, "head", "0", "1", chained=False)
    inner = Scope({"input": X}, outer)
    assert inner.find("head.*", LOC) == Found({key: Ref(None, f"head.{key}") for key in "01"}, several=True)
    assert inner.captured == {f"head.{key}": Ref(f"head.{key}", "output") for key in "01"}


def test_the_owner_of_shared_weights() -> None:
    outer = Scope({"x": X})
    outer.expect(["Dense", "Dense", "Dense"])
    add(outer, "Dense", "stem")
    add(outer, "Dense")
    copied(outer, "body", "0", "1", chained=True)
    outer.declare("bad", None)
    inner = Scope({"input": X}, outer)
    assert inner.owner("stem", LOC) == (outer, "stem")
    assert inner.owner("body", LOC) == (outer, "body.1")
    assert inner.owner("body.0", LOC) == (outer, "body.0")
    assert inner.owner("bad", LOC) is None

    def told(scope: Scope, text: object, message: str) -> None:
        with pytest.raises(SpecError, match=re.escape(message)):
            scope.owner(text, LOC)

    told(inner, 3, "expected the name of a node, got 3")
    told(inner, "stm", "there is no node 'stm' before this one; did you mean 'stem'?")
    told(inner, "x", "'x' is an input, which has no weights to share")
    told(inner, "dense", "there is no node 'dense' before this one")
    told(outer, "dense", "'dense' is the default name of one of 3 Dense nodes here; give that node a `name`")
    told(inner, "stem.output", "'stem.output' is a port, and it is nodes that are shared: write stem")
    told(inner, "body.*", "'body.*' is no node: name one of its copies, such as body.0")


def test_the_name_of_the_last_node_if_it_was_given_one() -> None:
    scope = Scope({"x": X})
    assert scope.last_given_name is None
    add(scope, "Dense", "head")
    assert scope.last_given_name == "head"
    scope.declare("leaf", scope.add("leaf", {}), passes=False)
    assert scope.last_given_name == "head"
    add(scope, "Dense")
    assert scope.last_given_name is None


def test_of_very_many_wrong_names_only_the_first_get_a_suggestion() -> None:
    scope = Scope({"image": X})
    for _ in range(50):
        refused(scope, "imag", "did you mean 'image'?")
    refused(scope, "imag", "there is no node or input 'imag' before this one; a node stands before what reads it")

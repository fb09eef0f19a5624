"""How saved weights fit those of a network, by names and shapes alone."""

from __future__ import annotations

import pytest

from netlib.spec.errors import SpecError
from netlib.spec.language.analysis import analyse
from netlib.spec.loading import LoadSpec
from netlib.spec.saved_weights import Fit, Stored, Wanted, wanted_by
from netlib.spec.tensors import TensorSpec

NET = {"body.kernel": (3, 4), "body.bias": (4,), "head.kernel": (4, 2), "head.bias": (2,)}


def wanted(shapes: dict[str, tuple[int, ...]] = NET, dtype: str = "float32") -> list[Wanted]:
    return [Wanted((path,), shape, dtype) for path, shape in shapes.items()]


def stored(shapes: dict[str, tuple[int, ...]] = NET, dtype: str = "float32") -> dict[str, Stored]:
    return {name: Stored(shape, dtype) for name, shape in shapes.items()}


def fit(saved: dict[str, Stored], **keys: object) -> Fit:
    return LoadSpec.parse({"from": "a", **keys}).fit(saved, {}, wanted())


def told(saved: dict[str, Stored], network: list[Wanted] | None = None, **keys: object) -> str | None:
    spec = LoadSpec.parse({"from": "a", **keys})
    network = wanted() if network is None else network
    problem = spec.problem(spec.fit(saved, {}, network), saved, network)
    return problem.message if problem else None


def prefixed(prefix: str, shapes: dict[str, tuple[int, ...]] = NET) -> dict[str, Stored]:
    return stored({f"{prefix}{name}": shape for name, shape in shapes.items()})


def test_the_path_may_stand_alone() -> None:
    spec = LoadSpec.parse("runs/a")
    assert (spec.source, spec.map, spec.only, spec.partial) == ("runs/a", {}, None, False)
    assert spec.to_plain() == {"from": "runs/a", "map": {}, "only": None, "partial": False}
    assert LoadSpec.parse(spec.to_plain()) == spec


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "load: load needs 'from': a run (its best checkpoint)"),
        ("", "load: from: expected at least 1 characters, got ''"),
        ({"form": "a"}, "load: form: load has no key 'form'; did you mean 'from'?"),
        ({"from": "a", "map": {"a.**": "b"}}, "must have the same wildcards on both sides"),
        ({"from": "a", "only": []}, "load: only: expected at least 1 values, got []"),
        ({"from": "a", "only": "a..b"}, "load: only.0: the selector 'a..b' has an empty part"),
        ({"from": "a", "partial": 1}, "load: partial: expected true or false, got 1"),
    ],
)
def test_what_is_written_wrong_is_told(values: object, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        LoadSpec.parse(values)
    assert message in str(caught.value)


def test_what_has_the_same_names_and_shapes_fits() -> None:
    found = fit(stored())
    assert found.loaded == {name: name for name in NET}
    assert (found.missing, found.mismatched, found.unused, found.considered, found.renamed) == ((), (), (), 4, 0)
    assert told(stored()) is None


def test_names_are_mapped() -> None:
    found = fit(prefixed("old."), map={"old.**": "**"})
    assert found.loaded == {name: f"old.{name}" for name in NET}
    assert found.renamed == 4


def test_only_what_is_selected_is_loaded_and_the_rest_may_be_left() -> None:
    saved = stored({**NET, "head.kernel": (9, 9)})
    found = fit(saved, only=["body"])
    assert found.loaded == {"body.kernel": "body.kernel", "body.bias": "body.bias"}
    assert (found.considered, found.unused) == (2, ("head.kernel", "head.bias"))
    assert told(saved, only="body") is None


def test_a_shape_is_always_said_with_both() -> None:
    saved = stored({**NET, "head.kernel": (4, 5)})
    message = "the weights in a do not fit. 1 of another form: 'head.kernel' is [4, 2] and saved as [4, 5]"
    assert told(saved) == told(saved, partial=True) == message


@pytest.mark.parametrize(
    ("saved", "network", "fits"),
    [
        ("float16", "float32", True),
        ("bfloat16", "float32", True),
        ("float32", "float64", True),
        ("float32", "float32", True),
        ("float64", "float32", False),
        ("float16", "bfloat16", False),
        ("int32", "float32", False),
        ("float32", "int32", False),
    ],
)
def test_a_type_is_taken_that_the_weights_can_hold(saved: str, network: str, fits: bool) -> None:
    message = told(stored(dtype=saved), wanted(dtype=network), partial=True)
    assert (message is None) == fits
    assert fits or f"'body.kernel' is {network} and saved as {saved}, which it cannot hold" in str(message)


def test_what_is_missing_and_what_is_left_are_both_told() -> None:
    saved = stored({"body.kernel": (3, 4), "body.bias": (4,), "haed.kernel": (4, 2), "head.bias": (2,), "x": (1,)})
    assert told(saved) == (
        "the weights in a do not fit. 1 missing: 'head.kernel' [4, 2] (did you mean the saved 'haed.kernel'?)."
        " 2 saved, but no weight of the network: 'haed.kernel', 'x'."
        " What fits is loaded with partial: true, or by selectors with only: [...]"
    )
    assert told(saved, partial=True) is None


def test_of_many_the_first_five_are_told_and_the_number() -> None:
    shapes = {f"body.{name}": (number,) for number, name in enumerate("abcdefgh")}
    message = str(told(stored({"a": (99,)}), wanted(shapes)))
    assert "8 missing: 'body.a' [0], 'body.b' [1], 'body.c' [2], 'body.d' [3], 'body.e' [4], and 3 more." in message


@pytest.mark.parametrize(
    ("saved", "rule"),
    [
        (prefixed("old."), '"old.**": "**"'),
        (prefixed("a.b."), '"a.b.**": "**"'),
        ({name.removeprefix("body."): each for name, each in stored().items() if "body" in name}, '"**": "body.**"'),
    ],
)
def test_one_rule_that_finds_what_is_missing_is_proposed(saved: dict[str, Stored], rule: str) -> None:
    keys = {"only": "body"} if "kernel" in saved else {}
    message = str(told(saved, **keys))
    assert message.endswith(f". One rule finds everything: map: {{{rule}}}")
    old, new = rule.replace('"', "").split(": ")
    assert told(saved, map={old: new}, **keys) is None  # to do what is proposed helps


def test_a_rule_that_finds_a_part_says_how_much() -> None:
    saved = prefixed("old.", {name: shape for name, shape in NET.items() if name.startswith("body")})
    assert str(told(saved)).endswith('. One rule finds 2 of the 4: map: {"old.**": "**"}')


def test_to_load_nothing_at_all_is_a_mistake_also_in_part() -> None:
    assert "4 missing: 'body.kernel' [3, 4]" in str(told(stored({"x": (1,)}), partial=True))


@pytest.mark.parametrize(
    ("keys", "loc", "message"),
    [
        ({"only": ["body", "hed"]}, ("only", 1), "the selector 'hed' fits none of the 6 paths; did you mean 'head'?"),
        ({"map": {"bdy.**": "body.**"}}, ("map",), "fits none of the 4 paths; did you mean 'body.**'?"),
        ({"map": {"head.bias": "body.bias"}}, ("map",), "the renaming makes 'body.bias' of both"),
    ],
)
def test_selectors_and_rules_that_fit_nothing_are_told_where_they_stand(
    keys: dict[str, object], loc: tuple[object, ...], message: str
) -> None:
    with pytest.raises(SpecError) as caught:
        fit(stored(), **keys)
    (problem,) = caught.value.problems
    assert problem.loc == loc
    assert message in problem.message


def test_a_shared_weight_is_found_by_any_of_its_names_on_both_sides() -> None:
    spec = LoadSpec.parse("a")
    shared = [Wanted(("first", "second"), (2,), "float32")]
    assert spec.fit(stored({"second": (2,)}), {}, shared).loaded == {"first": "second"}
    assert spec.fit(stored({"third": (2,)}), {"first": "third"}, shared).loaded == {"first": "third"}
    assert spec.fit(stored({"third": (2,)}), {"first": "third"}, shared).unused == ()


def test_the_weights_of_a_graph_are_those_that_are_never_trained_too() -> None:
    nodes = [{"Dense": 4, "name": "a"}, "BatchNormalization", {"Dense": 4, "name": "b", "tie": {"bias": "a.bias"}}]
    graph, problems = analyse(nodes, {"x": TensorSpec((None, 3))}, loc=("model",))
    assert graph is not None
    assert not problems
    found = {each.paths: each.shape for each in wanted_by(graph)}
    assert found == {
        ("a.kernel",): (3, 4),
        ("a.bias", "b.bias"): (4,),
        **{(f"batch_normalization.{name}",): (4,) for name in ("gamma", "beta", "moving_mean", "moving_variance")},
        ("b.kernel",): (4, 4),
    }

"""Selectors and renaming, held to a matcher that tries every way to divide a path."""

from __future__ import annotations

import re
from collections.abc import Iterator
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlib.spec.errors import SpecError
from netlib.spec.selectors import Renaming, matches, select

PATHS = [
    "encoder.0.kernel",
    "encoder.0.bias",
    "encoder.1.kernel",
    "encoder.1.bias",
    "head.kernel",
    "head.bias",
    "scale",
]

_names = st.text(alphabet="ab_", min_size=1, max_size=4)
_paths = st.lists(_names, min_size=1, max_size=5).map(".".join)
_parts = st.one_of(st.just("**"), st.text(alphabet="ab_*?", min_size=1, max_size=4).filter(lambda p: "**" not in p))
_selectors = st.lists(_parts, min_size=1, max_size=5).map(".".join)


def ways(pattern: list[str], items: list[str], run: str) -> Iterator[list[str]]:
    """Every way in which `pattern` fits `items`, as what its wildcards stand for, shortest runs first."""
    if not pattern:
        if not items:
            yield []
        return
    head, rest = pattern[0], pattern[1:]
    if head == run:
        for taken in range(len(items) + 1):
            text = ".".join(items[:taken]) if run == "**" else "".join(items[:taken])
            yield from ([text, *others] for others in ways(rest, items[taken:], run))
    elif items:
        if run == "**":
            inside = next(ways(list(head), list(items[0]), "*"), None)
        else:
            inside = [items[0]] if head == "?" else [] if head == items[0] else None
        if inside is not None:
            yield from (inside + others for others in ways(rest, items[1:], run))


def first_way(selector: str, path: str) -> list[str] | None:
    return next(ways(selector.split("."), path.split("."), "**"), None)


@given(selector=_selectors, path=_paths)
def test_a_selector_matches_exactly_where_some_division_of_the_path_fits(selector: str, path: str) -> None:
    assert matches(selector, path) == (first_way(selector, path) is not None)


@given(data=st.data(), path=_paths)
def test_a_selector_made_from_a_path_matches_it(data: st.DataObject, path: str) -> None:
    selector = ".".join(
        data.draw(st.sampled_from([part, "*", "?" * len(part), part[0] + "*"])) for part in path.split(".")
    )
    assert matches(selector, path)
    assert matches(f"**.{selector}.**", path)


@given(selector=_selectors, path=_paths)
def test_renaming_carries_over_what_the_wildcards_stood_for(selector: str, path: str) -> None:
    wildcards = re.findall(r"\*\*|\*|\?", selector)
    new = ".".join(["new", *(w if w == "**" else f"<{w}>" for w in wildcards)])
    found = first_way(selector, path)
    expected = None
    if found is not None:
        filled = (text if w == "**" else f"<{text}>" for w, text in zip(wildcards, found, strict=True))
        expected = ".".join(["new", *(part for part in filled if part)])
    assert Renaming({selector: new}).apply(path) == expected


@given(path=_paths, selector=_selectors)
def test_renaming_to_the_same_selector_changes_nothing(path: str, selector: str) -> None:
    assert (Renaming({selector: selector}).apply(path) or path) == path


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("scale", ["scale"]),
        ("*", ["scale"]),
        ("**", PATHS),
        ("encoder.**", PATHS[:4]),
        ("**.kernel", ["encoder.0.kernel", "encoder.1.kernel", "head.kernel"]),
        ("encoder.?.b*", ["encoder.0.bias", "encoder.1.bias"]),
        ("head.**.**.bias", ["head.bias"]),
    ],
)
def test_selecting(selector: str, expected: list[str]) -> None:
    assert select(selector, PATHS) == expected


def test_several_selectors_keep_the_order_of_the_paths_and_name_each_once() -> None:
    assert select(["scale", "**.bias", "encoder.1.*"], PATHS) == [
        "encoder.0.bias",
        "encoder.1.kernel",
        "encoder.1.bias",
        "head.bias",
        "scale",
    ]
    assert select([], PATHS) == []


def test_two_stars_match_no_part_too_and_a_path_alone_selects_nothing_below() -> None:
    assert matches("encoder.**", "encoder")
    assert not matches("encoder.*.**", "encoder")
    assert not matches("encoder", "encoder.0")


def test_characters_of_regular_expressions_stand_for_themselves() -> None:
    assert matches("a[0]+(b)|$", "a[0]+(b)|$")
    assert not matches("a[0]", "a0")
    assert not matches("a.b", "a.b\n")


@pytest.mark.parametrize(
    ("selector", "message"),
    [
        ("encoder", "the selector 'encoder' fits none of the 7 paths; did you mean 'encoder.**'?"),
        ("kernel", "the selector 'kernel' fits none of the 7 paths; did you mean '**.kernel'?"),
        ("encodr.**.bias", "did you mean 'encoder.**.bias'?"),
        ("head.kernl", "did you mean 'head.kernel'?"),
        ("xyz*", "fits none of the 7 paths: 'encoder.0.kernel', 'encoder.0.bias', .* and 2 more$"),
    ],
)
def test_a_selector_that_matches_nothing_says_what_there_is(selector: str, message: str) -> None:
    with pytest.raises(SpecError, match=message.replace("*", r"\*").replace("?", r"\?").replace(r".\* and", ".* and")):
        select(["**", selector], PATHS)


def test_a_selector_over_no_paths_says_so() -> None:
    with pytest.raises(SpecError, match=r"the selector '\*\*' fits nothing: there are no paths"):
        select("**", [])


@pytest.mark.parametrize("selector", ["", ".a", "a.", "a..b"])
def test_an_empty_part_is_refused(selector: str) -> None:
    with pytest.raises(SpecError, match="has an empty part; write names or wildcards between the dots"):
        matches(selector, "a.b")


@pytest.mark.parametrize("selector", ["a**", "**a.b", "a.***"])
def test_two_stars_within_a_part_are_refused(selector: str) -> None:
    with pytest.raises(SpecError, match=r"has '\*\*' within the part '.+'; '\*\*' stands for whole parts"):
        select(selector, PATHS)


def test_matching_takes_no_exponential_time() -> None:
    start = perf_counter()
    assert not matches(".".join(["**", "a"] * 30 + ["b"]), ".".join(["a"] * 150))
    assert not matches("*a" * 40 + "b", "a" * 2000)
    assert perf_counter() - start < 2


def test_the_first_rule_that_matches_wins_and_other_paths_have_no_new_one() -> None:
    renaming = Renaming({"old.**": "new.**", "*.weight": "*.kernel", "**.weight": "**.w"})
    assert renaming.apply("old.weight") == "new.weight"
    assert renaming.apply("head.weight") == "head.kernel"
    assert renaming.apply("a.b.weight") == "a.b.w"
    assert renaming.apply("head.bias") is None
    assert renaming.apply("old") == "new"


def test_wildcards_further_left_take_as_little_as_they_can() -> None:
    assert Renaming({"*_*": "<*>.<*>"}).apply("a_b_c") == "<a>.<b_c>"
    assert Renaming({"**.x.**": "**.y.**"}).apply("a.x.x") == "a.y.x"


def test_renaming_all_paths_of_a_tree() -> None:
    assert Renaming({"head.*": "top.*"}).over(["head.kernel", "scale"]) == {
        "head.kernel": "top.kernel",
        "scale": "scale",
    }


def test_a_rule_that_matches_nothing_is_an_error() -> None:
    with pytest.raises(SpecError, match=r"the renaming rule 'heda\.\*: top\.\*' fits none of the 7 .*'head\.\*'\?"):
        Renaming({"heda.*": "top.*"}).over(PATHS)


def test_two_paths_that_would_become_one_are_an_error() -> None:
    with pytest.raises(SpecError, match=r"makes 'b\.kernel' of both 'a\.kernel' and 'b\.kernel'; one of them must go"):
        Renaming({"a.*": "b.*"}).over(["a.kernel", "b.kernel"])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("a.**", "b", r"'a\.\*\*: b' .* 'a\.\*\*' has 1 \(\*\*\), 'b' has none"),
        ("*.?.w", "*.w", r"'\*\.\?\.w' has 2 \(\* \?\), '\*\.w' has 1 \(\*\)"),
        ("a.*", "b.**", r"'a\.\*' has 1 \(\*\), 'b\.\*\*' has 1 \(\*\*\)"),
    ],
)
def test_the_wildcards_of_both_sides_must_agree(old: str, new: str, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        Renaming({old: new})

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from netlib.spec.base import Spec
from netlib.spec.errors import SpecError, UsageError
from netlib.spec.plugins.making import make_spec
from netlib.spec.plugins.origin import Origin, origin_of
from netlib.spec.plugins.parameters import as_paths, parameters_of
from netlib.spec.schema.parameter_schema import parameter_schema
from netlib.spec.schema.words import in_words


def spec_of(function: Any) -> type[Spec]:
    origin = origin_of(function)
    return make_spec(Spec, function, origin, parameters_of(function, origin, given=("seed",), taken=("batch_size",)))


def every(
    count: int,
    rate: float,
    name: str = "a",
    flag: bool = False,
    sizes: list[int] = [1, 2],  # noqa: B006
    pair: tuple[int, float] = (1, 2.5),
    many: tuple[str, ...] = (),
    way: Literal["up", 2] = "up",
    maybe: int | None = None,
    either: int | float | str = 1,
    limited: Annotated[int, "How many.", Field(gt=0)] = 3,
    *,
    seed: int,
) -> None:
    """All of them.

    More."""


def test_annotations_defaults_and_docs_become_fields():
    spec = spec_of(every)
    assert spec.__doc__ == "All of them.\n\nMore."
    words = {name: in_words(parameter_schema(field)) for name, field in spec.model_fields.items()}
    assert words == {
        "count": "integer",
        "rate": "number",
        "name": "text",
        "flag": "true or false",
        "sizes": "list of integers",
        "pair": "list of integer and number",
        "many": "list of texts",
        "way": "up or 2",
        "maybe": "integer or null",
        "either": "integer, text or number",
        "limited": "positive integer",
    }
    assert spec.model_fields["limited"].description == "How many."
    found = spec.parse({"count": 3, "rate": 1, "pair": [2, 3], "many": ["a"], "either": 2.0})
    assert found.to_plain() == {
        "count": 3, "rate": 1.0, "name": "a", "flag": False, "sizes": [1, 2], "pair": [2, 3.0], "many": ["a"],
        "way": "up", "maybe": None, "either": 2.0, "limited": 3,
    }  # fmt: skip
    assert (found.pair, found.many, type(found.either)) == ((2, 3.0), ("a",), float)
    assert spec.parse(found.to_plain()) == found


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"rate": 1.0}, "every: Every needs 'count'"),
        ({"count": "3"}, "count: expected an integer, got '3'"),
        ({"rate": True}, "rate: expected a number, got true"),
        ({"sizes": [1, "b"]}, "sizes.1: expected an integer, got 'b'"),
        ({"sizes": 1}, "sizes: expected a list, got 1"),
        ({"pair": [1]}, "pair: expected a list of 2 values, got [1]"),
        ({"way": "down"}, "way: expected 'up' or 2, got 'down'"),
        ({"maybe": "x"}, "maybe: expected an integer, got 'x'"),
        ({"either": [1]}, "either: expected integer, text or number, got [1]"),
        ({"limited": 0}, "limited: expected a number greater than 0, got 0"),
        ({"nmae": "x"}, "Every has no key 'nmae'; did you mean 'name'?"),
    ],
)
def test_values_of_a_wrong_type(values, message):
    with pytest.raises(SpecError, match=re.escape(message.removeprefix("every: "))):
        spec_of(every).parse({"count": 1, "rate": 1.0, **values} if "rate" not in values else values)


_SPEC = spec_of(every)
_SCALAR = st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["", "up", "a"])


@given(st.sampled_from([*_SPEC.model_fields, "other"]), _SCALAR | st.lists(_SCALAR, max_size=3))
def test_whatever_is_written_is_taken_or_refused_in_words(name, value):
    refused = None
    try:
        found = _SPEC.parse({"count": 1, "rate": 1.0, name: value})
    except SpecError as error:
        refused = str(error)
    if refused is None:
        assert _SPEC.parse(found.to_plain()) == found
    else:
        assert ": expected " in refused or "has no key 'other'" in refused


def test_paths_are_texts_in_a_config_and_paths_in_the_function(tmp_path):
    def files(path: Path, more: list[Path] | None = None, table: Path = Path("a.csv")) -> None: ...

    origin = Origin(str(tmp_path / "mine.py"), "mine", "files", 1, None)
    found = parameters_of(files, origin, given=(), taken=())
    assert found.paths == ("path", "more", "table")
    spec = make_spec(Spec, files, origin, found).parse({"path": "b", "more": ["c"]})
    assert spec.to_plain() == {"path": "b", "more": ["c"], "table": str(tmp_path / "a.csv")}
    assert as_paths(("b", None, ["c"])) == (Path("b"), None, [Path("c")])


@pytest.mark.parametrize(
    ("parameter", "message"),
    [
        ("n", "parameter 'n' has no type; write one, such as n: float"),
        ("n=3", "parameter 'n' has no type; write one, such as n: float = 3"),
        (
            "n: dict",
            "parameter 'n' is annotated with dict; expected int, float, str, bool, Path, Literal[...], list[...]",
        ),
        ("n: list", "parameter 'n' is annotated with list; expected int"),
        ("n: list[object]", "parameter 'n' is annotated with object; expected int"),
        ("n: complex | None = None", "parameter 'n' is annotated with complex; expected int"),
        ("n: 'Foo' = 3", "parameter 'n' has the annotation Foo, but name 'Foo' is not defined"),
        ("n: int = 'x'", "parameter 'n' has a wrong default: expected an integer, got 'x'"),
        ("n: float = None", "parameter 'n' has a wrong default: expected a number, got nothing"),
        ("n: Path | str", "is annotated with pathlib.Path | str, of which netlab cannot tell what is a path"),
        ("*n: int", "parameter 'n' is not one value that is given by its name, as those of a config are"),
        ("**n: int", "parameter 'n' is not one value that is given by its name, as those of a config are"),
        ("n: int, /", "parameter 'first' is not one value that is given by its name, as those of a config are"),
        ("_n: int", "parameter '_n' begins with '_'; call it otherwise"),
        ("batch_size: int = 1", "parameter 'batch_size' has a meaning of its own in the section or in netlab"),
    ],
)
def test_a_parameter_that_a_config_cannot_give_is_named_with_its_line(parameter, message, tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(f"def f(\n    first: int,\n    {parameter},\n): ...\n")
    names: dict[str, Any] = {"Path": Path, "__name__": "mine"}
    exec(compile(path.read_text(), str(path), "exec"), names)
    line = 1 if parameter.startswith("*") else 2 if "first" in message else 3
    with pytest.raises(UsageError, match=re.escape(message)) as caught:
        spec_of(names["f"])
    assert str(caught.value).startswith(f"{path}:{line}: 'f': ")

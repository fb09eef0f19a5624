"""What could be written next in an override that is being typed: `train.opt` -> `train.optimizer`, `train.execution=` -> xla.

Keys are those of the specs, and what the config at hand has: its nodes, their parameters, its variables. A config that is not
valid is no obstacle: what can be read of it is used.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from netlib.config.schema import default_type, name_of, owner_of, type_key, type_named
from netlib.config.tree import Key, Value
from netlib.spec.errors import Loc, NetlabError

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

    from netlib.spec.base import Spec

_SHORT = 60
"""Characters of a description, and of a value that is there."""


class Suggestion(NamedTuple):
    """A whole word, and what is said about it. One that ends in `.` or `=` is to be gone on with."""

    word: str
    about: str = ""


class _Known(NamedTuple):
    """A key that may stand at a place: what is written there, if anything, and the field that it is."""

    loc: Loc
    value: Value | None
    field: FieldInfo | None


def tree_of(file: Path | str) -> Value | None:
    """What a config's file and those that it extends come to, whatever is wrong with it; None if it cannot be read."""
    from netlib.config.extends import Bases
    from netlib.config.sources import open_source

    try:
        return Bases().complete(open_source(str(file), "file"))
    except NetlabError:
        return None


def suggestions(word: str, tree: Value | None = None) -> list[Suggestion]:
    """The words that begin with `word`, an override as far as it is typed.

    Args:
        word: `train.opt`, `model.hidden.units=`, `~data.te`.
        tree: of the config that is changed.
    """
    key, equals, value = word.partition("=")
    deletes = key.startswith("~")
    *steps, last = key.removeprefix("~").split(".")
    try:
        known = _at(steps, tree)
        if equals:
            found = known.get(last)
            choices = _choices(found) if found else []
            return [Suggestion(f"{key}={each}") for each in choices if each.startswith(value)]
    except NetlabError:
        return []
    around = key[: len(key) - len(last)]
    fitting = {name: found for name, found in known.items() if name.startswith(last)}
    if deletes:
        written = (Suggestion(around + name, _about(found)) for name, found in fitting.items() if found.value)
        return list(written)
    return [each for name, found in fitting.items() for each in _forms(around + name, found)]


def _forms(key: str, found: _Known) -> Iterator[Suggestion]:
    """`key=` where a value may be given, and `key.` where there is more inside."""
    deeper = bool(_inside(found))
    node = found.loc[0] in ("model", "blocks") and found.field is None
    if not (deeper and (node or len(found.loc) == 1)):
        yield Suggestion(f"{key}=", _about(found))
    if deeper:
        yield Suggestion(f"{key}.", _about(found))


def _at(steps: list[str], tree: Value | None) -> dict[str, _Known]:
    """The keys that may stand where the steps lead to."""
    known = _inside(_Known((), tree, None))
    for step in steps:
        if step not in known:
            return {}
        known = _inside(known[step])
    return known


def _inside(around: _Known) -> dict[str, _Known]:
    """The keys that may stand in `around`; a path need name neither `nodes` nor a type."""
    loc, value, _ = around
    content = value.content if value else None
    found: dict[str, _Known] = {}
    if isinstance(content, dict):
        for key, inner in content.items():
            if loc or key != "extends":
                found[str(key)] = _Known((*loc, key), inner, None)
        chosen = type_key(content, loc)
        if chosen is not None:
            found.pop(chosen)
            found |= _inside(_Known((*loc, chosen), content[chosen], None))
        elif "nodes" in content and loc[:1] in (("model",), ("blocks",)):
            found |= _inside(_Known((*loc, "nodes"), content["nodes"], None))
    elif isinstance(content, list):
        found |= _items(content, loc)
    elif chosen := _chosen(content, loc):
        found |= _inside(_Known((*loc, chosen), None, None))
    return found | _of_spec(loc, content, found)


def _chosen(content: object, loc: Loc) -> str | None:
    """The type that a text alone is, or that stands there by default."""
    if isinstance(content, str):
        return type_named(content, loc) if len(loc) > 1 else None
    return default_type(loc) if content is None and loc else None


def _items(items: list[Value], loc: Loc) -> dict[str, _Known]:
    """Items by name, those that share theirs by their place."""
    names = [name_of(item, (*loc, index)) for index, item in enumerate(items)]
    keys: list[Key] = [name if name and names.count(name) == 1 else index for index, name in enumerate(names)]
    return {str(key): _Known((*loc, index), items[index], None) for index, key in enumerate(keys)}


def _of_spec(loc: Loc, content: object, written: Mapping[str, _Known]) -> dict[str, _Known]:
    """The fields of the spec that is at home at `loc`, each with what is written of it."""
    fields = {name: field for spec in _specs(loc, content) for name, field in spec.model_fields.items()}
    return {
        name: _Known((*loc, name), written[name].value if name in written else None, field)
        for name, field in fields.items()
        if loc or (name not in ("format", "extends") and (name in written or name not in ("vars", "blocks")))
    }


def _specs(loc: Loc, content: object) -> list[type[Spec]]:
    if not loc:
        from netlib.config.experiment import Header

        return [Header]
    if loc == ("data",):
        from netlib.spec.data import DataSpec

        return [DataSpec, *_source(content)]
    owner = owner_of(loc)
    return [owner] if owner else []


def _source(content: object) -> list[type[Spec]]:
    from netlib.spec.registry import resolve, spec_class

    name = content["source"].content if isinstance(content, dict) and "source" in content else None
    known = resolve("source", name) if isinstance(name, str) else None
    return [spec_class("source", known)] if known else []


def _choices(found: _Known) -> list[str]:
    """The words among which a value is chosen; none where it is anything else."""
    from netlib.spec.schema.parameter_schema import parameter_schema

    if found.loc[:1] == ("train",) and found.loc[1:] in (("loss",), ("metrics",)):
        return _names("loss" if found.loc[1] == "loss" else "metric")
    if found.field is None:
        return []
    try:
        words = list(dict.fromkeys(_words(parameter_schema(found.field))))
    except TypeError:  # no config can hold such a value
        return []
    return [] if words == ["null"] else words  # a number, say, or none: it is not chosen among words


def _words(schema: Mapping[str, Any]) -> Iterator[str]:
    for part in schema.get("anyOf", ()):
        yield from _words(part)
    yield from (_word(each) for each in schema.get("enum", ()))
    if "$ref" in schema:
        yield from _names(schema["$ref"].rpartition("/")[2])
    types = schema.get("type", ())
    types = (types,) if isinstance(types, str) else types
    if "boolean" in types:
        yield from ("true", "false")
    if "null" in types:
        yield "null"


def _names(kind: str) -> list[str]:
    """Of the types of a kind, as a config mostly writes them."""
    from netlib.spec.registry import TABLES, names, snake_case

    if kind not in TABLES or kind == "layer":
        return []
    return [snake_case(name) if kind in ("loss", "metric", "initializer") else name for name in names(kind)]


def _word(value: object) -> str:
    """A scalar as YAML has it."""
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    return str(value)


def _about(found: _Known) -> str:
    """What is written there now, or the beginning of the field's description."""
    content = found.value.content if found.value else None
    if isinstance(content, str | int | float):
        return f"now {_cut(_word(content))}"
    return _cut((found.field.description or "") if found.field else "")


def _cut(text: str) -> str:
    return text if len(text) <= _SHORT else f"{text[: _SHORT - 4]} ..."

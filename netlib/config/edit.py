"""What an override changes in the tree: its steps pass over `nodes` and over a type's key, and find list items by name."""

from __future__ import annotations

from dataclasses import dataclass

from netlib.config.overrides import Override, Step
from netlib.config.problems import ConfigError, PlacedProblem
from netlib.config.reach import check_reach
from netlib.config.schema import block_around, default_type, is_beside, name_of, shorthand_at, type_key, type_named
from netlib.config.tree import Key, Place, Value
from netlib.spec.base import shown
from netlib.spec.errors import Loc, did_you_mean
from netlib.spec.language.blocks import REQUIRED
from netlib.spec.language.section import KEYS

_BESIDE_NODES = (*KEYS, "params", "blocks", "vars", "only", "closed")


def apply(override: Override, tree: Value) -> Value:
    """The tree after one override. An assignment replaces what was there; keys that lead to it are made where missing.

    Raises:
        ConfigError: the key leads nowhere.
    """
    check_reach(override, tree)
    return _Edit(override, tree).changed(tree, override.steps, ())


@dataclass(frozen=True)
class _Edit:
    override: Override
    tree: Value

    def changed(self, value: Value, steps: tuple[Step, ...], loc: Loc) -> Value:
        """`value`, found at `loc`, after the change that the remaining steps lead to."""
        content = self._opened(value, steps[0], loc)
        if isinstance(content, list):
            return Value(self._in_list(content, steps, loc), value.place, value.key)
        step = steps[0]
        key = _existing(content, step.key)
        if key is None and (over := self._passed_over(content, step, loc)) is not None:
            inner = self.changed(content[over], steps, (*loc, over))
            return Value({**content, over: inner}, value.place, value.key)
        if key is None:
            if self.override.value is None:
                keys = [str(other) for other in content]
                raise _failure(step, f"there is no '{step.key}' to delete{did_you_mean(str(step.key), keys)}")
            key = step.key
        changed = dict(content)
        if len(steps) > 1:
            inside = content.get(key) or self._missing((*loc, key), step.place)
            changed[key] = self.changed(inside, steps[1:], (*loc, key))
        elif self.override.value is None:
            del changed[key]
        else:
            changed[key] = self.override.value.under(step.place)
        return Value(changed, value.place, value.key)

    def _in_list(self, items: list[Value], steps: tuple[Step, ...], loc: Loc) -> list[Value]:
        index = _index(items, steps[0], loc)
        if len(steps) > 1:
            middle = [self.changed(items[index], steps[1:], (*loc, index))]
        else:
            middle = [] if self.override.value is None else [self.override.value]
        return [*items[:index], *middle, *items[index + 1 :]]

    def _passed_over(self, content: dict[Key, Value], step: Step, loc: Loc) -> Key | None:
        """The key that a path need not name: `nodes` of a network, or a type."""
        if "nodes" in content and loc[:1] in (("model",), ("blocks",)) and step.key not in _BESIDE_NODES:
            return "nodes"
        name = type_key(content, loc)
        return None if name is None or is_beside(step.key, name, loc) else name

    def _opened(self, value: Value, step: Step, loc: Loc) -> dict[Key, Value] | list[Value]:
        """The mapping or list that `value` is, or is short for."""
        content = value.content
        if content is None:
            return {}
        short = shorthand_at(loc) or self._only_parameter(loc)
        if isinstance(content, list) and (short is None or isinstance(step.key, int)):
            return content
        if isinstance(content, dict):
            return content
        if short is not None:
            return {short: value.under(None)}
        if isinstance(content, str) and (name := type_named(content, loc)):
            return {name: Value(None, value.place, value.place)}
        raise _failure(step, f"'{_dotted(loc)}' is {shown(content)}, which has no '{step.key}'")

    def _only_parameter(self, loc: Loc) -> Key | None:
        """The parameter that stands alone in the use of a block at `loc`: the only one, or the only required one."""
        around = block_around(loc) or ()
        for length in range(len(around), -1, -2):
            block, depth = self.tree.find((*loc[:length], "blocks", *loc[-1:], "params"))
            if depth == length + 3 and isinstance(block.content, dict):
                params = block.content
                required = [name for name, default in params.items() if default.content == REQUIRED]
                names = required or list(params)
                return names[0] if len(names) == 1 else None
        return None

    def _missing(self, loc: Loc, place: Place) -> Value:
        """What stands for a key that is not written: its default type, where it has one."""
        name = default_type(loc)
        content: dict[Key, Value] = {} if name is None else {name: Value(None, place, place)}
        return Value(content, place, place)


def _existing(content: dict[Key, Value], key: Key) -> Key | None:
    return next((other for other in (key, str(key)) if other in content), None)


def _index(items: list[Value], step: Step, loc: Loc) -> int:
    """The item that a step means: by its place, by its `name`, or by a default name that is the only one."""
    where = f"'{_dotted(loc)}'"
    if isinstance(step.key, int):
        if step.key >= len(items):
            raise _failure(step, f"{where} has {len(items)} items, counted from 0; there is no item {step.key}")
        return step.key
    names = [name_of(item, (*loc, index)) for index, item in enumerate(items)]
    found = [index for index, name in enumerate(names) if name == step.key]
    if len(found) > 1:
        listed = ", ".join(map(str, found))
        raise _failure(step, f"{where} has {len(found)} items '{step.key}'; write the index of one: {listed}")
    if not found:
        known = [name for name in names if name]
        listed = f" (it has: {', '.join(known)})" if known else ""
        raise _failure(step, f"{where} has no item '{step.key}'{did_you_mean(step.key, known) or listed}")
    return found[0]


def _dotted(loc: Loc) -> str:
    return ".".join(map(str, loc))


def _failure(step: Step, message: str) -> ConfigError:
    return ConfigError([PlacedProblem(step.place, message)])

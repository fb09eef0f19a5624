"""What an override may not reach: what is declared in a file, or stands in another one."""

from __future__ import annotations

from collections.abc import Iterable

from netlib.config.block_files import KEYS
from netlib.config.overrides import Override, Step
from netlib.config.problems import ConfigError, PlacedProblem
from netlib.config.schema import is_block
from netlib.config.tree import Value
from netlib.spec.errors import did_you_mean, one_of


def check_reach(override: Override, tree: Value) -> None:
    """Looks whether an override may be applied to `tree`.

    Raises:
        ConfigError: it changes what a config is based on, sets a variable or parameter that is not declared, or reaches into a
            block of another file.
    """
    first = override.steps[0]
    if first.key == "extends":
        raise _failure(first, "'extends' is read before the command line; write it in a file")
    if first.key == "vars" and len(override.steps) > 1:
        _check_declared(override.steps[1], tree.child("vars"), "no variable '{}' is declared in 'vars'")
    if first.key == "blocks" and len(override.steps) > 2:
        _check_blocks(override.steps, tree)


def _check_blocks(steps: tuple[Step, ...], tree: Value) -> None:
    """Of every block that the steps lead through: whether it is there, and what of it they change."""
    path = tuple(step.key for step in steps)
    for length in range(2, len(path)):
        if not is_block(path[:length]):
            continue
        blocks, depth = tree.find(path[: length - 1])
        name, inside = steps[length - 1], steps[length]
        _check_declared(name, blocks if depth == length - 1 else None, "there is no block '{}'")
        block = blocks.child(name.key)
        if block is None:
            return
        if file := block.child("file"):
            _check_file(block, file, name, inside)
        elif inside.key == "params" and len(steps) > length + 1:
            _check_declared(steps[length + 1], block.child("params"), f"block '{name.key}' has no parameter '{{}}'")


def _check_file(block: Value, file: Value, name: Step, inside: Step) -> None:
    if inside.key in KEYS:
        return
    message = f"block '{name.key}' stands in '{file.content}', and can be changed only there"
    hint = f"its parameters are given where it is used, as in '{name.key}: {{...}}'"
    raise _failure(inside, f"{message}; {hint}; an override may set its {one_of(KEYS)}")


def _check_declared(step: Step, known: Value | None, message: str) -> None:
    names = [str(name) for name in known.content] if known and isinstance(known.content, dict) else []
    if str(step.key) not in names:
        hint = did_you_mean(str(step.key), names) or f"; there is {_listed(names)}"
        raise _failure(step, message.format(step.key) + hint)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"


def _failure(step: Step, message: str) -> ConfigError:
    return ConfigError([PlacedProblem(step.place, message)])

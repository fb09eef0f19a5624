"""The examples in docstrings run, and everything public has a docstring."""

from __future__ import annotations

import doctest
import inspect
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
HEAVY = ("netlib.nn", "netlib.training", "netlib.tasks")
"""Rooms that import TensorFlow."""


def modules_with_examples() -> list[str]:
    found = []
    for path in sorted((ROOT / "netlib").rglob("*.py")):
        if ">>>" in path.read_text(encoding="utf-8"):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            found.append(name)
    return found


@pytest.mark.parametrize("name", modules_with_examples())
def test_examples_give_what_they_say(name: str) -> None:
    module = import_module(name)
    names: dict[str, Any] = {}
    if name.startswith(HEAVY):
        names["tf"] = import_module("tensorflow")
    tests = doctest.DocTestFinder(exclude_empty=True).find(module, name, extraglobs=names)
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    report: list[str] = []
    for test in tests:
        runner.run(test, out=report.append)
    assert runner.summarize(verbose=False).attempted > 0
    assert not report, "".join(report)


def public_members(kind: type) -> Iterator[tuple[str, Any]]:
    """What a class defines itself for its users."""
    for name, value in vars(kind).items():
        if name.startswith("_"):
            continue
        if isinstance(value, classmethod | staticmethod):
            value = value.__func__
        if inspect.isfunction(value) or isinstance(value, property):
            yield f"{kind.__module__}.{kind.__qualname__}.{name}", value


def public_objects() -> Iterator[tuple[str, Any]]:
    nn = import_module("netlib.nn")
    homes = [import_module(name) for name in ("netlib.training.model", "netlib.training.callbacks")]
    objects = [getattr(nn, name) for name in dir(nn) if name[:1].isalpha()]
    objects += [getattr(home, name) for home in homes for name in dir(home) if name[:1].isalpha()]
    for each in objects:
        if getattr(each, "__module__", "").startswith("netlib.") and (
            inspect.isclass(each) or inspect.isfunction(each)
        ):
            yield f"{each.__module__}.{each.__qualname__}", each
            for base in each.__mro__ if inspect.isclass(each) else ():
                if base.__module__.startswith("netlib."):
                    yield from public_members(base)


def test_everything_public_has_a_docstring() -> None:
    found = dict(public_objects())
    some = (
        "nn.module.Module.freeze",
        "nn.collecting.Collecting.add_loss",
        "nn.layers.core.Dense",
        "training.model.Model.fit",
    )
    assert {f"netlib.{name}" for name in some} <= set(found)
    without = [name for name, each in found.items() if not (each.__doc__ or "").strip()]
    assert without == []
    classes = [each for each in found.values() if inspect.isclass(each)]
    inherited = [each.__name__ for each in classes if "__doc__" not in vars(each) or not vars(each)["__doc__"]]
    assert inherited == []


@pytest.mark.parametrize("name", ["Module", "Layer", "Network", "Sequential", "Input", "Foreign", "as_keras"])
def test_what_a_user_begins_with_has_an_example(name: str) -> None:
    assert ">>>" in getattr(import_module("netlib.nn"), name).__doc__

"""Where a variable is kept that is in no tree: for the message only, so that its user knows what to change."""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, is_dataclass, replace
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import keras
import tensorflow as tf

from netlib.nn.module import Module
from netlib.training.replicas import copies_of

MOST = 20_000
"""Objects that are looked at, at most."""

_NOT_USERS = ("tensorflow", "keras", "netlib", "numpy", "builtins")


@dataclass(frozen=True)
class Holder:
    """What holds a variable: path and class of the module or Keras layer that it is reached from, and the way from there.

    `remedy` is what to do.
    """

    variable: tf.Variable
    path: str
    owner: str
    way: str
    remedy: str

    def __str__(self) -> str:
        return f"which {self.path or 'the model'} ({self.owner}) keeps in {self.way}"


@dataclass(frozen=True)
class _Step:
    """An object on the way from a module, the way to it, and the remedy against the first thing that hides it."""

    value: Any
    way: str
    remedy: str = ""


_ASSIGN = "make it an attribute of the layer that uses it: self.w = variable"


def holder_of(model: Module, handle: tf.Tensor) -> Holder | None:
    """The nearest module or Keras layer of the tree from which a handle's variable can be reached in any way, or None."""
    for path, layer in sorted(model.named_modules(), key=lambda pair: -pair[0].count(".") if pair[0] else 1):
        step = _search(layer, handle)
        if step:
            return Holder(step.value, path, type(layer).__name__, step.way, step.remedy or _ASSIGN)
    return None


def _search(layer: Any, handle: tf.Tensor) -> _Step | None:
    """The way to the variable: breadth first, so that the shortest is found."""
    queue = deque(_of_layer(layer))
    seen: dict[int, Any] = {}  # holds the objects, so that no id is given to another one meanwhile
    while queue and len(seen) < MOST:
        step = queue.popleft()
        value = step.value.value if isinstance(step.value, keras.Variable) else step.value
        if isinstance(value, tf.Variable) and any(copy.handle is handle for copy in copies_of(value)):
            return replace(step, value=value)
        if id(step.value) not in seen:
            seen[id(step.value)] = step.value
            queue.extend(_inside(step))
    return None


def _of_layer(layer: Any) -> Iterator[_Step]:
    for name, value in vars(layer).items():
        yield _Step(value, f"self.{name}")
    for kind in type(layer).__mro__:
        if _is_users(kind):
            for name, value in vars(kind).items():
                yield _Step(value, f"the class's {kind.__name__}.{name}")


def _is_users(kind: type) -> bool:
    return kind.__module__.partition(".")[0] not in _NOT_USERS


def _inside(step: _Step) -> Iterator[_Step]:
    """What an object holds in ways that the tree follows, and in those that it does not."""
    value, way, remedy = step.value, step.way, step.remedy
    if isinstance(value, Mapping):
        yield from (_Step(item, f"{way}[{key!r}]", remedy) for key, item in list(value.items()))
    elif isinstance(value, list | tuple):
        yield from (_Step(item, f"{way}[{index}]", remedy) for index, item in enumerate(value))
    elif isinstance(value, set | frozenset):
        yield from (_Step(item, f"the set {way}", remedy or f"make {way} a list") for item in value)
    elif isinstance(value, FunctionType):
        yield from _of_function(step)
    elif isinstance(value, MethodType):
        yield from (_Step(item, way, remedy) for item in (value.__func__, value.__self__))
    elif isinstance(value, functools.partial):
        yield from (_Step(item, way, remedy or _ASSIGN) for item in (value.func, value.args, value.keywords))
    elif isinstance(value, property):
        yield _Step(value.fget, way, remedy)
    elif callable(getattr(value, "python_function", None)):  # a tf.function
        yield _Step(value.python_function, way, remedy)
    elif callable(getattr(value, "deref", None)):  # `variable.ref()`, what a set can hold
        yield _Step(value.deref(), way, remedy or _ASSIGN)
    elif isinstance(value, _KNOWN) or (_is_users(type(value)) and not isinstance(value, type | ModuleType)):
        yield from (_Step(item, f"{way}.{name}", remedy or _cure(value)) for name, item in _fields(value))


_KNOWN = (tf.Module, keras.layers.Layer, keras.metrics.Metric, keras.optimizers.Optimizer, tf.random.Generator)
"""Classes of others that may keep variables."""


def _cure(value: Any) -> str:
    """What to do with an object that the tree does not look into."""
    kind = type(value).__name__
    if is_dataclass(value) or isinstance(value, tf.Module | keras.layers.Layer):
        return ""
    if isinstance(value, _KNOWN):
        return f"keep the variables of the {kind} in an attribute of the layer, too"
    return f"make {kind} a dataclass or a netlib.nn.Module"


def _fields(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, keras.layers.Layer | keras.metrics.Metric):
        yield from ((variable.name, variable) for variable in value.variables)
    yield from vars(value).items() if hasattr(value, "__dict__") else ()
    for kind in type(value).__mro__:
        slots = vars(kind).get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if hasattr(value, name):
                yield name, getattr(value, name)


def _of_function(step: _Step) -> Iterator[_Step]:
    """What a function's code names outside of itself."""
    function, name = step.value, step.value.__qualname__.rpartition(".")[2]
    remedy = step.remedy or _ASSIGN
    if function.__module__ and function.__module__.partition(".")[0] in _NOT_USERS:
        return
    for free, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        if value := _contents(cell):
            yield _Step(value[0], f"the closure of {name} as '{free}'", remedy)
    for known in _names(function.__code__):
        if known in function.__globals__:
            yield _Step(function.__globals__[known], f"the global '{known}' of {function.__module__}", remedy)
    for value in (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()):
        yield _Step(value, f"a default argument of {name}", remedy)


def _contents(cell: Any) -> tuple[Any, ...]:
    try:
        return (cell.cell_contents,)
    except ValueError:  # it is empty
        return ()


def _names(code: CodeType) -> set[str]:
    """The global names of a function's code, and of the functions inside of it."""
    inner = (names for const in code.co_consts if isinstance(const, CodeType) for names in _names(const))
    return {*code.co_names, *inner}

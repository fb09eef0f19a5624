"""Which variables of a module are which tensors of torch's state: the table of `netlib.spec.torch_names` over a module's tree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from netlib.nn.layer import Layer
from netlib.nn.torch_layouts import CHANGES, Array, channels_first, channels_last
from netlib.nn.tree import Entry, Tree, joined
from netlib.spec.errors import UsageError, did_you_mean
from netlib.spec.layers.plugin import PluginLayer
from netlib.spec.torch_names import IGNORED, ROWS, Row

Places = Sequence[int]
"""Height, width and channels (or fewer, or more, axes) of what a Flatten before a Dense reads."""


@dataclass(frozen=True)
class Link:
    """Variables of ours by path, and the names of the tensors that hold the same numbers."""

    variables: dict[str, tf.Variable]
    names: tuple[str, ...]
    layout: str
    places: Places | None = None

    def to_torch(self) -> dict[str, Array]:
        """The tensors by name, from the variables' values."""
        values = [variable.numpy() for variable in self.variables.values()]
        if self.places is not None:
            values = [channels_first(values[0], self.places)]
        tensors = CHANGES[self.layout].to_torch(values, len(self.names))
        return dict(zip(self.names, (np.asarray(each, order="C") for each in tensors), strict=True))

    def back(self, tensors: Sequence[Array]) -> dict[str, Array]:
        """The variables' values by path, from the tensors in their order."""
        shapes = [tuple(variable.shape) for variable in self.variables.values()]
        values = CHANGES[self.layout].back(tensors, shapes)
        if self.places is not None:
            values = [channels_last(values[0], self.places)]
        return dict(zip(self.variables, values, strict=True))


def links_of(module: tf.Module, flattened: Mapping[str, Places]) -> list[Link]:
    """What corresponds to what, each variable once for each layer that uses it; `flattened` is as `to_torch` takes it.

    Raises:
        UsageError: the module is not built, or has weights for which torch has no counterpart; or `flattened` does not fit.
    """
    tree = Tree(module)
    layers = [entry for entry in tree.modules if _rows(entry.value) is not None and not _inside_of_layer(entry)]
    links = [link for entry in layers for link in _of_layer(entry, tree, _places(entry, flattened))]
    if unknown := [path for path in flattened if path not in {entry.path for entry in layers}]:
        hint = did_you_mean(unknown[0], [entry.path for entry in layers])
        raise UsageError(f"flattened: {module.name} has no layer at '{unknown[0]}'{hint}")
    done = {id(variable) for link in links for variable in link.variables.values()}
    seeds = _seed_states(tree)
    rest = [entry for entry in tree.variables if id(entry.value) not in done | seeds]
    links += [_by_itself(entry) for entry in rest]
    unbuilt = [entry.path for entry in tree.modules if isinstance(entry.value, Layer) and not entry.value.built]
    if unbuilt and not links:
        raise UsageError(f"{module.name} has no weights yet: call it once on data, then exchange weights with torch")
    return links


def _of_layer(entry: Entry, tree: Tree, places: Places | None) -> Iterator[Link]:
    """The rows of the table that have weights in this layer (one without a bias has one row less)."""
    if not getattr(getattr(entry.value, "spec", entry.value), "reset_after", True):
        raise UsageError(
            f"torch's GRU has no counterpart for the one at '{entry.path}': it resets after the multiplication, so make it with"
            f" reset_after=True"
        )
    paths = {id(each.value): each.path for each in tree.variables}
    for row in _rows(entry.value) or ():
        variables = [_weight(entry.value, attribute) for attribute in row.ours]
        found = {paths[id(variable)]: variable for variable in variables if id(variable) in paths}
        if len(found) == len(row.ours):
            names = tuple(joined(entry.path, name) for name in _names(row, list(found.values()), entry))
            yield Link(found, names, row.layout, places if row.layout == "kernel" else None)


def _names(row: Row, variables: list[tf.Variable], entry: Entry) -> tuple[str, ...]:
    if row.layout != "attention_input":
        return row.theirs
    features, heads, size = variables[0].shape
    if any(tuple(variable.shape[1:]) != (heads, size) for variable in variables) or heads * size != features:
        shapes = ", ".join(str(tuple(variable.shape)) for variable in variables)
        raise UsageError(
            f"torch's MultiheadAttention has no counterpart for the one at '{entry.path}': num_heads * key_dim has to be the"
            f" features of the query, and value_dim to be key_dim; the kernels (features, heads, size) are {shapes}"
        )
    return row.theirs if len({variable.shape[0] for variable in variables}) == 1 else row.separate


def _by_itself(entry: Entry) -> Link:
    """A variable that is no weight of a known layer: it has the same name and axes in torch, if its owner is written by hand, or
    is a variable itself."""
    owner = entry.owner.value if entry.owner else None
    if isinstance(owner, keras.layers.Layer) or _is_of_the_catalogue(owner):
        raise UsageError(
            f"'{entry.path}' is a weight of {type(owner).__name__}, for which no counterpart in torch is known (known:"
            f" {', '.join(ROWS)}); exchange its weights by state_dict and load_state_dict"
        )
    return Link({entry.path: entry.value}, (entry.path,), "same")


def _is_of_the_catalogue(owner: Any) -> bool:
    kind = owner.spec_type if isinstance(owner, Layer) else None
    return kind is not None and not kind.source and not issubclass(kind, PluginLayer)


def _rows(layer: Any) -> tuple[Row, ...] | None:
    """The rows of a layer's class, ours or Keras's, or of the one that it is derived from."""
    kinds = (kind for kind in type(layer).__mro__ if kind.__module__.startswith(("netlib.nn.", "keras.")))
    return next((ROWS[kind.__name__] for kind in kinds if kind.__name__ in ROWS), None)


def _weight(layer: Any, attribute: str) -> tf.Variable | None:
    """The variable at the first of the attributes that there is, None if there is none."""
    for dotted in attribute.split("|"):
        value: Any = layer
        for name in dotted.split("."):
            value = getattr(value, name, None)
        if value is not None:
            return value.value if isinstance(value, keras.Variable) else value
    return None


def _inside_of_layer(entry: Entry) -> bool:
    """Whether a layer with rows of its own is around it, whose weights its own are."""
    return any(_rows(around.value) is not None for around in entry.around())


def _places(entry: Entry, flattened: Mapping[str, Places]) -> Places | None:
    places = flattened.get(entry.path)
    kernel = _weight(entry.value, "kernel")
    if places is not None and (kernel is None or kernel.shape.rank != 2 or kernel.shape[0] != int(np.prod(places))):
        shape = None if kernel is None else tuple(kernel.shape)
        raise UsageError(
            f"flattened: {tuple(places)} are {int(np.prod(places))} features, and the kernel of '{entry.path}' is {shape};"
            f" give height, width and channels of what the Flatten before it reads"
        )
    return places


def _seed_states(tree: Tree) -> set[int]:
    layers = [layer for layer in (entry.value for entry in tree.modules) if isinstance(layer, keras.layers.Layer)]
    weights = {id(variable.value) for layer in layers for variable in layer.weights}
    return {id(variable.value) for layer in layers for variable in layer.variables} - weights


def ignored_names(module: tf.Module) -> set[str]:
    """Names of what torch's state has of the layers of this module and nothing here needs."""
    layers = [entry for entry in Tree(module).modules if _rows(entry.value) is not None]
    return {joined(entry.path, name) for entry in layers for name in IGNORED.get(type(entry.value).__name__, ())}

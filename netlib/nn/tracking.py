"""What SavedModel and `tf.train.Checkpoint` find in a module."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from netlib.nn.tree import Tree


def tracked(module: Any, found: dict[str, Any]) -> dict[str, Any]:
    """What TensorFlow found, without what it refuses to save, and all that our tree has in this module, not in those inside.

    TensorFlow does not look into dataclasses, and refuses a dict with keys that are no text, and a list that did not only grow.
    """
    kept = {name: value for name, value in found.items() if _can_be_saved(value)}
    known = {id(value) for value in kept.values()}
    for entry in Tree(module).entries:
        held = any(place.parent is not None and place.parent.value is module for place in entry.places)
        if held and id(entry.value) not in known:
            kept[f"_netlib.{entry.path}"] = entry.value
    return kept


def _can_be_saved(value: Any) -> bool:
    if not isinstance(value, list | tuple | Mapping):
        return True
    try:
        inside = value._trackable_children()  # type: ignore[union-attr]  # TensorFlow has wrapped it
    except ValueError:
        return False
    return all(map(_can_be_saved, inside.values()))

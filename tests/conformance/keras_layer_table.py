"""Makes `netlib/spec/keras_layers.json` of Keras's layers: their parameters with defaults, and what each of them reads.

python tests/conformance/keras_layer_table.py
"""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

import keras

import netlib.spec.keras_layers as spec

PATH = Path(spec.__file__).with_suffix(".json")
_MAY_READ = ("key",)
"""Inputs of Keras's calls that may be left out, and are tensors of the network; all others that may are flags, or masks."""


def keras_classes() -> dict[str, Any]:
    """Every layer that `keras.layers` has, by name."""
    found = ((name, getattr(keras.layers, name)) for name in sorted(dir(keras.layers)))
    return {name: each for name, each in found if isinstance(each, type) and issubclass(each, keras.layers.Layer)}


def made() -> dict[str, Any]:
    """The table of the Keras that is installed."""
    classes = keras_classes()
    own = {name: each.__name__ if each.__name__ in classes else name for name, each in classes.items()}
    layers = {name: _facts(each) for name, each in classes.items() if name == own[name] not in spec.REFUSED_LAYERS}
    return {"layers": layers, "aliases": {name: own[name] for name in classes if name != own[name] in layers}}


def _facts(layer: Any) -> dict[str, Any]:
    own = [each for each in _parameters(layer.__init__) if each.kind is each.POSITIONAL_OR_KEYWORD]
    call = _parameters(layer.call)
    return {
        "required": [each.name for each in own if each.default is each.empty],
        "defaults": {each.name: each.default for each in own if each.default is not each.empty},
        "reads": [each.name for each in call if each.default is each.empty],
        "may_read": [each.name for each in call if each.name in _MAY_READ],
        "list": _takes_a_list(layer),
        "mask": any(each.name == "mask" for each in call),
        "random": any(each.name in ("seed", "dropout") for each in own),
    }


def _parameters(method: Any) -> list[inspect.Parameter]:
    return list(inspect.signature(method).parameters.values())[1:]


def _takes_a_list(layer: Any) -> bool:
    """Whether it reads several tensors as one argument."""
    merging = keras.layers.Add.__base__
    listed = (merging, keras.layers.Attention, keras.layers.AdditiveAttention, keras.layers.HashedCrossing)
    return issubclass(layer, listed)


def text(table: dict[str, Any]) -> str:
    """The table as the file has it: a line for each layer."""
    lines = {
        part: ",\n".join(f"    {json.dumps(name)}: {json.dumps(facts)}" for name, facts in table[part].items())
        for part in table
    }
    return "{\n" + ",\n".join(f'  "{part}": {{\n{body}\n  }}' for part, body in lines.items()) + "\n}\n"


if __name__ == "__main__":
    PATH.write_text(text(made()), encoding="utf-8")

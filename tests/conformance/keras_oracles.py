"""What Keras computes for a layer of ours: its layer of that name, or where it has none with these parameters, others joined.

What is special about a layer stands in `oracles/`, in a file for each file of specs, in three tables by the layer's name:

- `ORACLES`: makes Keras's layer of the name and of the arguments; by default Keras's of that name
- `WEIGHT_NAMES`: what we call a variable of Keras's; by default as Keras does
- `OWN_PARAMETERS`: the names of those that Keras's layer has not
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from netlib.nn.keras_objects import activation, make
from netlib.spec.base import Spec
from netlib.spec.layer import LayerSpec
from netlib.spec.registry import names


def _tables(name: str) -> dict[str, Any]:
    """Those of that name, in one."""
    files = sorted(Path(__file__).with_name("oracles").glob("*.py"))
    found = [getattr(import_module(f"oracles.{path.stem}"), name, {}) for path in files]
    return {layer: entry for table in found for layer, entry in table.items()}


ORACLES: dict[str, Callable[[str, dict[str, Any]], Any]] = _tables("ORACLES")
WEIGHT_NAMES: dict[str, Callable[[Any], str]] = _tables("WEIGHT_NAMES")
OWN_PARAMETERS: dict[str, set[str]] = _tables("OWN_PARAMETERS")

OWN_LAYERS = tuple(name for name in names("layer") if not hasattr(keras.layers, name))
"""Those that Keras has not."""


def keras_layer(spec: LayerSpec, values: Sequence[tf.Tensor]) -> Any:
    """The layer, built for these values."""
    arguments = {name: _argument(value) for name, value in spec}
    name = spec.type_name()
    layer = ORACLES[name](name, arguments) if name in ORACLES else getattr(keras.layers, name)(**arguments)
    layer(*given(spec, values))
    return layer


def given(spec: LayerSpec, values: Sequence[Any]) -> list[Any]:
    """Inputs, or shapes, as Keras takes them: a list where we take any number."""
    return [list(values)] if spec.variadic else list(values)


def weights_of(layer: Any) -> list[Any]:
    """Keras's variables without the states of its generators of random numbers."""
    return [each for each in layer.variables if "seed_generator" not in each.path]


def weight_name(spec: LayerSpec, variable: Any) -> str:
    """What we call Keras's variable."""
    return str(WEIGHT_NAMES.get(spec.type_name(), lambda each: each.name)(variable))


def has_oracle(spec: LayerSpec) -> bool:
    """Whether something of Keras's computes what the layer does. What has not is held to NumPy by tests of its own."""
    return spec.type_name() not in OWN_LAYERS or spec.type_name() in ORACLES


def _argument(value: Any) -> Any:
    if isinstance(value, LayerSpec):  # a recurrent layer, which gives its states
        held = {name: _argument(each) for name, each in value if name != "batch_size"}
        return getattr(keras.layers, value.type_name())(**held, return_state=True)
    if isinstance(value, Spec) and value.kind:
        return activation(value) if value.kind == "activation" else make(value)
    return value

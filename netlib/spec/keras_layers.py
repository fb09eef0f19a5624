"""Layers of Keras's own as nodes: `keras.layers.ConvLSTM2D: {filters: 8, kernel_size: 3}`.

Which there are, and their parameters with defaults, stands in `keras_layers.json`, which
`tests/conformance/keras_layer_table.py` writes from Keras. Why the others are left out stands here.
"""

from __future__ import annotations

import json
import warnings
from functools import cache
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

from pydantic import AfterValidator, Field, PlainValidator, PrivateAttr, create_model

from netlib.spec.base import Spec, shown
from netlib.spec.choice import Choice
from netlib.spec.errors import SpecError, did_you_mean
from netlib.spec.foreign import End, Foreign, ForeignSpec
from netlib.spec.layer import LayerSpec, Weight
from netlib.spec.tensors import Shape

PREFIX = "keras.layers."
_HOLDS = "it holds layers or cells, and a config gives Keras plain values alone"
_LEARNS = "it learns from the data before training"
REFUSED_LAYERS: dict[str, str] = {
    "Bidirectional": f"{_HOLDS}; use Bidirectional: NODE, which is netlab's own",
    "Discretization": f"{_LEARNS}; write preprocess: {{INPUT: {{Bucketize: {{quantiles: 10}}}}}} in the section 'data'",
    "FlaxLayer": "it runs code; write a layer in Python",
    "GRUCell": "a cell is no layer by itself; use keras.layers.GRU",
    "InputLayer": "a network's inputs stand in `inputs`",
    "IntegerLookup": f"{_LEARNS}, or reads a file; write preprocess: {{INPUT: Lookup}} in the section 'data'",
    "JaxLayer": "it runs code; write a layer in Python",
    "Lambda": "it runs code; write an expression: Compute: x * 2",
    "Layer": "it is the base of Keras's layers, and computes nothing",
    "LSTMCell": "a cell is no layer by itself; use keras.layers.LSTM",
    "MaxNumBoundingBoxes": "it works on bounding boxes, which are no tensor of a network",
    "Normalization": f"{_LEARNS}; write preprocess: {{INPUT: Standardize}} in the section 'data'",
    "Pipeline": f"{_HOLDS}; write a node for each of its layers",
    "RNN": f"{_HOLDS}; use RNN with nodes as its cell, which is netlab's own",
    "SimpleRNNCell": "a cell is no layer by itself; use keras.layers.SimpleRNN",
    "SpectralNormalization": f"{_HOLDS}; use SpectralNormalization: NODE, which is netlab's own",
    "StackedRNNCells": f"{_HOLDS}; write a node for each of them, with return_sequences: true",
    "StringLookup": f"{_LEARNS}, or reads a file; write preprocess: {{INPUT: Lookup}} in the section 'data'",
    "TextVectorization": f"{_LEARNS}, or reads a file; write preprocess: {{INPUT: {{Tokenize: 100}}}} in the section 'data'",
    "TFSMLayer": "it runs what a file holds; write a layer in Python",
    "TimeDistributed": f"{_HOLDS}; use TimeDistributed: NODE, which may hold a layer of Keras's",
    "TorchModuleWrapper": "it runs code; write a layer in Python",
    "Wrapper": _HOLDS,
}
"""Keras's layers that no config may name, each with the reason and what to do instead."""
REFUSED_PARAMETERS: dict[str, str] = {
    **{name: reason for name, reason in LayerSpec.refused.items() if name != "activity_regularizer"},
    "quantization_config": "it is no plain value",
    "stateful": "its states would be of a fixed batch, and a network takes batches of any size",
    "weights": "initial weights are no plain value; load them from a checkpoint",
}
"""Parameters of Keras's layers that none takes here, with what to do instead."""


class KerasLayer(ForeignSpec):
    """A layer of Keras's own; each has a class with its parameters (`keras_layer`).

    What it gives and which weights it has is known for the inputs for which Keras was asked; see `answered`.
    """

    keras_name: ClassVar[str] = ""
    refused = REFUSED_PARAMETERS
    of_keras = True
    _found: Foreign | None = PrivateAttr(None)

    @classmethod
    def type_name(cls) -> str:
        """The name by which a config calls it: `keras.layers.Dense`."""
        return PREFIX + cls.keras_name

    def answered(self, found: Foreign) -> Self:
        """The same layer, with what Keras told of it for the inputs that it reads."""
        copied = self.model_copy()
        copied._found = found
        return copied

    @property
    def is_answered(self) -> bool:
        """Whether Keras has been asked."""
        return self._found is not None

    @property
    def found(self) -> Foreign:
        """What Keras told of it."""
        if self._found is None:
            raise SpecError(f"what {self.type_name()} gives is known only once Keras was asked")
        return self._found

    @property
    def ends(self) -> dict[str, End]:
        """How the outputs end of which Keras told that."""
        return self._found.ends_in if self._found else {}

    def output_shape(self, *shapes: Shape) -> dict[str, Shape]:
        """Keras is asked when the network is built, or `shape` stands beside the node; until then it is not known."""
        return super().output_shape(*shapes)

    def weights(self, *shapes: Shape) -> list[Weight]:
        """Keras is asked when the network is built."""
        return super().weights(*shapes)

    @property
    def draws(self) -> bool:
        """Whether it draws random numbers, which are Keras's own."""
        if not self.random:
            return False
        rates = [getattr(self, name) for name in ("dropout", "recurrent_dropout") if name in type(self).model_fields]
        return not rates or any(rates)


@cache
def table() -> dict[str, Any]:
    """The table: `layers`, by name, and `aliases`, further names of Keras's for some of them."""
    found: dict[str, Any] = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
    return found


def keras_names() -> list[str]:
    """Every layer of Keras's that a config may name."""
    return [PREFIX + name for name in table()["layers"]]


def is_keras_layer(name: str) -> bool:
    """Whether a config may name it so."""
    return name.startswith(PREFIX) and name.removeprefix(PREFIX) in table()["layers"]


def knows(name: str) -> bool:
    """Whether Keras has a layer of that name, allowed or not."""
    return name in table()["layers"] or name in REFUSED_LAYERS


def objection(name: str) -> str | None:
    """Why there is no layer of such a dotted name; None where its name is not like that of a layer of Keras's."""
    package, dot, last = name.rpartition(".")
    if not dot or "layers" not in package.split("."):
        return None
    if package != "keras.layers":
        return f"there is no layer '{name}'; a layer of Keras's is written as {PREFIX}Name" + did_you_mean(
            PREFIX + last, keras_names()
        )
    if last in REFUSED_LAYERS:
        return f"{name} cannot stand in a config: {REFUSED_LAYERS[last]}"
    if last in table()["aliases"]:
        return f"{name} is called {PREFIX}{table()['aliases'][last]} here"
    hint = did_you_mean(last, table()["layers"]).replace("'", f"'{PREFIX}", 1)
    return f"Keras has no layer '{last}'{hint or '; `netlab layers keras` lists those that a config may name'}"


@cache
def keras_layer(name: str) -> type[KerasLayer]:
    """The spec class of a layer of Keras's, by its name with `keras.layers.` in front."""
    last = name.removeprefix(PREFIX)
    facts = table()["layers"][last]
    taken = [*facts["required"], *facts["defaults"]]
    fields: dict[str, Any] = {
        each: _field(each, facts["defaults"].get(each, ...)) for each in taken if each not in REFUSED_PARAMETERS
    }
    with warnings.catch_warnings():
        # Some of Keras's parameters are called as methods are that serve only specs of ours.
        warnings.filterwarnings("ignore", message='Field name ".*" .*shadows an attribute in parent')
        found: type[KerasLayer] = create_model(
            KerasLayer.__name__, __base__=KerasLayer, __module__=__name__, __doc__=_DOC.format(last), **fields
        )
    found.keras_name = last
    found.inputs = () if facts["list"] else tuple(facts["reads"])
    found.optional_inputs = tuple(facts["may_read"])
    found.variadic = facts["list"]
    found.uses_mask = facts["mask"]
    found.random = facts["random"]
    found.refused = {each: REFUSED_PARAMETERS[each] for each in REFUSED_PARAMETERS if each in (*_BESIDE, *taken)}
    required = [each for each in facts["required"] if each in fields]
    found.shorthand = required[0] if len(required) == 1 else None
    return found


def _field(name: str, default: Any) -> Any:
    """Annotation and default of a parameter, by what it is called and what Keras's default is."""
    default = tuple(default) if isinstance(default, list) else default
    for ending, kind in _KINDS.items():
        if name == ending or name.endswith(f"_{ending}"):
            beside = [AfterValidator(_bare)] if kind == "activation" else []
            return Annotated[Spec | None, Choice(kind, optional=True), *beside], Field(default, description=_SEE)
    if isinstance(default, bool):
        return bool, Field(default, description=_SEE)
    if isinstance(default, int | float | tuple):
        return _Numbers, Field(default, description=_SEE)
    if isinstance(default, str) and name not in _TEXT_OR_FLAG:
        return str | None, Field(default, description=_SEE)
    return _Plain, Field(default, description=_SEE, examples=[_EXAMPLES[name]] if name in _EXAMPLES else None)


_DOC = "Keras's own {0}: what it computes stands in the documentation of keras.layers.{0}."
_SEE = "As Keras's documentation of the layer says."
_BESIDE = ("name", "trainable", "dtype")
_EXAMPLES: dict[str, Any] = {
    "axes": 1,
    "equation": "abc,cd->abd",
    "factor": 0.2,
    "head_dim": 4,
    "height": 8,
    "height_factor": 0.1,
    "key_dim": 4,
    "n": 3,
    "num_bins": 10,
    "num_heads": 2,
    "num_key_value_heads": 2,
    "num_query_heads": 4,
    "output_shape": [None, 8],
    "output_size": 4,
    "scale": 0.5,
    "stddev": 0.1,
    "width": 8,
    "width_factor": 0.1,
}
"""Of required parameters of any kind: values that go with one another."""
_KINDS = {each: each for each in ("activation", "initializer", "regularizer", "constraint")}
_TEXT_OR_FLAG = ("use_cudnn",)


def _bare(activation: Spec | None) -> Spec | None:
    if activation is not None and activation.model_fields_set:
        raise ValueError(
            f"Keras takes an activation by its name alone; write {activation.type_name()} with its parameters as a node"
            f" behind: Activation: {{{activation.type_name()}: ...}}"
        )
    return activation


def _numbers(value: Any) -> Any:
    """A number, or nested lists of numbers, as tuples."""
    if _are(value, (int, float, type(None))) and not isinstance(value, bool):
        return _as_tuples(value)
    raise ValueError(f"expected a number or a list of numbers, got {shown(value)}")


def _plain(value: Any) -> Any:
    """A scalar, or nested lists of scalars, as tuples."""
    if _are(value, (int, float, str, type(None))):
        return _as_tuples(value)
    raise ValueError(f"expected a plain value: a number, text, true or false, or a list of these, got {shown(value)}")


def _are(value: Any, kinds: tuple[type, ...]) -> bool:
    if isinstance(value, list | tuple):
        return all(_are(item, kinds) for item in value)
    return isinstance(value, kinds) and (bool in kinds or str in kinds or not isinstance(value, bool))


def _as_tuples(value: Any) -> Any:
    return tuple(map(_as_tuples, value)) if isinstance(value, list | tuple) else value


_Written = float | list[Any] | None
_Numbers = Annotated[Any, PlainValidator(_numbers, json_schema_input_type=_Written)]
_Plain = Annotated[Any, PlainValidator(_plain, json_schema_input_type=_Written | str | bool)]

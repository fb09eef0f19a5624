"""What every class of `netlib.nn` is, over the rows of `object_cases.py`: how it is built, described, copied, and used by others.

One test is a column of the table. How it behaves is in `test_behaviour.py`; what needs compiling or a file is in
`test_compiled.py` and `test_saving.py`.
"""

from __future__ import annotations

import copy
import inspect
import json
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from object_cases import ROWS, is_layer, rows, takes_and_gives
from object_row import (
    BATCH,
    Row,
    assert_close,
    assert_same,
    call,
    described,
    differ,
    floating,
    network_of,
    paths,
    trained,
)

from netlib import nn
from netlib.spec.errors import UsageError
from netlib.spec.registry import TABLES
from netlib.training.model import Model

# Every class has a row.


def test_every_registered_layer_and_every_public_name_has_a_row() -> None:
    public = {name for name in nn._names() if inspect.isclass(getattr(nn, name))}
    assert set(TABLES["layer"]) <= public
    assert {row.name for row in ROWS.values()} == public | {"Model"}
    assert set(nn._names()) - public == set(FUNCTIONS)


@rows()
def test_a_row_is_of_the_class_whose_name_it_has(row: Row) -> None:
    assert isinstance(row.make(), Model if row.name == "Model" else getattr(nn, row.name))


@pytest.mark.parametrize("name", sorted({row.name for row in ROWS.values()}))
def test_what_draws_or_keeps_statistics_does_so_in_some_row(name: str) -> None:
    """Otherwise the tests below would pass over a layer that does nothing in training."""
    mine = [row for row in ROWS.values() if row.name == name]
    for chosen in ([row for row in mine if row.random], [row for row in mine if row.statistics]):
        assert not chosen or any(map(_differs_in_training, chosen))


def _differs_in_training(row: Row) -> bool:
    module = row.ready()
    if row.random == "always":
        return differ(module(*row.values()), module(*row.values()))
    return differ(call(module, row.values(), training=False), call(module, row.values(), training=True))


# Build.


@rows(is_layer)
def test_shapes_and_counts_are_known_before_it_is_built(row: Row) -> None:
    layer = row.make(seed=1)
    static = layer.static(*row.tensors)
    shapes = [tensor.shape for tensor in row.tensors]
    before, built = layer.variables, layer.built
    counted, output_shape = layer.count(*shapes), layer.output_shape(*shapes)
    assert len(layer.variables) == len(before)  # what was there already: of a network of symbols, a tf.Module
    assert layer.built == built

    given = layer(*row.values())
    by_port = given if isinstance(given, dict) else {next(iter(static.outputs)): given}
    assert layer.num_parameters() == counted
    assert list(by_port) == list(static.outputs)
    for port, value in by_port.items():
        assert static.outputs[port].dtype == value.dtype.name
        said = output_shape[port] if isinstance(output_shape, dict) else output_shape
        assert len(said) == value.shape.rank
        assert all(axis in (None, actual) for axis, actual in zip(said, value.shape, strict=True))


@rows(is_layer, each_class=True)
def test_it_is_built_once(row: Row) -> None:
    layer = row.built()
    variables = layer.variables
    call(layer, row.values(batch=BATCH + 1))
    assert all(one is other for one, other in zip(layer.variables, variables, strict=True))
    with pytest.raises(UsageError, match="is built already"):
        layer.build(*(tensor.shape for tensor in row.tensors))


@rows(is_layer, each_class=True)
def test_it_can_be_built_inside_a_function(row: Row) -> None:
    layer = row.make(seed=5)
    traced = tf.function(lambda *values: call(layer, values), input_signature=row.signature(), autograph=False)
    outputs = traced(*row.values())
    assert paths(layer) == paths(row.built())
    assert_close(call(layer, row.values()), outputs, 2e-6)
    if row.name != "Foreign":
        assert_same(layer.variables, row.built().variables)


# Configs and copies.


def has_config(row: Row) -> bool:
    return row.is_layer and row.describable


@rows(has_config)
def test_its_config_makes_such_another(row: Row) -> None:
    config = _assert_config_makes_such_another(row)
    assert not {"trainable", "dtype"} & config.keys() or row.name == "Foreign"


@rows(has_config, each_class=True)
def test_so_it_does_with_options(row: Row) -> None:
    config = _assert_config_makes_such_another(row, name="chosen", trainable=False, dtype="mixed_bfloat16")
    assert (config["name"], config["trainable"], config["dtype"]) == ("chosen", False, "mixed_bfloat16")


def _assert_config_makes_such_another(row: Row, **options: Any) -> dict[str, Any]:
    layer = row.ready(**options)
    config: dict[str, Any] = layer.get_config()
    plain = json.loads(json.dumps(config))
    assert plain == config

    again = row.rebuilt(plain)
    assert type(again) is type(layer)
    call(again, row.values())
    assert again.get_config() == config
    assert (again.dtype, again.trainable) == (layer.dtype, layer.trainable)
    assert described(again) == described(layer)
    again.load_state_dict(layer.state_dict())
    assert_same(call(again, row.values()), call(layer, row.values()))
    return config


@rows(lambda row: row.classes)
def test_a_class_that_is_not_netlab_s_must_be_given(row: Row) -> None:
    made = row.built()
    with pytest.raises(UsageError, match=r"'\w+' is no layer of netlab's; give its class: layers="):
        type(made).from_config(made.get_config())


@rows(lambda row: row.is_layer and not row.describable)
def test_what_has_no_config_says_so(row: Row) -> None:
    with pytest.raises(UsageError, match="cannot be described by plain values"):
        row.make().get_config()


@rows(each_class=True)
def test_a_copy_is_independent(row: Row) -> None:
    module = row.ready()
    before, state = call(module, row.values()), module.state_dict()
    copied = copy.deepcopy(module)
    assert_same(call(copied, row.values()), before)
    assert described(copied) == described(module)
    assert not {id(v) for v in copied.variables} & {id(v) for v in module.variables}

    trainable = trained(module)
    for variable in floating(copied):
        variable.assign(variable + 1)
    if paths(copied):
        copied.freeze("**")
    call(copied, row.values(), training=True)
    assert_same(module.state_dict().values(), state.values())
    assert trained(module) == trainable
    assert_same(call(module, row.values()), before)
    assert not row.is_layer or all(np.isfinite(loss) for loss in module.losses)


@rows(each_class=True)
def test_a_copy_of_what_is_not_built_is_built_by_itself(row: Row) -> None:
    module = row.make(seed=3) if row.is_layer else row.make()
    copied = copy.deepcopy(module)
    call(copied, row.values())
    call(module, row.values())
    assert paths(copied) == paths(module)
    assert not {id(v) for v in copied.variables} & {id(v) for v in module.variables}


@rows(is_layer, each_class=True)
def test_pickle_is_refused(row: Row) -> None:
    with pytest.raises(UsageError, match="cannot be pickled"):
        row.make().__reduce_ex__(4)


# What the functions of `netlib.nn` do with every row.


@rows(lambda row: is_layer(row) and takes_and_gives(row), each_class=True)
def test_it_takes_symbols(row: Row) -> None:
    layer = row.ready()
    network = network_of(layer, row.tensors)
    outputs = call(network, [{f"x{i}": value for i, value in enumerate(row.values())}])
    assert_same(outputs, call(layer, row.values()))
    assert network.variables == layer.variables


@rows(takes_and_gives, each_class=True)
def test_keras_takes_it(row: Row) -> None:
    module = row.ready()
    model = nn.as_keras(module)
    values = row.values()
    given = model(values if len(values) > 1 else values[0])
    if row.random != "always":
        assert_same(tf.nest.flatten(given), call(module, values))
    theirs = {id(variable.value) for variable in model.trainable_variables}
    assert theirs == {id(variable) for variable in module.trainable_variables}


NOT_IN_TORCH = {
    "AdditiveAttention",
    "Attention",
    "ConvLSTM2D",
    "EinsumDense",
    "GroupedQueryAttention",
    "LayerScale",
    "PReLU",
    "PositionalEmbedding",
}
"""Layers with weights of which torch has none of the same kind, or none whose weights have these shapes."""


@rows()
def test_torch_s_weights_and_back(row: Row) -> None:
    module, other = row.ready(), row.built()
    if row.name in NOT_IN_TORCH and module.variables:
        with pytest.raises(UsageError, match=f"is a weight of {row.name}, for which no counterpart in torch is known"):
            nn.to_torch(module)
        return
    if not getattr(getattr(module, "spec", None), "reset_after", True):
        with pytest.raises(UsageError, match="torch's GRU has no counterpart for the one at"):
            nn.to_torch(module)
        return
    report = nn.from_torch(other, nn.to_torch(module))
    assert report.complete()
    assert_same(floating(other), floating(module))
    assert_same(call(other, row.values()), call(module, row.values()))


FUNCTIONS = {
    "Input": test_it_takes_symbols,
    "as_keras": test_keras_takes_it,
    "from_torch": test_torch_s_weights_and_back,
    "to_torch": test_torch_s_weights_and_back,
}
"""The column that uses each public function."""

"""A config with every layer type trains for two steps in graph, XLA and eager mode, with the same losses.

The layers of one file of specs stand side by side in one network, each with an output and a loss of its own.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from layer_table import TABLE, tensors_of

from netlib.config.dump import to_yaml
from netlib.config.load import read
from netlib.spec.registry import TABLES, spec_class
from netlib.tasks.build import build

BATCH, UNKNOWN = 4, 5
FILES = sorted(set(TABLES["layer"].values()))
TOLERANCE = 3e-5


def members(file: str) -> list[str]:
    """The layers of a file of specs."""
    return [name for name, home in TABLES["layer"].items() if home == file]


def inputs_of(name: str) -> dict[str, tuple[tuple[int, ...], str]]:
    """Shape without the batch and dtype of each input in the layer's first row, with names that are its own."""
    tensors = tensors_of(TABLE[name][0])
    return {
        f"{name.lower()}_{i}": (tuple(axis or UNKNOWN for axis in tensor.shape[1:]), tensor.dtype)
        for i, tensor in enumerate(tensors)
    }


def nodes_of(name: str) -> list[dict[str, Any]]:
    """The layer, and a dense layer behind it that gives one number for each sample."""
    row, spec = TABLE[name][0], spec_class("layer", name)
    read = list(inputs_of(name))
    known = (*spec.inputs, *spec.optional_inputs)
    node: dict[str, Any] = {name: row.get("parameters", {}), "name": f"{name.lower()}_layer"}
    if name in ("Compute", "AddLoss", "AddMetric"):
        node["from"] = read[0]
    elif read:
        node["from"] = read if spec.variadic else dict(zip(known, read, strict=False))
    source = node["name"] if spec.ports and not spec.source else "one"
    first_port = {"Variables": ".A[0]", "Split": "[0]"}.get(name, "")
    value = f"one * mean(float({node['name']}{first_port}))" if spec.source else f"float({source}{first_port})"
    flat = {"Compute": f"reshape({value}, [null, -1])", "name": f"{name.lower()}_flat"}
    return [node, flat, {"Dense": 1, "name": f"{name.lower()}_output"}]


def config_of(file: str, mode: str) -> str:
    """The config, with inputs of noise."""
    names = members(file)
    inputs = {key: given for name in names for key, given in inputs_of(name).items()} | {"one": ((1,), "float32")}
    declared = {key: {"shape": list(shape), "dtype": dtype} for key, (shape, dtype) in inputs.items()}
    model = {
        "inputs": declared,
        "nodes": [node for name in names for node in nodes_of(name)],
        "outputs": [f"{name.lower()}_output" for name in names],
    }
    losses = {
        name.lower(): {"MeanSquaredError": {}, "of": f"{name.lower()}_output", "target": f"{name.lower()}_output"}
        for name in names
    }
    return to_yaml({"seed": 3, "model": model, "train": {"steps": 2, "execution": mode, "loss": losses}})


@cache
def losses_of(file: str, mode: str) -> dict[str, list[float]]:
    """The loss of each layer's output in both steps."""
    experiment = read(config_of(file, mode), f"{mode}.yaml")
    model = build(experiment)
    assert experiment.train is not None
    draw = np.random.default_rng(5)
    below = {key: TABLE[name][0].get("below", 2) for name in members(file) for key in inputs_of(name)}
    values = {
        key: draw.normal(0.3, 1.2, (BATCH, *tensor.shape[1:])).astype("float32")
        if "float" in tensor.dtype
        else draw.integers(0, below[key], (BATCH, *tensor.shape[1:])).astype(tensor.dtype)
        for key, tensor in model.graph.inputs.items()
    }
    targets = {name: draw.normal(size=(BATCH, 1)).astype("float32") for name in model.graph.outputs}
    model.compile(optimizer={"SGD": 0.01}, loss=experiment.train.to_plain()["loss"], execution=mode)
    history = model.fit(values, targets, epochs=2, batch_size=BATCH, verbose=False)
    return {name: [record["train"][name] for record in history] for name in history[0]["train"]}


@pytest.mark.slow
@pytest.mark.parametrize("file", FILES, ids=[file.removeprefix("netlib.spec.") for file in FILES])
def test_two_steps_are_the_same_in_all_modes(file: str) -> None:
    graph, eager = losses_of(file, "graph"), losses_of(file, "eager")
    modes = [eager]
    if all(spec_class("layer", name).xla for name in members(file)):
        modes.append(losses_of(file, "xla"))
    for other in modes:
        assert other.keys() == graph.keys()
        for name, series in graph.items():
            assert np.all(np.isfinite(series)), name
            np.testing.assert_allclose(other[name], series, rtol=TOLERANCE, atol=TOLERANCE, err_msg=name)

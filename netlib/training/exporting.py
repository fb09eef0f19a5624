"""SavedModels: a network with its preprocessing, for TensorFlow alone."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import tensorflow as tf

from netlib.nn.preprocessing.columns import GraphPreprocessing
from netlib.report.export import Latency
from netlib.runs.atomic import sync
from netlib.spec.errors import UsageError
from netlib.spec.training import TrainSpec
from netlib.training.model import Model
from netlib.training.prediction import Predictor

SIGNATURE = "serving_default"
_CALLS_OF_PYTHON = ("PyFunc", "PyFuncStateless", "EagerPyFunc")
_WARM_UP = 2
"""Calls that are not timed: the first is compiled, the second finds its memory."""
_TIMED_CALLS = 20
_LEAST_CALLS = 3
_LONGEST = 2.0
"""Seconds after which there are no more calls than these."""
_REFUSED = "assertion failed"
"""In the message of what a step or an input refuses."""


def save_graph(
    model: Model, train: TrainSpec, preprocessing: GraphPreprocessing, folder: Path
) -> dict[str, tf.TensorSpec]:
    """Writes a built model, as it predicts, behind its preprocessing; gives what the signature gives, by the outputs' names.

    Args:
        model: has the weights already.
        train: tells what each output is.
        preprocessing: makes the inputs of what the signature takes.
        folder: does not exist, or is empty.

    Raises:
        UsageError: a layer keeps a state from batch to batch, or calls Python, which is not there where the graph is used.
        SpecError: the network does already what the link of its loss does.
    """
    _need_no_state(model)
    predictor = Predictor(model, train)

    def serve(**values: tf.Tensor) -> dict[str, tf.Tensor]:
        return predictor.of_tensors(preprocessing(values))

    arguments = {each.argument: each.tensor for each in preprocessing.taken}
    served = tf.function(serve, autograph=False).get_concrete_function(**arguments)
    _need_no_python(model, served)
    root = tf.Module(name="netlab")
    root.preprocessing = preprocessing
    root.weights = list(model.variables)
    tf.saved_model.save(root, str(folder), signatures={SIGNATURE: served})
    for file in folder.rglob("*"):
        sync(file)
    return {name: tf.TensorSpec(value.shape, value.dtype) for name, value in served.structured_outputs.items()}


def latencies(folder: Path, sizes: Iterable[int]) -> tuple[Latency, ...]:
    """How long a call with so many rows takes, for each of these numbers, once it is warm; the model is loaded from its files.

    None of them where rows of ones are none that the model takes.
    """
    served = tf.saved_model.load(str(folder)).signatures[SIGNATURE]
    try:
        return tuple(Latency(rows, _seconds(served, rows)) for rows in sizes)
    except tf.errors.InvalidArgumentError as error:
        if _REFUSED not in str(error):
            raise
        return ()


def _seconds(served: Any, rows: int) -> float:
    """Of a call, the median of some."""
    given = {name: _ones(tensor, rows) for name, tensor in served.structured_input_signature[1].items()}
    times: list[float] = []
    while len(times) < _WARM_UP + _TIMED_CALLS and (len(times) < _WARM_UP + _LEAST_CALLS or sum(times) < _LONGEST):
        begin = perf_counter()
        for value in served(**given).values():
            value.numpy()
        times.append(perf_counter() - begin)
    return median(times[_WARM_UP:])


def _ones(tensor: tf.TensorSpec, rows: int) -> tf.Tensor:
    shape = [rows, *(1 if axis is None else axis for axis in tensor.shape[1:])]
    return tf.fill(shape, "1") if tensor.dtype == tf.string else tf.ones(shape, tensor.dtype)


def _need_no_state(model: Model) -> None:
    for _, module in model.named_modules():
        if getattr(getattr(module, "spec", None), "stateful", False):
            what = (
                f"{module.path} keeps a state for each row from batch to batch, which calls of a SavedModel would share"
            )
            raise UsageError(f"{what}; train with stateful: false to export it")


def _need_no_python(model: Model, served: Any) -> None:
    graph = served.graph.as_graph_def()
    nodes = [*graph.node, *(node for function in graph.library.function for node in function.node_def)]
    found = next((node.name for node in nodes if node.op in _CALLS_OF_PYTHON), None)
    if found:
        what = f"{model.name} calls Python in '{found}', which is not there where a SavedModel is used"
        raise UsageError(f"{what}; write it in TensorFlow's operations (no tf.py_function, no tf.numpy_function)")


def size_of(folder: Path) -> int:
    """Bytes of all files in a folder."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())

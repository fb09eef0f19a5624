"""What the last operation behind an output makes of its values, read from the graph in which the layer was traced."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from netlib.spec.foreign import End

_PASSES_ON = {
    *("Identity", "IdentityN", "Cast", "Reshape", "Squeeze", "ExpandDims"),
    *("EnsureShape", "StopGradient", "PreventGradient", "CheckNumerics"),
}
"""Operations whose output has the values of an input: the first; of `IdentityN`, the one in the output's place."""

_CALLS = {"PartitionedCall", "StatefulPartitionedCall"}
_ENDS: dict[str, End] = {
    "Softmax": "softmax",
    "Sigmoid": "sigmoid",
    "BiasAdd": "linear",
    "Conv2D": "linear",
    "Conv3D": "linear",
}
_SUMS = {"MatMul", "BatchMatMulV2", "AddV2"}
"""Linear where one side is a weight; else they may mix probabilities."""


def end_of(tensor: Any) -> End | None:
    """How a tensor of a graph was made, looking through functions and operations that pass values on; None if that tells nothing.

    >>> import tensorflow as tf
    >>> @tf.function
    ... def run(x):
    ...     print(end_of(tf.reshape(tf.nn.softmax(x), [-1, 1, 3])), end_of(tf.exp(x)))
    >>> run(tf.ones([3, 3]))
    softmax None
    """
    operation = _operation(_origin(tensor))
    if operation is None:
        return None
    if operation.type in _SUMS:
        return "linear" if any(_is_weight(side) for side in operation.inputs) else None
    return _ENDS.get(operation.type)


def _origin(tensor: Any) -> Any:
    """The tensor whose values this one has, as far back as that can be followed."""
    around: list[tuple[Any, Any]] = []  # calls that the search is inside of, and the graphs of what they call
    while (operation := _operation(tensor)) is not None:
        if operation.type in _CALLS:
            body = tensor.graph._get_function(operation.get_attr("f").name).graph
            around.append((operation, body))
            tensor = body.outputs[tensor.value_index]
        elif operation.type in _PASSES_ON and operation.inputs[0].dtype.is_floating:
            tensor = operation.inputs[tensor.value_index if operation.type == "IdentityN" else 0]
        elif operation.type == "Placeholder" and around:
            call, body = around.pop()
            tensor = call.inputs[[id(given) for given in body.inputs].index(id(tensor))]
        else:
            break
    return tensor


def _is_weight(tensor: Any) -> bool:
    operation = _operation(_origin(tensor))
    return operation is not None and operation.type == "ReadVariableOp"


def _operation(tensor: Any) -> Any:
    """None of what stands in no graph."""
    return getattr(tensor, "op", None) if isinstance(tensor, tf.Tensor) else None

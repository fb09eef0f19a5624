"""FLOPs of the forward pass against TensorFlow's profiler, which is an oracle for matrix products and convolutions."""

from __future__ import annotations

from typing import Any

import pytest
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from netlib.nn.network import Network
from netlib.spec.costs import FLOPS_PER_MAC

COUNTED = ("MatMul", "Conv2D")


def conv(filters: int, kernel: int, **more: Any) -> dict[str, Any]:
    return {"Conv2D": {"filters": filters, "kernel_size": kernel, "use_bias": False, **more}}


NETWORKS: dict[str, tuple[tuple[int, ...], list[Any]]] = {
    "perceptron": ((30,), [{"Dense": 64}, {"Dense": {"units": 32, "use_bias": False}}, {"Dense": 10}]),
    "images": (
        (16, 16, 3),
        [conv(8, 3), conv(16, 5, strides=2, padding="same"), conv(4, 1), "Flatten", {"Dense": 10}],
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_two_for_each_multiply_accumulate(name: str) -> None:
    shape, nodes = NETWORKS[name]
    model = Network(nodes, seed=1)
    model(tf.zeros([1, *shape]))
    traced = tf.function(lambda x: model(x)).get_concrete_function(tf.TensorSpec([1, *shape]))
    graph = convert_variables_to_constants_v2(traced).graph
    options = tf.compat.v1.profiler.ProfileOptionBuilder.float_operation()
    options["output"] = "none"
    profile = tf.compat.v1.profiler.profile(graph, options=options)
    counted = sum(
        child.total_float_ops for child in profile.children if graph.get_operation_by_name(child.name).type in COUNTED
    )
    assert model.graph.macs() * FLOPS_PER_MAC == counted > 0

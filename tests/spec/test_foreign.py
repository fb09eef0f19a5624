from __future__ import annotations

from netlib.spec.foreign import Foreign
from netlib.spec.graph import Graph, Node, Ref
from netlib.spec.layer import Weight
from netlib.spec.tensors import TensorSpec

GIVEN = {"y": TensorSpec((None, 3), "float16"), "z": TensorSpec((None, 1), "int32")}
MADE = (Weight("kernel", (4, 3), None), Weight("count", (), None, trainable=False, dtype="int64"))


def test_it_says_what_was_found_whatever_it_is_asked_for() -> None:
    spec = Foreign(given=GIVEN, made=MADE)
    assert spec.outputs(TensorSpec((None, 4)), compute="bfloat16") == GIVEN
    assert spec.output_shape((None, 4)) == {"y": (None, 3), "z": (None, 1)}
    assert spec.weights((None, 4)) == list(MADE)
    assert spec.macs((None, 4)) is None
    assert (spec.takes, spec.xla) == ("any", False)


def test_in_a_graph_its_weights_count_and_its_cost_is_not_known() -> None:
    spec = Foreign(given=GIVEN, made=MADE)
    source = Ref(None, "x")
    node = Node("hand", "hand", (), "Hand", {"0": source}, GIVEN, spec, weights=MADE, macs=spec.macs((None, 4)))
    graph = Graph({"x": TensorSpec((None, 4))}, (node,), {"y": Ref("hand", "y")})
    assert graph.parameters() == (12, 1)
    assert graph.macs() is None
    assert graph.output_tensors() == {"y": GIVEN["y"]}

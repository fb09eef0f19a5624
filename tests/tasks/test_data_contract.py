from __future__ import annotations

import numpy as np
import pytest

from netlib.config.load import read
from netlib.data.arrays import Arrays
from netlib.data.load import Splits
from netlib.data.preprocessing import Preprocessing
from netlib.spec.errors import NetlabError, UsageError
from netlib.spec.features import DataSignature
from netlib.tasks.data_contract import check_splits

CONFIG = """\
data: {source: npz, path: none.npz}
model: {inputs: {x: {shape: [4]}}, nodes: [{Dense: 3, name: wide}, {Dense: 2, name: slim, from: x}], outputs: [wide, slim]}
train: {epochs: 1, loss: LOSS}
"""
ONE = CONFIG.replace("[{Dense: 3, name: wide}, {Dense: 2, name: slim, from: x}], outputs: [wide, slim]", "[Dense: 1]")


def labels(*values):
    return {"y": np.array(values, np.int32)}


def check(loss, x=None, targets=None, where="train", config=CONFIG):
    """Checks one split as the training, validation or test split, the others without fault."""
    experiment = read(config.replace("LOSS", loss), "x.yaml")
    bad = Arrays({"x": np.zeros((6, 4), np.float32) if x is None else x}, targets or labels(0, 0, 0, 0, 0, 0))
    good = Arrays({"x": np.zeros_like(bad.inputs["x"])}, {"y": np.zeros_like(bad.targets["y"])})
    parts = {name: bad if name == where else good for name in ("train", "validation", "test")}
    graph = experiment.graph
    heads = experiment.train.bind(list(graph.outputs), list(bad.targets), list(bad.inputs))
    signature = DataSignature({}, {}, None)
    check_splits(Splits(**parts, preprocessing=Preprocessing({}), fingerprint="", signature=signature), graph, heads)


SPARSE = "{first: {SparseCategoricalCrossentropy: {}, of: wide, target: y}}"
SLIM = "{SparseCategoricalCrossentropy: {}, of: slim, target: y}"
BOTH = f"{{a: {SLIM}, b: {SLIM.replace('slim', 'wide')}}}"
ONE_HOT = "{first: {CategoricalCrossentropy: {}, of: wide, target: y}}"
SQUARED = "{first: {MeanSquaredError: {}, of: wide, target: y}}"
BINARY = "{first: {BinaryCrossentropy: {}, of: wide, target: y}}"


def test_labels_within_the_units_are_taken():
    check(SPARSE, targets=labels(0, 1, 2, 2, 1, 0))
    check(ONE_HOT, targets=labels(0, 1, 2, 2, 1, 0))
    check(BOTH, targets=labels(0, 1, 0, 0, 1, 0))


@pytest.mark.parametrize(("where", "name"), [("train", "training"), ("validation", "validation"), ("test", "test")])
def test_every_split_is_looked_at(where, name):
    message = rf"^the {name} split: target 'y' has label 3 in row 1 \(2 such\), but its output has 3 units, for labels 0 to 2; "
    with pytest.raises(UsageError, match=message + "the output needs 5 units$"):
        check(SPARSE, targets=labels(0, 3, 4, 0, 0, 0), where=where)


def test_the_output_with_the_fewest_units_decides():
    with pytest.raises(UsageError, match=r"target 'y' has label 2 in row 5 \(1 such\), but its output has 2 units"):
        check(BOTH, targets=labels(0, 1, 0, 0, 1, 2))


def test_labels_that_are_made_one_hot_are_labels_too():
    with pytest.raises(UsageError, match=r"target 'y' has label 3 in row 2 .* 3 units, for labels 0 to 2"):
        check(ONE_HOT, targets=labels(0, 1, 3, 0, 0, 0))
    with pytest.raises(UsageError, match=r"target 'y' has label -1 in row 0 .*; labels count from 0"):
        check(ONE_HOT, targets=labels(-1, 1, 2, 0, 0, 0))


def test_values_that_are_no_labels_may_be_any():
    check(SQUARED, targets={"y": np.full((6, 3), -7, np.float32)})


def test_probabilities_are_from_0_to_1():
    check(BINARY, targets={"y": np.linspace(0, 1, 18, dtype=np.float32).reshape(6, 3)})
    said = (
        r"the test split: target 'y' has values from 0 to 2, but BinaryCrossentropy compares probabilities, from 0 to 1"
    )
    with pytest.raises(UsageError, match=said):
        check(BINARY, targets={"y": np.arange(18, dtype=np.float32).reshape(6, 3) % 3}, where="test")
    with pytest.raises(UsageError, match=r"values from -1 to 1, but CategoricalCrossentropy compares"):
        check(ONE_HOT, targets={"y": np.linspace(-1, 1, 18, dtype=np.float32).reshape(6, 3)})
    with pytest.raises(UsageError, match=r"the training split: target 'y' has values from 0 to 2, but Binary"):
        check("binary_crossentropy", targets=labels(0, 1, 2, 0, 1, 1), config=ONE)
    check("binary_crossentropy", targets=labels(0, 1, 1, 0, 1, 1), config=ONE)


def test_numbers_that_are_not_finite_are_damage():
    x = np.zeros((6, 4), np.float32)
    x[2, 1] = np.inf
    with pytest.raises(
        NetlabError, match=r"the validation split: input 'x' has inf in row 2 at \[1\] \(1 values"
    ) as caught:
        check(SPARSE, x=x, where="validation")
    assert not isinstance(caught.value, UsageError)


AUTOENCODER = """\
data: {source: npz, path: none.npz}
model: {inputs: {x: {shape: [4], dtype: int32}}, nodes: [Embedding: {input_dim: 9, output_dim: 2}, Dense: 5]}
train: {epochs: 1, loss: {same: {SparseCategoricalCrossentropy: {}, target: x}}}
"""


def test_a_target_may_be_an_input():
    tokens = np.arange(24, dtype=np.int32).reshape(6, 4)
    check("", x=tokens % 5, config=AUTOENCODER, where="train")
    with pytest.raises(UsageError, match=r"target 'x' has label 5 in row 1 .*, but its output has 5 units"):
        check("", x=tokens % 6, config=AUTOENCODER)
    with pytest.raises(UsageError, match=r"(?s)target 'x' has label 5 .*input 'x' has 9 .* entries 0 to 8"):
        check("", x=tokens, config=AUTOENCODER)

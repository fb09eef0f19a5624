"""What is said of an output, against NumPy by hand."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from netlib.data.predicted import Head, Wanted, classes_of, columns, heads_told
from netlib.spec.features import Feature, labels, numbers
from netlib.spec.heads import bind
from netlib.spec.tensors import TensorSpec
from netlib.spec.training import TrainSpec

PLAIN = Wanted()


def tensor(*axes: int) -> TensorSpec:
    return TensorSpec((None, *axes), "float32")


def told(loss: object, outputs: dict[str, TensorSpec], targets: dict[str, Feature], **joined: tuple[str, ...]):
    train = TrainSpec.parse({"epochs": 1, "loss": loss})
    return heads_told(outputs, bind(train.losses, (), list(outputs), list(targets)), targets, "p_", joined)


@pytest.mark.parametrize(
    ("loss", "axes", "target", "kind"),
    [
        ("sparse_categorical_crossentropy", (3,), labels(3), "classes"),
        ("categorical_crossentropy", (3,), labels(3), "classes"),
        ("kl_divergence", (3,), numbers(3), "classes"),
        ("sparse_categorical_crossentropy", (5, 3), Feature(tensor(5)), "classes"),
        ("binary_crossentropy", (1,), labels(2), "binary"),
        ("binary_crossentropy", (1,), numbers(1), "binary"),
        ("binary_crossentropy", (3,), Feature(TensorSpec((None, 3), "int32")), "flags"),
        ("binary_crossentropy", (3,), numbers(3), "numbers"),
        ("binary_crossentropy", (8, 8, 1), numbers(8, 8, 1), "numbers"),
        ("mean_squared_error", (1,), numbers(1), "numbers"),
        ("hinge", (1,), numbers(1), "numbers"),
    ],
)
def test_what_an_output_is_follows_from_its_loss(loss, axes, target, kind):
    (head,) = told(loss, {"out": tensor(*axes)}, {"y": target})
    assert (head.output, head.name, head.kind) == ("out", "p_y", kind)
    assert head.single == (len(axes) < 2)


def test_names_are_those_of_the_targets_where_that_is_clear():
    loss = {
        "a": {"mean_squared_error": {}, "of": "one", "target": "y"},
        "b": {"mean_squared_error": {}, "of": "two", "target": "y"},
        "c": {"mean_squared_error": {}, "of": "three", "target": "z"},
    }
    outputs = {"one": tensor(1), "two": tensor(1), "three": tensor(1), "four": tensor(2)}
    loss = {name: {"MeanSquaredError": {}, "of": each["of"], "target": each["target"]} for name, each in loss.items()}
    found = told(loss, outputs, {"y": numbers(1), "z": numbers(1)})
    assert [head.name for head in found] == ["p_one", "p_two", "p_z", "p_four"]


PROBABILITIES = hnp.arrays(np.float32, st.tuples(st.integers(1, 6), st.just(4)), elements=st.floats(0, 1, width=32))


@given(values=PROBABILITIES, top=st.integers(1, 6), each=st.booleans(), named=st.booleans())
def test_classes(values, top, each, named):
    names = ("a", "b é", "c,d", "") if named else ()
    head = Head("out", "y", "classes", tensor(4), names)
    found = columns(head, values, Wanted(each, top))
    best = np.argsort(-values, axis=1, kind="stable")
    said = list(names) if named else list(range(4))
    assert list(found["y"]) == [said[i] for i in values.argmax(axis=1)]
    np.testing.assert_array_equal(found["y_probability"], values.max(axis=1))
    for place in range(1, min(top, 4)):
        assert list(found[f"y_{place + 1}"]) == [said[i] for i in best[:, place]]
        np.testing.assert_array_equal(found[f"y_{place + 1}_probability"], np.sort(values, axis=1)[:, -place - 1])
    assert len(found) == 2 * min(top, 4) + (4 if each else 0)
    for number, name in enumerate(said if each else []):
        np.testing.assert_array_equal(found[f"y_probability_{name}"], values[:, number])


@given(hnp.arrays(np.float32, st.integers(1, 9), elements=st.floats(0, 1, width=32)))
def test_two_classes_of_one_unit(one):
    head = Head("out", "y", "binary", tensor(1), ("no", "yes"))
    found = columns(head, one[:, None], PLAIN)
    assert list(found) == ["y", "y_probability", "y_probability_yes"]
    assert list(found["y"]) == ["yes" if each > 0.5 else "no" for each in one]
    np.testing.assert_array_equal(found["y_probability_yes"], one)
    np.testing.assert_array_equal(found["y_probability"], np.where(one > 0.5, one, 1 - one))
    both = columns(head, one[:, None], Wanted(probabilities=True))
    np.testing.assert_array_equal(both["y_probability_no"], 1 - one)
    unnamed = columns(Head("out", "y", "binary", tensor(1)), one[:, None], PLAIN)
    assert list(unnamed["y"]) == [int(each > 0.5) for each in one]
    assert list(unnamed)[2] == "y_probability_1"


def test_several_units():
    values = np.array([[0.1, 0.9], [0.6, 0.5]], np.float32)
    flags = columns(Head("out", "y", "flags", tensor(2), units=("red", "blue")), values, PLAIN)
    assert {name: each.tolist() for name, each in flags.items() if "probability" not in name} == {
        "y_red": [0, 1],
        "y_blue": [1, 0],
    }
    np.testing.assert_array_equal(flags["y_blue_probability_1"], values[:, 1])
    amounts = columns(Head("out", "y", "numbers", tensor(2)), values, PLAIN)
    assert {name: each.tolist() for name, each in amounts.items()} == {
        "y_0": values[:, 0].tolist(),
        "y_1": values[:, 1].tolist(),
    }
    whole = columns(Head("out", "y", "numbers", tensor(2)), values, Wanted(arrays=True))
    np.testing.assert_array_equal(whole["y"], values)


def test_several_axes_stay():
    values = np.random.default_rng(0).random((2, 5, 3)).astype(np.float32)
    found = columns(Head("out", "y", "classes", tensor(5, 3), ("a", "b", "c")), values, Wanted(probabilities=True))
    np.testing.assert_array_equal(found["y"], values.argmax(axis=2))
    np.testing.assert_array_equal(found["y_probability"], values.max(axis=2))
    np.testing.assert_array_equal(found["y_probabilities"], values)
    plain = columns(Head("out", "y", "numbers", tensor(5, 3)), values, PLAIN)
    assert list(plain) == ["y"]
    np.testing.assert_array_equal(plain["y"], values)


def test_targets_as_a_person_reads_them():
    named = classes_of(labels(2, ("no", "yes")), np.array([1, 0]))
    assert isinstance(named, pl.Series)
    assert named.to_list() == ["yes", "no"]
    assert classes_of(labels(2), np.array([1, 0])).tolist() == [1, 0]
    assert classes_of(numbers(1), np.array([[1.5], [2.0]])).tolist() == [1.5, 2.0]

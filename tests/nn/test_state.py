from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from netlib.nn.module import Module
from netlib.nn.state import LoadReport, StateError
from netlib.spec.errors import SpecError


class Box(Module):
    def __init__(self, **values: Any) -> None:
        super().__init__(name="box")
        for name, value in values.items():
            setattr(self, name, value)


def made() -> Box:
    return Box(
        encoder=Box(kernel=tf.Variable([1.0, 2.0]), bias=tf.Variable([0.0])), count=tf.Variable(3, dtype=tf.int64)
    )


def test_paths_are_renamed_by_selectors() -> None:
    box = made()
    state = {"old.kernel": np.float32([5, 6]), "old.bias": np.float32([7]), "count": np.int64(8)}
    report = box.load_state_dict(state, rename={"old.**": "encoder.**"})
    assert report == LoadReport(
        ["encoder.kernel", "encoder.bias", "count"],
        {"encoder.kernel": "old.kernel", "encoder.bias": "old.bias"},
        [],
        [],
        [],
    )
    assert report.complete()
    assert str(report) == "3 loaded (2 renamed)"
    np.testing.assert_array_equal(box.encoder.kernel, [5, 6])
    assert int(box.count) == 8


def test_a_rule_that_fits_nothing_changes_nothing() -> None:
    box = made()
    with pytest.raises(
        SpecError, match=r"the renaming rule 'odl\.\*\*: encoder\.\*\*' fits none of the 1 paths; did you mean 'old"
    ):
        box.load_state_dict({"old.kernel": np.float32([5, 6])}, rename={"odl.**": "encoder.**"}, strict=False)
    np.testing.assert_array_equal(box.encoder.kernel, [1, 2])


def test_a_network_of_another_shape_is_refused_with_every_difference() -> None:
    state = {"encodr.kernel": np.float32([5, 6]), "encoder.bias": np.float32([7, 7]), "count": np.int32(8)}
    message = (
        r"the state dict does not fit box: 0 loaded; missing: encoder\.kernel; unexpected: encodr\.kernel;"
        r" mismatched: encoder\.bias is \(1,\) float32, got \(2,\) float32, count is \(\) int64, got \(\) int32\."
        r" Is 'encodr\.kernel' meant for 'encoder\.kernel'\? Give a map: rename=\{'encodr\.kernel': 'encoder\.kernel'\}"
    )
    with pytest.raises(StateError, match=message):
        made().load_state_dict(state)


def test_without_strictness_what_fits_is_loaded() -> None:
    box = made()
    report = box.load_state_dict({"encoder.bias": [9.0], "count": np.int64(1), "more": 0}, strict=False)
    assert (report.loaded, report.missing, report.unexpected) == (["count"], ["encoder.kernel"], ["more"])
    assert report.mismatched == ["encoder.bias is (1,) float32, got (1,) float64"]
    assert not report.complete()


def test_a_shared_variable_is_kept_once() -> None:
    w = tf.Variable([1.0])
    box = Box(a=w, b=Box(c=w))
    assert list(box.state_dict()) == ["a"]
    box.load_state_dict({"a": np.float32([4])})
    assert float(box.b.c[0]) == 4


def test_keras_layers_and_half_precision() -> None:
    dense, normal = keras.layers.Dense(2), keras.layers.BatchNormalization()
    normal(dense(tf.ones([1, 3])))
    box = Box(layers=[dense, normal], half=tf.Variable(tf.cast([1.5], tf.bfloat16)))
    state = {path: value * 0 + 2 for path, value in box.state_dict().items()}
    assert box.load_state_dict(state).complete()
    np.testing.assert_array_equal(dense.kernel, np.full([3, 2], 2))
    np.testing.assert_array_equal(normal.moving_mean, [2, 2])
    assert box.half.dtype == tf.bfloat16


def test_ignored_paths_are_told() -> None:
    assert str(LoadReport(["a"], {}, ["b"], [], [], ("c", "d"))) == "1 loaded; missing: b; ignored: c, d"
    assert LoadReport(["a"], {}, [], [], [], ("c",)).complete()

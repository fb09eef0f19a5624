"""Fitted preprocessing, against NumPy in double precision; its state; and what it refuses."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from safetensors.numpy import load, save

from netlib.data.arrays import Arrays
from netlib.data.preprocessing import Preprocessing
from netlib.data.steps import step_of
from netlib.spec.errors import NetlabError, UsageError
from netlib.spec.preprocessing.numbers import Rescale, Standardize
from netlib.spec.registry import names, spec_class
from netlib.spec.schema.examples import example_parameters

VALUES = hnp.arrays(
    np.float32,
    hnp.array_shapes(min_dims=2, max_dims=4, max_side=6),
    elements=st.floats(-1000, 1000, width=32, allow_subnormal=False),
)


def test_every_step_is_computed():
    for name in names("preprocessing"):
        cls = spec_class("preprocessing", name)
        assert callable(step_of(cls.parse(example_parameters(cls))).apply)


@given(VALUES, st.sampled_from(["channel", "element"]))
def test_standardize(values, per):
    axes = tuple(range(values.ndim - 1)) if per == "channel" else (0,)
    result = Preprocessing.fit({"x": (Standardize(per=per),)}, {"x": values}).apply({"x": values})["x"]
    double = values.astype(np.float64)
    constant = double.min(axis=axes) == double.max(axis=axes)
    deviation = np.where(constant, 1, double.std(axis=axes))
    assert result.dtype == np.float32
    # The mean that is stored has float32's own rounding, and so has the difference.
    rounding = 4 * np.spacing(np.abs(values).max()) / deviation + 1e-6 * np.abs(result)
    assert (np.abs(result - (double - double.mean(axis=axes)) / deviation) <= rounding).all()
    assert (np.where(constant, result, 0) == 0).all()


def test_a_constant_becomes_zero_however_its_mean_is_rounded():
    values = np.full((10_007, 2), 0.1, np.float32)
    values[:, 1] = np.arange(10_007)
    fitted = Preprocessing.fit({"x": (Standardize(),)}, {"x": values})
    result = fitted.apply({"x": values})["x"]
    assert (result[:, 0] == 0).all()
    assert result[:, 1].std() == pytest.approx(1, rel=1e-5)
    elsewhere = fitted.apply({"x": np.array([[0.6, 0]], np.float32)})["x"]
    assert elsewhere[0, 0] == np.float32(0.6) - np.float32(0.1)


def test_a_deviation_too_small_for_float32_counts_as_a_constant():
    values = np.array([[0.0], [1e-45]], np.float32)
    assert np.isfinite(Preprocessing.fit({"x": (Standardize(),)}, {"x": values}).apply({"x": values})["x"]).all()


def test_channels_and_elements():
    values = np.arange(24, dtype=np.float32).reshape(3, 2, 4)
    _, learned = Preprocessing.fit({"x": (Standardize(per="channel"),)}, {"x": values}).state()
    np.testing.assert_array_equal(learned["x.0.mean"], [10, 11, 12, 13])
    _, learned = Preprocessing.fit({"x": (Standardize(per="element"),)}, {"x": values}).state()
    np.testing.assert_array_equal(learned["x.0.mean"], values[1])


def test_integers_become_floats():
    values = np.array([[0], [255]], np.int32)
    specs = {"x": (Rescale(scale=1 / 255),)}
    result = Preprocessing.fit(specs, {"x": values}).apply({"x": values})["x"]
    assert result.dtype == np.float32
    np.testing.assert_array_equal(result, [[0], [1]])
    one_axis = Preprocessing.fit({"x": (Standardize(),)}, {"x": values[:, 0]}).apply({"x": values[:, 0]})["x"]
    np.testing.assert_allclose(one_axis, [[-1], [1]])


@given(VALUES, st.floats(-10, 10).filter(bool), st.floats(-10, 10))
def test_rescale(values, scale, offset):
    specs = {"x": (Rescale(scale=scale, offset=offset),)}
    result = Preprocessing.fit(specs, {"x": values}).apply({"x": values})["x"]
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, values.astype(np.float64) * scale + offset, rtol=1e-5, atol=1e-3)


def test_steps_are_fitted_on_what_the_ones_before_make():
    values = np.array([[1.0], [3.0]], np.float32)
    fitted = Preprocessing.fit(
        {"x": (Rescale(scale=10.0), Standardize(), Rescale(scale=2.0, offset=5.0))}, {"x": values}
    )
    assert fitted.state()[1]["x.1.mean"] == 20
    np.testing.assert_array_equal(fitted.apply({"x": values})["x"], [[3], [7]])


def test_other_inputs_and_the_targets_stay():
    arrays = Arrays(
        {"x": np.array([[1.0], [3.0]], np.float32), "z": np.array([1, 2], np.int32)},
        {"y": np.array([0, 1], np.int32)},
        np.ones(2, np.float32),
        np.array([7, 9]),
    )
    result = Preprocessing.fit({"x": (Standardize(),)}, arrays.inputs).apply_to(arrays)
    np.testing.assert_array_equal(result.inputs["x"], [[-1], [1]])
    assert result.inputs["z"] is arrays.inputs["z"]
    assert (result.targets, result.weights is arrays.weights, result.row(1)) == (arrays.targets, True, 9)


def test_the_input_is_not_changed():
    values = np.array([[1.0], [3.0]], np.float32)
    Preprocessing.fit({"x": (Standardize(), Rescale(scale=2.0))}, {"x": values}).apply({"x": values})
    np.testing.assert_array_equal(values, [[1], [3]])


class TestState:
    values = np.random.default_rng(0).normal(3, 2, (50, 4, 3)).astype(np.float32)

    def fitted(self):
        return Preprocessing.fit(
            {"x": (Rescale(scale=0.5), Standardize(per="element")), "z": ()}, {"x": self.values, "z": self.values}
        )

    def test_survives_json_and_safetensors(self):
        plain, arrays = self.fitted().state()
        again = Preprocessing.from_state(json.loads(json.dumps(plain)), load(save(arrays)))
        assert again.state()[0] == plain
        expected = self.fitted().apply({"x": self.values, "z": self.values})
        for name, values in again.apply({"x": self.values, "z": self.values}).items():
            np.testing.assert_array_equal(values, expected[name])

    def test_what_it_is_made_of(self):
        plain, arrays = self.fitted().state()
        assert re.fullmatch("[0-9a-f]{64}", plain.pop("sha256"))
        assert plain == {
            "format": 2,
            "inputs": {
                "x": [
                    {"step": {"Rescale": {"scale": 0.5, "offset": 0.0}}},
                    {"step": {"Standardize": {"per": "element"}}},
                ],
                "z": [],
            },
            "joins": {},
        }
        assert {name: (array.shape, array.dtype.name) for name, array in arrays.items()} == {
            "x.1.mean": ((4, 3), "float32"),
            "x.1.deviation": ((4, 3), "float32"),
        }

    def test_none(self):
        plain, arrays = Preprocessing({}).state()
        assert arrays == {}
        assert Preprocessing.from_state(plain, arrays) == Preprocessing({})

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"format": 3}, "the stored preprocessing has format 3, expected 2"),
            ({"inputs": None}, "the stored preprocessing has format 2, expected 2"),
            ({"inputs": {"x": [{"step": "Standardise"}]}}, "cannot be read: there is no preprocessing 'Standardise'"),
            (
                {"inputs": {"x": [{"step": "Standardize"}]}},
                r"has no array 'x\.0\.mean' \(it has: 'x\.1\.mean', 'x\.1\.deviation'\)",
            ),
        ],
    )
    def test_damaged(self, changes, message):
        plain, arrays = self.fitted().state()
        with pytest.raises(NetlabError, match=message):
            Preprocessing.from_state({**plain, **changes}, arrays)

    @pytest.mark.parametrize("name", ["x.1.mean", "x.1.deviation"])
    def test_one_flipped_bit(self, name):
        plain, arrays = self.fitted().state()
        arrays[name] = arrays[name].copy()
        arrays[name].view(np.uint8)[2, 5] ^= 1
        with pytest.raises(NetlabError, match="preprocessing is damaged: it is not what was stored, by its SHA-256"):
            Preprocessing.from_state(plain, arrays)

    @pytest.mark.parametrize("offset", [0.5, -0.0])
    def test_another_parameter(self, offset):
        plain, arrays = self.fitted().state()
        plain["inputs"]["x"][0]["step"]["Rescale"]["offset"] = offset
        with pytest.raises(NetlabError, match="is not what was stored"):
            Preprocessing.from_state(plain, arrays)


class TestOtherData:
    fitted = Preprocessing.fit({"x": (Standardize(),)}, {"x": np.zeros((5, 3), np.float32)})

    def test_without_the_input(self):
        with pytest.raises(
            UsageError, match=r"the preprocessing is of input 'x', which the data has not \(it has: 'image'\)"
        ):
            self.fitted.apply({"image": np.zeros((2, 3), np.float32)})

    @pytest.mark.parametrize("shape", [(2, 4), (3,), (2, 3, 1)])
    def test_of_another_shape(self, shape):
        fitted_on = "Standardize of input 'x' was fitted on samples that end in (3,)"
        message = f"{fitted_on}, the data's have the shape {shape[1:]}"
        with pytest.raises(UsageError, match=re.escape(message)):
            self.fitted.apply({"x": np.zeros(shape, np.float32)})

    def test_elements_are_not_mistaken_for_samples(self):
        by_element = Preprocessing.fit({"x": (Standardize(per="element"),)}, {"x": np.zeros((5, 3, 3), np.float32)})
        with pytest.raises(
            UsageError, match=r"fitted on samples that end in \(3, 3\), the data's have the shape \(3,\)"
        ):
            by_element.apply({"x": np.zeros((3, 3), np.float32)})

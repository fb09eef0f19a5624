"""Generated sets: as their specs say, and the same for one seed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlib.data.load import READERS
from netlib.data.sources.generators import DRAW, read
from netlib.spec.registry import TABLES, spec_class

NAMES = [name for name, module in TABLES["source"].items() if READERS[module] == "netlib.data.sources.generators"]
NEEDED = {"noise": {"inputs": {"x": {"shape": [3]}}, "targets": {"y": {"classes": 4}}}}

ANY = {
    "samples": st.integers(12, 200),
    "classes": st.integers(2, 12),
    "features": st.integers(1, 12),
    "noise": st.sampled_from([0.0, 0.1, 1.0]),
    "length": st.integers(4, 12),
    "min_length": st.integers(1, 4),
    "vocabulary": st.integers(4, 20),
    "cities": st.integers(2, 9),
    "jobs": st.integers(2, 9),
    "size": st.integers(8, 20),
    "channels": st.integers(1, 4),
    "target": st.sampled_from(["label", "mask"]),
}
"""Parameter -> what to draw from, for whichever generator has it."""
LIMITS = (
    st.tuples(st.floats(-1e38, 1e38), st.floats(-1e38, 1e38)).map(sorted).filter(lambda limits: limits[0] < limits[1])
)
TENSORS = st.one_of(
    st.fixed_dictionaries({"shape": st.lists(st.integers(1, 4), max_size=3)}),
    st.fixed_dictionaries({"shape": st.lists(st.integers(1, 4), max_size=3), "classes": st.integers(1, 2**31 - 1)}),
    LIMITS.map(lambda limits: {"minimum": limits[0], "maximum": limits[1]}),
)


def any_parameters(name):
    if name == "noise":
        inputs = st.dictionaries(st.sampled_from(["a", "b", "c"]), TENSORS, min_size=1)
        targets = st.dictionaries(st.sampled_from(["d", "e"]), TENSORS)
        return st.fixed_dictionaries({"samples": ANY["samples"], "inputs": inputs, "targets": targets})
    return st.fixed_dictionaries({key: ANY[key] for key in spec_class("source", name).model_fields if key in ANY})


def test_every_generator_is_drawn():
    assert {spec_class("source", name) for name in NAMES} == set(DRAW)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=30)
@given(data=st.data())
def test_as_the_spec_says(name, data):
    spec = spec_class("source", name).parse(data.draw(any_parameters(name)))
    signature, arrays = spec.signature(), read(spec, data.draw(st.integers(0, 2**63)))
    assert len(arrays) == signature.samples == spec.samples
    assert (list(arrays.inputs), list(arrays.targets)) == (list(signature.inputs), list(signature.targets))
    for key, feature in {**signature.inputs, **signature.targets}.items():
        values = {**arrays.inputs, **arrays.targets}[key]
        assert len(values) == spec.samples
        assert values.dtype == feature.tensor.dtype
        assert (None, *values.shape[1:]) == feature.tensor.shape
        assert np.isfinite(values).all()
        assert feature.minimum is None or values.min() >= feature.minimum
        assert feature.maximum is None or values.max() <= feature.maximum
        assert feature.num_classes is None or (feature.minimum, feature.maximum) == (0, feature.num_classes - 1)
        assert len(feature.class_names) in (0, feature.num_classes)


@pytest.mark.parametrize("name", NAMES)
def test_the_seed_decides(name):
    spec = spec_class("source", name).parse({"samples": 50, **NEEDED.get(name, {})})
    assert read(spec, 5).fingerprint() == read(spec, 5).fingerprint()
    assert read(spec, 5).fingerprint() != read(spec, 6).fingerprint()

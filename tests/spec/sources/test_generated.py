"""What generated sets have in common: the bound on their size, and samples of every class."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlib.spec.data import DataSpec
from netlib.spec.errors import SpecError
from netlib.spec.sources.generated import MOST_BYTES
from netlib.spec.sources.generators import Blobs
from netlib.spec.sources.noise import Noise
from netlib.spec.sources.pictures import Shapes, Views
from netlib.spec.sources.sequences import Sequences


def test_a_set_that_is_too_large_says_how_large_it_would_be():
    message = (
        r"^blobs: samples: 10,000,000 samples of 40,004 bytes would take 400,040,000,000 bytes \(372\.6 GiB\), and a generated "
        r"set may take 4 GiB: take at most 107,363 samples, or smaller ones$"
    )
    with pytest.raises(SpecError, match=message) as caught:
        Blobs.parse({"samples": 10_000_000, "features": 10_000})
    assert caught.value.problems[0].loc == ("samples",)
    with pytest.raises(SpecError, match=r"samples: 100,000 samples of 1,048,580 bytes would take .* \(97\.7 GiB\)"):
        DataSpec.parse({"source": "shapes", "samples": 100_000, "size": 512})


def test_one_sample_that_is_too_large():
    tensor = {"shape": [10**9] * 6}
    with pytest.raises(SpecError, match=r"samples: 1 samples of 4,000,.* GiB\), .* may take 4 GiB: make them smaller$"):
        Noise.parse({"samples": 1, "inputs": {"x": tensor}})


@given(st.integers(1, 5000), st.integers(1, 64), st.integers(1, 5))
def test_the_bound_is_exact(values, targets, axes):
    sample = 4 * (values + targets)
    most = MOST_BYTES // sample
    noise = {"inputs": {"x": {"shape": [values] + [1] * axes}}, "targets": {"y": {"shape": [targets], "classes": 3}}}
    if most <= 10_000_000:
        assert Noise.parse({"samples": most, **noise}).samples == most
        with pytest.raises(SpecError, match=f"take at most {most:,} samples"):
            Noise.parse({"samples": most + 1, **noise})


@pytest.mark.parametrize(
    ("spec", "parameters", "classes"),
    [(Views, {"classes": 7}, 7), (Shapes, {}, 3), (Sequences, {}, 2)],
    ids=["views", "shapes", "sequences"],
)
def test_a_sample_of_every_class(spec, parameters, classes):
    assert spec.parse({"samples": classes, **parameters}).samples == classes
    message = rf"samples \(={classes - 1}\) must not be fewer than the classes \(={classes}\)"
    with pytest.raises(SpecError, match=message):
        spec.parse({"samples": classes - 1, **parameters})


def test_a_mask_needs_no_sample_of_every_class():
    assert Shapes.parse({"samples": 1, "target": "mask"}).samples == 1

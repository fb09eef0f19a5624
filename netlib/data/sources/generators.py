"""Draws the generated sets, each by the function that stands in the module of its kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from netlib.data.arrays import Arrays
from netlib.data.shuffling import generator
from netlib.data.sources import points
from netlib.data.sources.customers import customers
from netlib.data.sources.drawing import Random
from netlib.data.sources.noise import noise
from netlib.data.sources.pairs import pairs
from netlib.data.sources.pictures import shapes, views
from netlib.data.sources.sequences import sequences
from netlib.spec.features import SourceSpec
from netlib.spec.sources.customers import Customers
from netlib.spec.sources.generators import Blobs, Moons, Regression, Sine, Spirals, Xor
from netlib.spec.sources.noise import Noise
from netlib.spec.sources.pairs import Pairs
from netlib.spec.sources.pictures import Shapes, Views
from netlib.spec.sources.sequences import Sequences

DRAW: dict[type[SourceSpec], Callable[[Any, Random], Arrays]] = {
    Spirals: points.spirals,
    Moons: points.moons,
    Blobs: points.blobs,
    Xor: points.xor,
    Sine: points.sine,
    Regression: points.regression,
    Noise: noise,
    Pairs: pairs,
    Sequences: sequences,
    Customers: customers,
    Shapes: shapes,
    Views: views,
}


def read(source: SourceSpec, seed: int) -> Arrays:
    """Draws the samples of a generated source: the same ones for the same seed."""
    return DRAW[type(source)](source, generator(seed, "source", source.type_name()))

"""Customers: an input for each column."""

from __future__ import annotations

from netlib.spec.features import labels, numbers
from netlib.spec.sources.customers import Customers


def test_signature():
    signature = Customers(cities=4, jobs=3).signature()
    assert signature.inputs == {
        "age": numbers(1, minimum=18.0, maximum=80.0),
        "income": numbers(1, minimum=15.0, maximum=240.0),
        "city": labels(4),
        "job": labels(3),
    }
    assert signature.targets == {"buys": labels(2, ("no", "yes"))}

"""Sizes of memory: forms, and what is none."""

from __future__ import annotations

import re

import pytest
from pydantic import Field

from netlib.spec.base import Spec
from netlib.spec.errors import SpecError
from netlib.spec.sizes import Bytes


class Holder(Spec):
    memory: Bytes = Field(description="Memory.")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (1000, 1000),
        (2e3, 2000),
        ("512MB", 512_000_000),
        ("512 mb", 512_000_000),
        ("1.5GB", 1_500_000_000),
        ("64MiB", 67_108_864),
        ("7", 7),
        ("7B", 7),
    ],
)
def test_forms(written, meant):
    assert Holder.parse({"memory": written}).memory == meant
    assert Holder.parse(Holder.parse({"memory": written}).to_plain()).memory == meant


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("512XB", "expected a size such as 512MB or 2GB, got '512XB'"),
        ("much", "expected a size such as 512MB or 2GB, got 'much'"),
        ("-1MB", "expected a size such as 512MB or 2GB, got '-1MB'"),
        (0, "expected a number greater than 0, got 0"),
        (True, "expected an integer, got true"),
    ],
)
def test_mistakes(written, message):
    with pytest.raises(SpecError, match=re.escape(message)):
        Holder.parse({"memory": written})

"""Sizes of memory: forms, and what is none."""

from __future__ import annotations

import re

import pytest
from pydantic import Field

from netlib.spec.base import Spec
from netlib.spec.errors import SpecError, UsageError
from netlib.spec.sizes import Bytes, parse_size


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
    ],
)
def test_forms(written, meant):
    assert Holder.parse({"memory": written}).memory == meant
    assert Holder.parse(Holder.parse({"memory": written}).to_plain()).memory == meant


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("512XB", "expected a size such as 16GB or 512MiB (units: KB, MB, GB, TB, KiB, MiB, GiB, TiB), got '512XB'"),
        ("much", "got 'much'"),
        ("-1MB", "got '-1MB'"),
        (0, "expected a number greater than 0, got 0"),
        (True, "expected an integer, got true"),
    ],
)
def test_mistakes(written, message):
    with pytest.raises(SpecError, match=re.escape(message)):
        Holder.parse({"memory": written})


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("16GB", 16 * 10**9), ("16 GiB", 16 * 2**30), ("512MiB", 2**29), ("1.5kb", 1500), (" 2 tib ", 2 * 2**40),
        ("0.5MB", 500_000),
    ],
)  # fmt: skip
def test_sizes_are_read_as_they_are_written(text, size):
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["16", "16G", "GB", "-1GB", "0GB", "1e3GB", "1 000GB", "", "9" * 40 + "GB"])
def test_what_is_no_size(text):
    with pytest.raises(UsageError, match=r"expected a size such as 16GB or 512MiB \(units: KB, MB, GB, TB, KiB"):
        parse_size(text)

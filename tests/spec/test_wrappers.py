from __future__ import annotations

import pytest

from netlib.spec.errors import SpecError
from netlib.spec.tensors import TensorSpec
from netlib.spec.wrappers import TimeDistributed, While

WORDS = TensorSpec((None, 7, 4), "int32")


def test_time_distributed() -> None:
    spec = TimeDistributed.parse({})
    assert spec.inside(WORDS) == TensorSpec((None, 4), "int32")
    assert spec.outside(WORDS, TensorSpec((None, 2))) == TensorSpec((None, 7, 2))
    assert spec.times(WORDS) == 7
    with pytest.raises(SpecError, match=r"TimeDistributed needs an input of rank 3 or more, .*, got \(batch, 4\)"):
        spec.inside(TensorSpec((None, 4)))
    with pytest.raises(SpecError, match=r"rank 3 or more, .*, got \(2, 3, 4\)"):
        spec.inside(TensorSpec((2, 3, 4)))
    with pytest.raises(SpecError, match=r"TimeDistributed needs a result for each place, got \(2\)"):
        spec.outside(WORDS, TensorSpec((2,)))


def test_while() -> None:
    spec = While.parse({"condition": "any(x > 1)"})
    assert spec.inside(WORDS) == spec.outside(WORDS, WORDS) == WORDS
    assert spec.times(WORDS) == 100
    assert spec.parsed_condition.text == "any(x > 1)"
    assert While.parse({}).parsed_condition.text == "true"
    with pytest.raises(SpecError, match=r"the body of While must give what it reads, \(batch, 7, 4\) int32, but gives"):
        spec.outside(WORDS, TensorSpec((None, 7, 4)))

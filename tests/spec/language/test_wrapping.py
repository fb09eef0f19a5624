from __future__ import annotations

from netlib.spec.errors import Problem
from netlib.spec.language.scope import Scope
from netlib.spec.language.state import State
from netlib.spec.language.wrapping import inputs_inside, outputs_outside
from netlib.spec.tensors import TensorSpec
from netlib.spec.wrappers import TimeDistributed, While

WORDS = TensorSpec((None, 7, 4))
LOC = ("model", 0, "TimeDistributed")


def test_what_nodes_in_a_wrapper_read_and_how_often() -> None:
    assert inputs_inside(TimeDistributed.parse({}), {"input": WORDS}) == ({"input": TensorSpec((None, 4))}, 7)
    assert inputs_inside(While.parse({"max_iterations": 3}), {"input": WORDS}) == ({"input": WORDS}, 3)


def test_what_a_wrapper_gives() -> None:
    state, scope = State(), Scope({"input": TensorSpec((None, 4))})
    spec = TimeDistributed.parse({})
    assert outputs_outside(spec, WORDS, scope, {"o": TensorSpec((None, 2))}, LOC, state) == {
        "o": TensorSpec((None, 7, 2))
    }
    assert outputs_outside(spec, WORDS, scope, {}, LOC, state) == {}, "its nodes failed"
    assert not state.problems
    assert outputs_outside(spec, WORDS, scope, {"o": TensorSpec(())}, LOC, state) == {"o": TensorSpec(())}
    assert state.problems == [Problem(LOC, "TimeDistributed needs a result for each place, got ()")]

from __future__ import annotations

from netlib.spec.errors import Problem
from netlib.spec.language.blocks import Library
from netlib.spec.language.scope import Scope
from netlib.spec.language.state import State
from netlib.spec.language.surroundings import Surroundings
from netlib.spec.language.wrapping import inputs_inside, outputs_outside
from netlib.spec.rnn import RNN
from netlib.spec.tensors import TensorSpec
from netlib.spec.wrappers import TimeDistributed, While

WORDS = TensorSpec((None, 7, 4))
LOC = ("model", 0, "TimeDistributed")


def test_what_nodes_in_a_wrapper_read_and_how_often() -> None:
    assert inputs_inside(TimeDistributed.parse({}), {"input": WORDS}, "float32") == (
        {"input": TensorSpec((None, 4))},
        7,
    )
    assert inputs_inside(While.parse({"max_iterations": 3}), {"input": WORDS}, "float32") == ({"input": WORDS}, 3)
    read = {"sequence": WORDS, "h": TensorSpec((None, 2))}
    inside = {"sequence": TensorSpec((None, 4), "float64"), "h": TensorSpec((None, 2), "float64")}
    assert inputs_inside(RNN.parse({"state": {"h": 2}}), read, "float64") == (inside, 7)


def test_what_a_wrapper_gives() -> None:
    state, read = State(), {"input": WORDS}
    inner = Surroundings(Scope({"input": TensorSpec((None, 4))}), {}, Library(), "float32")
    spec = TimeDistributed.parse({})
    assert outputs_outside(spec, read, inner, {"o": TensorSpec((None, 2))}, LOC, state) == {
        "o": TensorSpec((None, 7, 2))
    }
    assert outputs_outside(spec, read, inner, {}, LOC, state) == {}, "its nodes failed"
    assert not state.problems
    assert outputs_outside(spec, read, inner, {"o": TensorSpec(())}, LOC, state) == {"o": TensorSpec(())}
    assert state.problems == [Problem(LOC, "TimeDistributed needs a result for each place, got ()")]

from __future__ import annotations

import re

import pytest

from netlib.spec.graph import Ref
from netlib.spec.language.entries import Copies, Single

A, B = Ref("n.0", "output"), Ref("n.1", "output")
NEST = Single({"A.0": Ref("n", "A.0"), "A.1": Ref("n", "A.1"), "b": Ref("n", "b")})
TWO = {"0": Single({"output": A, "h": Ref("n.0", "h")}), "1": Single({"output": B})}


def refused(entry: Single | Copies, rest: str, message: str) -> None:
    with pytest.raises(LookupError, match=re.escape(message)):
        entry.select(rest.split(".") if rest else [])


def test_the_first_port_and_ports_by_name() -> None:
    assert NEST.select([]) == ({"": Ref("n", "A.0")}, False)
    assert NEST.select(["b"]) == ({"": Ref("n", "b")}, False)
    assert NEST.select(["A", "1"]) == ({"": Ref("n", "A.1")}, False)
    assert NEST.select(["A"]) == ({"0": Ref("n", "A.0"), "1": Ref("n", "A.1")}, True)
    refused(NEST, "c", "has no port 'c'; it has 'A.0', 'A.1' or 'b'")
    refused(Single({}), "", "gives nothing that could be read")


def test_what_was_left_out_has_no_ports_of_its_own() -> None:
    stands_for = Single({"output": A}, left_out=True)
    assert stands_for.select([]) == ({"": A}, False)
    refused(stands_for, "output", "is left out here, so it has no port 'output'")
    refused(Single({}, left_out=True), "", "is left out here, and reads nothing for which it could stand")
    assert stands_for.node([]) is None


def test_copies_in_a_chain_and_side_by_side() -> None:
    chain, beside = Copies(TWO, chained=True), Copies(TWO, chained=False)
    assert chain.select([]) == ({"": B}, False)
    assert chain.select(["0", "h"]) == beside.select(["0", "h"]) == ({"": Ref("n.0", "h")}, False)
    assert chain.select(["*"]) == beside.select(["*"]) == ({"0": A, "1": B}, True)
    refused(beside, "", "has copies side by side: read one of '0' or '1', or all with '.*'")
    refused(chain, "7", "has no copy '7'; it has '0' or '1'")
    refused(chain, "h", "has no port 'h'; it has 'output' (its copies: '0' or '1')")


def test_all_of_several_tensors_are_one_list() -> None:
    copies = Copies({"u": NEST, "v": NEST}, chained=False)
    assert list(copies.select(["*", "A"])[0]) == ["u.0", "u.1", "v.0", "v.1"]


def test_the_node_of_an_entry() -> None:
    assert NEST.node([]) == "n"
    assert NEST.node(["b"]) is None
    assert Copies(TWO, chained=True).node([]) == Copies(TWO, chained=False).node(["1"]) == "n.1"
    assert Copies(TWO, chained=False).node([]) is None
    assert Copies(TWO, chained=True).node(["*"]) is None

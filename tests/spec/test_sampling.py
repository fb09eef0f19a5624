"""Which networks draw at prediction."""

from __future__ import annotations

import pytest

from netlib.config.load import read
from netlib.spec.errors import UsageError
from netlib.spec.sampling import drawing_nodes, need_draws


def graph(*nodes: str):
    model = "\n".join(f"    - {node}" for node in nodes)
    found = read(f"name: a\nmodel:\n  inputs: {{x: {{shape: [4, 3]}}}}\n  nodes:\n{model}\n")
    assert found.graph
    return found.graph


def drawing(*nodes: str) -> list[str]:
    return [node.path for node in drawing_nodes(graph(*nodes))]


def test_what_is_fixed_to_training_draws_and_so_does_what_is_in_it():
    assert drawing("Dropout: 0.5", "Dense: 2") == []
    assert drawing("{Dropout: 0.5, training: true}", "Dense: 2", "Dropout: 0.1") == ["dropout"]
    assert drawing("{Dense: 2, training: true}") == []
    inside = "[Dense: 3, Dropout: 0.5, {GaussianNoise: 0.1, training: false}]"
    assert drawing(f"{{Sequential: {inside}, training: true, name: body}}") == ["body.dropout"]


def test_random_numbers_are_drawn_whatever_the_flag_says():
    assert drawing("Random", "Dense: 2") == ["random"]


def test_a_network_that_is_sure_is_refused_with_what_to_write():
    said = (
        "--samples draws several times, but this network gives the same each time it predicts; write `training: true` "
    )
    with pytest.raises(UsageError) as error:
        need_draws(graph("Dropout: 0.5", "Dense: 2"))
    assert str(error.value) == f"{said}beside dropout in the config, and train again"
    with pytest.raises(UsageError) as error:
        need_draws(graph("Dense: 2"))
    assert str(error.value) == (
        f"{said}beside a layer, as in {{Dropout: 0.1, training: true}} in the config, and train again"
    )
    need_draws(graph("{Dropout: 0.5, training: true}"))


def test_a_state_that_would_go_on_is_refused():
    with pytest.raises(UsageError, match="but lstm keeps a state from batch to batch, which would go on from one draw"):
        need_draws(graph("LSTM: {units: 2, stateful: true, batch_size: 2}", "{Dropout: 0.5, training: true}"))

"""An Embedding without `input_dim`: its table is as long as the indices that it reads ask for, wherever they come through."""

from __future__ import annotations

from typing import Any

import pytest

from netlib.spec.layers.core import Embedding
from netlib.spec.tensors import TensorSpec

INPUTS = {
    "city": TensorSpec((None,), "int32", maximum=6),
    "words": TensorSpec((None, 4), "int32", maximum=9),
    "more": TensorSpec((None, 4), "int32", maximum=2),
    "tags": TensorSpec((None, 3, 4), "int32", maximum=4),
    "any": TensorSpec((None, 4), "int32"),
    "row": TensorSpec((None, 4)),
}
NEEDS = "Embedding needs 'input_dim', the largest index plus 1"
TABLE = "{Embedding: {output_dim: 2}, name: out}"
TWO = """
    {Embedding: {output_dim: 2}, name: a, from: city}, {Embedding: {output_dim: 2}, name: b, from: more},
    {Flatten: , name: c}, {Concatenate: , from: [a, c]}
"""


def rows(graph: Any) -> list[int]:
    tables = [node for node in graph.leaves() if isinstance(node.spec, Embedding)]
    assert [node.weights[0].shape for node in tables] == [(node.spec.input_dim, 2) for node in tables]
    return [node.spec.rows for node in tables]


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        ("{Embedding: {output_dim: 2}, from: city}", [7]),
        ("{Embedding: {output_dim: 2, input_dim: 50}, from: city}", [50]),
        (f"{{Reshape: [2, 2], from: words}}, Identity, Flatten, {TABLE}", [10]),
        (f"{{Concatenate: , from: [words, more]}}, {TABLE}", [10]),
        (f"{{Sequential: [Flatten, {{Sequential: [{TABLE}]}}], from: more}}", [3]),
        (f"{{Sequential: [{{Reshape: [2, 2]}}], from: more}}, {TABLE}", [3]),
        (f"{{TimeDistributed: [{TABLE}, Flatten], from: tags}}", [5]),
        (f"{{Network: {{inputs: [ids], nodes: [{TABLE}]}}, from: words}}", [10]),
        (f"{{Parallel: {{branches: {{a: [{TABLE}], b: [Flatten, {TABLE}]}}, merge: Add}}, from: words}}", [10, 10]),
        (TWO, [7, 3]),
    ],
    ids=["read", "written", "moved", "joined", "nested", "out of a container", "by places", "named", "parallel", "two"],
)
def test_the_table_is_as_long_as_the_largest_index_asks_for(graph_of: Any, nodes: str, expected: list[int]) -> None:
    assert rows(graph_of(f"[{nodes}]", INPUTS)) == expected


def test_in_a_block_and_its_copies(graph_of: Any) -> None:
    config = """
        blocks: {Table: {params: {width: 2}, nodes: [Embedding: {output_dim: $width}]}}
        model:
          - {Table: , name: a, from: city}
          - {Table: , name: b, from: more}
          - {Flatten: , name: c}
          - {Concatenate: , from: [a, c]}
    """
    assert rows(graph_of(config, INPUTS)) == [7, 3]


def test_a_shared_table_is_that_of_the_first(graph_of: Any) -> None:
    graph = graph_of(
        "[{Embedding: {output_dim: 2}, name: t, from: words}, {share: t, from: more, name: u}, {Add: , from: [t, u]}]",
        INPUTS,
    )
    assert rows(graph) == [10, 10]
    assert graph.parameters().total == 20


def test_declared_inputs_have_the_largest_index_of_the_data(graph_of: Any) -> None:
    graph = graph_of("{inputs: {words: {shape: [4], dtype: int32}}, nodes: [Embedding: {output_dim: 2}]}", INPUTS)
    assert rows(graph) == [10]


@pytest.mark.parametrize(
    "nodes",
    [
        "{Embedding: {output_dim: 2}, from: any}",
        "{Concatenate: , from: [words, any]}, Embedding: {output_dim: 2}",
        "{Compute: words + 1}, Embedding: {output_dim: 2}",
    ],
    ids=["of no known range", "one of two", "computed"],
)
def test_where_it_is_not_known_it_has_to_be_written(problems_of: Any, nodes: str) -> None:
    text = f"[{nodes}]".replace(", Embedding: {output_dim: 2}]", ", {Embedding: {output_dim: 2}}]")
    ((loc, message),) = problems_of(text, INPUTS)
    assert loc[-1] == "Embedding"
    assert message.startswith(NEEDS)


def test_numbers_that_are_no_indices_are_said_to_be_none(problems_of: Any) -> None:
    ((_, message),) = problems_of("[{Embedding: {output_dim: 2}, from: row}]", INPUTS)
    assert message.startswith("Embedding needs integers, got float32")

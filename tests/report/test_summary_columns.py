from __future__ import annotations

import re

import pytest

from netlib.report.summary import as_text, as_tree
from netlib.report.summary_columns import COLUMNS, default_columns, parse_columns
from netlib.report.summary_rows import summarise_graph
from netlib.spec.errors import UsageError


def table(graph, columns, width=200):
    return as_text(summarise_graph(graph, "net"), width, parse_columns(columns)).split("\n\n")[1].splitlines()


@pytest.mark.parametrize("name", COLUMNS)
def test_every_column_has_its_title_and_a_line_for_each_node(graph, name):
    lines = table(graph, f"name,{name}" if name != "name" else name)
    assert lines[0].split()[-1] == COLUMNS[name].title
    assert sum(line.startswith("body.inner.conv_2d") for line in lines) == 1


def test_columns_stand_in_the_order_that_was_asked_for(known_graph):
    assert table(known_graph, "macs, type,name")[0].split() == ["MACs", "type", "node"]
    assert re.split(r"\s{2,}", table(known_graph, "type,name,macs")[-1]) == ["Dense", "digit", "320"]


def test_what_the_columns_say(known_graph):
    columns = "name,trainable,non_trainable,size,flops,activations,dtype"
    rows = {line.split()[0]: re.split(r"\s{2,}", line) for line in table(known_graph, columns)}
    assert rows["body.batch_normalization"] == [
        "body.batch_normalization", "64", "64", "512 B", "0", "4.5 KiB", "float32",
    ]  # fmt: skip
    assert rows["digit"][4] == f"{320 * 6:,}"
    assert table(known_graph, "name,weights")[-2:] == [f"digit{' ' * 22}w (32, 10)", f"{' ' * 27}w (10)"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name,flop", "a summary has no column 'flop'; did you mean 'flops'?"),
        ("zzz", "a summary has no column 'zzz'; there are name, type, output, parameters"),
        (" , ", "--columns needs names of columns"),
        ("", "--columns needs names of columns"),
    ],
)
def test_columns_that_are_none(text, message):
    with pytest.raises(UsageError, match=re.escape(message)):
        parse_columns(text)


@pytest.mark.parametrize("width", [80, 120])
def test_the_default_columns_fit(graph, width):
    summary = summarise_graph(graph, "net")
    assert default_columns(summary.totals)[-3:] == ("trainable", "non_trainable", "macs")
    for text in (as_text(summary, width), as_tree(summary, width, color=False)):
        assert max(map(len, text.splitlines())) <= width


def test_a_column_that_is_named_twice_is_shown_once():
    assert parse_columns("name,type,name") == ("name", "type")

from __future__ import annotations

import io
import re

import pytest

from netlib.report.summary import as_text, as_tree, as_values, for_stream, print_summary, summary_text
from netlib.report.summary_rows import summarise_graph
from netlib.spec.errors import UsageError

WIDE = """\
net

node                       type                    output                  trainable  other     MACs
image                      input                   (batch, 8, 8, 1)
ids                        input                   (batch, ?) int32
conv_2d                    Conv2D                  (batch, 6, 6, 32)             288      0   10,368
body                       Sequential              (batch, 4, 4, 32)
body.conv_2d               Conv2D                  (batch, 6, 6, 32)           9,248      0  331,776
body.batch_normalization   BatchNormalization      (batch, 6, 6, 32)              64     64        0
body.inner                 Sequential              (batch, 4, 4, 32)
body.inner.activation      Activation              (batch, 6, 6, 32)               0      0        0
body.inner.conv_2d         Conv2D                  (batch, 4, 4, 32)           9,248      0  147,456
global_average_pooling_2d  GlobalAveragePooling2D  (batch, 32)                     0      0        0
memory                     LSTM                    output: (batch, ?, 32)          0  8,192        ?
                                                   h: (batch, 32)
                                                   c: (batch, 32)
digit                      Dense                   (batch, 10)                   330      0      320

Parameters: 27,434 (trainable 19,178, non-trainable 8,256), 107.2 KiB
Multiply-accumulates (MACs): not known: an axis is not
"""

ANSI = re.compile(r"\x1b\[[0-9]*m")


def numbers_of(table: str) -> list[list[int]]:
    """The columns of numbers as they are printed."""
    rows = [re.findall(r"(?<=  )[\d,]+(?=  |$)", line) for line in table.splitlines()]
    return [[int(number.replace(",", "")) for number in row] for row in rows if len(row) >= 2]


def test_golden_text_at_120_columns(graph):
    assert as_text(summarise_graph(graph, "net"), 120) == WIDE


@pytest.mark.parametrize("width", [80, 120])
def test_colour_changes_no_character(graph, width):
    summary = summarise_graph(graph, "net")
    coloured = as_tree(summary, width, color=True)
    assert ANSI.sub("", coloured) == as_tree(summary, width, color=False)
    assert coloured.startswith("\x1b[1mnet\x1b[0m\n")
    assert "\x1b[2m├─ \x1b[0mconv_2d" in coloured


@pytest.mark.parametrize("form", [as_text, lambda summary, width: as_tree(summary, width, color=False)])
@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("depth", [None, 1, 2])
def test_the_columns_add_up_to_the_totals_and_to_the_graph(known_graph, form, width, depth):
    text = form(summarise_graph(known_graph, "net", depth), width)
    table, _, closing = text.rpartition("\n\n")
    trainable, other, macs = map(sum, zip(*numbers_of(table), strict=True))
    printed = [int(number.replace(",", "")) for number in re.findall(r"\d[\d,]*(?=[ ),])", closing)]
    assert printed[:3] == [trainable + other, trainable, other]
    assert f"(MACs): {macs:,} for one sample" in closing
    assert (trainable, other) == known_graph.parameters()
    assert macs == known_graph.macs() == 10_368 + 331_776 + 147_456 + 320


@pytest.mark.parametrize("width", [80, 100, 120, 200])
def test_lines_fit(graph, width):
    summary = summarise_graph(graph, "net")
    for text in (as_text(summary, width), as_tree(summary, width, color=False)):
        assert max(map(len, text.splitlines())) <= width
        assert not any(line.endswith(" ") for line in text.splitlines())


def test_one_column_of_parameters_where_all_are_trained(known_graph):
    nodes = tuple(node for node in known_graph.nodes if node.name != "body")
    text = as_text(summarise_graph(type(known_graph)(known_graph.inputs, nodes, known_graph.outputs), "net"), 120)
    assert "parameters    MACs" in text
    assert "other" not in text


def test_values_for_programs(graph):
    values = as_values(summarise_graph(graph, "net"))
    assert values["parameters"] == {"trainable": 19_178, "non_trainable": 8_256, "total": 27_434}
    assert sum(node["parameters"]["total"] for node in values["nodes"]) == 27_434
    assert (values["macs"], values["weight_bytes"]) == (None, 4 * 27_434)
    assert values["inputs"]["ids"] == {"shape": [None, None], "dtype": "int32"}
    assert values["outputs"] == {"digit": {"shape": [None, 10], "dtype": "float32"}}
    assert [node["path"] for node in values["nodes"]][1:3] == ["body", "body.conv_2d"]
    assert list(values["nodes"][-2]["outputs"]) == ["output", "h", "c"]


def test_the_text_of_a_run_is_that_of_120_columns(graph):
    assert summary_text(graph, "net") == WIDE


class Screen(io.StringIO):
    encoding = "utf-8"

    def isatty(self):
        return True


def test_a_terminal_is_shown_a_tree_and_a_pipe_plain_columns(graph, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    summary = summarise_graph(graph, "net")
    assert for_stream(summary, Screen()) == as_tree(summary, 100, color=True)
    assert for_stream(summary, io.StringIO()) == as_text(summary, 100)


def test_printing_a_summary_returns_what_it_prints(graph, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    text = print_summary(graph, "net", depth=1)
    assert text == capsys.readouterr().out == as_text(summarise_graph(graph, "net", 1), 100)
    with pytest.raises(UsageError, match="depth must be at least 1 level of nodes, or None for all, got 0"):
        print_summary(graph, "net", depth=0)

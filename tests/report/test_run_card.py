"""A run on a card, as text and as HTML."""

from __future__ import annotations

import pytest

from netlib.report.run_card import RunCard, as_html, as_text, in_html, progress
from netlib.report.summary_html import summary_html

CARD = RunCard(
    "runs/a&b-1: finished",
    ("3 epochs", "<b>no</b>"),
    {"train": {"loss": 1.5, "accuracy": 0.25}, "<test>": {"loss": 2.0}},
)


def test_text():
    assert as_text(CARD) == (
        "runs/a&b-1: finished\n"
        "  3 epochs\n"
        "  <b>no</b>\n"
        "\n"
        "          loss  accuracy\n"
        "train   1.5000    0.2500\n"
        "<test>  2.0000"
    )
    assert as_text(RunCard("a", (), {})) == "a"


def test_html_has_names_as_text():
    assert as_html(CARD) == (
        "<div><p><b>runs/a&amp;b-1: finished</b><br>3 epochs<br>&lt;b&gt;no&lt;/b&gt;</p>"
        "<table><thead><tr><th></th><th>loss</th><th>accuracy</th></tr></thead><tbody>"
        '<tr><th style="text-align: left">train</th><td>1.5000</td><td>0.2500</td></tr>'
        '<tr><th style="text-align: left">&lt;test&gt;</th><td>2.0000</td><td></td></tr></tbody></table></div>'
    )
    assert as_html(RunCard("a", (), {})) == "<div><p><b>a</b></p></div>"
    assert "&lt;" in in_html("<")


@pytest.mark.parametrize(
    ("done", "said"),
    [
        ((12, 30, 9, 4800, 14.2), "12 of 30 epochs, the best is 9, 4,800 steps, 14 s"),
        ((30, 30, None, 1, 0.5), "30 epochs, 1 step, 0.5 s"),
        ((1, None, 1, 20, 0.5), "1 epoch, the best is 1, 20 steps, 0.5 s"),
        ((0, 1, None, 0, 0.0), "0 of 1 epoch, 0 steps, 0 ms"),
    ],
)
def test_progress(done, said):
    assert progress(*done) == said


def test_a_summary_is_one_element():
    from netlib.config.load import read

    graph = read("model:\n  inputs: {x: {shape: [4]}}\n  nodes: [Dense: 2]\n").graph
    assert graph
    html = summary_html(graph, "a<b")
    assert html.startswith("<pre")
    assert html.endswith("</pre>")
    assert "a&lt;b" in html
    assert "(batch, 2)" in html

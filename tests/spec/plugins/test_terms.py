from __future__ import annotations

import re

import pytest

from netlib.spec.errors import NetlabError, SpecError
from netlib.spec.plugins.loading import load_plugins
from netlib.spec.registry import ADDED, names, spec_class
from netlib.spec.schema.json_schema import spellings
from netlib.spec.terms import parse_losses, parse_metrics

TERMS = """\
@netlib.loss
def pinball(y_true, y_pred, *, quantile: float = 0.5):
    "At a quantile."

@netlib.loss(kind="classes")
def focal_loss(y_true, y_pred, gamma: float = 2.0): ...

@netlib.loss(kind="binary")
def yes(y_true, y_pred): ...

@netlib.metric(direction="min", takes="output")
def off(y_true, y_pred, by: int): ...

@netlib.metric(kind="one-hot")
def hit(y_true, y_pred): ...
"""


@pytest.fixture
def terms(plugin):
    load_plugins([plugin(TERMS, "my_terms.py")])


def test_functions_are_losses(terms):
    assert names("loss")[-3:] == ["Pinball", "FocalLoss", "Yes"]
    assert spellings("loss", "FocalLoss") == ["FocalLoss", "focal_loss", "focalloss"]
    (short,) = parse_losses("focal_loss")
    (long,) = parse_losses({"FocalLoss": {"gamma": 1}, "weight": 0.5})
    assert (short.spec.to_plain(), long.spec.to_plain(), long.weight) == ({"gamma": 2.0}, {"gamma": 1.0}, 0.5)
    facts = {
        name: (spec.target, spec.link, spec.probabilities, spec.classifies, spec.takes_logits)
        for name in names("loss")[-3:]
        for spec in [spec_class("loss", name).parse({})]
    }
    assert facts == {
        "Pinball": ("like output", None, False, False, False),
        "FocalLoss": ("class index", "softmax", True, True, True),
        "Yes": ("like output", "sigmoid", True, True, True),
    }


def test_functions_are_metrics(terms):
    off, hit = parse_metrics([{"Off": {"by": 2}}, {"hit": None, "name": "hits"}])
    assert (off.name, off.spec.direction, off.spec.takes, off.spec.needs) == ("off", "min", "output", "values")
    assert (hit.name, hit.spec.direction, hit.spec.takes, hit.spec.needs) == (
        "hits",
        "max",
        "linked output",
        "probabilities",
    )
    assert (off.spec.target, hit.spec.target) == ("like output", "one-hot")


@pytest.mark.parametrize(
    ("parse", "value", "message"),
    [
        (parse_losses, {"Pinball": {"quantil": 1.0}}, "Pinball has no parameter 'quantil'; did you mean 'quantile'?"),
        (parse_losses, "pinbal", "there is no loss 'pinbal'; did you mean 'pinball'?"),
        (parse_losses, {"Pinball": {"quantile": "x"}}, "expected a number, got 'x'"),
        (parse_metrics, ["off"], "Off needs 'by'"),
        (parse_losses, "zzzz", "one of your own is loaded with --plugin FILE"),
    ],
)
def test_their_parameters_are_checked_like_ours(terms, parse, value, message):
    with pytest.raises(SpecError, match=re.escape(message)):
        parse(value)


def test_a_file_that_is_loaded_again_gives_its_new_parameters(terms, plugin):
    assert parse_losses("pinball")[0].spec.to_plain() == {"quantile": 0.5}
    load_plugins([plugin(TERMS.replace("0.5", "0.9"), "my_terms.py")])
    assert parse_losses("pinball")[0].spec.to_plain() == {"quantile": 0.9}


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("@netlib.loss\nclass A: ...", "raised TypeError: @netlib.loss stands above a plain function"),
        (
            "@netlib.loss\ndef f(a, b): ...",
            "my_terms.py:5: 'f': its first parameters must be y_true and y_pred, got a and b",
        ),
        ("@netlib.metric\ndef f(): ...", "'f': its first parameters must be y_true and y_pred, got none"),
        (
            "@netlib.loss(kind='class')\ndef f(y_true, y_pred): ...",
            "'f': kind is 'values', 'classes', 'one-hot' or 'binary', got 'class'; did you mean 'classes'?",
        ),
        (
            "@netlib.loss\ndef huber(y_true, y_pred): ...",
            "'huber': netlab has a loss 'Huber' of its own; choose another",
        ),
        (
            "@netlib.loss\ndef mse(y_true, y_pred): ...",
            "'mse': netlab has a loss 'MeanSquaredError' of its own; choose",
        ),
        (
            "@netlib.metric(direction='up')\ndef f(y_true, y_pred): ...",
            "my_terms.py:5: 'f': direction is 'min' or 'max', got 'up'",
        ),
        (
            "@netlib.metric(takes='ouput')\ndef f(y_true, y_pred): ...",
            "'f': takes is 'linked output' or 'output', got 'ouput'; did you mean 'output'?",
        ),
        (
            "@netlib.metric\ndef f(y_true, y_pred, of: int): ...",
            "parameter 'of' has a meaning of its own in the section or in netlab; call it otherwise",
        ),
        ("@netlib.loss\ndef f(y_true, y_pred, n): ...", "'f': parameter 'n' has no type; write one, such as n: float"),
    ],
)
def test_what_cannot_be_a_term(plugin, written, message):
    with pytest.raises(NetlabError, match=re.escape(message)):
        load_plugins([plugin(f"{written}\n", "my_terms.py")])
    assert not ADDED["loss"]
    assert not ADDED["metric"]

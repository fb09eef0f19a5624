"""The traps of YAML, each with the text that a person would write and the whole message that they get."""

from __future__ import annotations

import pytest

from netlib.config.problems import in_file_order, render
from netlib.config.reader import read_tree

TRAPS = {
    "wiring under a bare string": (
        "model:\n  - Flatten\n    name: flat\n",
        (
            "a.yaml:2:5: error: 'Flatten' has keys below it, so it needs a colon: 'Flatten:'\n"
            "    2 |   - Flatten\n"
            "      |     ^^^^^^^"
        ),
    ),
    "wiring under a bare foreign layer, with a comment": (
        "- keras.layers.LSTM # slow\n  name: flat\n",
        (
            "a.yaml:1:3: error: 'keras.layers.LSTM' has keys below it, so it needs a colon: 'keras.layers.LSTM:'\n"
            "    1 | - keras.layers.LSTM # slow\n"
            "      |   ^^^^^^^^^^^^^^^^^"
        ),
    ),
    "a key that is indented too far": (
        "- Dense: 10\n    name: a\n",
        (
            "a.yaml:2:5: error: 'name' is indented as if '10' went on; indent it like the key it stands beside\n"
            "    2 |     name: a\n"
            "      |     ^^^^"
        ),
    ),
    "two colons": (
        "a: b: c\n",
        (
            "a.yaml:1:5: error: a second ': ' cannot stand here; quote the text, or write a mapping in {}\n"
            "    1 | a: b: c\n"
            "      |     ^"
        ),
    ),
    "an expression with a comma in a mapping": (
        "- Dense: {units: $(max(8, x)), name: a}\n",
        (
            "a.yaml:1:18: error: inside {} or [] YAML cuts this expression at its comma or bracket; "
            'quote it: "$(max(8, x))"\n'
            "    1 | - Dense: {units: $(max(8, x)), name: a}\n"
            "      |                  ^^^^^^^^^^^^"
        ),
    ),
    "an expression with a comma in a list": (
        "- [ConvBN: $(min(3, 4)), ConvBN: 2]\n",
        (
            "a.yaml:1:12: error: inside {} or [] YAML cuts this expression at its comma or bracket; "
            'quote it: "$(min(3, 4))"\n'
            "    1 | - [ConvBN: $(min(3, 4)), ConvBN: 2]\n"
            "      |            ^^^^^^^^^^^^"
        ),
    ),
    "an expression with an index in a mapping": (
        "- {Dense: $(widths[0])}\n",
        (
            "a.yaml:1:11: error: inside {} or [] YAML cuts this expression at its comma or bracket; "
            'quote it: "$(widths[0])"\n'
            "    1 | - {Dense: $(widths[0])}\n"
            "      |           ^^^^^^^^^^^^"
        ),
    ),
    "a tensor expression with a comma in a mapping": (
        "- {Compute: sum(x, axis=-1), name: a}\n",
        (
            "a.yaml:1:13: error: inside {} or [] YAML cuts this expression at its comma or bracket; "
            'quote it: "sum(x, axis=-1)"\n'
            "    1 | - {Compute: sum(x, axis=-1), name: a}\n"
            "      |             ^^^^^^^^^^^^^^^"
        ),
    ),
    "a tensor expression with a comma in a list": (
        "[Compute: 2 * max(x, 1) + y, Flatten]\n",
        (
            "a.yaml:1:11: error: inside {} or [] YAML cuts this expression at its comma or bracket; "
            'quote it: "2 * max(x, 1) + y"\n'
            "    1 | [Compute: 2 * max(x, 1) + y, Flatten]\n"
            "      |           ^^^^^^^^^^^^^^^^^"
        ),
    ),
    "a tensor expression with a list in a mapping": (
        "- {Compute: concat([x, y], 1)}\n",
        (
            "a.yaml:1:13: error: inside {} or [] YAML cuts this expression at its comma or bracket; "
            'quote it: "concat([x, y], 1)"\n'
            "    1 | - {Compute: concat([x, y], 1)}\n"
            "      |             ^^^^^^^^^^^^^^^^^"
        ),
    ),
    "a tensor expression with an index in a mapping": (
        "- {Compute: x[0, 1] * 2, name: a}\n",
        (
            "a.yaml:1:13: error: inside {} or [] YAML cuts this expression at its comma or bracket; "
            'quote it: "x[0, 1] * 2"\n'
            "    1 | - {Compute: x[0, 1] * 2, name: a}\n"
            "      |             ^^^^^^^^^^^"
        ),
    ),
    "an expression that goes on in the next line": (
        "- {units: $(max(8,\n    x))}\n",
        (
            "a.yaml:1:11: error: inside {} or [] YAML cuts this expression at its comma or bracket; "
            'quote it: "$(max(8,"\n'
            "    1 | - {units: $(max(8,\n"
            "      |           ^^^^^^^^"
        ),
    ),
    "wiring under a block": (
        "- ConvBlock\n  repeat: 3\n",
        (
            "a.yaml:1:3: error: 'ConvBlock' has keys below it, so it needs a colon: 'ConvBlock:'\n"
            "    1 | - ConvBlock\n"
            "      |   ^^^^^^^^^"
        ),
    ),
    "a key with stars": (
        "param_groups: {**.bias: 1}\n",
        (
            "a.yaml:1:16: error: text that begins with '*' must be quoted: \"**.bias\"\n"
            "    1 | param_groups: {**.bias: 1}\n"
            "      |                ^^^^^^^"
        ),
    ),
    "a key with &": (
        "a:\n  &bias: 1\n",
        ("a.yaml:2:3: error: text that begins with '&' must be quoted: \"&bias\"\n    2 |   &bias: 1\n      |   ^^^^^"),
    ),
    "a key with !": (
        "a:\n  !bias: 1\n",
        ("a.yaml:2:3: error: text that begins with '!' must be quoted: \"!bias\"\n    2 |   !bias: 1\n      |   ^^^^^"),
    ),
    "an expression in the shell's form": (
        "- {Dense: ${width}}\n",
        (
            "a.yaml:1:12: error: an expression is written '$name' or '$(...)', not '${...}'\n"
            "    1 | - {Dense: ${width}}\n"
            "      |            ^"
        ),
    ),
    "a selector with stars": (
        "freeze: **.bias\n",
        (
            "a.yaml:1:9: error: text that begins with '*' must be quoted: \"**.bias\"\n"
            "    1 | freeze: **.bias\n"
            "      |         ^^^^^^^"
        ),
    ),
    "a selector that is a star": (
        "freeze: [a, *]\n",
        (
            "a.yaml:1:13: error: text that begins with '*' must be quoted: \"*\"\n"
            "    1 | freeze: [a, *]\n"
            "      |             ^"
        ),
    ),
    "a selector that looks like an alias": (
        "freeze: *bias\n",
        (
            "a.yaml:1:9: error: text that begins with '*' must be quoted: \"*bias\"\n"
            "    1 | freeze: *bias\n"
            "      |         ^^^^^"
        ),
    ),
    "a selector with @": (
        "freeze: @head\n",
        (
            "a.yaml:1:9: error: text that begins with '@' must be quoted: \"@head\"\n"
            "    1 | freeze: @head\n"
            "      |         ^^^^^"
        ),
    ),
    "a selector with !": (
        "freeze: [!encoder, a]\n",
        (
            "a.yaml:1:10: error: text that begins with '!' must be quoted: \"!encoder\"\n"
            "    1 | freeze: [!encoder, a]\n"
            "      |          ^^^^^^^^"
        ),
    ),
    "a selector with ! and stars": (
        "freeze: !**.bias\n",
        (
            "a.yaml:1:9: error: text that begins with '!' must be quoted: \"!**.bias\"\n"
            "    1 | freeze: !**.bias\n"
            "      |         ^^^^^^^^"
        ),
    ),
    "a selector that looks like an anchor": (
        "freeze: &bias\nb: 1\n",
        (
            "a.yaml:1:9: error: text that begins with '&' must be quoted: \"&bias\"\n"
            "    1 | freeze: &bias\n"
            "      |         ^^^^^"
        ),
    ),
    "a selector with & and stars": (
        "freeze: &**.bias\n",
        (
            "a.yaml:1:9: error: text that begins with '&' must be quoted: \"&**.bias\"\n"
            "    1 | freeze: &**.bias\n"
            "      |         ^^^^^^^^"
        ),
    ),
    "a tab before an item": (
        "a:\n\t- b\n",
        "a.yaml:2:1: error: a tab cannot indent in YAML; use spaces\n    2 |  - b\n      | ^",
    ),
    "a tab before a key": (
        "a: 1\n\tb: 2\n",
        "a.yaml:2:1: error: a tab cannot indent in YAML; use spaces\n    2 |  b: 2\n      | ^",
    ),
    "a bracket that is not closed": (
        "a: [1, 2\nb: 3\n",
        "a.yaml:2:2: error: expected ',' or ']': the '[' of line 1 is not closed\n    2 | b: 3\n      |  ^",
    ),
    "a brace that is not closed at the end": (
        "x: 1\na: {b: 3\n",
        "a.yaml:2:4: error: this '{' is not closed\n    2 | a: {b: 3\n      |    ^",
    ),
    "a quote that is not closed": (
        "a: 'x\nb: 2\n",
        "a.yaml:1:4: error: this quote is not closed\n    1 | a: 'x\n      |    ^",
    ),
    "an escape that is none": (
        'a: "\\d"\n',
        (
            "a.yaml:1:5: error: there is no such escape in double quotes; use single quotes, or '\\\\' for '\\'\n"
            '    1 | a: "\\d"\n'
            "      |     ^"
        ),
    ),
    "an item among keys": (
        "a: 1\n- b\n",
        "a.yaml:2:1: error: expected a key here, 'key: value', indented like the keys above\n    2 | - b\n      | ^",
    ),
    "a key among items": (
        "- a\nb: 1\n",
        "a.yaml:2:1: error: expected an item here, '- ...', indented like the items above\n    2 | b: 1\n      | ^",
    ),
    "a wrong bracket": (
        "a: {b: ]\n",
        "a.yaml:1:8: error: expected a value here\n    1 | a: {b: ]\n      |        ^",
    ),
    "an item beside its key": (
        "a: - b\n",
        "a.yaml:1:4: error: an item '- ...' begins on a line of its own\n    1 | a: - b\n      |    ^",
    ),
}


@pytest.mark.parametrize("trap", TRAPS)
def test_traps(source, trap):
    text, message = TRAPS[trap]
    read = source(text)
    _, problems = read_tree(read)
    assert render(in_file_order(problems, [read])) == message


def test_a_cut_expression_does_not_hide_what_follows(source):
    found, problems = read_tree(source("{units: $(max(8, min(x, 3))), rate: 1, rate: 2}"))
    assert found.plain() == {"units": "$(max(8, min(x, 3)))", "rate": 1}
    assert ["cuts" in problems[0].message, "set already" in problems[1].message] == [True, True]


@pytest.mark.parametrize(
    "text",
    [
        "a: $(max(8, x))",
        '{a: "$(max(8, x))"}',
        "{a: $(b * (c + 1))}",
        "{a: $$(}",
        "[$a, $(b)]",
        "[a (b, c]",
        "{a: f(x) + 1}",
        "a: f(x, y)[0]",
        "[f (x, y)]",
    ],
)
def test_expressions_that_yaml_does_not_cut(tree, text):
    tree(text)

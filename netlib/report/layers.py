"""The catalogue of layers, and all that is known of one type, as text for people and plain values for programs."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any, TextIO

from netlib.report.layout import bold, wrapped
from netlib.report.summary_values import tensor_values
from netlib.report.terminal import has_color, width
from netlib.spec.schema.description import Description, Group, LayerFacts, Parameter
from netlib.spec.schema.words import value_in_words

INDENT = "  "
_WIDEST = 100
"""Columns after which prose is hard to read."""

CLOSING = {
    "layers": ("netlab layers NAME tells all about one.", "netlab layers keras lists Keras's own, keras.layers.NAME."),
    "data": ("netlab data NAME tells all about one.", "netlab peek CONFIG shows the data of a config."),
}
"""Verb -> what stands below its list."""


def groups_text(groups: Sequence[Group], stream: TextIO, verb: str = "layers") -> str:
    """Types in groups, a line or more each."""
    color, columns = has_color(stream), min(width(), _WIDEST)
    gap = min(max(len(name) for group in groups for name in group.members) + len(INDENT), columns // 2)
    lines = []
    for group in groups:
        title, *more = wrapped(f"{group.name}: {group.doc[:1].lower()}{group.doc[1:]}", columns, INDENT * 2)
        lines += [title.replace(group.name, bold(group.name, color), 1), *more]
        for name, about in group.members.items():
            lines += wrapped(f"{INDENT}{name.ljust(gap - len(INDENT))}{INDENT}{about}", columns, INDENT + " " * gap)
        lines.append("")
    return "\n".join([*lines, *CLOSING[verb]]) + "\n"


def groups_values(groups: Sequence[Group]) -> list[dict[str, Any]]:
    """The same as plain values."""
    return [
        {"name": name, "group": group.name, "description": about}
        for group in groups
        for name, about in group.members.items()
    ]


def description_text(
    facts: Description, example: str, others: Sequence[str], stream: TextIO, verb: str = "layers"
) -> str:
    """Everything about one type."""
    color, columns = has_color(stream), min(width(), _WIDEST)
    lines = [f"{bold(facts.name, color)}: {facts.kind}", ""]
    for paragraph in facts.doc.split("\n\n"):
        lines += [*wrapped(paragraph, columns), ""]
    if facts.spellings:
        lines += [*wrapped(f"Also written {', '.join(facts.spellings)}.", columns), ""]
    if facts.parameters:
        lines += [bold("Parameters", color), *_parameters(facts.parameters, columns, color), ""]
    if facts.alone:
        lines += [*wrapped(f"`{facts.alone}` may stand alone: {facts.name}: value.", columns), ""]
    if facts.layer:
        lines += [*_layer(facts.layer, columns, color), ""]
    if facts.refused:
        lines += [bold("Not taken, though Keras has it", color), *_entries(facts.refused, columns), ""]
    lines += [bold("Example", color), textwrap.indent(example, INDENT), *_example(facts, columns)]
    if facts.functions:
        lines += ["", bold("Functions of expressions", color), *_entries(facts.functions, columns)]
    if others:
        lines += ["", f"Also: {', '.join(f'netlab {verb} {other}' for other in others)}"]
    return "\n".join(lines) + "\n"


def description_values(facts: Description, example: str, others: Sequence[str]) -> dict[str, Any]:
    """The same as plain values."""
    shapes = {"inputs": tensor_values(facts.example.inputs), "outputs": tensor_values(facts.example.outputs)}
    return {
        **asdict(facts),
        "example": {"yaml": example, "value": facts.example.value, **shapes},
        "others": list(others),
    }


def _parameters(parameters: Sequence[Parameter], columns: int, color: bool) -> Iterator[str]:
    for each in parameters:
        rest = "required" if each.required else f"default {value_in_words(each.default)}"
        first, *more = wrapped(f"{INDENT}{each.name}: {each.type}; {rest}", columns, INDENT * 3)
        yield first.replace(each.name, bold(each.name, color), 1)
        yield from more
        if each.doc:
            yield from wrapped(f"{INDENT * 2}{each.doc}", columns, INDENT * 2)


def _layer(layer: LayerFacts, columns: int, color: bool) -> Iterator[str]:
    inputs = "any number" if layer.any_number_of_inputs else ", ".join(layer.inputs) or "none"
    optional = f"; optional: {', '.join(layer.optional_inputs)}" if layer.optional_inputs else ""
    takes = {"float": "floating-point numbers", "integer": "integers", "any": "any dtype"}[layer.takes]
    yield bold("Shapes and costs", color)
    yield from _entries(
        {
            "inputs": f"{inputs}{optional}" + (f" ({takes})" if inputs != "none" else ""),
            "ports": layer.ports_rule,
            "output shape": layer.shape,
            "weights": layer.weights,
            "multiply-accumulates": layer.macs,
        },
        columns,
    )


def _entries(entries: dict[str, str], columns: int) -> Iterator[str]:
    for name, text in entries.items():
        yield from wrapped(f"{INDENT}{name}: {text}", columns, INDENT * 3)


def _example(facts: Description, columns: int) -> Iterator[str]:
    example = facts.example
    if example.outputs:
        given = " and ".join(map(str, example.inputs.values())) or "nothing"
        made = ", ".join(map(str, example.outputs.values()))
        yield from wrapped(f"{INDENT}of {given} makes {made}", columns, INDENT * 3)

"""Parts of networks: over features, texts, images and sequences."""

from __future__ import annotations

from netlib.tasks.new.draft import Line
from netlib.tasks.new.sizes import Sizes

SMALL_IMAGE = 4
"""Places of an image, along its shorter side, that need not be pooled further."""


def dense_lines(size: Sizes, name: str = "") -> list[Line]:
    """Dense layers over features; the last has the name."""
    lines = [Line(f"- Dense: {{units: {size.width}, activation: relu}}", "wider for more samples, narrower for fewer")]
    if size.dropout:
        lines.append(
            Line(f"- Dropout: {size.dropout}", "more if the training loss falls and the validation loss does not")
        )
    last = f"Dense: {{units: {size.width // 2}, activation: relu}}"
    return [*lines, Line(f"- {{{last}, name: {name}}}" if name else f"- {last}")]


def reading_lines(name: str, size: Sizes, alone: bool) -> list[Line]:
    """From the words of the text `name` to a vector, `NAME_read`, by convolutions over three neighbours."""
    width = max(size.width, 32)
    source, called = ("", "") if alone else (f", from: {name}", f", name: {name}_read")
    why = "as many rows as the training split has words, and two"
    embedding = f"Embedding: {{output_dim: {width // 2}}}"
    return [
        Line(f"- {{{embedding}{source}}}" if source else f"- {embedding}", why),
        Line(
            f"- Conv1D: {{filters: {width}, kernel_size: 3, padding: same, activation: relu}}",
            "tells 'not good' from 'good'",
        ),
        Line(f"- {{GlobalMaxPooling1D: {called}}}" if called else "- GlobalMaxPooling1D"),
    ]


def image_lines(height: int, width: int, size: Sizes) -> list[Line]:
    """Convolutions, each pair at half the size of the one before, to a vector."""
    lines: list[Line] = []
    filters, side = max(size.width // 2, 16), min(height, width)
    while True:
        lines += [
            Line(f"- Conv2D: {{filters: {filters}, kernel_size: 3, padding: same, use_bias: false}}"),
            Line("- BatchNormalization: {momentum: 0.9}", "" if len(lines) else "follows quickly: there are few steps"),
            Line("- Activation: relu"),
        ]
        if side < 2 * SMALL_IMAGE or filters >= 256:
            break
        lines.append(Line("- MaxPooling2D: 2"))
        side, filters = side // 2, filters * 2
    pooled = Line("- Flatten") if side <= SMALL_IMAGE else Line("- GlobalAveragePooling2D")
    return [*lines, pooled, Line("- Dropout: 0.3", "against learning the training images by heart")]


def recurrent_lines(size: Sizes) -> list[Line]:
    """A recurrent layer over the rows of a window, or the places of a sequence."""
    return [
        Line(
            f"- GRU: {max(size.width // 2, 16)}",
            "reads the rows in their order, and gives what it knows behind the last",
        )
    ]

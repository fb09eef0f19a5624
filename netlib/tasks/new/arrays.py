"""A config for arrays, of an `.npz` file or of `.npy` files: what a network reads depends on their axes and dtypes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from netlib.data.arrays import Array
from netlib.data.sources.npz import values_of
from netlib.spec.errors import SpecError, UsageError, did_you_mean
from netlib.spec.sources.npy import Npy
from netlib.spec.sources.npz import SUFFIX, header_of, open_archive
from netlib.tasks.new.draft import Draft, Line, named, word
from netlib.tasks.new.networks import SMALL_IMAGE, dense_lines, image_lines, recurrent_lines
from netlib.tasks.new.sizes import Sizes, epoch_lines, memory_lines, sizes, split_lines
from netlib.tasks.new.targets import Target, head_lines, loss_lines, network_lines, target_of, weight_lines

LOOKED_AT = 50_000
"""Values of an array by which its range is known."""


@dataclass(frozen=True)
class _Form:
    """How an array of samples is read: what it goes through, and the layers up to a vector."""

    what: str
    preprocess: Line | None
    model: tuple[Line, ...]


def npz_draft(path: Path, shown_path: str, wanted: Sequence[str]) -> Draft:
    """What a config says of an `.npz` file; targets are its array `y` unless they are named.

    Raises:
        UsageError: there is no such array, or nothing can be learned of it.
        NetlabError: the file is damaged.
    """
    found = _arrays(str(path))
    names = list(wanted) or [name for name in ("y", "labels", "label", "target", "targets") if name in found][:1]
    if not names:
        raise UsageError(f"--target is needed: the array of {path} to learn ({', '.join(found)})")
    for name in names:
        if name not in found:
            hint = did_you_mean(name, found) or f" (it has: {', '.join(found)})"
            raise UsageError(f"{path} has no array '{name}'{hint}")
    rows = len(found[names[0]])
    inputs = {name: values for name, values in found.items() if name not in names and len(values) == rows}
    others = [f"left out: '{name}' has not as many rows" for name in found if name not in (*names, *inputs)]
    if not inputs:
        raise UsageError(f"{path} has no array of {rows:,} rows to learn '{names[0]}' from")
    head = [Line("source: npz"), Line(f"path: {word(shown_path)}")]
    return _draft(head, shown_path, inputs, {name: found[name] for name in names}, "", others)


def npy_draft(path: Path, shown_path: str, target: Path, shown_target: str) -> Draft:
    """What a config says of two `.npy` files, of samples and of what is to be learned of each; raises as `npz_draft`."""
    source = Npy.parse({"inputs": {"x": str(path)}, "targets": {"y": str(target)}})
    source.signature()
    x, y = (np.load(file, mmap_mode="r", allow_pickle=False) for file in (path, target))
    return _draft([Line("source: npy")], shown_path, {"x": x}, {"y": y}, {"x": shown_path, "y": shown_target}, [])


def _draft(
    head: list[Line],
    path: str,
    inputs: Mapping[str, Any],
    answers: Mapping[str, Any],
    files: Mapping[str, str] | str,
    notes: list[str],
) -> Draft:
    targets = [_target(name, values, inputs) for name, values in answers.items()]
    rows = len(next(iter(answers.values())))
    size = sizes(rows, path)
    forms = {name: _form(name, values, size) for name, values in inputs.items()}
    of_file = (lambda name: files[name]) if isinstance(files, Mapping) else (lambda name: name)
    read = {named(name): of_file(name) for name in inputs}
    data = [
        *head,
        Line(f"inputs: {word(read)}", "; ".join(f"{each.what}" for each in forms.values())),
        Line(
            f"targets: {word({each.name: of_file(each.column) for each in targets})}",
            "; ".join(each.about for each in targets),
        ),
        *split_lines(size),
    ]
    steps = [form.preprocess for form in forms.values() if form.preprocess]
    steps += [Line(f"{each.name}: Labels", "its classes are not 0, 1, 2 and so on") for each in targets if each.labels]
    data += [Line("preprocess:"), *(each.indented() for each in steps)] if steps else []
    data += [*weight_lines(targets), *memory_lines(sum(4 * values.size for values in inputs.values()))]
    return Draft(
        f"Tells {' and '.join(answers)} by {' and '.join(inputs)}. Written for {path}, by its arrays: every choice is meant to be"
        " changed.",
        tuple(data),
        network_lines([*_body(forms, size, several=len(targets) > 1), *head_lines(targets, "body")], targets),
        (
            *epoch_lines(size),
            Line(f"optimizer: {{Adam: {{learning_rate: {size.learning_rate}}}}}"),
            *loss_lines(targets),
        ),
        (
            f"{rows:,} samples",
            *(f"input '{name}': {form.what}" for name, form in forms.items()),
            *(f"target '{each.column}': {each.about}" for each in targets),
            *notes,
        ),
    )


def _target(name: str, values: Any, taken: Mapping[str, Any]) -> Target:
    if math.prod(values.shape[1:]) != 1:
        raise UsageError(
            f"target '{name}' has the shape {values.shape[1:]} a sample; a head tells one value: write the config by hand"
        )
    column = pl.Series(name, np.asarray(values).reshape(-1))
    return target_of(column.cast(pl.Int32()) if column.dtype == pl.Boolean() else column, [*map(named, taken), "body"])


def _form(name: str, values: Any, size: Sizes) -> _Form:
    shape, floats = values.shape[1:], values.dtype.kind == "f"
    some = np.asarray(values[: max(1, LOOKED_AT // max(1, math.prod(shape)))])
    called, reached = named(name), float(some.max())
    if len(shape) == 3 or (len(shape) == 2 and not floats and min(shape) >= SMALL_IMAGE):
        return _image(called, shape, reached, size)
    if len(shape) == 2:
        return _Form(f"sequences of {shape[0]} places", Line(f"{called}: Standardize"), tuple(recurrent_lines(size)))
    if len(shape) == 1 and not floats and shape[0] > 1 and some.min() >= 0 and reached > 1:
        return _tokens(shape, int(np.asarray(values).max()), size)
    return _Form(f"{math.prod(shape)} numbers each", Line(f"{called}: Standardize", "mean 0 and deviation 1"), ())


def _image(name: str, shape: tuple[int, ...], reached: float, size: Sizes) -> _Form:
    scale = Line(f"{name}: {{Rescale: $(1 / 255)}}", "from 0 to 255, to between 0 and 1") if reached > 1 else None
    deeper = () if len(shape) == 3 else (Line(f"- Reshape: {word([*shape, 1])}", "an axis of channels"),)
    what = f"images of {'x'.join(map(str, shape))}"
    return _Form(what, scale, (*deeper, *image_lines(shape[0], shape[1], size)))


def _tokens(shape: tuple[int, ...], largest: int, size: Sizes) -> _Form:
    embedding = f"- Embedding: {{input_dim: {largest + 1}, output_dim: {max(size.width // 2, 16)}, mask_zero: true}}"
    return _Form(
        f"{shape[0]} tokens each, up to {largest}", None, (Line(embedding, "0 is padding"), *recurrent_lines(size))
    )


def _body(forms: Mapping[str, _Form], size: Sizes, *, several: bool) -> list[Line]:
    """The layers of each input, joined, and dense ones."""
    tail = dense_lines(size, "body" if several else "")
    if len(forms) == 1:
        return [*next(iter(forms.values())).model, *tail]
    lines, read = [], []
    for name, form in forms.items():
        called = named(name)
        read.append(f"{called}_read" if form.model else called)
        if form.model:
            lines += [Line("- Sequential:"), *(Line(f"    {each.text}", each.why) for each in form.model)]
            lines += [Line(f"  name: {called}_read"), Line(f"  from: {called}")]
    return [*lines, Line(f"- {{Concatenate: , from: {word(read)}}}"), *tail]


def _arrays(path: str) -> dict[str, Array]:
    """The arrays of numbers that have a row for each sample, by name; raises as the source `npz` does."""
    found = {}
    with open_archive(path) as archive:
        for member in archive.infolist():
            name = member.filename.removesuffix(SUFFIX)
            with suppress(SpecError):  # what no network reads: texts, objects, single values
                found[name] = values_of(archive, header_of(archive, member, path, "inputs"), path, name)
    return found

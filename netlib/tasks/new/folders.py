"""Configs for images and texts in files: folders of classes, lines, and a text to go on with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl
from PIL import Image

from netlib.data.sources.text_files import text_of
from netlib.data.sources.text_lines import read_lines
from netlib.spec.errors import NetlabError
from netlib.spec.sources.image_folder import ImageFolder
from netlib.spec.sources.images import said
from netlib.spec.sources.texts import TextFolder, TextLines
from netlib.tasks.new.draft import Draft, Line, word
from netlib.tasks.new.networks import dense_lines, image_lines, reading_lines
from netlib.tasks.new.sizes import Sizes, epoch_lines, memory_lines, sizes, split_lines
from netlib.tasks.new.steps import tokens_line
from netlib.tasks.new.targets import Target, head_lines, loss_lines, target_of, weight_lines

OPENED = 500
"""Images whose headers are looked at, evenly over all of them."""
LARGEST = 224
"""Side to which larger images are brought."""


def images_draft(path: Path, shown_path: str) -> Draft:
    """What a config says of a folder with a folder of images for each class.

    Raises:
        UsageError: it has no such folders.
    """
    classes = ImageFolder.parse({"path": str(path)}).classes()
    files = [file for members in classes.values() for file in members]
    target = _classes({name: len(members) for name, members in classes.items()})
    size = sizes(len(files), str(path))
    shapes, grey = _looked_at(files[:: -(-len(files) // OPENED)])
    height, width = (min(LARGEST, side) for side in shapes.most_common(1)[0][0])
    fixed = len(shapes) == 1 and (height, width) in shapes
    many = f"images of {len(shapes)} sizes" if len(shapes) > 1 else "smaller than they are, to be faster"
    data = [
        Line("source: image_folder", f"{len(classes)} folders, one for each class"),
        Line(f"path: {word(shown_path)}"),
        Line(f"channels: {1 if grey else 3}", "grey" if grey else "red, green and blue"),
        *([] if fixed else [Line(f"size: [{height}, {width}]", many), Line("fit: crop", "or pad, or stretch")]),
        *split_lines(size),
        Line("preprocess:"),
        Line("  image: {Rescale: $(1 / 255)}", "bytes, from 0 to 255, to between 0 and 1"),
        *weight_lines([target]),
        *memory_lines(len(files) * height * width * 4 * (1 if grey else 3)),
    ]
    flip = Line(
        "# - RandomFlip: {mode: horizontal} # where a mirrored picture means the same: each is seen in both ways"
    )
    return Draft(
        f"Tells {len(classes)} kinds of pictures apart. Written for {shown_path}, by its files, to be changed.",
        tuple(data),
        (flip, *image_lines(height, width, size), *head_lines([target], "")),
        (*epoch_lines(size), Line("optimizer: {Adam: {learning_rate: 2e-3}}"), *loss_lines([target])),
        (
            f"{len(files):,} images of {height}x{width}, {'grey' if grey else 'coloured'}",
            f"target 'label': {target.about}",
            *([f"classes are weighted: {target.uneven}"] if target.uneven else []),
        ),
    )


def _looked_at(files: Sequence[Path]) -> tuple[Counter[tuple[int, int]], bool]:
    """How often each height and width is there, and whether all images are grey."""
    shapes: Counter[tuple[int, int]] = Counter()
    grey = True
    for file in files:
        try:
            with Image.open(file) as image:
                shapes[image.height, image.width] += 1
                grey = grey and image.mode in ("1", "L", "LA", "I", "I;16")
        except (OSError, ValueError):
            continue
    if not shapes:
        raise NetlabError(f"{said(files[0])} cannot be read as an image, nor can the others")
    return shapes, grey


def text_folder_draft(path: Path, shown_path: str) -> Draft:
    """What a config says of a folder with a folder of texts for each class; raises as `images_draft`."""
    classes = TextFolder.parse({"path": str(path)}).files()
    files = [file for members in classes.values() for file in members]
    texts = pl.Series(list(map(text_of, files[:: -(-len(files) // OPENED)])))
    target = _classes({name: len(members) for name, members in classes.items()})
    head = [Line("source: text_folder", "a folder for each class"), Line(f"path: {word(shown_path)}")]
    return _texts_draft(head, texts, target, sizes(len(files), str(path)), shown_path)


def text_lines_draft(path: Path, shown_path: str, target: Path, shown_target: str) -> Draft:
    """What a config says of a file of texts and a file of their classes, line by line; raises as `images_draft`."""
    found = read_lines(TextLines.parse({"path": str(path), "targets": str(target)}))
    texts, answers = pl.Series(found.inputs["text"]), pl.Series("label", found.targets["label"])
    head = [Line("source: text_lines"), Line(f"path: {word(shown_path)}"), Line(f"targets: {word(shown_target)}")]
    return _texts_draft(head, texts, target_of(answers, ["text"]), sizes(len(texts), str(path)), shown_path)


def _texts_draft(head: list[Line], texts: pl.Series, target: Target, size: Sizes, path: str) -> Draft:
    return Draft(
        f"Tells {target.classes} kinds of texts apart. Written for {path}, by its texts: every choice is meant to be changed.",
        (
            *head,
            *split_lines(size),
            Line("preprocess:"),
            tokens_line("  text", texts),
            *weight_lines([target]),
        ),
        (*reading_lines("text", size, alone=True), *dense_lines(size)[1:], *head_lines([target], "")),
        (*epoch_lines(size), Line("optimizer: {Adam: {learning_rate: 3e-3}}"), *loss_lines([target])),
        (f"{size.samples:,} texts", f"target 'label': {target.about}"),
    )


def _classes(members: Mapping[str, int]) -> Target:
    """The target of folders, by the number of files in each."""
    return target_of(
        pl.Series("label", [name for name, count in members.items() for _ in range(count)]), ["image", "text"]
    )


def corpus_draft(path: Path, shown_path: str) -> Draft:
    """What a config says of a long text: a model that tells the next character; raises as `images_draft`."""
    text = text_of(path)
    length, characters = 64, len(set(text)) + 2
    size = sizes(len(text) // length, str(path))
    return Draft(
        f"Which character comes next? A language model of {shown_path}: every choice is meant to be changed.",
        (
            Line("source: corpus"),
            Line(f"path: {word(shown_path)}", "or many, which are read as one: plays/*.txt"),
            Line("by: characters", "or words, with a `maximum` and as many units below"),
            Line(f"length: {length}"),
            Line(f"maximum: {characters}", "with padding (0) and unknown (1)"),
            Line("split: Contiguous", "the end of the text is held out"),
            *split_lines(size),
        ),
        (
            Line(f"- Embedding: {{output_dim: {max(size.width // 2, 16)}}}", "as many rows as `maximum` says"),
            Line(f"- GRU: {{units: {max(size.width, 64)}, return_sequences: true}}"),
            Line(f"- {{Dense: {characters}, name: next}}", "a logit for each character"),
        ),
        (
            *epoch_lines(size),
            Line("optimizer: {Adam: {learning_rate: 1e-2}}"),
            Line("clip: {norm: 1.0}", "recurrent layers have steep places"),
            Line("loss: sparse_categorical_crossentropy"),
            Line("metrics: [accuracy]"),
        ),
        (
            f"{len(text):,} characters, {characters - 2} different ones: a language model",
            "for texts with classes: --target FILE",
        ),
    )

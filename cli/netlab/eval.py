"""`netlab eval`."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from netlab.plugin import Plugins, load
from netlab.quiet import starting_tensorflow

_CHECKPOINT = "A run (its best checkpoint), RUN/latest, or a checkpoint"
Checkpoint = Annotated[
    str,
    typer.Option("--checkpoint", "-c", metavar="RUN_OR_CHECKPOINT", help=f"{_CHECKPOINT}."),
]
Checkpoints = Annotated[
    list[str],
    typer.Option("--checkpoint", "-c", metavar="RUN_OR_CHECKPOINT", help=f"{_CHECKPOINT}; may be repeated."),
]


class Split(StrEnum):
    """Of a run's own data; typer takes a list of these, not of literals."""

    test = "test"
    validation = "validation"
    train = "train"


Splits = Annotated[
    list[Split] | None,
    typer.Option(
        "--split",
        metavar="test|validation|train",
        help="Samples of the run's own data; test by default, may be repeated.",
    ),
]
Data = Annotated[
    list[str] | None,
    typer.Option("--data", "-d", metavar="FILE", help="Other files, with targets, to measure on; may be repeated."),
]
Scores = Annotated[
    bool | None,
    typer.Option(
        "--scores/--no-scores",
        help="A table of classes (precision, recall, F1, areas) or of errors for each output; by default on a terminal, where"
        " there are few classes.",
        show_default=False,
    ),
]
Confusion = Annotated[
    str | None,
    typer.Option("--confusion", metavar="FILE", help="Confusion matrix as a .png, .svg or .pdf; - for text."),
]
Roc = Annotated[
    Path | None,
    typer.Option("--roc", metavar="FILE", help="ROC and precision-recall curves as a .png, .svg or .pdf."),
]
Worst = Annotated[int, typer.Option("--worst", metavar="N", min=0, help="So many of the worst mistakes.")]
WorstImages = Annotated[
    Path | None,
    typer.Option("--worst-images", metavar="FILE", help="Their images as a .png, with 'true: predicted' below each."),
]
Csv = Annotated[str | None, typer.Option("--csv", metavar="FILE", help="The metrics as CSV; - to stdout.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Write over files that are there.")]
Json = Annotated[bool, typer.Option("--json", help="Metrics, and what else is asked for, as JSON.")]
STREAM = "-"


def evaluate(
    checkpoint: Checkpoints,
    split: Splits = None,
    data: Data = None,
    scores: Scores = None,
    confusion: Confusion = None,
    roc: Roc = None,
    worst: Worst = 0,
    worst_images: WorstImages = None,
    csv: Csv = None,
    overwrite: Overwrite = False,
    plugin: Plugins = None,
    json: Json = False,
) -> None:
    """Measure checkpoints on splits of their runs' data, or on other files that have the targets, too.

    Every checkpoint is measured on every split and file: a line for each. JSON is an object for one evaluation, a list of them
    for several.

    \b
    netlab eval --checkpoint runs/digits-cnn-1
    netlab eval -c runs/digits-cnn-1/latest --split validation --json
    netlab eval -c runs/digits-mlp-1 -c runs/digits-cnn-1 --split test
    netlab eval -c runs/customers-1 --data new.csv --data old.csv
    netlab eval -c runs/digits-cnn-1 --scores --confusion - --worst 10
    netlab eval -c runs/digits-cnn-1 --confusion matrix.png --roc roc.svg
    """
    load(plugin)
    from netlib.report.as_json import as_json
    from netlib.report.terminal import has_color
    from netlib.runs.atomic import write_text
    from netlib.tasks.evaluate import all_measured
    from netlib.tasks.evaluate_data import plan_evaluations
    from netlib.tasks.score_pictures import Pictures
    from netlib.tasks.shown_scores import Shown, csv_of, plain_of, text_of, worth_showing
    from netlib.tasks.written_files import need_room

    plans = plan_evaluations(checkpoint, [each.value for each in split or ()], data or ())
    matrix = None if confusion in (None, STREAM) else Path(str(confusion))
    pictures = Pictures(matrix, roc, worst_images)
    pictures.check(plans, worst=worst, overwrite=overwrite)
    if csv and csv != STREAM:
        need_room(Path(csv), overwrite)
    if scores is None:
        scores = sys.stdout.isatty() and not json and worth_showing(plans)
    shown = Shown(scores, confusion == STREAM, worst)
    with starting_tensorflow(plans[0].config.train.threads):
        import netlib.tasks.build  # noqa: F401  # the import that takes seconds

    wanted = shown != Shown() or pictures != Pictures()
    found = list(all_measured(plans, scores=wanted, worst=worst))
    if json:
        plain = [plain_of(each, shown) for each in found]
        print(as_json(plain[0] if len(plain) == 1 else plain))
    elif csv == STREAM:
        print(csv_of(found), end="")
    else:
        print(text_of(found, shown, has_color(sys.stdout)), end="")
    written = pictures.draw(found[0])
    if csv and csv != STREAM:
        write_text(Path(csv), csv_of(found))
        written.append(Path(csv))
    for path in written:
        print(f"wrote {path}", file=sys.stderr)

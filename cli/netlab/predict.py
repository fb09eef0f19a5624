"""`netlab predict`."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Literal

import typer

from netlab.eval import Checkpoint
from netlab.plugin import Plugins, load
from netlab.quiet import starting_tensorflow

Input = Annotated[
    str | None,
    typer.Option(
        "--input",
        "-i",
        metavar="FILE",
        help="What to predict on: a file, folder or pattern; - is CSV or JSON lines from stdin.",
    ),
]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="A .csv, .parquet, .jsonl or .npz; CSV to stdout by default."),
]
Split = Annotated[
    Literal["test", "validation", "train"] | None,
    typer.Option("--split", help="Predict on samples of the run's own data instead."),
]
Probabilities = Annotated[bool, typer.Option("--probabilities", help="The probability of each class, too.")]
Top = Annotated[int, typer.Option("--top", metavar="K", help="So many of the best classes.")]
Samples = Annotated[
    int | None,
    typer.Option(
        "--samples", metavar="N", help="Mean and spread of N draws of a network that is random at prediction."
    ),
]
Prefix = Annotated[str, typer.Option("--prefix", metavar="TEXT", help="Begins the names of what is predicted.")]
OnError = Annotated[
    Literal["fail", "skip"] | None,
    typer.Option(
        "--on-error", help="Leave out rows that cannot be used, or fail; by default as the run's config says."
    ),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Write over the output if it is there.")]
_FORMS: dict[bool, Literal["csv", "json_lines"]] = {False: "csv", True: "json_lines"}
Json = Annotated[bool, typer.Option("--json", help="JSON lines to stdout in place of CSV.")]


def predict(
    checkpoint: Checkpoint,
    input: Input = None,
    output: Output = None,
    split: Split = None,
    probabilities: Probabilities = False,
    top: Top = 1,
    samples: Samples = None,
    prefix: Prefix = "predicted_",
    on_error: OnError = None,
    overwrite: Overwrite = False,
    plugin: Plugins = None,
    json: Json = False,
) -> None:
    """Predict on new files: their columns as they are, and beside them what the network says.

    Files are of the kind that the run was trained on: tables (CSV, Parquet and JSON lines serve alike), .npz, .npy, images, lines
    of text. The target need not be there. The columns of a target 'price' or 'species':

    \b
    predicted_price                     the number
    predicted_species                   the class, by its name if it has one
    predicted_species_probability       the probability of that class
    predicted_species_probability_NAME  that of class NAME: of each with
                                        --probabilities; of class 1 always where
                                        there are two classes and one output
    predicted_species_2, ..._3          the next best classes, with --top
    predicted_price_std                 with --samples, whose mean the others
    predicted_species_entropy           are: the standard deviation of numbers,
                                        the entropy of the mean probabilities
                                        (in nats; 0 where all are sure)

    A network is random at prediction where `training: true` stands beside a layer such as Dropout, or with a Random node. The
    draws are the same each time.

    \b
    netlab predict -c runs/customers-1 -i new.csv
    netlab predict -c runs/customers-1 -i new.parquet -o predicted.parquet --top 2
    netlab predict -c runs/digits-png-1 -i "photos/*.png" --probabilities
    cat new.csv | netlab predict -c runs/customers-1 -i - | head
    netlab predict -c runs/customers-1/latest --split test
    netlab predict -c runs/prices-1 -i new.csv --samples 50
    """
    load(plugin)
    from netlib.report.terminal import notice
    from netlib.tasks.plan_prediction import Asked, plan_prediction
    from netlib.tasks.predict import predicted
    from netlib.tasks.standard_input import spooled

    with spooled(input, sys.stdin.buffer) as path:
        asked = Asked(path, split, output, _FORMS[json], probabilities, top, prefix, on_error, overwrite, samples)
        plan = plan_prediction(checkpoint, asked)
        with starting_tensorflow(plan.config.train.threads):
            import netlib.tasks.build  # noqa: F401  # the import that takes seconds

        with notice(sys.stderr, "predicting") if output else nullcontext():
            found = predicted(plan, sys.stdout.buffer)
    for note in found.notes:
        print(note, file=sys.stderr)
    if output:
        print(f"wrote {found.samples:,} predictions of {found.checkpoint} to {output}", file=sys.stderr)

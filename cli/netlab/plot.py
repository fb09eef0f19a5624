"""`netlab plot`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

Runs = Annotated[list[Path], typer.Argument(metavar="RUN", hidden=True)]
Metrics = Annotated[
    list[str] | None,
    typer.Option("--metric", "-m", metavar="NAME", help="What to draw; the loss and the first metric."),
]
Across = Annotated[str, typer.Option("-x", metavar="WHAT", help="The horizontal axis: epoch, step or time.")]
Smooth = Annotated[
    float, typer.Option(metavar="WEIGHT", min=0, max=0.999, help="Running means: how much the values before count.")
]
Log = Annotated[bool, typer.Option("--log", help="A logarithmic vertical axis.")]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Draw a picture: .png, .svg or .pdf.")
]
Json = Annotated[bool, typer.Option("--json", help="The points as JSON.")]
Csv = Annotated[bool, typer.Option("--csv", help="The points as CSV.")]


def plot(
    runs: Runs,
    metric: Metrics = None,
    x: Across = "epoch",
    smooth: Smooth = 0.0,
    log: Log = False,
    output: Output = None,
    json: Json = False,
    csv: Csv = False,
) -> None:
    """Draw curves of runs, also of those that are being trained.

    \b
    RUN  a run directory

    \b
    netlab plot runs/digits-mlp-1
    netlab plot runs/digits-mlp-* --metric accuracy --metric learning_rate
    netlab plot runs/digits-mlp-1 runs/digits-cnn-1 -m loss -x time --log
    netlab plot runs/digits-mlp-1 --smooth 0.6 --output curves.svg

    Train is dashed, validation solid, and a dot marks the best epoch. A metric is loss, validation.loss, learning_rate,
    samples_per_second ...; -m may stand several times. A picture needs matplotlib: pip install 'netlab[plot]'.
    """
    from netlib.report.drawing import check_picture
    from netlib.tasks.curves import Asked, curves, points, points_csv

    if output is not None:
        check_picture(output)
    panels = curves(runs, Asked(tuple(metric or ()), x, smooth, log))
    if output is not None:
        from netlib.report.curves_picture import draw_curves

        draw_curves(panels, output)
        print(f"wrote {output}", file=sys.stderr)
    if json:
        from netlib.report.as_json import as_json

        print(as_json(points(panels)))
    elif csv:
        print(points_csv(panels), end="")
    elif output is None:
        from netlib.report.curves_text import Style, curves_text
        from netlib.report.terminal import can_draw, has_color, width

        print(curves_text(panels, Style(width(), can_draw(sys.stdout), has_color(sys.stdout))), end="")

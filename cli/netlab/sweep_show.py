"""`netlab sweep show`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

Sweep = Annotated[str, typer.Argument(metavar="SWEEP", hidden=True)]
Storage = Annotated[
    str | None, typer.Option("--storage", metavar="URL", help="The database, where the sweep file does not say.")
]
Runs = Annotated[Path, typer.Option("--runs", metavar="DIR", help="Where the folders of sweeps are.")]
Top = Annotated[int | None, typer.Option("--top", "-n", metavar="N", min=1, help="Only the best N trials.")]
Plot = Annotated[Path | None, typer.Option("--plot", "-o", metavar="FILE", help="Draw it: .png, .svg or .pdf.")]
Json = Annotated[bool, typer.Option("--json", help="All that is known, as JSON.")]
Csv = Annotated[bool, typer.Option("--csv", help="The trials as CSV.")]


def show(
    sweep: Sweep,
    storage: Storage = None,
    runs: Runs = Path("runs"),
    top: Top = None,
    plot: Plot = None,
    json: Json = False,
    csv: Csv = False,
) -> None:
    """Show what a sweep has come to, also while it runs: its trials, the best first.

    \b
    SWEEP  a sweep file, a sweep's name, or the folder of its runs

    \b
    netlab sweep show digits_sweep.yaml
    netlab sweep show digits-search --top 10
    netlab sweep show runs/digits-search --plot sweep.png
    netlab sweep show digits-search --csv > trials.csv
    netlab sweep show digits-search --storage postgresql://me@server/sweeps --json

    The picture has the history with the best so far, how important each key is (PED-ANOVA, from 10 complete trials on; keys that
    not every trial has are left out), and parallel coordinates. It needs matplotlib: pip install 'netlab[plot]'.
    """
    from netlib.report.drawing import check_picture
    from netlib.tasks.sweep.show import shown

    if plot is not None:
        check_picture(plot)
    found = shown(sweep, storage, runs)
    if plot is not None:
        from netlib.report.sweep_pictures import draw_sweep

        draw_sweep(found.view, found.importance, plot)
        print(f"wrote {plot}", file=sys.stderr)
    if json:
        from netlib.report.as_json import as_json
        from netlib.tasks.sweep.facts import facts

        print(as_json(facts(found.view, found.importance)))
    elif csv:
        from netlib.tasks.sweep.facts import sweep_csv

        print(sweep_csv(found.view), end="")
    elif plot is None:
        from netlib.report.sweep_table import sweep_text
        from netlib.report.terminal import has_color, width

        print(sweep_text(found.view, width(), has_color(sys.stdout), top), end="")

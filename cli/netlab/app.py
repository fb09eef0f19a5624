"""The command and its verbs."""

from __future__ import annotations

from typing import Annotated

import typer

from netlab.bench import bench
from netlab.check import check
from netlab.data import data
from netlab.errors import reported
from netlab.eval import evaluate
from netlab.export import export
from netlab.layers import layers
from netlab.peek import peek
from netlab.predict import predict
from netlab.reproduce import reproduce
from netlab.schema import schema
from netlab.summary import summary
from netlab.train import train

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["--help", "-h"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"netlab {version('netlab')}")
        raise typer.Exit


@app.callback()
def netlab(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Train neural networks that are written in YAML."""


app.command("train")(reported(train))
app.command("reproduce")(reported(reproduce))
app.command("eval")(reported(evaluate))
app.command("predict")(reported(predict))
app.command("export")(reported(export))
app.command("summary")(reported(summary))
app.command("check")(reported(check))
app.command("peek")(reported(peek))
app.command("layers")(reported(layers))
app.command("data")(reported(data))
app.command("schema")(reported(schema))
app.command("bench")(reported(bench))

"""The command and its verbs."""

from __future__ import annotations

from typing import Annotated

import typer

from netlab.bench import bench
from netlab.check import check
from netlab.compare import compare
from netlab.completion import completion
from netlab.data import data
from netlab.doctor import doctor
from netlab.errors import reported
from netlab.eval import evaluate
from netlab.export import export
from netlab.launch import launch
from netlab.layers import layers
from netlab.new import new
from netlab.peek import peek
from netlab.plot import plot
from netlab.predict import predict
from netlab.reproduce import reproduce
from netlab.runs import app as runs
from netlab.schema import schema
from netlab.summary import summary
from netlab.sweep import app as sweep
from netlab.train import train
from netlab.verbs import Verbs

app = typer.Typer(
    cls=Verbs,
    subcommand_metavar="VERB [ARGS]...",
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
    """Train neural networks that are written in YAML.

    \b
    netlab train configs/digits_mlp.yaml   a first run
    netlab VERB --help                     what a verb takes, with examples
    """


app.command("train")(reported(train))
app.command("launch")(reported(launch))
app.add_typer(sweep, name="sweep")
app.command("reproduce")(reported(reproduce))
app.command("eval")(reported(evaluate))
app.command("predict")(reported(predict))
app.command("export")(reported(export))
app.command("new")(reported(new))
app.command("summary")(reported(summary))
app.add_typer(runs, name="runs")
app.command("compare")(reported(compare))
app.command("plot")(reported(plot))
app.command("check")(reported(check))
app.command("peek")(reported(peek))
app.command("layers")(reported(layers))
app.command("data")(reported(data))
app.command("schema")(reported(schema))
app.command("bench")(reported(bench))
app.command("completion")(reported(completion))
app.command("doctor")(reported(doctor))

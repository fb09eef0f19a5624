"""`netlab new`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from netlib.tasks.check import FileReport
    from netlib.tasks.new.publishing import Written

Kind = Annotated[str | None, typer.Argument(metavar="KIND", hidden=True)]
Name = Annotated[str | None, typer.Argument(metavar="NAME", hidden=True)]
From = Annotated[
    Path | None, typer.Option("--from", metavar="FILE", help="Your own data: the config is written by what is in it.")
]
Target = Annotated[
    list[str] | None,
    typer.Option(
        "--target", metavar="COLUMN", help="With --from: what is to be learned; may repeat. A file, for texts or .npy."
    ),
]
Called = Annotated[str | None, typer.Option("--name", metavar="NAME", help="With --from: the experiment's name.")]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="The config's file; NAME.yaml by default.")
]
Json = Annotated[bool, typer.Option("--json", help="What was written, or the kinds, as JSON.")]


def new(
    kind: Kind = None,
    name: Name = None,
    data: From = None,
    target: Target = None,
    called: Called = None,
    output: Output = None,
    json: Json = False,
) -> None:
    """Write a config that trains as it is: of a kind, or for your own data. Without arguments, list the kinds.

    \b
    KIND  what it is to be: mlp, cnn, text ...
    NAME  what it is to be called

    --from looks at a table (.csv, .tsv, .parquet, .jsonl), arrays (.npz, .npy), texts (.txt), or a folder with a folder of
    images or texts for each class. It chooses inputs, preprocessing, network, loss and metrics, and writes each reason down.

    \b
    netlab new
    netlab new cnn digits
    netlab new --from houses.csv --target price
    netlab new --from photos -o configs/photos.yaml
    netlab new --from reviews.txt --target labels.txt
    """
    if data is not None:
        if kind is not None:
            _refuse(f"--from chooses by the data: leave '{kind}' out, and give a name with --name")
        from netlib.tasks.new.from_data import new_from

        _print(new_from(data, target or (), called, output), json)
    elif target or called:
        _refuse(f"{'--target' if target else '--name'} goes with --from FILE, the data")
    elif kind is None:
        _print_kinds(json)
    else:
        from netlib.tasks.new.kinds import kind_of, new_of_kind

        if name is None:
            _refuse(f"a name is needed: netlab new {kind_of(kind).name} NAME")
        else:
            _print(new_of_kind(kind, name, output), json)


def _refuse(message: str) -> None:
    from netlib.spec.errors import UsageError

    raise UsageError(message)


def _print_kinds(json: bool) -> None:
    from netlib.report.new import kinds_text
    from netlib.report.terminal import has_color
    from netlib.tasks.new.kinds import kinds

    found = [(kind.name, kind.about) for kind in kinds()]
    if json:
        from netlib.report.as_json import as_json

        print(as_json(dict(found)))
    else:
        print(kinds_text(found, has_color(sys.stdout)), end="")


def _print(written: Written, json: bool) -> None:
    from netlib.report.new import next_commands, written_text
    from netlib.report.terminal import has_color

    if json:
        from netlib.report.as_json import as_json

        commands = [command for command, _ in next_commands(written.path)]
        files = [str(each) for each in (written.path, *written.beside)]
        print(as_json({"config": files[0], "files": files, "choices": written.choices, "next": commands}))
        return
    facts = _facts(written.report)
    color = has_color(sys.stdout)
    print(written_text(written.path, facts, written.choices, written.beside, color), end="")


def _facts(report: FileReport) -> str:
    from netlib.report.numbers import count

    return f"checked: {count(report.graph.parameters().total)} parameters" if report.graph else "checked"

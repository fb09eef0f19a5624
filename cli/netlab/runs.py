"""`netlab runs`, and `netlab runs rm`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from netlab.errors import reported

if TYPE_CHECKING:
    from netlib.tasks.listed_run import Listed
    from netlib.tasks.remove_runs import Doomed

Roots = Annotated[list[Path] | None, typer.Argument(metavar="ROOT", hidden=True)]
Runs = Annotated[list[Path], typer.Argument(metavar="RUN", hidden=True)]
Sort = Annotated[str, typer.Option(metavar="KEY", help="A column, a metric, or a key of the config.")]
Reverse = Annotated[bool, typer.Option("--reverse", "-r", help="The other way around.")]
Last = Annotated[int | None, typer.Option("--last", "-n", metavar="N", min=1, help="Only the last N that were begun.")]
Columns = Annotated[str | None, typer.Option(metavar="NAMES", help="These columns, with commas between them.")]
Json = Annotated[bool, typer.Option("--json", help="All that is known, as JSON.")]
Csv = Annotated[bool, typer.Option("--csv", help="The table as CSV.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Remove them without asking.")]


class ListsByDefault(TyperGroup):
    """Lists where no other verb is named: `netlab runs [ROOT ...]`. A folder that is called as a verb is written `./rm`."""

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """Of the verb that is meant; the listing goes by the name of the group."""
        if args[:1] and args[0] in self.commands:
            return super().make_context(info_name, args, parent, **extra)
        return self.commands["list"].make_context(info_name, args, parent, **extra)


app = typer.Typer(cls=ListsByDefault, rich_markup_mode=None)


def runs(
    roots: Roots = None,
    sort: Sort = "begun",
    reverse: Reverse = False,
    last: Last = None,
    columns: Columns = None,
    json: Json = False,
    csv: Csv = False,
) -> None:
    """List runs: state, best, epochs, and in what their configs differ.

    \b
    ROOT  a folder with runs, or a run; 'runs' if none is given

    \b
    netlab runs
    netlab runs --last 10 --sort best
    netlab runs --sort train.optimizer.learning_rate
    netlab runs sweeps/first sweeps/second --sort validation.accuracy --reverse
    netlab runs --columns name,test.accuracy,model.hidden.units,seed
    netlab runs --json
    netlab runs rm runs/digits-mlp-1       (netlab runs rm --help)

    Columns: name, state, best, epochs, time, begun; a metric, such as validation.loss, as it was in the best epoch; a key of the
    config. 'best' is what decides about the best checkpoint, and sorts the best run first; a star marks it among runs of the same
    config.
    """
    from netlib.tasks.list_runs import check_columns, list_runs

    found = list_runs(roots or (), sort=sort, reverse=reverse, last=last)
    names = [name.strip() for name in columns.split(",")] if columns is not None else None
    check_columns(found, names or ())
    for damage in [text for run in found for text in run.overview.damaged]:
        print(f"warning: {damage}", file=sys.stderr)
    if json:
        from netlib.report.as_json import as_json
        from netlib.tasks.listed_run import plain

        print(as_json([plain(run) for run in found]))
    elif csv:
        from netlib.tasks.runs_csv import runs_csv

        print(runs_csv(found, names), end="")
    elif not found:
        places = ", ".join(f"'{root}'" for root in roots or [Path("runs")])
        print(f"there are no runs in {places}; 'netlab train CONFIG' makes one", file=sys.stderr)
    else:
        print(_text(found, names), end="")


def remove(runs: Runs, yes: Yes = False) -> None:
    """Remove runs with all of their files, after they were shown and you said yes.

    \b
    RUN  a run directory

    \b
    netlab runs rm runs/digits-mlp-1
    netlab runs rm runs/digits-mlp-* --yes

    A run that is being trained is refused, and so is a folder that is no run. Links are removed, not what they lead to.
    """
    from netlib.tasks.remove_runs import doomed, remove_run

    found = doomed(runs)
    if not yes and not _agreed(found):
        print("nothing was removed", file=sys.stderr)
        raise typer.Exit(1)
    for each in found:
        remove_run(each)
        print(f"removed {each.run.path}")


def _text(found: Sequence[Listed], names: Sequence[str] | None) -> str:
    from netlib.report.runs_table import chosen_text, runs_text
    from netlib.report.terminal import has_color, width
    from netlib.tasks.list_runs import rows

    color = has_color(sys.stdout)
    if names is None:
        return runs_text(rows(found), width(), color)
    return chosen_text(names, [[run.shown(name) for name in names] for run in found], color)


def _agreed(found: Sequence[Doomed]) -> bool:
    """Shows what would go, and asks."""
    from netlib.report.runs_table import removal_text
    from netlib.report.terminal import width
    from netlib.spec.errors import UsageError
    from netlib.tasks.list_runs import row_of

    rows = [(row_of(each.overview), each.bytes) for each in found]
    print(removal_text(rows, width()), end="", file=sys.stderr)
    if not sys.stdin.isatty():
        raise UsageError("there is no terminal to ask on; say --yes to remove them")
    print("Remove them for good? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


app.command("list", help=runs.__doc__, hidden=True)(reported(runs))
app.command("rm")(reported(remove))

"""`netlab check`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from netlab.plugin import Plugins, load

if TYPE_CHECKING:
    from netlib.config.problems import PlacedProblem
    from netlib.tasks.check import FileReport

Configs = Annotated[list[Path], typer.Argument(metavar="CONFIG", hidden=True)]
Strict = Annotated[
    bool, typer.Option("--strict", help="Warn also of what a later edit could change unnoticed; warnings are errors.")
]
Json = Annotated[bool, typer.Option("--json", help="The problems as JSON.")]


def check(configs: Configs, strict: Strict = False, plugin: Plugins = None, json: Json = False) -> None:
    """Find every mistake in configs without running them.

    \b
    CONFIG  a config's file, or a folder: every *.yaml in it and below

    \b
    netlab check configs/digits_mlp.yaml
    netlab check configs --strict
    """
    load(plugin)
    from netlib.tasks.check import check as check_files

    reports = check_files(configs, strict)
    if json:
        from netlib.report.as_json import as_json

        print(as_json([_values(report) for report in reports]))
    else:
        for report in reports:
            _show(report)
        if len(reports) > 1:
            print(_count(reports))
    if any(report.errors or (strict and report.warnings) for report in reports):
        raise typer.Exit(2)


def _show(report: FileReport) -> None:
    """The problems with their lines, then one line on the file."""
    from netlib.config.problems import render
    from netlib.report.numbers import count
    from netlib.report.terminal import edge, has_color

    if report.problems:
        print(render(report.problems, color=has_color(sys.stdout), columns=edge(sys.stdout)))
    facts = []
    if report.graph:
        nodes = sum(1 for _ in report.graph.walk())
        least = "" if report.graph.known else "at least "
        facts.append(f"{_several(nodes, 'node')}, {least}{count(report.graph.parameters().total)} parameters")
        unknown = sum(not node.known and node.body is None for node in report.graph.walk())
        facts += [f"{_several(unknown, 'node')} known at build"] if unknown else []
    if report.warnings:
        facts.append(_several(report.warnings, "warning"))
    verdict = _several(report.errors, "error") if report.errors else "ok"
    print(f"{report.path}: {verdict}" + (f" ({', '.join(facts)})" if facts else ""))


def _count(reports: list[FileReport]) -> str:
    """`5 files: 3 ok, 2 with errors (4 errors, 1 warning)`."""
    wrong = sum(bool(report.errors) for report in reports)
    errors, warnings = sum(report.errors for report in reports), sum(report.warnings for report in reports)
    parts = [f"{len(reports) - wrong} ok", *([f"{wrong} with errors"] if wrong else [])]
    found = [_several(number, noun) for number, noun in ((errors, "error"), (warnings, "warning")) if number]
    return f"{len(reports)} files: {', '.join(parts)}" + (f" ({', '.join(found)})" if found else "")


def _several(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _values(report: FileReport) -> dict[str, Any]:
    return {
        "path": str(report.path),
        "errors": report.errors,
        "warnings": report.warnings,
        "problems": [_problem(report, problem) for problem in report.problems],
    }


def _problem(report: FileReport, problem: PlacedProblem) -> dict[str, Any]:
    return {
        "file": problem.place.source.name if problem.place else str(report.path),
        "where": problem.where,
        "line": problem.line,
        "column": problem.column,
        "severity": problem.severity,
        "message": problem.message,
        "via": list(problem.via),
    }

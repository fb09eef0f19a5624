"""`netlab doctor`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

Quick = Annotated[bool, typer.Option("--quick", help="Import TensorFlow, but train nothing.")]
Json = Annotated[bool, typer.Option("--json", help="The findings as JSON.")]


def doctor(quick: Quick = False, json: Json = False) -> None:
    """Look whether everything that netlab needs is there and works.

    Versions, extras, processor and memory, folders and room on the disk,
    environment variables that matter. Then, in a process of its own and in a
    temporary folder, TensorFlow is tried out for about ten seconds: a tiny
    network is trained in both execution modes, saved, gone on with to the
    same bits, and exported.

    Exit code: 0 all is well, 1 something is broken.

    \b
    netlab doctor
    netlab doctor --quick
    netlab doctor --json > doctor.json      to report a problem with
    """
    from netlab.compiled import cache_root
    from netlib.report.terminal import notice
    from netlib.tasks.doctor.examine import examine

    with notice(sys.stderr, "trying TensorFlow out"):
        found = examine(cache_root(), quick)
    if json:
        from dataclasses import asdict

        from netlib.report.as_json import as_json

        print(as_json({heading: [asdict(each) for each in findings] for heading, findings in found.items()}))
    else:
        from netlib.report.doctor import diagnosis_text

        print(diagnosis_text(found, sys.stdout), end="")
    if any(each.state == "broken" for findings in found.values() for each in findings):
        raise typer.Exit(1)

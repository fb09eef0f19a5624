"""`netlab export`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from netlab.eval import Checkpoint
from netlab.plugin import Plugins, load
from netlab.quiet import starting_tensorflow

Output = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FOLDER", help="A new folder for the SavedModel.")
]
Weights = Annotated[
    Path | None, typer.Option("--weights", "-w", metavar="FILE", help="A new .safetensors for the weights, by path.")
]
Json = Annotated[bool, typer.Option("--json", help="What was written, and its signature, as JSON.")]


def export(
    checkpoint: Checkpoint,
    output: Output = None,
    weights: Weights = None,
    plugin: Plugins = None,
    json: Json = False,
) -> None:
    """Write a SavedModel with the preprocessing inside, which TensorFlow loads without netlab; or the weights alone.

    The signature takes raw columns by their names, a batch of any size, and gives what `netlab predict` computes: probabilities
    where the loss knows classes. A missing number is NaN. There are no missing texts in TensorFlow: the empty text stands for one
    (where OneHot or Lookup has learned the empty text, any text that they have not). A step that TensorFlow cannot compute, such
    as DateParts, is left to whoever calls: its column is then taken as the step makes it. The file netlab.json in the folder has
    the signature and the names of the classes, to be read without TensorFlow.

    The latency is that of the SavedModel as it is loaded from its files, with one row and with as many as a batch of the run has:
    the median of some calls, behind two that warm it up, with the run's number of threads.

    \b
    netlab export -c runs/iris-1 -o iris
    netlab export -c runs/iris-1/latest -o iris --json
    netlab export -c runs/iris-1 -w iris.safetensors
    """
    load(plugin)
    from netlib.report.export import export_result, weights_result
    from netlib.report.terminal import has_color
    from netlib.tasks.export import exported, latency_values, plan_export, signature_values

    plan = plan_export(checkpoint, output, weights)
    with starting_tensorflow(plan.evaluation.config.train.threads):
        import netlib.tasks.build  # noqa: F401  # the import that takes seconds

    found = exported(plan)
    if json:
        from netlib.report.as_json import as_json

        written = {"checkpoint": str(found.checkpoint), "folder": output and str(output), "bytes": found.bytes}
        kept = {"weights": weights and str(weights), "weights_bytes": found.weights_bytes}
        timed = {"latency": latency_values(found.latencies)}
        print(as_json({**written, **kept, **timed, **signature_values(found.inputs, found.outputs)}))
        return
    if output:
        parts = found.bytes, found.inputs, found.outputs, found.latencies
        print(export_result(output, *parts, has_color(sys.stdout)), end="")
    if weights:
        print(weights_result(weights, found.checkpoint, found.weights_bytes), end="")

"""`netlab summary`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from netlab.plugin import Plugins, load

Config = Annotated[Path, typer.Argument(metavar="CONFIG_OR_RUN", hidden=True)]
Overrides = Annotated[list[str] | None, typer.Argument(metavar="KEY=VALUE", hidden=True)]
Depth = Annotated[
    int | None, typer.Option(metavar="N", min=1, help="Levels of containers that are shown; all by default.")
]
Columns = Annotated[
    str | None,
    typer.Option(
        metavar="NAMES",
        help="Of: name, type, output, parameters, trainable, non_trainable, size, macs, flops, activations, dtype, reads,"
        " weights.",
    ),
]
Picture = Annotated[
    Path | None, typer.Option("--graph", metavar="FILE", help="Draw the network: .svg, .mmd, .dot or .txt.")
]
BatchSize = Annotated[
    int | None, typer.Option("--batch-size", metavar="N", min=1, help="Of the step whose memory is estimated.")
]
Memory = Annotated[
    str | None, typer.Option(metavar="SIZE", help="Find the largest batch that fits, such as in 16GB or 512MiB.")
]
Block = Annotated[str | None, typer.Option(metavar="NAME", help="Show a block of the config, by itself.")]
Input = Annotated[
    list[str] | None,
    typer.Option("--input", metavar="SHAPE", help="What the block reads: '[32, 32, 3]', or 'name=[...]' for each."),
]
Json = Annotated[bool, typer.Option("--json", help="The summary as JSON.")]


def summary(
    config: Config,
    overrides: Overrides = None,
    depth: Depth = None,
    columns: Columns = None,
    graph: Picture = None,
    batch_size: BatchSize = None,
    memory: Memory = None,
    block: Block = None,
    inputs: Input = None,
    plugin: Plugins = None,
    json: Json = False,
) -> None:
    """Show a network node by node: shapes, parameters, cost, memory.

    \b
    CONFIG_OR_RUN  a config's file, a run directory, or a checkpoint of a run
    KEY=VALUE      what to change: model.hidden.units=64; ~KEY deletes a key;
                   of a block, its parameters

    \b
    netlab summary configs/digits_cnn.yaml
    netlab summary configs/digits_mlp.yaml model.hidden.units=256 --depth 1
    netlab summary configs/digits_cnn.yaml --graph cnn.svg --memory 16GB
    netlab summary blocks.yaml --block Unit filters=64 --input "[32, 32, 3]"
    """
    load(plugin)
    from netlib.report.summary_columns import parse_columns
    from netlib.tasks.summarise import Asked, summarise

    chosen = parse_columns(columns) if columns is not None else ()
    asked = Asked(depth, not json, batch_size, memory, block, tuple(inputs or ()))
    found = summarise(config, overrides or (), asked)
    if graph is not None:
        from netlib.report.diagram.write import write_diagram

        write_diagram(found.graph, found.name, graph, depth)
        print(f"wrote {graph}", file=sys.stderr)
    if json:
        from netlib.report.as_json import as_json
        from netlib.report.summary_values import as_values

        print(as_json(as_values(found)))
    else:
        from netlib.report.summary import for_stream

        print(for_stream(found, sys.stdout, chosen), end="")

"""Says what a network consists of, and what it costs, without building it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import chain, count
from pathlib import Path
from typing import Any

from netlib.config.experiment import Experiment
from netlib.config.load import load
from netlib.config.overrides import command_line, parse_override
from netlib.config.problems import ConfigError, PlacedProblem
from netlib.report.summary_rows import StepMemory, Summary, summarise_graph
from netlib.runs.directory import RunDirectory, is_run, open_run
from netlib.runs.locate import find_checkpoint
from netlib.runs.pointers import POINTERS
from netlib.spec.costs import size_of
from netlib.spec.errors import Problem, UsageError, did_you_mean, one_of
from netlib.spec.execution import choose
from netlib.spec.features import DataSignature
from netlib.spec.graph import Graph
from netlib.spec.language.analysis import BLOCKS, analyse
from netlib.spec.language.block_forms import parse_blocks
from netlib.spec.memory import estimate, largest_batch
from netlib.spec.precision import compute_of
from netlib.spec.registry import snake_case
from netlib.spec.sizes import parse_size
from netlib.tasks.loading import need_fit
from netlib.tasks.plugins import need_plugins
from netlib.tasks.run_config import config_of_run

DEFAULT_BATCH = 32
"""Of a network without a `data` section; as that of a section that does not say it."""

ONLY_INPUT = "x"
"""What a block reads if that is one tensor, and neither the block nor the user names it."""


@dataclass(frozen=True)
class Asked:
    """What a summary is asked for, besides the config.

    Attributes:
        depth: levels of containers that are opened; all if None.
        fold: whether equal copies of a repeated node are shown as one.
        batch_size: of the step whose memory is estimated; the config's if None.
        room: a memory, such as 16GB, in which a step is to fit: the largest batch that does is looked for.
        block: a block of the config that stands for the whole network.
        inputs: what the block reads: `[32, 32, 3]`, or `name=[32, 32, 3]` for each of several.
    """

    depth: int | None = None
    fold: bool = True
    batch_size: int | None = None
    room: str | None = None
    block: str | None = None
    inputs: tuple[str, ...] = ()


def summarise(path: Path, overrides: Sequence[str] = (), asked: Asked = Asked()) -> Summary:
    """The network of a config, of a run or of a checkpoint, or a block of a config.

    Args:
        path: a config's file, a run directory, or a checkpoint of a run.
        overrides: `key=value`, as on the command line; of a block, its parameters.
        asked: what else of it.

    Raises:
        UsageError: there is no such config or run, the config is not valid, or it has no model.
    """
    run = run_of(path)
    if run:
        need_plugins(run)
    file = run.resolved if run else path
    if asked.block is not None:
        experiment = load(file, open_data=False)
        graph = _block_graph(experiment, asked.block, overrides, asked.inputs)
        return _summary(graph, asked.block, None, 0, asked)
    if asked.inputs:
        raise UsageError("--input says what a block reads; name the block with --block")
    experiment = (
        config_of_run(run, open_data=False) if run and not overrides else load(file, overrides, open_data=False)
    )
    if experiment.graph is None:
        blocks = (
            f", or show one of its blocks with --block ({', '.join(experiment.blocks)})" if experiment.blocks else ""
        )
        raise UsageError(f"{path} has no model to summarise; add a 'model' section{blocks}")
    if run is None:
        need_fit(experiment, missing=False)
    return _summary(experiment.graph, experiment.name, experiment, _data_bytes(experiment.signature), asked)


def run_of(path: Path) -> RunDirectory | None:
    """The run that a path means, or a checkpoint of which it means; None where it is a config's file.

    Raises:
        UsageError: there is no such run or checkpoint.
    """
    if not path.is_dir() and path.name not in POINTERS:
        return None
    if path.is_dir() and not is_run(path) and path.parent.name != "checkpoints":
        return open_run(path)  # which says what is wrong
    return open_run(path if is_run(path) else find_checkpoint(path).absolute().parent.parent)


def _summary(graph: Graph, name: str, experiment: Experiment | None, data_bytes: int, asked: Asked) -> Summary:
    train = experiment.train if experiment else None
    data = experiment.data if experiment else None
    batch_size = asked.batch_size or (data.batch_size if data else DEFAULT_BATCH)
    mode = choose(graph, train.execution, synchronized=train.synchronized).mode if train else choose(graph, "auto").mode
    memory = estimate(graph, train, batch_size, mode, data_bytes)
    step = StepMemory(batch_size, mode, train is not None, memory)
    if asked.room is not None:
        room = parse_size(asked.room)
        fits = largest_batch(room, graph, train, mode, data_bytes)
        step = replace(step, room=room, room_text=asked.room, largest=fits)
    shares = train.groups.shares(graph) if train and train.param_groups else ()
    stages = train.freezing.counted(graph) if train else ()
    return summarise_graph(graph, name, asked.depth, fold=asked.fold, step=step, shares=shares, stages=stages)


def _data_bytes(signature: DataSignature | None) -> int:
    """Of all samples; 0 where the data was not looked into, or is a stream of unknown length."""
    if signature is None or signature.samples is None:
        return 0
    sizes = [size_of(each.tensor) for each in (*signature.inputs.values(), *signature.targets.values())]
    return sum(size.of(signature.samples) for size in sizes if size is not None)


def _block_graph(experiment: Experiment, name: str, parameters: Sequence[str], inputs: Sequence[str]) -> Graph:
    """The static graph of a network that is one use of a block.

    Raises:
        UsageError: there is no such block, or it cannot be used so.
    """
    if name not in experiment.blocks:
        hint = did_you_mean(name, experiment.blocks)
        known = f"; it has {one_of(experiment.blocks)}" if experiment.blocks else "; it has none"
        raise UsageError(f"the config has no block '{name}'{hint or known}")
    if not inputs:
        raise UsageError(f"say what {name} reads, without the batch: --input '[32, 32, 3]'")
    only = _only_input(experiment, name)
    read = _read(inputs, only)
    node: dict[str, Any] = {name: dict(map(_parameter, parameters)), "name": _free_name(name, read)}
    if len(read) > 1:
        node["from"] = {each: each for each in read}
    section = {"inputs": read, "nodes": [node]}
    compute = compute_of(experiment.train)
    graph, problems = analyse(section, None, experiment.variables, ("model",), compute, experiment.blocks)
    if graph is None:
        raise ConfigError([_placed(experiment, name, each) for each in problems if each.severity == "error"])
    return graph


def _placed(experiment: Experiment, block: str, problem: Problem) -> PlacedProblem:
    """With its place in the file, if it is in the block; what is wrong with its use was said on the command line."""
    if problem.loc[:1] == ("blocks",):
        return experiment.place(replace(problem, via=tuple(loc for loc in problem.via if loc[:1] == ("blocks",))))
    return PlacedProblem(None, f"--block {block}: {problem.message}")


def _only_input(experiment: Experiment, name: str) -> str:
    """What the block itself calls its input, if it does and that is one."""
    names = parse_blocks(experiment.blocks, BLOCKS, []).known[name].inputs
    return names[0] if len(names) == 1 else ONLY_INPUT


def _free_name(block: str, taken: Collection[str]) -> str:
    """The name that a node of this block has by itself; with a number if an input is called so."""
    name = snake_case(block)
    numbered = (f"{name}_{number}" for number in count(2))
    return next(each for each in chain([name], numbered) if each not in taken)


def _read(inputs: Sequence[str], only: str) -> dict[str, Any]:
    """The declarations of the inputs by name.

    Raises:
        UsageError: one of them is none, or two have one name.
    """
    read: dict[str, Any] = {}
    for text in inputs:
        name, declared = _input(text, only)
        if name in read:
            raise UsageError(f"--input says twice what '{name}' is; name each: --input 'left=[3]' --input 'right=[3]'")
        read[name] = declared
    return read


def _input(text: str, only: str) -> tuple[str, Any]:
    """Name and declaration of an input: a shape alone is that of the only one."""
    if not text.lstrip().startswith(("[", "{")) and "=" not in text:
        raise UsageError(
            f"--input takes a shape without the batch, such as '[8, 8, 3]' or 'name=[8, 8, 3]', got '{text}'"
        )
    name, value = _parameter(f"{only}={text}" if text.lstrip().startswith(("[", "{")) else text)
    return name, {"shape": value} if isinstance(value, list) else value


def _parameter(text: str) -> tuple[str, Any]:
    change = parse_override(command_line(text, Path.cwd()))
    if len(change.steps) != 1 or change.value is None:
        raise UsageError(f"a block's parameters and inputs are given as 'name=value', got '{text}'")
    return str(change.steps[0].key), change.value.plain()

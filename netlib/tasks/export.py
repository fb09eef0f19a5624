"""Exports a checkpoint of a run: as a SavedModel, which TensorFlow alone loads, and as weights in a file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netlib.report.export import Input, Latency, Output
from netlib.runs.atomic import write_text
from netlib.runs.reading import read_found
from netlib.runs.staging import appearing
from netlib.spec.errors import UsageError
from netlib.spec.pipeline import Pipeline
from netlib.spec.sources.table import TableSpec
from netlib.tasks.plan import Complete, EvaluationPlan, plan_evaluation
from netlib.tasks.written_files import need_folder

if TYPE_CHECKING:
    from netlib.data.preprocessing import Preprocessing
    from netlib.nn.preprocessing.columns import Taken
    from netlib.training.model import Model

FACTS = "netlab.json"
"""The file in a SavedModel that says what stands in its signature, and what its classes are called."""
_FORMAT = 1
_WEIGHTS = ".safetensors"


@dataclass(frozen=True)
class ExportPlan:
    """A checkpoint that is about to be exported to a folder, its weights to a file, or both."""

    evaluation: EvaluationPlan
    folder: Path | None
    weights: Path | None


@dataclass(frozen=True)
class Exported:
    """What was written, how large it is, and how long calls take; `latencies` are empty where rows of ones were refused."""

    checkpoint: Path
    folder: Path | None
    weights: Path | None
    bytes: int = 0
    inputs: tuple[Input, ...] = ()
    outputs: tuple[Output, ...] = ()
    latencies: tuple[Latency, ...] = ()
    weights_bytes: int = 0


def export(checkpoint: str, folder: Path | None = None, weights: Path | None = None) -> Exported:
    """Exports a checkpoint, or the best one of a run.

    Raises:
        UsageError: there is no such run or checkpoint, what is to be written is there already, or the run cannot be exported.
        NetlabError: the run is damaged, or the system refuses.
    """
    return exported(plan_export(checkpoint, folder, weights))


def plan_export(checkpoint: str, folder: Path | None, weights: Path | None = None) -> ExportPlan:
    """Checks what `export` is asked for, before TensorFlow is imported; raises as it does."""
    if folder is None and weights is None:
        raise UsageError("export needs a folder for the SavedModel (--output FOLDER), a file for the weights, or both")
    if weights is not None and weights.suffix != _WEIGHTS:
        raise UsageError(f"the weights are written as safetensors: call the file {weights.with_suffix(_WEIGHTS)}")
    for path in (folder, weights):
        if path is None:
            continue
        if path.exists():
            raise UsageError(f"{path} is there already; choose another name, or remove it")
        need_folder(path)
    return ExportPlan(plan_evaluation(checkpoint, "train", reads=False), folder, weights)


def exported(plan: ExportPlan) -> Exported:
    """Exports as planned; see `export`."""
    from netlib.tasks.build import build, known_at_build
    from netlib.tasks.run_files import load_preprocessing
    from netlib.training.environment import configure
    from netlib.training.saving import save_weights
    from netlib.training.weights import restore_weights

    evaluation = plan.evaluation
    configure(evaluation.config.train.threads)
    preprocessing = load_preprocessing(evaluation.run)
    config = evaluation.config.with_experiment(known_at_build(evaluation.config.experiment))
    model = build(config.experiment)
    found = read_found(evaluation.asked, partial(restore_weights, model))
    done = Exported(found, plan.folder, plan.weights)
    if plan.folder is not None:
        done = _saved(plan.folder, config, model, preprocessing, done)
    if plan.weights is not None:
        save_weights(model, plan.weights, overwrite=False)
        done = replace(done, weights_bytes=plan.weights.stat().st_size)
    return done


def _saved(folder: Path, config: Complete, model: Model, preprocessing: Preprocessing, done: Exported) -> Exported:
    """Writes the SavedModel, whole or not at all."""
    from netlib.nn.preprocessing.columns import GraphPreprocessing
    from netlib.training.exporting import latencies, save_graph, size_of

    pipeline = replace(Pipeline.of(config.data.preprocess, config.data.raw()), steps=preprocessing.specs(), auto=())
    single = isinstance(config.data.source, TableSpec)
    graph = GraphPreprocessing(pipeline, preprocessing.learned(), single=single)
    inputs = tuple(map(_input, graph.taken))
    with appearing(folder) as hidden:
        outputs = _outputs(config, save_graph(model, config.train, graph, hidden))
        facts = {"format": _FORMAT, "netlab": version("netlab"), "name": config.experiment.name}
        values = {**facts, **signature_values(inputs, outputs)}
        write_text(hidden / FACTS, json.dumps(values, indent=2, ensure_ascii=False) + "\n")
        timed = latencies(hidden, sorted({1, config.data.batch_size}))
    return replace(done, bytes=size_of(folder), inputs=inputs, outputs=outputs, latencies=timed)


def _input(taken: Taken) -> Input:
    done, steps = (tuple(step.type_name() for step in each) for each in (taken.done, taken.steps))
    tensor = taken.tensor
    return Input(taken.name, taken.argument, tensor.dtype.name, tuple(tensor.shape), done, taken.why, steps)


def latency_values(latencies: tuple[Latency, ...]) -> list[dict[str, float]]:
    """How long calls take as plain values."""
    return [{**each._asdict(), "seconds_per_row": each.seconds / each.rows} for each in latencies]


def signature_values(inputs: tuple[Input, ...], outputs: tuple[Output, ...]) -> dict[str, Any]:
    """The signature as plain values."""
    return {"inputs": [asdict(each) for each in inputs], "outputs": [asdict(each) for each in outputs]}


def _outputs(config: Complete, given: Mapping[str, Any]) -> tuple[Output, ...]:
    targets = config.experiment.signature.targets if config.experiment.signature else {}
    heads = config.train.bind(list(given), list(targets), list(config.graph.inputs))
    found = []
    for name, tensor in given.items():
        loss, link = heads.loss_of(name), heads.link(name)
        target = targets.get(loss.target) if loss else None
        classes = target.class_names if target and loss and loss.spec.probabilities else ()
        found.append(Output(name, tensor.dtype.name, tuple(tensor.shape), link, classes))
    return tuple(found)

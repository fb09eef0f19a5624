"""What the reports of the table are about: as much as a user's own may be, with names that are long."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np

from netlib.config.problems import PlacedProblem
from netlib.config.tree import Place, Source
from netlib.report.bench_figures import geometric_mean
from netlib.report.comparison import Line, Table
from netlib.report.course import Course
from netlib.report.curves import Curve, Panel
from netlib.report.evaluation import Measured
from netlib.report.export import Input, Latency, Output
from netlib.report.run_card import RunCard
from netlib.report.runs_table import RunRow
from netlib.report.worst_table import Bad
from netlib.scoring.classes import ClassScores
from netlib.scoring.curves import curves
from netlib.scoring.errors import ErrorTally
from netlib.spec.finding import Diagnosis, Finding
from netlib.spec.graph import Parameters
from netlib.spec.looks import Anomaly, ClassLook, ColumnLook, DataLook, ReadyLook, SampleLook
from netlib.spec.memory import Memory
from netlib.spec.schema.description import Description, Example, Group, LayerFacts, Parameter
from netlib.spec.study import StudyView, TrialView
from netlib.spec.tensors import TensorSpec

RUN = Path("runs/transformer-language-model-12")
CHECKPOINT = f"{RUN}/checkpoints/step-00012000"


class Utf8(io.StringIO):
    """A stream that takes every character and is no terminal."""

    encoding = "utf-8"


MEMORY = Memory(
    weights=2**20, gradients=2**21, slots=2**22, activations=2**30, data=5_000, checkpoint=2**20, runtime=600 * 2**20
)

GROUPS = [
    Group("core", "Layers that any network uses, whatever the samples are: images, sequences, tables.", {
        "Dense": "A matrix product, with a bias and an activation if they are asked for, over the last axis of its input.",
        "Identity": "Its input.",
    }),
    Group("containers", "Nodes that hold nodes.", {"Sequential": "One after the other."}),
]  # fmt: skip
DESCRIPTION = Description(
    kind="layer",
    name="Dense",
    doc="A matrix product with a bias and an activation, if they are asked for, over the last axis of its input.\n\nAnd more.",
    spellings=("dense", "Linear"),
    parameters=(
        Parameter("units", "positive integer", True, None, "Length of the output's last axis. " * 4),
        Parameter("kernel_initializer", "a type of initializers, with its parameters, or a name", False, "glorot_uniform", ""),
    ),
    alone="units",
    layer=LayerFacts(
        ("input",), ("mask",), False, ("output",), "float", "The input's, with `units` as last axis.",
        "`kernel` (last axis of the input, units), and `bias` (units) unless `use_bias: false`.", "As many as weights.", "output",
    ),
    refused={"lora_rank": "weights are trained whole"},
    example=Example({"Dense": {"units": 4}}, {"input": TensorSpec((None, 8))}, {"output": TensorSpec((None, 4))}),
)  # fmt: skip

LINE = "  - Dense: {untis: 64, activation: relu, kernel_initializer: {GlorotUniform: {}}, bias_initializer: zeros}"
FILE = Source("configs/concepts/digits_mlp.yaml", "file", "\n" * 13 + LINE + "\n", Path())
WORDS = Source("<command line>", "command line", "train.optimizer.learning_rate=fast", Path())
PROBLEMS = [
    PlacedProblem(Place(FILE, 13, 12, 5), "Dense has no parameter 'untis'; did you mean 'units'?"),
    PlacedProblem(
        Place(FILE, 13, 2, 1), "nothing reads this node", "warning", ("in ConvBlock, used at configs/a.yaml:3:5",)
    ),
    PlacedProblem(Place(WORDS, 0, 30, 4), "expected a number, an expression or a schedule, got 'fast'"),
    PlacedProblem(None, "there is no file 'x.yaml'"),
]

LOOK = DataLook(
    name="people",
    source="csv",
    about="Columns of comma-separated files, of which each has the same header; a row is a sample. Types are found by looking.",
    files=tuple((f"data/of/last/summer/people{i}.csv", 2048) for i in range(7)),
    samples={"train": 1200, "validation": 200, "test": 300},
    columns=(
        ColumnLook("age_in_years", "input", "features", "float32", (), 120, 18.0, 77.0, 46.87, 17.28, bars=(4, 0, 8)),
        ColumnLook("city_of_birth", "input", "features", "text", (), 0, distinct=2,
                   frequent=(("Rome", 900), ("Garmisch-Partenkirchen", 300)), bars=(900, 300)),
        ColumnLook("kind", "target", "", "int32", (), 0, 0.0, 1.0, 0.5, 0.5, 2, (("0", 600), ("1", 600)), (600, 600)),
    ),
    classes={"kind": (
        ClassLook(0, "returns within a year", {"train": 600, "validation": 150, "test": 300}),
        ClassLook(1, "does not", {"train": 600, "validation": 50, "test": 0}),
    )},
    ready=(
        ReadyLook("age_in_years", "input", "features", ("Impute", "Clip", "Log", "Standardize")),
        ReadyLook("features", "input", "", (), (4,), "float32", -2.0, 3.25),
        ReadyLook("kind", "target", "", (), (), "int32", 0.0, 1.0),
    ),
    rows=tuple(
        SampleLook(row, {"age_in_years": 21.5, "city_of_birth": "Garmisch-Partenkirchen", "kind": 0},
                   {"age_in_years": -1.25, "city_of_birth=?": 0.0, "kind": 0})
        for row in (0, 7, 1234)
    ),
    notes=("column 'age_in_years': Impute, as values are missing, then Clip, Log and Standardize, as most of them are small",),
    anomalies=(Anomaly("missing", "values are missing in 120 of 1,200 samples to train on (10.0%): 'age_in_years' 120"),),
)  # fmt: skip


def _rates(median: float) -> dict[str, Any]:
    return {"median": median, "min": median * 0.95, "max": median * 1.03, "rounds": [median]}


def _benchmark(name: str, ratios: dict[str, float]) -> dict[str, Any]:
    return {
        "config": f"configs/bench/{name}.yaml", "name": name, "execution": "xla", "threads": 2,
        "samples_per_second": _rates(1_135_000.0), "step_seconds": _rates(1e-3), "start": {"import": 2.3, "first_step": 1.21},
        "shares": {"compute": 0.96, "data": 0.01, "python": 0.03}, "peak_memory_bytes": 700 * 2**20,
        "flops": {"per_sample": 1, "per_second": 1.9e11, "share_of_matmul_peak": 0.954},
        "matmul": {"before": 1.9e11, "after": 1.99e11, "peak": 1.99e11},
        "peers": {
            peer: {"samples_per_second": _rates(24_000.0), "ratio": _rates(ratio), "steps_per_execution": 32, "tried": {}}
            for peer, ratio in ratios.items()
        },
    }  # fmt: skip


RATIOS = {
    "transformer_lm": {"keras": 2.0, "keras-tuned": 1.5},
    "wide_and_deep": {"keras": 8.0, "keras-tuned": 6.0},
}
BENCH = {
    "benchmarks": [*(_benchmark(name, ratios) for name, ratios in RATIOS.items()),
                   {"config": "configs/bench/bad.yaml", "error": "there is no file 'data/that/was/removed/houses.parquet' " * 2}],
    "against": ["keras", "keras-tuned"],
    "geometric_means": {peer: geometric_mean([each[peer] for each in RATIOS.values()]) for peer in ("keras", "keras-tuned")},
    "versions": {"netlab": "0.1.0", "tensorflow": "2.21.0", "keras": "3.15.1", "python": "3.11.7"},
    "machine": {"usable_cores": 2, "processor": "A Processor with a Name that is as long as they are @ 2.50GHz"},
}  # fmt: skip

RUNS = [
    RunRow("transformer-language-model-1", "finished", "validation.loss", 0.4257, False, 6, 6, 4.3, 90.0,
           {"train.optimizer.learning_rate": "0.002", "model.hidden.units": "64"}),
    RunRow("transformer-language-model-2", "interrupted", "validation.loss", 0.1779, True, 4, 6, 3725.0, 90_000.0,
           {"train.optimizer.learning_rate": "0.01", "model.hidden.units": "128"}),
    RunRow("mlp-1", "empty", "validation.loss", None, False, 0, None, 0.0, None,
           {"train.optimizer.learning_rate": "0.01", "model.hidden.units": "64"}),
]  # fmt: skip
SIZES = [2048, 512, 1024]

SIDES = ["transformer-language-model-1", "transformer-language-model-2"]
NETWORK = Table("network", (
    Line("+ encoder.attention.normalization", ("-", "LayerNormalization (64, 128), 256 parameters")),
    Line("~ encoder.dense", ("Dense (64, 128), 1,152 parameters", "Dense (64, 128), 16,512 parameters, activation: gelu")),
    Line("- head", ("Dense (10,), 1,290 parameters", "-")),
    Line("parameters", ("2,442", "16,768")),
))  # fmt: skip
RESULTS = Table("results", (
    Line("validation.sparse_categorical_accuracy", ("0.9000", "0.9400"), 1),
    Line("epochs", ("3", "30")), Line("time", ("4 s", "1 min 05 s")),
), numbers=True)  # fmt: skip
TABLES = [
    Table("config", (
        Line("train.optimizer.learning_rate", ("0.001", "{CosineDecay: {initial_learning_rate: 0.1, decay_steps: 9}}")),
    )),
    NETWORK, RESULTS, Table("environment", (), "nothing differs that decides bits"),
]  # fmt: skip


def _curve(run: str, split: str, values: tuple[float, ...], best: tuple[float, float] | None = None) -> Curve:
    return Curve(run, split, tuple(map(float, range(1, len(values) + 1))), values, values, best)


PANELS = [
    Panel("loss", "epoch", True, (
        _curve(SIDES[0], "train", (4.0, 2.0, 1.0)), _curve(SIDES[0], "validation", (2.0, 0.5, 1.0), (2.0, 0.5)),
        _curve(SIDES[1], "validation", (4.0, 3.5, 3.0), (3.0, 3.0)),
    )),
    Panel("sparse_categorical_accuracy", "epoch", False, (_curve(SIDES[0], "validation", (0.1, 0.5, 0.4), (2.0, 0.5)),)),
]  # fmt: skip

METRICS = {
    split: {"loss": loss, **{f"{output}.{name}": 0.9714 for output in ("digit", "parity")
                             for name in ("sparse_categorical_accuracy", "f1_score")}}
    for split, loss in (("train", 0.0709), ("validation", 0.0472), ("test", 12.3456))
}  # fmt: skip
FEW_METRICS = {split: {name: values[name] for name in list(values)[:2]} for split, values in METRICS.items()}
EVALUATIONS = [
    Measured(CHECKPOINT, data, samples, METRICS["test"])
    for data, samples in (("test", 1270), ("data/of/last/summer/people.csv", 90))
]
CARD = RunCard(f"{RUN}: finished", ("3 epochs, the best is 2, 480 steps, 14 s",), METRICS)

CLASSES = ["cat", "dog", "a horse that is grey"]
MATRIX = np.array([[12, 0, 3], [0, 1400, 1], [2, 0, 7]])
SCORES = ClassScores.of_matrix(MATRIX)
ACCURACY = float(np.trace(MATRIX) / MATRIX.sum())
AREAS = [curves(np.array([True, False, True]), np.array([0.9, 0.5, 0.1])), None, None]
MANY = [f"class number {number} of all there are" for number in range(12)]
MANY_MATRIX = np.random.default_rng(7).integers(0, 30, (12, 12))

ERRORS = ErrorTally(2)
ERRORS.add(np.array([[-1_000.0, 1], [2, 1], [4000, 4]]), np.array([[1.0, 1], [1, 2], [4, 4]]), np.ones(3))

WORST = [
    Bad(22, "data/of/last/summer/images/png/two/a.png", "two", "eight", 0.75, 2.5),
    Bad(1234, "data/of/last/summer/images/png/seven/b.png", "seven", "one", 0.5, 1.0),
]

FOUND: Diagnosis = {
    "Versions": [Finding("python", "3.11.7"), Finding("keras", "2.1, but netlab needs >=3", "broken", "pip install 'keras>=3'")],
    "Machine": [
        Finding("memory", "1.0 GiB free", "note",
                "TensorFlow alone takes 0.6 GiB; 'data.memory=256MB' keeps samples away from the rest of it"),
        Finding("threads", "2"),
    ],
}  # fmt: skip

INPUTS = [
    Input("age", "age", "float64", (None,), steps=("Impute", "Clip", "MinMax")),
    Input("my city", "my_city", "string", (None,)),
    Input("when", "when", "float32", (None, 2), ("DateParts",), "TensorFlow has no parser of dates", ("Clip",)),
]
OUTPUTS = [
    Output("kind", "float32", (None, 10), "softmax", tuple(f"kind number {letter}" for letter in "abcdefghij")),
    Output("price", "float32", (None, 1), None),
]
LATENCIES = [Latency(1, 0.00123), Latency(32, 0.00256)]

KINDS = [
    ("autoencoder", "A convolutional network for images, with a comment on every choice that is made in it."),
    ("mlp", "Dense layers."),
]
CHOICES = [
    "left out: 'id' numbers the rows: 200 different integers in 200 rows, so that a network could only learn it by heart",
    "loss: binary_crossentropy",
]

HEADER = {
    "name": "digits-cnn", "parameters": Parameters(66_090, 192), "execution": "graph", "devices": ["CPU"], "threads": 2,
    "execution_reason": "there is a convolution, which XLA computes on one thread", "data": "digits",
    "samples": {"train": 1257, "validation": 270, "test": 270}, "batch_size": 32, "steps": 40,
}  # fmt: skip

PROFILE = {
    "seconds": 10.0,
    "parts": {
        "starting": {"seconds": 4.0, "times": 1, "longest": 4.0},
        "steps": {"seconds": 5.0, "times": 20, "longest": 0.5},
        "the rest": {"seconds": 1.0, "times": 0, "longest": 0.0},
    },
    "traced_steps": 10,
    "operations": [
        {
            "name": "gradient_tape/encoder/block_3/attention/query/einsum/Einsum (_FusedMatMul)",
            "seconds": 0.75,
            "times": 10,
        },
        {"name": "head/MatMul (MatMul)", "seconds": 0.25, "times": 10},
    ],
}
TRIAL: dict[str, Any] = {
    "learned": False,
    "rule": "the loss falls to a tenth of what it was, or the accuracy rises to 0.99 or more, within the budget",
    "before": {"loss": 2.2643, "accuracy": 0.2344}, "after": {"loss": 1.2, "accuracy": 0.5}, "samples": 1280, "steps": 660,
    "seconds": 7.2, "left": ("dropout draws random numbers in training", "train.freeze keeps 'encoder.**' as it is"),
}  # fmt: skip


def _trial(
    number: int, state: Any, value: float | None, *chosen: Any, epochs: int = 20, why: str | None = None
) -> TrialView:
    keys = (
        "train.optimizer",
        "train.optimizer.learning_rate",
        "model.encoder.units",
        "model.encoder.dropout.rate",
        "seed",
    )
    params = dict(zip((*keys, "train.optimizer.SGD.momentum"), chosen, strict=False))
    return TrialView(
        number, state, value, params, Path(f"runs/encoder-search/trial-{number:04d}"), 12.5 + number, epochs, why
    )


_DIVERGED = "the loss is not finite in step 12: lower the learning rate, or clip the gradient with train.clip"
SWEEP = StudyView(
    "encoder-search", "max", "validation.accuracy",
    (
        _trial(0, "complete", 0.8125, "adam", 0.0123456, 64, 0.25, 7),
        _trial(1, "failed", None, "sgd", 0.9, 256, 0.5, 7, 0.99, epochs=0, why=_DIVERGED),
        _trial(2, "pruned", 0.5, "sgd", 0.0001, 16, 0.0, 7, 0.5, epochs=3, why="worse than the median"),
        _trial(3, "complete", 0.96875, "sgd", 0.03, 128, 0.125, 7, 0.9),
        _trial(4, "running", 0.75, "adam", 1e-5, 32, 1 / 3, 7, epochs=6),
        _trial(5, "complete", 0.875, "adam", 0.002, 64, 0.1, 7),
        _trial(6, "failed", None, "adam", 0.5, 256, 0.5, 7, epochs=1, why=_DIVERGED),
        TrialView(7, "waiting"),
    ),
    50, "runs/encoder-search/study.db",
)  # fmt: skip
SMALL_SWEEP = StudyView(
    "by-seed", "min", "validation.loss",
    tuple(TrialView(each, "complete", 1.0 - each / 8, {"seed": each}, Path(f"/{each}/run"), 60.0, 5) for each in range(4)),
)  # fmt: skip


def course() -> Course:
    """Of three epochs, the second of which is the best."""
    found = Course()
    for epoch, (train, validation) in enumerate(((4, 8), (2, 6), (1, 7)), start=1):
        measured = {"train": {"loss": train, "sparse_categorical_accuracy": 0.5}, "validation": {"loss": validation}}
        found.take({"epoch": epoch, **measured}, best=epoch == 2)
    return found

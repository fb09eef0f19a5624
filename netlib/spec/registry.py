"""Which module has the spec of which name, kind by kind.

A plain table: nothing is imported until a config names it. The class in the module has the table's name (an activation's,
in lower case as Keras writes it, in capitals: `leaky_relu` is the class `LeakyRelu`).
"""

from __future__ import annotations

import re
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from netlib.spec.errors import SpecError, did_you_mean

if TYPE_CHECKING:
    from netlib.spec.base import Spec

PACKAGE = "netlib.spec"


def _in(module: str, names: str) -> dict[str, str]:
    return dict.fromkeys(names.split(), f"{PACKAGE}.{module}")


TABLES: dict[str, dict[str, str]] = {
    "layer": {
        **_in("layers.core", "Dense Activation Embedding Identity"),
        **_in("layers.convolution", "Conv2D Conv2DTranspose"),
        **_in("layers.padding", "ZeroPadding2D"),
        **_in(
            "layers.pooling",
            "MaxPooling2D AveragePooling2D AdaptiveAveragePooling2D GlobalAveragePooling2D GlobalMaxPooling2D"
            " GlobalAveragePooling1D GlobalMaxPooling1D",
        ),
        **_in("layers.normalization", "BatchNormalization LayerNormalization"),
        **_in("layers.regularization", "Dropout"),
        **_in("layers.shaping", "Flatten Reshape Permute RepeatVector UpSampling2D"),
        **_in("layers.masking", "Masking"),
        **_in("layers.attention", "MultiHeadAttention"),
        **_in("layers.merging", "Add Subtract Multiply Average Maximum Minimum Concatenate Stack Dot"),
        **_in("values", "Variable Variables Constant Random"),
        **_in("computing", "Compute AddLoss AddMetric StopGradient"),
    },
    "activation": _in(
        "activations",
        "relu relu6 leaky_relu elu selu celu gelu sigmoid hard_sigmoid log_sigmoid sparse_sigmoid softmax log_softmax"
        " sparsemax softplus softsign soft_shrink hard_shrink squareplus sparse_plus threshold tanh hard_tanh tanh_shrink"
        " silu hard_silu mish exponential linear",
    ),
    "initializer": _in(
        "initializers",
        "Zeros Ones Constant Identity RandomNormal RandomUniform TruncatedNormal VarianceScaling GlorotUniform"
        " GlorotNormal HeUniform HeNormal LecunUniform LecunNormal Orthogonal",
    ),
    "regularizer": _in("regularizers", "L1 L2 L1L2 OrthogonalRegularizer"),
    "constraint": _in("constraints", "MaxNorm NonNeg UnitNorm MinMaxNorm"),
    "loss": _in(
        "losses",
        "SparseCategoricalCrossentropy CategoricalCrossentropy BinaryCrossentropy BinaryFocalCrossentropy"
        " CategoricalFocalCrossentropy MeanSquaredError MeanAbsoluteError MeanAbsolutePercentageError"
        " MeanSquaredLogarithmicError Huber LogCosh Poisson KLDivergence CosineSimilarity Hinge SquaredHinge"
        " CategoricalHinge Compute",
    ),
    "metric": _in(
        "metrics",
        "Accuracy SparseCategoricalAccuracy CategoricalAccuracy BinaryAccuracy TopKCategoricalAccuracy"
        " SparseTopKCategoricalAccuracy AUC Precision Recall F1Score SparseCategoricalCrossentropy"
        " CategoricalCrossentropy BinaryCrossentropy MeanSquaredError RootMeanSquaredError MeanAbsoluteError"
        " MeanAbsolutePercentageError MeanSquaredLogarithmicError R2Score CosineSimilarity Compute",
    ),
    "optimizer": _in("optimizers", "SGD Adam AdamW RMSprop Adagrad Adadelta Adamax Nadam Ftrl Lion Lamb Adafactor"),
    "schedule": _in(
        "schedules",
        "CosineDecay CosineDecayRestarts ExponentialDecay InverseTimeDecay PiecewiseConstantDecay PolynomialDecay",
    ),
    "callback": _in("callbacks", "EarlyStopping ReduceOnPlateau EMA TimeLimit StopOnNaN CSVLog TensorBoard"),
    "source": {
        **_in("sources", "digits iris wine breast_cancer diabetes"),
        **_in("generators", "spirals moons blobs xor sine regression"),
        **_in("noise", "noise"),
        **_in("pairs", "pairs"),
        **_in("sequences", "sequences"),
        **_in("customers", "customers"),
        **_in("pictures", "shapes views"),
        **_in("npz", "npz"),
    },
    "preprocessing": _in("preprocessing", "Standardize Rescale"),
}

ALIASES: dict[str, dict[str, str]] = {
    "activation": {"swish": "silu", "hard_swish": "hard_silu"},
    "initializer": {"zero": "Zeros", "one": "Ones", "normal": "RandomNormal", "uniform": "RandomUniform"},
    "loss": {
        "mse": "MeanSquaredError", "mae": "MeanAbsoluteError", "mape": "MeanAbsolutePercentageError",
        "msle": "MeanSquaredLogarithmicError", "bce": "BinaryCrossentropy", "kld": "KLDivergence",
    },
    "metric": {
        "acc": "Accuracy", "mse": "MeanSquaredError", "rmse": "RootMeanSquaredError", "mae": "MeanAbsoluteError",
        "mape": "MeanAbsolutePercentageError", "msle": "MeanSquaredLogarithmicError", "bce": "BinaryCrossentropy",
        "r2": "R2Score", "f1": "F1Score",
    },
}  # fmt: skip
"""Short names that are the field's own and not a lower-case spelling of the class, kind by kind."""

REFUSED: dict[str, dict[str, str]] = {
    "activation": {"glu": "it halves the last axis, so it is no activation of a layer"},
    "optimizer": {
        "Muon": "Keras's Muon asks a variable for its path, which a variable of TensorFlow has not",
        "LossScaleOptimizer": "scaling the loss belongs to the training loop, which does not do it yet",
        "MultiOptimizer": "several optimizers belong to the training loop, which does not do it yet",
        "ScheduleFreeAdamW": "its weights differ between training and evaluation, which the loop does not do yet",
    },
    "callback": {
        "ReduceLROnPlateau": "it is called ReduceOnPlateau",
        "TerminateOnNaN": "it is called StopOnNaN",
        "CSVLogger": "it is called CSVLog",
        "SwapEMAWeights": "it is called EMA",
        "ModelCheckpoint": "'train.checkpoint' says when a run is saved",
        "BackupAndRestore": "every run can be gone on with: netlab train --resume RUN",
        "LearningRateScheduler": "a schedule is the optimizer's learning_rate",
        "Checkpoint": "'train.checkpoint' says when a run is saved",
        "JSONLinesLog": "every run has such a file: metrics.jsonl",
        "ProgressDisplay": "the command shows a run's progress anyway",
    },
}
"""What Keras has, or netlab only in Python, and a config, on purpose, has not, kind by kind: name -> the reason."""


def names(kind: str) -> list[str]:
    """Every registered name of a kind, in the table's order."""
    return list(TABLES[kind])


def resolve(kind: str, name: str) -> str | None:
    """The registered name that `name` means: itself, its lower-case spelling (`glorot_uniform`) or an alias; else None."""
    table = TABLES[kind]
    if name in table:
        return name
    if name in ALIASES.get(kind, {}):
        return ALIASES[kind][name]
    if kind == "layer" or name != name.lower():
        return None
    return next((known for known in table if squash(known) == squash(name)), None)


def spec_class(kind: str, name: str) -> type[Spec]:
    """The spec class of that kind and name, imported now.

    Raises:
        SpecError: no such name; the message has the closest one.
    """
    known = resolve(kind, name)
    if known is None:
        for refused, reason in REFUSED.get(kind, {}).items():
            if squash(refused) == squash(name):
                raise SpecError(f"there is no {kind} '{name}' in netlab: {reason}")
        spellings = [] if kind == "layer" else [*map(snake_case, names(kind)), *ALIASES.get(kind, {})]
        hint = did_you_mean(name, [*names(kind), *spellings])
        raise SpecError(f"there is no {kind} '{name}'{hint or ' (known: ' + ', '.join(names(kind)) + ')'}")
    found: type[Spec] = getattr(import_module(TABLES[kind][known]), class_name(known))
    return found


def class_name(name: str) -> str:
    """`leaky_relu` -> `LeakyRelu`; a capitalised name is its class's own."""
    return name if name[:1].isupper() else "".join(part[:1].upper() + part[1:] for part in name.split("_"))


@cache
def snake_case(name: str) -> str:
    """`GlobalAveragePooling2D` -> `global_average_pooling_2d`, the default name of a node of that type."""
    name = re.sub(r"(\d)D(?![a-z])", r"_\1d_", name)
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return re.sub(r"_+", "_", name).strip("_").lower()


def squash(name: str) -> str:
    """Letters and digits only, in lower case: equal for all the spellings of a name."""
    return name.replace("_", "").lower()

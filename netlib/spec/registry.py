"""Which module has the spec of which name, kind by kind.

A plain table: nothing is imported until a config names it. The class in the module has the table's name (an activation's,
in lower case as Keras writes it, in capitals: `leaky_relu` is the class `LeakyRelu`).
"""

from __future__ import annotations

import re
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from netlib.spec.errors import SpecError, did_you_mean

if TYPE_CHECKING:
    from netlib.spec.base import Spec
    from netlib.spec.plugins.origin import Origin

PACKAGE = "netlib.spec"
KERAS = "keras."
"""Begins the names of layers of Keras's own, which have a table of theirs."""


def _in(module: str, names: str) -> dict[str, str]:
    return dict.fromkeys(names.split(), f"{PACKAGE}.{module}")


TABLES: dict[str, dict[str, str]] = {
    "layer": {
        **_in("layers.core", "Dense Activation Embedding Rescaling Identity"),
        **_in("layers.einsum", "EinsumDense"),
        **_in("layers.activations", "ReLU LeakyReLU PReLU ELU Softmax"),
        **_in("layers.positions", "PositionalEmbedding RotaryEmbedding"),
        **_in("layers.activity", "ActivityRegularization"),
        **_in("layers.convolution", "Conv1D Conv2D Conv3D"),
        **_in("layers.depthwise_convolution", "DepthwiseConv1D DepthwiseConv2D"),
        **_in("layers.separable_convolution", "SeparableConv1D SeparableConv2D"),
        **_in("layers.transposed_convolution", "Conv1DTranspose Conv2DTranspose Conv3DTranspose"),
        **_in("layers.zero_padding", "ZeroPadding1D ZeroPadding2D ZeroPadding3D"),
        **_in(
            "layers.pooling",
            "MaxPooling1D MaxPooling2D MaxPooling3D AveragePooling1D AveragePooling2D AveragePooling3D",
        ),
        **_in(
            "layers.global_pooling",
            "GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D GlobalMaxPooling1D GlobalMaxPooling2D"
            " GlobalMaxPooling3D",
        ),
        **_in(
            "layers.adaptive_pooling",
            "AdaptiveAveragePooling1D AdaptiveAveragePooling2D AdaptiveAveragePooling3D AdaptiveMaxPooling1D"
            " AdaptiveMaxPooling2D AdaptiveMaxPooling3D",
        ),
        **_in("layers.normalization", "BatchNormalization LayerNormalization"),
        **_in("layers.group_normalization", "GroupNormalization InstanceNormalization"),
        **_in("layers.length_normalization", "RMSNormalization UnitNormalization"),
        **_in("layers.regularization", "Dropout SpatialDropout1D SpatialDropout2D SpatialDropout3D AlphaDropout"),
        **_in("layers.gaussian", "GaussianNoise GaussianDropout"),
        **_in("layers.residual_branches", "StochasticDepth LayerScale"),
        **_in("layers.shaping", "Flatten Reshape Permute RepeatVector"),
        **_in("layers.cropping", "Cropping1D Cropping2D Cropping3D"),
        **_in("layers.upsampling", "UpSampling1D UpSampling2D UpSampling3D"),
        **_in("layers.resizing", "Resizing"),
        **_in("layers.masking", "Masking"),
        **_in("layers.recurrent", "SimpleRNN LSTM GRU"),
        **_in("layers.conv_recurrent", "ConvLSTM2D"),
        **_in("layers.attention", "MultiHeadAttention"),
        **_in("layers.grouped_attention", "GroupedQueryAttention"),
        **_in("layers.dot_attention", "Attention AdditiveAttention"),
        **_in("layers.transformer", "TransformerEncoderBlock TransformerDecoderBlock"),
        **_in("layers.bidirectional", "Bidirectional"),
        **_in("layers.vision", "SqueezeExcite PatchEmbedding"),
        **_in("layers.flipping", "Flip"),
        **_in("layers.merging", "Add Subtract Multiply Average Maximum Minimum Concatenate Stack Dot"),
        **_in("layers.parting", "Split"),
        **_in("layers.geometric", "RandomFlip RandomCrop RandomTranslation RandomRotation RandomZoom"),
        **_in("layers.photometric", "RandomContrast RandomBrightness"),
        **_in("layers.erasing", "RandomErasing"),
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
    "constraint": _in("constraints", "MaxNorm NonNeg UnitNorm MinMaxNorm Clip"),
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
    "mixing": _in("mixing", "MixUp CutMix"),
    "distribution": _in("distribute", "mirrored multi_worker"),
    "source": {
        **_in("sources.bundled", "digits iris wine breast_cancer diabetes"),
        **_in("sources.generators", "spirals moons blobs xor sine regression"),
        **_in("sources.noise", "noise"),
        **_in("sources.pairs", "pairs"),
        **_in("sources.sequences", "sequences"),
        **_in("sources.customers", "customers"),
        **_in("sources.pictures", "shapes views"),
        **_in("sources.npz", "npz"),
        **_in("sources.keras_sets", "keras_dataset"),
        **_in("sources.npy", "npy"),
        **_in("sources.tables", "csv parquet json_lines"),
        **_in("sources.time_series", "time_series"),
        **_in("sources.texts", "text_folder text_lines corpus"),
        **_in("sources.image_folder", "image_folder"),
        **_in("sources.image_table", "image_table"),
        **_in("sources.tfrecord", "tfrecord"),
        **_in("sources.tfds", "tfds"),
    },
    "split": _in("splits", "Random Contiguous Grouped Time Hash Column"),
    "preprocessing": {
        **_in("preprocessing.numbers", "Standardize RobustScale MinMax Rescale Clip Log Bucketize Impute"),
        **_in("preprocessing.categories", "OneHot Lookup Hash Labels"),
        **_in("preprocessing.times", "DateParts"),
        **_in("preprocessing.texts", "Tokenize"),
        **_in("preprocessing.images", "Resize CenterCrop"),
    },
}

COMPOSED = frozenset(
    ["TransformerEncoderBlock", "TransformerDecoderBlock", "SqueezeExcite", "PatchEmbedding", "Bidirectional"]
)
"""Layers that are composed of others: a network has them as containers of nodes."""

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
    "layer": {
        "MixUp": "it mixes the samples of a batch with their targets: train: {mix: MixUp}",
        "CutMix": "it mixes the images of a batch with their targets: train: {mix: CutMix}",
        "Lambda": "it runs code; write an expression: Compute: x * 2",
        "Input": "a network's inputs stand in `inputs`",
        "InputLayer": "a network's inputs stand in `inputs`",
        "Normalization": "it learns from the data: write preprocess: {INPUT: Standardize} in the section 'data'",
    },
    "activation": {"glu": "it halves the last axis, so it is no activation of a layer"},
    "optimizer": {
        "Muon": "Keras's Muon asks a variable for its path, which a variable of TensorFlow has not",
        "LossScaleOptimizer": "scaling the loss belongs to the training loop, which does not do it yet",
        "MultiOptimizer": "an optimizer for some of the weights stands in 'train.param_groups'",
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


class Added(NamedTuple):
    """What a plug-in has added: the spec, and where it is written."""

    spec: type[Spec]
    origin: Origin


ADDED: dict[str, dict[str, Added]] = {"layer": {}, "loss": {}, "metric": {}, "source": {}}
"""What plug-ins have added in this process, of the kinds that they can; `netlib.spec.plugins` fills it."""


def names(kind: str) -> list[str]:
    """Every registered name of a kind, in the table's order; then those of plug-ins."""
    return [*TABLES[kind], *ADDED.get(kind, ())]


def origin_of(kind: str, name: str) -> Origin | None:
    """Where a plug-in has what it added under that name; None for what is netlab's own."""
    added = ADDED.get(kind, {}).get(name)
    return added.origin if added else None


def resolve(kind: str, name: str) -> str | None:
    """The registered name that `name` means: itself, its lower-case spelling (`glorot_uniform`) or an alias; else None."""
    if name in TABLES[kind] or name in ADDED.get(kind, ()):
        return name
    if kind == "layer" and name.startswith(KERAS):
        from netlib.spec.keras_layers import is_keras_layer

        return name if is_keras_layer(name) else None
    if name in ALIASES.get(kind, {}):
        return ALIASES[kind][name]
    if kind == "layer" or name != name.lower():
        return None
    return next((known for known in names(kind) if squash(known) == squash(name)), None)


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
        raise SpecError(f"there is no {kind} '{name}'{hint or _known(kind)}")
    if known.startswith(KERAS):
        from netlib.spec.keras_layers import keras_layer

        return keras_layer(known)
    if known in ADDED.get(kind, ()):
        return ADDED[kind][known].spec
    found: type[Spec] = getattr(import_module(TABLES[kind][known]), class_name(known))
    return found


def _known(kind: str) -> str:
    own = "; one of your own is loaded with --plugin FILE" if kind in ADDED else ""
    return f" (known: {', '.join(names(kind))}{own})"


def class_name(name: str) -> str:
    """`leaky_relu` -> `LeakyRelu`; a capitalised name is its class's own."""
    return name if name[:1].isupper() else "".join(part[:1].upper() + part[1:] for part in name.split("_"))


@cache
def snake_case(name: str) -> str:
    """`GlobalAveragePooling2D` -> `global_average_pooling_2d`, the default name of a node of that type; so without the dots
    in front: `keras.layers.LSTM` -> `lstm`."""
    name = name.rpartition(".")[2]
    name = re.sub(r"(\d)D(?![a-z])", r"_\1d_", name)
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return re.sub(r"_+", "_", name).strip("_").lower()


def squash(name: str) -> str:
    """Letters and digits only, in lower case: equal for all the spellings of a name."""
    return name.replace("_", "").lower()

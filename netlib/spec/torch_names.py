"""Which weights of a layer are which tensors of torch's module of the same kind, and how their axes are laid out there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Layout = Literal[
    "same",
    "kernel",
    "depthwise",
    "summed_bias",
    "gru_kernel",
    "gru_bias",
    "attention_input",
    "attention_bias",
    "attention_output",
]
"""What is done to the axes; `netlib.nn.torch_layouts` does it."""


@dataclass(frozen=True)
class Row:
    """Weights of a layer, and the tensors of torch's that hold the same numbers.

    A weight is found by its attribute; of several, parted by `|`, by the first that there is. `separate` are the tensors' names
    where the weights cannot be joined to one tensor.
    """

    ours: tuple[str, ...]
    theirs: tuple[str, ...]
    layout: Layout = "same"
    separate: tuple[str, ...] = ()


def _row(ours: str, theirs: str, layout: Layout = "same", separate: str = "") -> Row:
    return Row(tuple(ours.split()), tuple(theirs.split()), layout, tuple(separate.split()))


_BIAS = _row("bias", "bias")
_KERNEL = (_row("kernel", "weight", "kernel"), _BIAS)
_DEPTHWISE = (_row("kernel", "weight", "depthwise"), _BIAS)
_SEPARABLE = (
    _row("depthwise_kernel", "depthwise.weight", "depthwise"),
    _row("pointwise_kernel", "pointwise.weight", "kernel"),
    _row("bias", "pointwise.bias"),
)
_NORMALIZATION = (_row("gamma", "weight"), _row("beta", "bias"))
_RECURRENT = (
    _row("kernel|cell.kernel", "weight_ih_l0", "kernel"),
    _row("recurrent_kernel|cell.recurrent_kernel", "weight_hh_l0", "kernel"),
    _row("bias|cell.bias", "bias_ih_l0 bias_hh_l0", "summed_bias"),
)

ROWS: dict[str, tuple[Row, ...]] = {
    "Dense": _KERNEL,
    "Conv1D": _KERNEL,
    "Conv2D": _KERNEL,
    "Conv3D": _KERNEL,
    "Conv1DTranspose": _KERNEL,
    "Conv2DTranspose": _KERNEL,
    "Conv3DTranspose": _KERNEL,
    "DepthwiseConv1D": _DEPTHWISE,
    "DepthwiseConv2D": _DEPTHWISE,
    "SeparableConv1D": _SEPARABLE,
    "SeparableConv2D": _SEPARABLE,
    "Embedding": (_row("embeddings", "weight"),),
    "BatchNormalization": (
        *_NORMALIZATION,
        _row("moving_mean", "running_mean"),
        _row("moving_variance", "running_var"),
    ),
    "LayerNormalization": _NORMALIZATION,
    "GroupNormalization": _NORMALIZATION,
    "InstanceNormalization": _NORMALIZATION,
    "RMSNormalization": (_row("scale", "weight"),),
    "SimpleRNN": _RECURRENT,
    "LSTM": _RECURRENT,
    "GRU": (
        _row("kernel|cell.kernel", "weight_ih_l0", "gru_kernel"),
        _row("recurrent_kernel|cell.recurrent_kernel", "weight_hh_l0", "gru_kernel"),
        _row("bias|cell.bias", "bias_ih_l0 bias_hh_l0", "gru_bias"),
    ),
    "MultiHeadAttention": (
        _row(
            "query_kernel|query.kernel|query_dense.kernel key_kernel|key.kernel|key_dense.kernel"
            " value_kernel|value.kernel|value_dense.kernel",
            "in_proj_weight",
            "attention_input",
            "q_proj_weight k_proj_weight v_proj_weight",
        ),
        _row(
            "query_bias|query.bias|query_dense.bias key_bias|key.bias|key_dense.bias"
            " value_bias|value.bias|value_dense.bias",
            "in_proj_bias",
            "attention_bias",
        ),
        _row("output_kernel|attention_output.kernel|output_dense.kernel", "out_proj.weight", "attention_output"),
        _row("output_bias|attention_output.bias|output_dense.bias", "out_proj.bias"),
    ),
}
"""By the name of the layer's class, one of ours or of Keras's: both have these weights."""

IGNORED: dict[str, tuple[str, ...]] = {"BatchNormalization": ("num_batches_tracked",)}
"""Tensors of torch's modules that no weight of ours corresponds to, and that nothing here needs."""

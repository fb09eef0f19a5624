"""Weights to and from torch, as mappings from name to array (`safetensors.numpy`). torch itself is never imported.

| layer, ours or Keras's | its weights | torch's |
|---|---|---|
| Dense | `kernel` (in, out), `bias` | Linear: `weight` (out, in), `bias` |
| Conv1D, Conv2D, Conv3D | `kernel` (places, in / groups, out), `bias` | `weight` (out, in / groups, places), `bias` |
| Conv1DTranspose, ... | `kernel` (places, out, in), `bias` | ConvTranspose1d, ...: `weight` (in, out, places), `bias` |
| DepthwiseConv1D, DepthwiseConv2D | `kernel` (places, in, multiplier), `bias` | `weight` (in * multiplier, 1, places), `bias` |
| SeparableConv1D, ... | `depthwise_kernel`, `pointwise_kernel`, `bias` | `depthwise.weight`, `pointwise.weight` and `.bias` |
| Embedding | `embeddings` | `weight` |
| BatchNormalization | `gamma`, `beta`, `moving_mean`, `moving_variance` | `weight`, `bias`, `running_mean`, `running_var` |
| LayerNormalization, GroupNormalization | `gamma`, `beta` | `weight`, `bias` |
| SimpleRNN, LSTM | `kernel`, `recurrent_kernel`, `bias` | `weight_ih_l0`, `weight_hh_l0`, `bias_ih_l0` + `bias_hh_l0` |
| GRU (`reset_after`) | `kernel`, `recurrent_kernel`, `bias` | the same, the first two gates exchanged, both biases |
| MultiHeadAttention | `query`, `key`, `value`: `kernel`, `bias` | `in_proj_weight` (or `q_proj_weight`, ...), `in_proj_bias` |
| | `attention_output`: `kernel`, `bias` | `out_proj.weight`, `out_proj.bias` |

Before a tensor's name stands the layer's path. Weights of modules written by hand have the same name and axes on both sides. Seed
states are left out, and so is torch's `num_batches_tracked`.

Weights alone do not make two networks equal: torch's normalizations have epsilon 1e-5 where Keras's have 1e-3, and torch flattens
images with the channels first, which the argument `flattened` is for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from netlib.nn.state import LoadReport, StateError
from netlib.nn.torch_layouts import Array
from netlib.nn.torch_links import Link, Places, ignored_names, links_of
from netlib.spec.selectors import Renaming


def to_torch(
    module: tf.Module, *, rename: Mapping[str, str] | None = None, flattened: Mapping[str, Places] | None = None
) -> dict[str, Array]:
    """The weights of a module as torch's `state_dict` would have them.

    Args:
        module: built; of netlab, or any `tf.Module`.
        rename: from selectors of our names to torch's: `{"hidden.**": "layers.0.**"}`.
        flattened: for each Dense behind a Flatten of images, by path, what was flattened, without the batch: `(7, 7, 64)`.

    Raises:
        UsageError: the module is not built, or has weights for which torch has no counterpart.
        SpecError: `rename` does not fit the names.

    >>> from netlib import nn
    >>> import tensorflow as tf
    >>> dense = nn.Dense(2)
    >>> outputs = dense(tf.ones([1, 3]))
    >>> {name: value.shape for name, value in to_torch(dense).items()}
    {'weight': (2, 3), 'bias': (2,)}
    """
    tensors = {name: value for link in links_of(module, flattened or {}) for name, value in link.to_torch().items()}
    new = Renaming(rename or {}).over(tensors)
    return {new[name]: value for name, value in tensors.items()}


def from_torch(
    module: tf.Module,
    state: Mapping[str, Any],
    *,
    strict: bool = True,
    rename: Mapping[str, str] | None = None,
    flattened: Mapping[str, Places] | None = None,
) -> LoadReport:
    """Sets the weights of a module to those of a `state_dict` of torch.

    Args:
        module: built; of netlab, or any `tf.Module`.
        state: arrays by name, as `safetensors.numpy.load_file` gives them.
        strict: whether anything missing, too many, or of another shape or dtype is an error; else it is only reported.
        rename: from selectors of torch's names to ours: `{"layers.0.**": "hidden.**"}`.
        flattened: as in `to_torch`.

    Returns:
        What was loaded, by our paths; `renamed` says from which tensors. What is missing, unexpected or does not fit stands there
        by torch's names. `ignored` are the tensors that nothing here needs.

    Raises:
        StateError: with `strict`, the state does not fit; nothing is changed then.
        UsageError: the module is not built, or has weights for which torch has no counterpart.
        SpecError: `rename` does not fit the state.
    """
    new = Renaming(rename or {}).over(state)
    given = {new[name]: np.asarray(value) for name, value in state.items()}
    origins = {name: old for old, name in new.items()}
    links = links_of(module, flattened or {})
    report, fitting = _compared(links, given, origins, ignored_names(module))
    if strict and not report.complete():
        raise StateError(f"torch's state does not fit {module.name}: {report}")
    for variable, value in _agreed(fitting, given, module.name):
        variable.assign(value)
    return report


def _compared(
    links: list[Link], given: Mapping[str, Array], origins: Mapping[str, str], ignored: set[str]
) -> tuple[LoadReport, list[Link]]:
    """The report, and the links whose tensors are all there and fit."""
    report = LoadReport([], {}, [], [], [], tuple(name for name in given if name in ignored))
    expected = {name: value for link in links for name, value in link.to_torch().items()}
    fits = {name: name in given and _described(given[name]) == _described(value) for name, value in expected.items()}
    fitting = [link for link in links if all(fits[name] for name in link.names)]
    for link in fitting:
        tensors = " + ".join(origins[name] for name in link.names)
        report.loaded.extend(path for path in link.variables if path not in report.renamed)
        report.renamed.update({path: report.renamed.get(path, tensors) for path in link.variables})
    for link in links:
        if not report.renamed.keys() >= link.variables.keys():  # a weight that is shared need not be there twice
            report.missing.extend(name for name in link.names if name not in given)
    for name, fit in fits.items():
        if name in given and not fit:
            report.mismatched.append(f"{name} is {_described(expected[name])}, got {_described(given[name])}")
    report.unexpected.extend(name for name in given if name not in expected and name not in ignored)
    return report, fitting


def _described(value: Array) -> str:
    return f"{value.shape} {value.dtype}"


def _agreed(links: list[Link], given: Mapping[str, Array], name: str) -> list[tuple[tf.Variable, Array]]:
    """Each variable with its value.

    Raises:
        StateError: tensors that are one variable here are not equal.
    """
    found: dict[str, tuple[tf.Variable, Array, str]] = {}
    for link in links:
        tensors = " + ".join(link.names)
        for path, value in link.back([given[name] for name in link.names]).items():
            if path in found and not np.array_equal(found[path][1], value, equal_nan=True):
                raise StateError(
                    f"'{found[path][2]}' and '{tensors}' are one variable of {name}, '{path}', and have different values"
                )
            found[path] = (link.variables[path], value, tensors)
    return [(variable, value) for variable, value, _ in found.values()]

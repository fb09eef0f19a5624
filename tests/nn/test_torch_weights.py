from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import safetensors.numpy
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from netlib import nn
from netlib.nn.state import StateError
from netlib.nn.torch_layouts import CHANGES, channels_first, channels_last
from netlib.spec.errors import SpecError, UsageError
from netlib.spec.torch_names import ROWS

RNG = np.random.default_rng(11)


class Holder(nn.Module):
    """One layer under the name that torch's module has."""

    def __init__(self, layer: Any) -> None:
        super().__init__(name="holder")
        self.layer = layer

    def __call__(self, *inputs: Any) -> Any:
        return self.layer(*inputs)


def built(layer: Any, *inputs: Any) -> Holder:
    holder = Holder(layer)
    holder(*map(tf.constant, inputs))
    return holder


def normal(*shape: int) -> Any:
    return RNG.normal(size=shape).astype("float32")


def channels_in_front(x: Any) -> Any:
    return np.ascontiguousarray(np.moveaxis(x, -1, 1))


Same = Callable[[Any], Any]


def same(x: Any) -> Any:
    return x


class Case:
    """A layer of ours or of Keras's, the torch module of the same kind, and inputs (for torch with the channels in front)."""

    def __init__(self, ours: Any, theirs: str, *inputs: Any, turn: Same = same, back: Same = same, **call: Any) -> None:
        self.ours, self.theirs, self.inputs, self.turn, self.back, self.call = ours, theirs, inputs, turn, back, call

    def torch_module(self, torch: Any) -> Any:
        module: Any = eval(f"torch.nn.{self.theirs}", {"torch": torch})
        made = torch.nn.Module()
        made.layer = module
        return made.eval()

    def torch_outputs(self, torch: Any, module: Any) -> Any:
        with torch.no_grad():
            given = module.layer(*(torch.from_numpy(np.array(self.turn(x))) for x in self.inputs), **self.call)
        return self.back((given[0] if isinstance(given, tuple) else given).numpy())


IMAGES = {"turn": channels_in_front, "back": lambda y: np.moveaxis(y, 1, -1)}
K = keras.layers

CASES = {
    "Dense": lambda: Case(nn.Dense(3), "Linear(5, 3)", normal(4, 5)),
    "Dense without bias": lambda: Case(nn.Dense(3, use_bias=False), "Linear(5, 3, bias=False)", normal(4, 5)),
    "keras Dense": lambda: Case(K.Dense(3), "Linear(5, 3)", normal(4, 5)),
    "Conv2D": lambda: Case(nn.Conv2D(6, kernel_size=[2, 3]), "Conv2d(4, 6, (2, 3))", normal(2, 7, 8, 4), **IMAGES),
    "Conv2D in groups": lambda: Case(
        nn.Conv2D(6, kernel_size=3, groups=2, strides=2),
        "Conv2d(4, 6, 3, stride=2, groups=2)",
        normal(2, 7, 9, 4),
        **IMAGES,
    ),
    "Conv1D in groups": lambda: Case(
        nn.Conv1D(6, 3, padding=2, groups=2, dilation_rate=2),
        "Conv1d(4, 6, 3, padding=2, groups=2, dilation=2)",
        normal(2, 9, 4),
        **IMAGES,
    ),
    "Conv3D in groups": lambda: Case(
        nn.Conv3D(4, [1, 2, 3], groups=2, padding=[0, 1, 1]),
        "Conv3d(4, 4, (1, 2, 3), groups=2, padding=(0, 1, 1))",
        normal(2, 3, 4, 5, 4),
        **IMAGES,
    ),
    "Conv1DTranspose": lambda: Case(
        nn.Conv1DTranspose(6, 3, strides=2), "ConvTranspose1d(4, 6, 3, stride=2)", normal(2, 5, 4), **IMAGES
    ),
    "Conv3DTranspose": lambda: Case(
        nn.Conv3DTranspose(2, 3, strides=2, output_padding=1),
        "ConvTranspose3d(3, 2, 3, stride=2, output_padding=1)",
        normal(2, 3, 2, 2, 3),
        **IMAGES,
    ),
    "DepthwiseConv1D": lambda: Case(
        nn.DepthwiseConv1D(3, depth_multiplier=2, strides=2, dilation_rate=2),
        "Conv1d(4, 8, 3, groups=4, stride=2, dilation=2)",
        normal(2, 9, 4),
        **IMAGES,
    ),
    "DepthwiseConv2D": lambda: Case(
        nn.DepthwiseConv2D([2, 3], strides=[2, 1], padding=1, depth_multiplier=2),
        "Conv2d(4, 8, (2, 3), groups=4, stride=(2, 1), padding=1)",
        normal(2, 7, 8, 4),
        **IMAGES,
    ),
    "SeparableConv2D": lambda: Case(
        nn.SeparableConv2D(5, 3, strides=2, padding=1, depth_multiplier=2),
        "Sequential(__import__('collections').OrderedDict(depthwise=torch.nn.Conv2d(4, 8, 3, groups=4, stride=2, padding=1,"
        " bias=False), pointwise=torch.nn.Conv2d(8, 5, 1)))",
        normal(2, 7, 8, 4),
        **IMAGES,
    ),
    "SeparableConv1D": lambda: Case(
        nn.SeparableConv1D(5, 3, strides=2, padding=1),
        "Sequential(__import__('collections').OrderedDict(depthwise=torch.nn.Conv1d(4, 4, 3, groups=4, stride=2, padding=1,"
        " bias=False), pointwise=torch.nn.Conv1d(4, 5, 1)))",
        normal(2, 7, 4),
        **IMAGES,
    ),
    "keras Conv1D": lambda: Case(K.Conv1D(6, 3), "Conv1d(4, 6, 3)", normal(2, 9, 4), **IMAGES),
    "keras Conv3D": lambda: Case(K.Conv3D(5, 2), "Conv3d(3, 5, 2)", normal(2, 4, 5, 6, 3), **IMAGES),
    "keras Conv1DTranspose": lambda: Case(
        K.Conv1DTranspose(6, 3, strides=2), "ConvTranspose1d(4, 6, 3, stride=2)", normal(2, 5, 4), **IMAGES
    ),
    "keras Conv2DTranspose": lambda: Case(
        K.Conv2DTranspose(6, (2, 3)), "ConvTranspose2d(4, 6, (2, 3))", normal(2, 5, 6, 4), **IMAGES
    ),
    "keras Conv3DTranspose": lambda: Case(
        K.Conv3DTranspose(2, 2), "ConvTranspose3d(3, 2, 2)", normal(2, 3, 4, 5, 3), **IMAGES
    ),
    "keras DepthwiseConv1D": lambda: Case(
        K.DepthwiseConv1D(3, depth_multiplier=2), "Conv1d(4, 8, 3, groups=4)", normal(2, 9, 4), **IMAGES
    ),
    "keras DepthwiseConv2D": lambda: Case(
        K.DepthwiseConv2D((2, 3), depth_multiplier=2), "Conv2d(4, 8, (2, 3), groups=4)", normal(2, 7, 8, 4), **IMAGES
    ),
    "BatchNormalization": lambda: Case(
        nn.BatchNormalization(epsilon=1e-3), "BatchNorm2d(4, eps=1e-3)", normal(2, 3, 5, 4), **IMAGES
    ),
    "keras BatchNormalization": lambda: Case(
        K.BatchNormalization(epsilon=1e-3), "BatchNorm1d(4, eps=1e-3)", normal(6, 4)
    ),
    "LayerNormalization": lambda: Case(nn.LayerNormalization(epsilon=1e-5), "LayerNorm(4)", normal(2, 3, 4)),
    "LayerNormalization over two axes": lambda: Case(
        nn.LayerNormalization(axis=[1, 2], epsilon=1e-5), "LayerNorm([3, 4])", normal(2, 3, 4)
    ),
    "RMSNormalization": lambda: Case(nn.RMSNormalization(epsilon=1e-5), "RMSNorm(4, eps=1e-5)", normal(2, 3, 4)),
    "InstanceNormalization": lambda: Case(
        nn.InstanceNormalization(epsilon=1e-5), "InstanceNorm2d(4, affine=True)", normal(2, 3, 5, 4), **IMAGES
    ),
    "keras GroupNormalization": lambda: Case(
        K.GroupNormalization(2, epsilon=1e-5), "GroupNorm(2, 4)", normal(2, 3, 5, 4), **IMAGES
    ),
    "Embedding": lambda: Case(
        nn.Embedding(input_dim=7, output_dim=3), "Embedding(7, 3)", np.array([[1, 6], [0, 3]], "int64")
    ),
    "keras SimpleRNN": lambda: Case(
        K.SimpleRNN(5, return_sequences=True), "RNN(3, 5, batch_first=True)", normal(2, 6, 3)
    ),
    "keras LSTM": lambda: Case(K.LSTM(5, return_sequences=True), "LSTM(3, 5, batch_first=True)", normal(2, 6, 3)),
    "keras LSTM without bias": lambda: Case(
        K.LSTM(5, return_sequences=True, use_bias=False), "LSTM(3, 5, batch_first=True, bias=False)", normal(2, 6, 3)
    ),
    "keras GRU": lambda: Case(K.GRU(5, return_sequences=True), "GRU(3, 5, batch_first=True)", normal(2, 6, 3)),
    "keras MultiHeadAttention": lambda: Case(
        K.MultiHeadAttention(2, 4),
        "MultiheadAttention(8, 2, batch_first=True)",
        *(normal(2, 5, 8), normal(2, 6, 8), normal(2, 6, 8)),
    ),
    "keras MultiHeadAttention without bias": lambda: Case(
        K.MultiHeadAttention(4, 2, use_bias=False),
        "MultiheadAttention(8, 4, bias=False, batch_first=True)",
        *(normal(2, 5, 8), normal(2, 6, 8), normal(2, 6, 8)),
    ),
    "keras MultiHeadAttention over other features": lambda: Case(
        K.MultiHeadAttention(2, 4),
        "MultiheadAttention(8, 2, kdim=6, vdim=3, batch_first=True)",
        *(normal(2, 5, 8), normal(2, 6, 6), normal(2, 6, 3)),
    ),
}


def pair(case: Case) -> Holder:
    if "MultiheadAttention" in case.theirs:
        holder = Holder(case.ours)
        query, key, value = case.inputs
        case.ours(query, value, key)
        holder.__class__ = _Attends
        return holder
    return built(case.ours, *case.inputs)


class _Attends(Holder):
    """Gives key and value in torch's order."""

    def __call__(self, query: Any, key: Any, value: Any) -> Any:
        return self.layer(query, value, key)


def shaken(values: dict[str, Any]) -> dict[str, Any]:
    """Other values than those that a layer starts with; variances above zero."""
    return {
        name: value
        if value.dtype.kind != "f"
        else (np.abs(normal(*value.shape)) + np.float32(0.1) * np.ones_like(value))
        for name, value in values.items()
    }


def through_a_file(values: dict[str, Any], folder: Path) -> dict[str, Any]:
    safetensors.numpy.save_file(values, folder / "weights.safetensors")
    loaded: dict[str, Any] = safetensors.numpy.load_file(folder / "weights.safetensors")
    return loaded


@pytest.mark.parametrize("make", CASES.values(), ids=CASES)
def test_outputs_are_torch_s_with_its_weights_and_with_ours(make: Callable[[], Case], tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    case = make()
    ours, theirs = pair(case), case.torch_module(torch)

    state = {name: value.numpy() for name, value in theirs.state_dict().items()}
    report = nn.from_torch(ours, through_a_file(shaken(state), tmp_path))
    theirs.load_state_dict({name: torch.from_numpy(np.array(value)) for name, value in _read(tmp_path).items()})
    assert report.complete()
    assert set(report.loaded) == {named.path for named in ours.named_variables() if "seed" not in named.path}
    np.testing.assert_allclose(ours(*case.inputs), case.torch_outputs(torch, theirs), rtol=1e-4, atol=1e-5)

    ours.load_state_dict(shaken(ours.state_dict()))
    written = through_a_file(nn.to_torch(ours), tmp_path)
    missing = theirs.load_state_dict({n: torch.from_numpy(np.array(v)) for n, v in written.items()}, strict=False)
    assert [name for name in missing.missing_keys if "num_batches_tracked" not in name] == missing.unexpected_keys == []
    np.testing.assert_allclose(ours(*case.inputs), case.torch_outputs(torch, theirs), rtol=1e-4, atol=1e-5)


def _read(folder: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = safetensors.numpy.load_file(folder / "weights.safetensors")
    return loaded


def test_every_row_has_a_case() -> None:
    assert set(ROWS) == {name.split()[1] if name.startswith("keras") else name.split()[0] for name in CASES}
    assert {row.layout for rows in ROWS.values() for row in rows} == set(CHANGES)


def test_a_convolutional_network_with_names_and_a_flatten_of_its_own(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    layers = torch.nn
    theirs = layers.Sequential(
        *(layers.Conv2d(3, 4, 3), layers.BatchNorm2d(4, eps=1e-3), layers.ReLU(), layers.MaxPool2d(2)),
        *(layers.Flatten(), layers.Linear(4 * 3 * 2, 5)),
    ).eval()
    ours = nn.Sequential(
        [
            {"Conv2D": {"filters": 4, "kernel_size": 3}, "name": "conv"},
            {"BatchNormalization": {}, "name": "normalized"},
            {"Activation": "relu"},
            {"MaxPooling2D": 2},
            "Flatten",
            {"Dense": 5, "name": "head"},
        ]
    )
    images = normal(2, 8, 6, 3)
    ours(images)
    for module in theirs:
        if isinstance(module, layers.BatchNorm2d):
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2)
    state = through_a_file({name: value.numpy() for name, value in theirs.state_dict().items()}, tmp_path)
    names = {"0.*": "conv.*", "1.*": "normalized.*", "5.*": "head.*"}
    report = nn.from_torch(ours, state, rename=names, flattened={"head": (3, 2, 4)})
    with torch.no_grad():
        expected = theirs(torch.from_numpy(channels_in_front(images))).numpy()
    np.testing.assert_allclose(ours(images), expected, rtol=1e-4, atol=1e-5)
    assert report.ignored == ("normalized.num_batches_tracked",)
    assert report.renamed["head.kernel"] == "5.weight"
    back = {new: old for old, new in names.items()}
    written = nn.to_torch(ours, rename=back, flattened={"head": (3, 2, 4)})
    for name, value in written.items():
        np.testing.assert_array_equal(value, state[name])


def test_weights_of_a_module_written_by_hand_keep_names_and_axes() -> None:
    class Scaled(nn.Module):
        def __init__(self) -> None:
            super().__init__(name="scaled")
            self.scale = tf.Variable(normal(3, 2))
            self.parts = [nn.Dense(2), keras.layers.Dropout(0.5)]

        def __call__(self, x: Any) -> Any:
            return self.parts[1](self.parts[0](x)) @ tf.transpose(self.scale)

    module = Scaled()
    module(tf.ones([1, 4]))
    state = nn.to_torch(module)
    assert {name: value.shape for name, value in state.items()} == {
        "parts.0.weight": (2, 4),
        "parts.0.bias": (2,),
        "scale": (3, 2),
    }
    np.testing.assert_array_equal(state["scale"], module.scale.numpy())


def dense() -> Any:
    return built(nn.Dense(3), np.ones([1, 2], "float32"))


def test_what_does_not_fit_is_reported_by_torch_s_names_and_changes_nothing() -> None:
    holder = dense()
    before = holder.state_dict()
    state = {"layer.weight": normal(2, 3), "layer.extra": normal(1)}
    message = (
        r"torch's state does not fit holder: 0 loaded; missing: layer\.bias; unexpected: layer\.extra;"
        r" mismatched: layer\.weight is \(3, 2\) float32, got \(2, 3\) float32"
    )
    with pytest.raises(StateError, match=message):
        nn.from_torch(holder, state)
    np.testing.assert_equal(holder.state_dict(), before)


def test_another_dtype_does_not_fit() -> None:
    state = {"layer.weight": normal(3, 2).astype("float16"), "layer.bias": normal(3)}
    with pytest.raises(StateError, match=r"mismatched: layer\.weight is \(3, 2\) float32, got \(3, 2\) float16"):
        nn.from_torch(dense(), state)


def test_without_strictness_what_fits_is_loaded() -> None:
    holder = dense()
    bias = normal(3)
    report = nn.from_torch(holder, {"layer.bias": bias, "layer.weight": normal(9, 9), "other": bias}, strict=False)
    assert (report.loaded, report.renamed) == (["layer.bias"], {"layer.bias": "layer.bias"})
    assert (report.missing, report.unexpected, len(report.mismatched)) == ([], ["other"], 1)
    np.testing.assert_array_equal(holder["layer.bias"].numpy(), bias)


def test_one_of_two_tensors_is_not_enough() -> None:
    holder = built(keras.layers.LSTM(2), np.ones([1, 3, 2], "float32"))
    state = nn.to_torch(holder)
    del state["layer.bias_hh_l0"]
    with pytest.raises(StateError, match=r"2 loaded \(2 renamed\); missing: layer\.bias_hh_l0"):
        nn.from_torch(holder, state)


def test_a_second_layer_of_torch_s_lstm_by_its_names() -> None:
    class Stack(nn.Module):
        def __init__(self) -> None:
            super().__init__(name="stack")
            self.first, self.second = (keras.layers.LSTM(3, return_sequences=True) for _ in range(2))

        def __call__(self, x: Any) -> Any:
            return self.second(self.first(x))

    torch = pytest.importorskip("torch")
    theirs, ours, x = torch.nn.LSTM(2, 3, num_layers=2, batch_first=True), Stack(), normal(4, 5, 2)
    ours(x)
    state = {f"rnn.{name}": value.numpy() for name, value in theirs.state_dict().items()}
    nn.from_torch(ours, state, rename={"rnn.*_l0": "first.*_l0", "rnn.*_l1": "second.*_l0"})
    with torch.no_grad():
        np.testing.assert_allclose(ours(x), theirs(torch.from_numpy(x))[0].numpy(), rtol=1e-4, atol=1e-6)


def test_a_tied_weight_is_under_both_names() -> None:
    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__(name="tied")
            self.first, self.second = nn.Dense(2, use_bias=False), nn.Dense(2, use_bias=False)

    tied = Tied()
    for layer in (tied.first, tied.second):
        layer(tf.ones([1, 2]))
    tied.second.kernel = tied.first.kernel
    state = nn.to_torch(tied)
    assert list(state) == ["first.weight", "second.weight"]
    weight = normal(2, 2)
    nn.from_torch(tied, {"first.weight": weight, "second.weight": weight})
    np.testing.assert_array_equal(tied.first.kernel.numpy(), weight.T)
    nn.from_torch(tied, {"first.weight": weight + 1})
    np.testing.assert_array_equal(tied.first.kernel.numpy(), weight.T + 1)
    message = (
        r"'first\.weight' and 'second\.weight' are one variable of tied, 'first\.kernel', and have different values"
    )
    with pytest.raises(StateError, match=message):
        nn.from_torch(tied, {"first.weight": weight, "second.weight": weight + 1})
    np.testing.assert_array_equal(tied.first.kernel.numpy(), weight.T + 1)


def test_names_are_changed_both_ways() -> None:
    holder = dense()
    state = nn.to_torch(holder, rename={"layer.**": "net.0.**"})
    assert list(state) == ["net.0.weight", "net.0.bias"]
    report = nn.from_torch(holder, state, rename={"net.0.**": "layer.**"})
    assert report.renamed == {"layer.kernel": "net.0.weight", "layer.bias": "net.0.bias"}
    with pytest.raises(SpecError, match=r"the renaming rule 'nett\.\*\*: layer\.\*\*' fits none"):
        nn.from_torch(holder, state, rename={"nett.**": "layer.**"})
    with pytest.raises(SpecError, match="fits none"):
        nn.to_torch(holder, rename={"nett.**": "layer.**"})


def test_a_module_without_weights_yet_is_refused() -> None:
    with pytest.raises(UsageError, match="holder has no weights yet: call it once on data"):
        nn.to_torch(Holder(nn.Dense(2)))
    with pytest.raises(UsageError, match="holder has no weights yet: call it once on data"):
        nn.from_torch(Holder(nn.Dense(2)), {})


def test_a_layer_without_a_counterpart_is_refused() -> None:
    holder = built(keras.layers.PReLU(), np.ones([1, 2], "float32"))
    message = r"'layer\.alpha' is a weight of PReLU, for which no counterpart in torch is known \(known: Dense, .*\)"
    with pytest.raises(UsageError, match=message):
        nn.to_torch(holder)


def test_an_attention_that_torch_has_not_is_refused() -> None:
    layer = keras.layers.MultiHeadAttention(2, 3)
    layer(normal(1, 4, 8), normal(1, 4, 8))
    message = (
        r"no counterpart for the one at 'layer'.*the kernels \(features, heads, size\) are \(8, 2, 3\), \(8, 2, 3\)"
    )
    with pytest.raises(UsageError, match=message):
        nn.to_torch(Holder(layer))


def test_a_gru_that_torch_has_not_is_refused() -> None:
    holder = built(keras.layers.GRU(2, reset_after=False, use_bias=False), np.ones([1, 3, 2], "float32"))
    with pytest.raises(UsageError, match="no counterpart for the one at 'layer': it resets after the multiplication"):
        nn.to_torch(holder)


def test_a_flatten_that_does_not_fit_is_refused() -> None:
    holder = dense()
    with pytest.raises(UsageError, match=r"\(2, 2, 3\) are 12 features, and the kernel of 'layer' is \(2, 3\)"):
        nn.to_torch(holder, flattened={"layer": (2, 2, 3)})
    with pytest.raises(UsageError, match=r"holder has no layer at 'layr'; did you mean 'layer'\?"):
        nn.to_torch(holder, flattened={"layr": (1, 1, 2)})


SHAPES = {
    "same": [(3,)],
    "kernel": [(2, 3, 4, 5)],
    "depthwise": [(2, 3, 4, 5)],
    "summed_bias": [(8,)],
    "gru_kernel": [(4, 9)],
    "gru_bias": [(2, 9)],
    "attention_input": [(6, 2, 3), (6, 2, 3), (6, 2, 3)],
    "attention_bias": [(2, 3), (2, 3), (2, 3)],
    "attention_output": [(2, 3, 6)],
}


@pytest.mark.parametrize("layout", CHANGES)
def test_every_layout_comes_back(layout: str) -> None:
    shapes = SHAPES[layout]
    weights = [normal(*shape) for shape in shapes]
    count = {"summed_bias": 2, "gru_bias": 2}.get(layout, 1)
    back = CHANGES[layout].back(CHANGES[layout].to_torch(weights, count), shapes)
    for weight, value in zip(weights, back, strict=True):
        np.testing.assert_array_equal(value, weight)


@settings(max_examples=30)
@given(st.lists(st.integers(1, 4), min_size=1, max_size=4), st.integers(1, 3))
def test_flattened_places_come_back_and_are_the_transposition(places: list[int], out: int) -> None:
    kernel = np.arange(int(np.prod(places)) * out, dtype="float32").reshape(-1, out)
    image = RNG.normal(size=(1, *places))
    turned = channels_first(kernel, places)
    np.testing.assert_array_equal(channels_last(turned, places), kernel)
    np.testing.assert_allclose(channels_in_front(image).reshape(1, -1) @ turned, image.reshape(1, -1) @ kernel)

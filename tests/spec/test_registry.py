from __future__ import annotations

import re
import subprocess
import sys

import pytest

from netlib.spec import registry
from netlib.spec.errors import SpecError
from netlib.spec.registry import TABLES, class_name, names, resolve, snake_case, spec_class


@pytest.mark.parametrize(
    ("name", "snake"),
    [
        ("Dense", "dense"),
        ("Conv1D", "conv_1d"),
        ("Conv2D", "conv_2d"),
        ("Conv2DTranspose", "conv_2d_transpose"),
        ("ConvLSTM2D", "conv_lstm_2d"),
        ("DepthwiseConv2D", "depthwise_conv_2d"),
        ("SeparableConv1D", "separable_conv_1d"),
        ("GlobalAveragePooling2D", "global_average_pooling_2d"),
        ("MaxPooling3D", "max_pooling_3d"),
        ("UpSampling2D", "up_sampling_2d"),
        ("ZeroPadding3D", "zero_padding_3d"),
        ("SpatialDropout1D", "spatial_dropout_1d"),
        ("LSTM", "lstm"),
        ("GRU", "gru"),
        ("LSTMCell", "lstm_cell"),
        ("StackedRNNCells", "stacked_rnn_cells"),
        ("SimpleRNN", "simple_rnn"),
        ("BatchNormalization", "batch_normalization"),
        ("RMSNormalization", "rms_normalization"),
        ("ReLU", "re_lu"),
        ("ELU", "elu"),
        ("MultiHeadAttention", "multi_head_attention"),
        ("Network", "network"),
        ("L1L2", "l1_l2"),
        ("R2Score", "r2_score"),
        ("KLDivergence", "kl_divergence"),
        ("Stage2Decoder", "stage2_decoder"),
    ],
)
def test_default_names(name: str, snake: str) -> None:
    assert snake_case(name) == snake


@pytest.mark.parametrize("kind", sorted(TABLES))
def test_every_name_of_the_table_has_its_class(kind: str) -> None:
    for name in names(kind):
        found = spec_class(kind, name)
        assert found.kind == kind
        assert found.type_name() == name
        assert found.__name__ == class_name(name)
        assert found.__doc__


@pytest.mark.parametrize("kind", sorted(set(TABLES) - {"layer"}))
def test_the_lower_case_spelling_is_an_alias_except_of_layers(kind: str) -> None:
    for name in names(kind):
        assert resolve(kind, snake_case(name)) == name


def test_layers_are_known_by_their_own_name_alone() -> None:
    assert resolve("layer", "Dense") == "Dense"
    assert resolve("layer", "dense") is None
    with pytest.raises(SpecError, match="there is no layer 'dense'; did you mean 'Dense'"):
        spec_class("layer", "dense")


def test_short_names_of_the_field() -> None:
    assert resolve("loss", "mse") == "MeanSquaredError"
    assert resolve("activation", "swish") == "silu"
    assert resolve("initializer", "glorotUniform") is None
    assert resolve("loss", "MSE") is None


def test_an_unknown_name_is_answered_with_the_closest_or_with_all() -> None:
    with pytest.raises(SpecError, match="there is no initializer 'glorot_unform'; did you mean 'glorot_uniform'"):
        spec_class("initializer", "glorot_unform")
    with pytest.raises(
        SpecError, match=r"there is no regularizer 'zzzzzz' \(known: L1, L2, L1L2, OrthogonalRegularizer\)"
    ):
        spec_class("regularizer", "zzzzzz")


def test_what_is_left_out_on_purpose_says_why() -> None:
    with pytest.raises(
        SpecError, match="there is no optimizer 'muon' in netlab: Keras's Muon asks a variable for its path"
    ):
        spec_class("optimizer", "muon")


def test_nothing_is_imported_before_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Modules that do not exist: importing one would fail."""
    dummies = {f"Dummy{index}": f"netlib.spec.not_there_{index}" for index in range(130)}
    monkeypatch.setitem(registry.TABLES, "layer", {**dummies, **TABLES["layer"]})
    assert len(names("layer")) >= 130
    assert spec_class("layer", "Dense").__name__ == "Dense"
    with pytest.raises(SpecError, match=re.escape("there is no layer 'Dumy7'; did you mean 'Dummy7'")):
        spec_class("layer", "Dumy7")
    with pytest.raises(ModuleNotFoundError):
        spec_class("layer", "Dummy7")


def test_the_table_alone_loads_no_spec() -> None:
    code = (
        "import sys, netlib.spec.registry as r\n"
        "loaded = {m for m in sys.modules if m.startswith('netlib.spec.')}\n"
        "assert loaded == {'netlib.spec.registry', 'netlib.spec.errors'}, loaded\n"
        "r.spec_class('layer', 'Dropout')\n"
        "assert 'netlib.spec.layers.convolution' not in sys.modules\n"
        "heavy = {'numpy', 'tensorflow', 'keras', 'polars'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)

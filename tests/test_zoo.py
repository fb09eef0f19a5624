"""The zoo: the figures that the authors, or torchvision's documentation, give; and what TensorFlow builds."""

from __future__ import annotations

from pathlib import Path

import pytest

from netlib.config.load import load
from netlib.tasks.build import build

ZOO = Path(__file__).parents[1] / "configs" / "zoo"
PUBLISHED = {
    "lenet5": (61_706, None),
    "alexnet": (61_100_840, 0.714e9),
    "vgg16": (138_357_544, 15.470e9),
    "resnet18": (11_689_512, 1.814e9),
    "resnet50": (25_557_032, 4.089e9),
    "unet": (31_037_633, None),
    "gpt2_small": (124_439_808, 145.824e9),
    "bert_base": (109_482_240, None),
    "transformer": (63_082_496, None),
    "char_lstm": (239_297, None),
    "vit_b16": (86_567_656, 17.564e9),
    "mobilenetv2": (3_504_872, 0.301e9),
    "densenet121": (7_978_856, 2.834e9),
    "efficientnet_b0": (5_288_548, 0.386e9),
    "convnext_tiny": (28_589_128, 4.456e9),
    "squeezenet1_1": (1_235_496, 0.349e9),
}
"""Trainable parameters, and multiply-accumulates for one image or sequence. Of the Transformer and the character LSTM there are
only rounded figures, or those of a variant: here they are counted by the sizes in the papers."""


def test_every_network_of_the_zoo_has_its_figures() -> None:
    assert {path.stem for path in ZOO.glob("*.yaml")} == PUBLISHED.keys()


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_static_analysis_gives_the_published_figures(name: str) -> None:
    parameters, macs = PUBLISHED[name]
    graph = load(ZOO / f"{name}.yaml", open_data=False).graph
    assert graph is not None
    assert graph.parameters().trainable == parameters
    counted = graph.macs()
    assert counted is not None
    if macs is not None:
        assert counted == pytest.approx(macs, rel=0.01)


@pytest.mark.slow
@pytest.mark.parametrize("name", PUBLISHED)
def test_what_tensorflow_builds_has_the_same_weights(name: str) -> None:
    experiment = load(ZOO / f"{name}.yaml", open_data=False)
    assert experiment.graph is not None
    expected = {
        node.weight_path(weight): (weight.shape, weight.trainable)
        for node in experiment.graph.walk(shared=False)
        for weight in node.own_weights
    }
    model = build(experiment)
    built = {named.path: (tuple(named.variable.shape), named.trainable) for named in model.named_variables()}
    assert built == expected
    assert sum(variable.shape.num_elements() for variable in model.trainable_variables) == PUBLISHED[name][0]

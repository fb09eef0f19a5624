from __future__ import annotations

import pytest

from netlib.spec.language.nodes import CONTAINERS
from netlib.spec.registry import TABLES, names, spec_class
from netlib.spec.schema.description import (
    container_description,
    description_of,
    first_sentence,
    kind_group,
    layer_groups,
)


def test_the_groups_hold_every_layer_and_every_container_once() -> None:
    members = [name for group in layer_groups() for name in group.members]
    assert sorted(members) == sorted([*names("layer"), *CONTAINERS])


def test_a_group_is_called_as_the_module_and_says_what_is_in_it() -> None:
    group = next(group for group in layer_groups() if "Dropout" in group.members)
    assert (group.name, group.doc) == ("regularization", "Layers that drop values in training.")
    assert group.members["Dropout"].endswith("multiplies the others by `1 / (1 - rate)`.")


@pytest.mark.parametrize("kind", [kind for kind in TABLES if kind != "layer"])
def test_the_types_of_a_kind(kind: str) -> None:
    group = kind_group(kind)
    assert list(group.members) == names(kind)
    assert all(group.members.values())


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("One. Two.", "One."),
        ("Mean 0.5 and so on. Two.", "Mean 0.5 and so on."),
        ("Over\n    two lines.\n\n    More.", "Over two lines."),
        ("No end", "No end"),
        ("", ""),
    ],
)
def test_the_first_sentence(text: str, sentence: str) -> None:
    assert first_sentence(text) == sentence


def test_everything_about_a_layer() -> None:
    facts = description_of(spec_class("layer", "Conv2D"))
    by_name = {parameter.name: parameter for parameter in facts.parameters}
    assert (facts.kind, facts.name, facts.alone) == ("layer", "Conv2D", None)
    assert by_name["filters"].required
    assert (by_name["strides"].default, by_name["strides"].type) == (
        1,
        "positive integer or list of 2 positive integers",
    )
    assert facts.layer is not None
    assert facts.layer.shape.startswith("(batch, *places, filters)")
    assert facts.layer.weights.startswith("`kernel` (*kernel_size, input channels / groups, filters)")
    assert facts.layer.macs == "One for each element of the kernel, at each place of the output."
    assert facts.refused["data_format"] == "the channels are always the last axis"
    assert facts.example.outputs["output"].shape == (None, 14, 14, 32)


def test_a_layer_without_weights_says_so() -> None:
    facts = description_of(spec_class("layer", "Flatten")).layer
    assert facts is not None
    assert (facts.weights, facts.macs) == ("none", "none")


@pytest.mark.parametrize("name", names("layer"))
def test_every_layer_says_its_shape_its_weights_and_its_cost(name: str) -> None:
    facts = description_of(spec_class("layer", name))
    assert facts.layer is not None
    assert facts.doc
    assert facts.layer.shape not in ("", "Shape of the output, from the inputs' shapes."), (
        "output_shape has no docstring"
    )
    assert facts.layer.weights
    assert facts.layer.macs


def test_a_container_has_the_parameters_of_its_mapping() -> None:
    facts = container_description("While")
    assert [parameter.name for parameter in facts.parameters] == ["condition", "body", "max_iterations"]
    assert [parameter.required for parameter in facts.parameters] == [False, True, False]
    assert container_description("Sequential").parameters == ()


@pytest.mark.parametrize(
    ("name", "ports"),
    [
        ("Dense", "output"),
        ("AddLoss", "none"),
        ("Compute", "output, or 0, 1, ... where the expression has several results"),
        ("Variables", "one for each variable, called by its place, such as A.0"),
    ],
)
def test_the_ports_in_words(name: str, ports: str) -> None:
    facts = description_of(spec_class("layer", name))
    assert facts.layer is not None
    assert facts.layer.ports_rule == ports


def test_what_keras_has_not_leaves_nothing_of_keras_out() -> None:
    import keras

    for name in names("layer"):
        spec = spec_class("layer", name)
        assert description_of(spec).refused == (dict(spec.refused) if hasattr(keras.layers, name) else {}), name
    assert not description_of(spec_class("layer", "AddLoss")).refused
    assert description_of(spec_class("layer", "Dense")).refused

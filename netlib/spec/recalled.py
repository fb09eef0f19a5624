"""What a source gives, as plain values: a run keeps it, and is known by it where its files are gone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from netlib.spec.choice import parse_choice
from netlib.spec.errors import SpecError
from netlib.spec.features import DataSignature, Feature, PreprocessingSpec
from netlib.spec.tensors import TensorSpec


def to_plain(signature: DataSignature) -> dict[str, Any]:
    """As JSON has it."""
    return {
        "inputs": {name: _written(feature) for name, feature in signature.inputs.items()},
        "targets": {name: _written(feature) for name, feature in signature.targets.items()},
        "samples": signature.samples,
        "joins": {name: list(columns) for name, columns in signature.joins.items()},
        "steps": {name: [step.to_choice() for step in steps] for name, steps in signature.steps.items()},
    }


def from_plain(plain: Mapping[str, Any]) -> DataSignature:
    """The signature whose plain values these are.

    Raises:
        ValueError: they are not such; also KeyError, TypeError, AttributeError.
    """
    inputs = {str(name): _feature(each) for name, each in plain["inputs"].items()}
    joins = {str(name): tuple(map(str, columns)) for name, columns in plain["joins"].items()}
    for name, columns in joins.items():
        if 0 < len(inputs.keys() & set(columns)) < len(set(columns)):
            raise ValueError(f"not all columns that are joined to input '{name}' are there")
    return DataSignature(
        inputs,
        {str(name): _feature(each) for name, each in plain["targets"].items()},
        None if plain["samples"] is None else int(plain["samples"]),
        joins,
        {str(name): tuple(map(_step, steps)) for name, steps in plain["steps"].items()},
    )


def _written(feature: Feature) -> dict[str, Any]:
    return {
        "shape": list(feature.tensor.shape),
        "dtype": feature.tensor.dtype,
        "num_classes": feature.num_classes,
        "class_names": list(feature.class_names),
        "minimum": feature.minimum,
        "maximum": feature.maximum,
    }


def _feature(plain: Mapping[str, Any]) -> Feature:
    shape = tuple(None if axis is None else int(axis) for axis in plain["shape"])
    ends = (None if plain[end] is None else float(plain[end]) for end in ("minimum", "maximum"))
    classes = None if plain["num_classes"] is None else int(plain["num_classes"])
    return Feature(TensorSpec(shape, str(plain["dtype"])), classes, tuple(map(str, plain["class_names"])), *ends)


def _step(plain: Any) -> PreprocessingSpec:
    try:
        step = parse_choice("preprocessing", plain)
    except SpecError as error:
        raise ValueError(str(error)) from None
    assert isinstance(step, PreprocessingSpec)
    return step

"""Fields that the specs of layers with weights share: how a weight begins, what it is penalised and limited by."""

from __future__ import annotations

from typing import Any

from pydantic import Field


def starts_as(name: str, weight: str) -> Any:
    """The field `<weight>_initializer` with its default."""
    return Field(name, validate_default=True, description=f"How the {weight} begins.")


def penalised(weight: str) -> Any:
    """The field `<weight>_regularizer`."""
    return Field(None, description=f"Penalty on the {weight} that is added to the loss; none if null.")


def limited(weight: str) -> Any:
    """The field `<weight>_constraint`."""
    return Field(None, description=f"What the {weight} must satisfy after every update; nothing if null.")


def activated() -> Any:
    """The field `activation`."""
    return Field(None, description="Function applied to the result; none if null.")


def biased() -> Any:
    """The field `use_bias`."""
    return Field(True, description="Whether to add a bias.")

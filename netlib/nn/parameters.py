"""The parameters of a layer's constructor: into its spec, and whether `get_config` knows them."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from netlib.nn.contents import unwrapped
from netlib.spec.errors import UsageError
from netlib.spec.layer import LayerSpec

OPTIONS = ("name", "trainable", "dtype", "seed", "path")
"""What every layer's constructor takes besides its parameters."""


def parsed(name: str, spec_type: type[LayerSpec] | None, args: tuple[Any, ...], parameters: Mapping[str, Any]) -> Any:
    """The spec, given itself or by its fields, by name or in their order, the one that may stand alone first; None of a layer
    without one.

    Raises:
        UsageError: there are too many.
        SpecError: with every mistake in them.
    """
    if spec_type is None:
        if args or parameters:
            raise UsageError(f"{name} has no spec; its own __init__ takes its parameters")
        return None
    if args and isinstance(args[0], spec_type):
        return args[0]
    known = sorted(spec_type.model_fields, key=lambda field: field != spec_type.shorthand)
    if len(args) > len(known):
        raise UsageError(f"{name} has {len(known)} parameters, got {len(args)} by position")
    twice = [each for each in known[: len(args)] if each in parameters]
    if twice:
        raise UsageError(f"{name} got '{twice[0]}' twice, by position and by name")
    return spec_type.parse(unwrapped({**dict(zip(known, args, strict=False)), **parameters}))


def undescribed_parameter(kind: type, layer: type) -> str | None:
    """A parameter of a class's constructor that its `get_config` cannot know, because that is defined further up.

    `layer` is the base, whose own parameters are known.
    """
    order = list(kind.__mro__)
    made, described = (
        next(i for i, each in enumerate(order) if name in vars(each)) for name in ("__init__", "get_config")
    )
    if made >= described:
        return None
    known = inspect.signature(layer.__init__).parameters  # type: ignore[misc]
    own = inspect.signature(order[made].__init__).parameters.values()  # type: ignore[misc]
    named = (each.name for each in own if each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD))
    return next((name for name in named if name not in known), None)

"""`build` may run once; if it fails the layer is as it was, so that it may be built for other inputs."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable
from typing import Any

from netlib.spec.errors import UsageError


def once(build: Callable[..., None]) -> Callable[..., None]:
    """`build` as it may run once; one that calls `super().build` is one building."""

    @functools.wraps(build)
    def guarded(self: Any, *shapes: Any) -> None:
        if self._building:
            build(self, *shapes)
            return
        if self.built:
            before, now = (" and ".join(map(str, each)) for each in (self._built_for, shapes))
            raise UsageError(
                f"{self.path} is built already, for inputs of {before}, and cannot be for {now}: make another layer"
            )
        kept = _kept(self)
        self._building = True
        try:
            build(self, *shapes)
            self._check_weights_are_held()
        except BaseException:  # it may be built for other inputs
            self.__dict__.clear()
            self.__dict__.update(kept)
            raise
        self._building, self._is_built, self._built_for = False, True, shapes
        self._early.clear()

    return guarded


def _kept(layer: Any) -> dict[str, Any]:
    """Its attributes as they are, also when weights are added."""
    added_to = {name: copy.copy(vars(layer)[name]) for name in ("regularized", "_weight_names", "_unchecked", "_early")}
    return {**vars(layer), **added_to}

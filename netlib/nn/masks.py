"""Masks that travel with tensors: from what gave a tensor to what is called on it, in code that does not pass them on.

The graph of a network passes masks along its edges itself. In a `call` written by hand a mask is an attribute of the tensor, the
one that Keras looks for: so it goes from Keras's layers to ours and back. An operation of TensorFlow gives a tensor without it.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import tensorflow as tf

from netlib.nn.tracing import by_port
from netlib.spec.errors import UsageError

_ATTRIBUTE = "_keras_mask"


def mask_on(tensor: Any) -> Any:
    """The mask of a tensor, None if it has none."""
    return getattr(tensor, _ATTRIBUTE, None)


def as_masks(name: str, mask: Any) -> Any:
    """The mask of a call as a tensor; of several inputs a tuple or a mapping of them, None where there is none.

    Raises:
        UsageError: it is no truth value for each place.
    """
    if mask is None:
        return None
    if isinstance(mask, tuple):
        return tuple(as_masks(name, each) for each in mask)
    if isinstance(mask, Mapping):
        return {key: as_masks(name, each) for key, each in mask.items()}
    found = tf.convert_to_tensor(mask)
    if found.dtype != tf.bool:
        raise UsageError(f"{name}: a mask is true or false for each place, bool [batch, time], got {found.dtype.name}")
    return found


def masks_on(inputs: Sequence[Any]) -> Any:
    """Those of the inputs of a call, as a call takes them: one, or a tuple of them; None where no input has one."""
    found = tuple(map(mask_on, inputs))
    if all(each is None for each in found):
        return None
    return found if len(found) > 1 else found[0]


def with_mask(tensor: Any, mask: Any) -> Any:
    """The same values with a mask. It is another object: the one that is given may be the caller's."""
    if mask is None or not tf.is_tensor(tensor):
        return tensor
    copied = tf.identity(tensor)
    setattr(copied, _ATTRIBUTE, mask)
    return copied


def with_masks(given: Any, masks: Mapping[str, Any]) -> Any:
    """What a call gave, with the masks of its ports."""
    if not any(mask is not None for mask in masks.values()):
        return given
    made = {port: with_mask(value, masks.get(port)) for port, value in by_port(given).items()}
    if type(given) is dict:
        return dict(zip(given, made.values(), strict=True))
    if type(given) in (list, tuple):
        return type(given)(made.values())
    return next(iter(made.values())) if tf.is_tensor(given) else given


class Masked:
    """What a layer does with masks."""

    spec: Any
    spec_type: ClassVar[Any]
    supports_masking: ClassVar[bool] = False
    """Of a layer without a spec: whether its output has the mask of its input."""
    masks_its_inputs: ClassVar[bool] = True
    """Of a layer without a spec: whether what is called in its `call` on its inputs is given their masks."""

    def masks_by_port(self, inputs: Sequence[Any], outputs: Mapping[str, Any], mask: Any) -> dict[str, Any]:
        """The masks of the outputs that have one, by port; `mask` is as in a call."""
        found = self.compute_mask(*inputs, mask=mask)
        if found is None and self.spec_type is None:
            return {port: mask_on(output) for port, output in outputs.items() if mask_on(output) is not None}
        return {} if found is None else dict.fromkeys(outputs, found)

    @classmethod
    def makes_masks(cls) -> bool:
        """Whether an output may have a mask though no input has one."""
        return cls.compute_mask is not Masked.compute_mask

    def compute_mask(self, *inputs: Any, mask: Any = None) -> Any:
        """The mask of the output: that of the input where the layer keeps the batch and the time axis, of several the places
        that all have; else None. For masks of several inputs `mask` is a tuple."""
        keeps = self.spec.supports_masking if self.spec_type is not None else self.supports_masking
        given = [each for each in (mask if isinstance(mask, tuple) else (mask,)) if each is not None]
        return functools.reduce(tf.logical_and, given) if keeps and given else None

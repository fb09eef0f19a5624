"""`Stream`: batches that come one after the other from outside: a generator, a `tf.data.Dataset`, any iterable."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import chain, islice
from typing import Any

import keras
import tensorflow as tf

from netlib.data.arrays import Arrays
from netlib.spec.errors import UsageError
from netlib.spec.tensors import TensorSpec
from netlib.training.samples import tensor_of

AGAIN = "what can be gone through again: a tf.data.Dataset, or an object whose __iter__ begins anew"

Form = dict[str, TensorSpec]
"""Shape, batch first, and dtype of everything in a batch, by `input 'x'`, `target 'y'` and `sample weights`."""


def is_stream(value: Any) -> bool:
    """Whether it gives batches, rather than being samples: it is iterable, and no array, list, tuple, mapping or text."""
    if isinstance(value, tf.data.Dataset | keras.utils.PyDataset):
        return True
    samples = isinstance(value, list | tuple | range | Mapping | str | bytes) or hasattr(value, "__array__")
    return not samples and (hasattr(value, "__iter__") or hasattr(value, "__next__"))


class Stream:
    """Batches of one form. The first is read at once, for it says what the others are like.

    An iterator gives each of its batches once (`once`); anything else gives them anew in each pass, which has no end where the
    source says so (`endless`).

    Args:
        source: what gives the batches.
        read: makes samples of a batch as it is given.
        name: as messages call it.

    Raises:
        UsageError: it gives no batch.
    """

    def __init__(self, source: Any, read: Callable[[Any], Arrays], name: str) -> None:
        self.once = hasattr(source, "__next__")
        self.length = _length(source)
        self.endless = self.length is None and _is_endless(source)
        self.name = name
        self._source = source
        self._read = read
        given = _opened(source)
        for batch in given:
            self.first = read(batch)
            self._opened: Iterator[Any] | None = chain([batch], given)
            break
        else:
            raise UsageError(f"{name} gave no batch: it is empty, or at its end already")
        self._form = form_of(self.first)

    def change(self, function: Callable[[Arrays], Arrays]) -> None:
        """From now on batches are what the function makes of them."""
        read = self._read
        self._read = lambda batch: function(read(batch))
        self.first = function(self.first)
        self._form = form_of(self.first)

    @property
    def rows(self) -> int:
        """Rows of the first batch, and of all others at most."""
        return len(self.first)

    def batches(self) -> Iterator[Arrays]:
        """A pass: all batches that are there, or for an iterator all that are left.

        Raises:
            UsageError: a batch is of another form than the first.
        """
        given, self._opened = self._opened, None
        if given is None:
            given = _opened(self._source)
        for number, batch in enumerate(given, start=1):
            samples = self._read(batch)
            self._need_form(samples, number)
            yield samples

    def some(self, number: int | None) -> Iterator[Arrays]:
        """So many batches of a pass, all by default.

        Raises:
            UsageError: there are fewer, or none; or one is of another form than the first.
        """
        given = 0
        for samples in islice(self.batches(), number):
            given += 1
            yield samples
        if given < (number or 1):
            dry = f"{self.name} ran dry: it gave {given} batches, {number or 'at least 1'} were asked for"
            raise UsageError(f"{dry}; ask for fewer, let it go on, or give {AGAIN}")

    def _need_form(self, samples: Arrays, number: int) -> None:
        if not 0 < len(samples) <= self.rows:
            counts = f"{len(samples)} samples, the first {self.rows}"
            raise UsageError(
                f"batch {number} of {self.name} has {counts}; a batch has at least one and no more than the first"
            )
        found = form_of(samples)
        if found == self._form:
            return
        missing = [f"{name} is missing" for name in self._form if name not in found]
        unknown = [f"{name} was not in the first" for name in found if name not in self._form]
        changed = [
            f"{name} is {found[name]}, in the first {tensor}"
            for name, tensor in self._form.items()
            if name in found and found[name] != tensor
        ]
        differences = "; ".join((*missing, *unknown, *changed))
        raise UsageError(f"batch {number} of {self.name} is of another form than the first: {differences}")


def form_of(samples: Arrays) -> Form:
    """The form of samples."""
    form = {f"input '{name}'": tensor_of(array) for name, array in samples.inputs.items()}
    form |= {f"target '{name}'": tensor_of(array) for name, array in samples.targets.items()}
    return form if samples.weights is None else {**form, "sample weights": tensor_of(samples.weights)}


def _length(source: Any) -> int | None:
    """Batches of a pass, where the source says it."""
    if isinstance(source, tf.data.Dataset):
        known = int(source.cardinality())
        return known if known >= 0 else None
    if isinstance(source, keras.utils.PyDataset):
        return source.num_batches  # type: ignore[no-any-return]
    return len(source) if hasattr(source, "__len__") else None


def _is_endless(source: Any) -> bool:
    """Whether the source says that it has no end."""
    if isinstance(source, tf.data.Dataset):
        return int(source.cardinality()) == int(tf.data.INFINITE_CARDINALITY)
    return isinstance(source, keras.utils.PyDataset)


def _opened(source: Any) -> Iterator[Any]:
    return _pass_of(source) if isinstance(source, keras.utils.PyDataset) else iter(source)


def _pass_of(source: keras.utils.PyDataset) -> Iterator[Any]:
    source.on_epoch_begin()
    yield from source
    source.on_epoch_end()

"""What makes the import of TensorFlow, and of what is built on it, shorter."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from netlib.config.collection import without_collection


@contextmanager
def uncollected() -> Iterator[None]:
    """Inside, nothing is looked through for garbage; what there is at the end never will be.

    An import makes a million objects that stay. Looking through them again and again takes half a second while TensorFlow is
    imported, and a fifth of one each time later.
    """
    with without_collection():
        try:
            yield
        finally:
            gc.freeze()

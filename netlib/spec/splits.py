"""How samples are divided into those to train, to validate and to test on; the shares stand in the `data` section."""

from __future__ import annotations

from netlib.spec.features import SplitSpec


class Random(SplitSpec):
    """By seed; where the only target is a class, so that every split has the classes' proportions."""

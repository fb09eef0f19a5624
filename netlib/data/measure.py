"""What is known of data only when its preprocessing is fitted: how wide its inputs are, and what classes there are."""

from __future__ import annotations

from netlib.data.load import keep, load
from netlib.spec.data import DataSpec
from netlib.spec.features import DataSignature


def measured(spec: DataSpec, seed: int) -> DataSignature:
    """The signature of what the network reads; the data is read for it, and kept for the training that may follow.

    Raises:
        SpecError: the section does not fit the source.
        NetlabError: the data is damaged.
    """
    splits = load(spec, seed)
    keep(spec, seed, splits)
    return splits.signature

"""What is known of data only when its preprocessing is fitted: how wide its inputs are, and what classes there are."""

from __future__ import annotations

from dataclasses import replace

from netlib.data.arrays import Array, Arrays
from netlib.data.load import keep, load
from netlib.data.preprocessing import Preprocessing
from netlib.spec.data import DataSpec
from netlib.spec.errors import NetlabError
from netlib.spec.features import DataSignature, Feature
from netlib.spec.pipeline import Pipeline


def measured(spec: DataSpec, seed: int) -> DataSignature:
    """The signature of what the network reads; the data is read for it, and kept for the training that may follow.

    Raises:
        SpecError: the section does not fit the source.
        NetlabError: the data is damaged.
    """
    splits = load(spec, seed)
    keep(spec, seed, splits)
    parts = [part for part in (splits.train, splits.validation, splits.test) if isinstance(part, Arrays)]
    targets = {
        name: _ranged(feature, [part.targets[name] for part in parts])
        for name, feature in splits.signature.targets.items()
    }
    return replace(splits.signature, targets=targets)


def _ranged(feature: Feature, values: list[Array]) -> Feature:
    """With the least and the largest value, where the source does not say them."""
    if not values or feature.minimum is not None or feature.maximum is not None:
        return feature
    least, most = min(float(each.min()) for each in values), max(float(each.max()) for each in values)
    return replace(feature, minimum=least, maximum=most)


def remembered(spec: DataSpec, preprocessing: Preprocessing) -> DataSignature:
    """The same from a preprocessing that was fitted before; of the data, a file's header is read at most.

    Raises:
        SpecError: the section does not fit the source.
        NetlabError: the preprocessing is that of other columns, or the data is damaged.
    """
    pipeline = Pipeline.of(spec.preprocess, spec.raw())
    known = replace(pipeline, steps=preprocessing.specs(), auto=()).signature(preprocessing.learned())
    if any(feature.kind != "numbers" for feature in (*known.inputs.values(), *known.targets.values())):
        raise NetlabError(
            "the stored preprocessing has no steps for some of the data's columns: it is that of other data"
        )
    return known

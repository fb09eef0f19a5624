"""Draws sequences of tokens; what their parameters mean stands in `netlib.spec.sources.sequences`."""

from __future__ import annotations

import numpy as np

from netlib.data.arrays import Array, Arrays
from netlib.data.sources.drawing import Random, balanced, blocks
from netlib.spec.sources.sequences import FIRST_WORD, MARKERS, PADDING, Sequences


def sequences(spec: Sequences, random: Random) -> Arrays:
    """Every length is as likely as any other; so is, given the length, how often either marker occurs."""
    label = balanced(spec.samples, 2)
    tokens = np.empty((spec.samples, spec.length), np.int32)
    for rows in blocks(spec.samples, spec.length):
        tokens[rows] = _tokens(spec, label[rows], random)
    return Arrays({"tokens": tokens}, {"label": label.astype(np.int32)})


def _tokens(spec: Sequences, label: Array, random: Random) -> Array:
    samples = len(label)
    lengths = random.integers(spec.min_length, spec.length + 1, samples)
    fewer = random.integers(0, (lengths + 1) // 2)
    more = random.integers(fewer + 1, lengths - fewer + 1)
    words = random.integers(FIRST_WORD, spec.vocabulary, (samples, spec.length))
    rank = _ranks(lengths, random.random((samples, spec.length)))
    winner, loser = np.array(MARKERS)[label], np.array(MARKERS)[1 - label]
    ends = [more, more + fewer, lengths]
    parts = [rank < end[:, None] for end in ends]
    return np.select(parts, [winner[:, None], loser[:, None], words], PADDING)


def _ranks(lengths: Array, keys: Array) -> Array:
    """Of every place in a random order of its sequence's places, counted from 0; those of the padding come last."""
    keys[np.arange(keys.shape[1]) >= lengths[:, None]] = 1  # random keys are less
    order = np.argsort(keys, axis=1, kind="stable")
    ranks = np.empty_like(order)
    np.put_along_axis(ranks, order, np.arange(keys.shape[1])[None, :], axis=1)
    return ranks

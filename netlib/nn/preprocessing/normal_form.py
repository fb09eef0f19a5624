"""Texts in the normal form NFC, and in small letters, in operations of a graph (Unicode Standard Annex 15).

TensorFlow has no normal forms without a library of its own. Characters that are newer than the Unicode of Python or TensorFlow
stay as they are, though the host may know them.
"""

from __future__ import annotations

import sys

import tensorflow as tf

from netlib.nn.preprocessing import unicode_tables
from netlib.nn.preprocessing.step import table

_UTF_8 = "UTF-8"
_SHIFT = 21
"""Bits of a character."""
_GONE = -1
"""In place of a character that another has taken in; also what fills rows up."""
_NUL, _IN_ITS_PLACE = "\0", chr(sys.maxunicode)
"""`tf.strings.lower` ends a text at NUL; what stands for it meanwhile is no character."""


class NormalForm(tf.Module):
    """Brings texts to the form in which a vocabulary has them; what is not UTF-8 becomes U+FFFD."""

    def __init__(self, *, lower: bool, strip_accents: bool) -> None:
        super().__init__(name="normal_form")
        self.lower = lower
        self.settled = unicode_tables.settled(strip_accents)
        found = unicode_tables.decompositions(strip_accents)
        self.numbers = table(found.characters, range(1, len(found.characters) + 1), tf.int32)
        self.lengths = tf.constant([1, *found.lengths])
        self.starts = tf.concat([[0], tf.cumsum(found.lengths, exclusive=True)], axis=0)
        self.parts = tf.constant(found.parts)
        classes = unicode_tables.combining_classes()
        self.classes = table(list(classes), list(classes.values()), tf.int32)
        pairs = unicode_tables.compositions()
        keys = [first << _SHIFT | second for first, second in pairs]
        self.pairs = table(keys, list(pairs.values()), tf.int64, _GONE)
        seconds = sorted(unicode_tables.second_parts())
        self.seconds = table(seconds, [1] * len(seconds), tf.int32)
        if lower:
            unknown = unicode_tables.small_letters(_not_lowered())
            self.newer = table(list(unknown), list(unknown.values()), tf.int32, _GONE)

    def __call__(self, texts: tf.Tensor) -> tf.Tensor:
        """The texts (rows,) in that form."""
        texts = tf.strings.unicode_transcode(texts, _UTF_8, _UTF_8)
        if self.lower:
            texts = self._lowered(texts)
        ready = tf.reduce_all(tf.strings.regex_full_match(texts, self.settled))
        return tf.cond(ready, lambda: tf.identity(texts), lambda: self._composed(texts))

    def _lowered(self, texts: tf.Tensor) -> tf.Tensor:
        swapped = tf.strings.regex_replace(texts, _NUL, _IN_ITS_PLACE)
        lowered = tf.strings.lower(swapped, encoding="utf-8")
        back = tf.strings.regex_replace(lowered, _IN_ITS_PLACE, _NUL)
        codes = tf.strings.unicode_decode(back, _UTF_8)
        newer = self.newer.lookup(codes.flat_values)
        small = tf.where(newer == _GONE, codes.flat_values, newer)
        return tf.strings.unicode_encode(codes.with_flat_values(small), _UTF_8)

    def _composed(self, texts: tf.Tensor) -> tf.Tensor:
        codes = tf.strings.unicode_decode(texts, _UTF_8)
        rows, characters = self._decomposed(codes.value_rowids(), codes.flat_values)
        clusters = self._clusters(rows, characters)
        joined = self._joined(tf.pad(clusters.to_tensor(_GONE), [[0, 0], [0, 1]], constant_values=_GONE))
        of_row = tf.gather(rows, clusters.row_starts())
        left = joined != _GONE
        rows = tf.boolean_mask(tf.broadcast_to(of_row[:, None], tf.shape(joined)), left)
        count = tf.shape(texts, tf.int64)[0]
        ragged = tf.RaggedTensor.from_value_rowids(tf.boolean_mask(joined, left), rows, nrows=count)
        return tf.strings.unicode_encode(ragged, _UTF_8)

    def _decomposed(self, rows: tf.Tensor, characters: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Characters in NFD, one after the other, with the rows that they are in."""
        numbers = self.numbers.lookup(characters)
        lengths = tf.gather(self.lengths, numbers)
        of = tf.repeat(tf.range(tf.size(characters)), lengths)
        place = tf.range(tf.size(of)) - tf.gather(tf.cumsum(lengths, exclusive=True), of)
        numbers = tf.gather(numbers, of)
        index = tf.where(numbers > 0, tf.gather(self.starts, numbers) + place, 0)
        found = tf.where(numbers > 0, tf.gather(self.parts, index), tf.gather(characters, of))
        return self._ordered(tf.gather(rows, of), found)

    def _ordered(self, rows: tf.Tensor, characters: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Marks that follow one another, in the order of their classes; equals as they were."""
        classes = tf.cast(self.classes.lookup(characters), tf.int64)
        run = rows + tf.cumsum(tf.cast(classes == 0, tf.int64))
        count = tf.size(characters, tf.int64)
        order = tf.argsort((run * 256 + classes) * count + tf.range(count))
        return rows, tf.gather(characters, order)

    def _clusters(self, rows: tf.Tensor, characters: tf.Tensor) -> tf.RaggedTensor:
        """Characters by what they can be joined with: none is taken in by what stands before its cluster."""
        follows = (self.classes.lookup(characters) > 0) | (self.seconds.lookup(characters) > 0)
        begins = ~follows | (rows != tf.concat([[-1], rows[:-1]], axis=0)[: tf.size(rows)])
        return tf.RaggedTensor.from_value_rowids(characters, tf.cumsum(tf.cast(begins, tf.int64)) - 1)

    def _joined(self, clusters: tf.Tensor) -> tf.Tensor:
        """The clusters (clusters, most characters) with every character taken in that can be, from the left to the right."""
        most = tf.shape(clusters)[1]
        first = tf.where(self.classes.lookup(clusters[:, 0]) == 0, 0, -1)

        def body(
            index: tf.Tensor, made: tf.Tensor, starter: tf.Tensor, before: tf.Tensor
        ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]:
            second = made[:, index]
            own = self.classes.lookup(second)
            into = tf.gather(made, tf.maximum(starter, 0), axis=1, batch_dims=1)
            keys = tf.bitwise.left_shift(tf.cast(into, tf.int64), tf.constant(_SHIFT, tf.int64))
            found = self.pairs.lookup(tf.bitwise.bitwise_or(keys, tf.cast(second, tf.int64)))
            taken = (found != _GONE) & (second != _GONE) & (starter >= 0) & (before < own)
            places = tf.range(most)[None]
            made = tf.where(taken[:, None] & (places == starter[:, None]), found[:, None], made)
            made = tf.where(taken[:, None] & (places == index), _GONE, made)
            begins = ~taken & (own == 0)
            starter = tf.where(begins, index, starter)
            before = tf.where(taken, before, tf.where(begins, -1, own))
            return index + 1, made, starter, before

        start = (tf.constant(1), clusters, first, tf.fill(tf.shape(first), -1))
        return tf.while_loop(lambda index, *_: index < most, body, start)[1]


def _not_lowered() -> list[int]:
    """Characters that TensorFlow leaves as they are."""
    codes = [code for code in range(1, sys.maxunicode) if chr(code).lower() != chr(code)]
    lowered = tf.strings.lower([chr(code).encode() for code in codes], encoding="utf-8").numpy()
    return [code for code, found in zip(codes, lowered, strict=True) if found == chr(code).encode()]

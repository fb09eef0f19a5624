"""The step over texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf

from netlib.nn.preprocessing.normal_form import NormalForm
from netlib.nn.preprocessing.step import GraphStep, table
from netlib.spec.features import Feature, PreprocessingSpec
from netlib.spec.preprocessing import texts as spec
from netlib.spec.preprocessing.texts import FIRST, PADDING, TOKENS, UNKNOWN, WORDS


class Tokenize(GraphStep):
    """Rows of tokens: words, characters or bytes."""

    def __init__(self, spec: PreprocessingSpec, learned: Mapping[str, Any], feature: Feature) -> None:
        super().__init__(spec, learned, feature)
        self.normal_form = NormalForm(lower=self.spec.lower, strip_accents=self.spec.strip_accents)
        if self.spec.by != "bytes":
            self.numbers = _numbers(learned[TOKENS], characters=self.spec.by == "characters")

    def __call__(self, values: tf.Tensor) -> tf.Tensor:
        """int32 (rows, length)."""
        texts, length = self.normal_form(tf.reshape(values, [-1])), self.spec.length
        if self.spec.by == "bytes":
            return self._bytes(texts)
        parts = tf.strings.unicode_decode(texts, "UTF-8") if self.spec.by == "characters" else _words(texts)
        tokens = parts.with_flat_values(self.numbers.lookup(parts.flat_values))
        kept = tokens[:, :length] if self.spec.cut == "end" else tokens[:, -length:]
        return tf.ensure_shape(kept.to_tensor(PADDING, shape=[None, length]), [None, length])

    def _bytes(self, texts: tf.Tensor) -> tf.Tensor:
        length = self.spec.length
        beyond = tf.maximum(tf.strings.length(texts) - length, 0)
        start = tf.zeros_like(beyond) if self.spec.cut == "end" else beyond
        kept = tf.strings.substr(texts, start, tf.fill(tf.shape(start), length))
        tokens = tf.io.decode_raw(kept, tf.uint8, fixed_length=length)  # filled up with 0, which is padding
        return tf.cast(tf.reshape(tokens, [-1, length]), tf.int32)


def _numbers(known: Sequence[str], *, characters: bool) -> tf.lookup.StaticHashTable:
    """Of the tokens of a vocabulary."""
    keys = [*map(ord, known)] if characters else known
    return table(keys, range(FIRST, FIRST + len(known)), tf.int32 if characters else tf.string, UNKNOWN)


def _words(texts: tf.Tensor) -> tf.RaggedTensor:
    """All else is taken out, and a blank put behind every word, which has none itself."""
    apart = tf.strings.regex_replace(texts, f"({WORDS})|(?s:.)", r"\1 ")
    parts = tf.strings.split(apart, " ")
    return tf.ragged.boolean_mask(parts, parts != "")


FORMS: dict[type[PreprocessingSpec], type[GraphStep]] = {spec.Tokenize: Tokenize}

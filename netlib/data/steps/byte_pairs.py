"""Tokens of pairs of bytes, by the package tokenizers, which is asked for only where a config wants them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from netlib.data.arrays import Array
from netlib.spec.errors import NetlabError, UsageError

if TYPE_CHECKING:
    from tokenizers import Tokenizer


def trained(portions: Iterable[pl.Series], size: int) -> str:
    """A vocabulary of at most that size, the 256 bytes among it, as JSON; the same for the same texts in whatever portions.

    Raises:
        UsageError: the package is not installed.
    """
    package = _package()
    model = package.Tokenizer(package.models.BPE())
    model.pre_tokenizer = package.pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = sorted(package.pre_tokenizers.ByteLevel.alphabet())
    trainer = package.trainers.BpeTrainer(vocab_size=size, initial_alphabet=alphabet, show_progress=False)
    model.train_from_iterator((texts.to_list() for texts in portions), trainer)
    stored: str = model.to_str()
    return stored


def encoded(model: str, first: int) -> Callable[[pl.Series], tuple[Array, Array]]:
    """What gives the tokens of texts, one after the other, the smallest being `first`, and how many each text has.

    Raises:
        UsageError: the package is not installed.
        NetlabError: that is no model of its.
    """
    tokenizer = _model(model)

    def number(texts: pl.Series) -> tuple[Array, Array]:
        rows = [row.ids for row in tokenizer.encode_batch_fast(texts.to_list(), add_special_tokens=False)]
        lengths = np.array([*map(len, rows)], np.int64)
        return np.fromiter(chain.from_iterable(rows), np.int32, int(lengths.sum())) + first, lengths

    return number


@lru_cache(maxsize=4)
def _model(stored: str) -> Tokenizer:
    package = _package()
    try:
        return package.Tokenizer.from_str(stored)  # type: ignore[no-any-return]
    except Exception as error:  # it raises no narrower kind
        raise NetlabError(f"the package tokenizers cannot read the pairs of bytes that were learned: {error}") from None


def _package() -> Any:
    try:
        import tokenizers
    except ImportError:
        message = 'byte_pairs needs the package tokenizers, which is not installed: pip install "netlab[text]"'
        raise UsageError(message) from None
    return tokenizers

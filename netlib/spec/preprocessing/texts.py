"""The step that makes tokens, the numbers that an Embedding reads, of texts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from netlib.spec.base import Spec
from netlib.spec.features import Feature, PreprocessingSpec
from netlib.spec.tensors import TensorSpec
from netlib.spec.types import PositiveInt, Texts

PADDING, UNKNOWN, FIRST = 0, 1, 2
"""The token that fills what is left of a row, that of what the vocabulary has not, and the vocabulary's first."""
BYTES = 256
"""How many tokens there are where bytes are tokens: each is its own number, and padding that of the character NUL."""
TOKENS, MODEL = "tokens", "model"
"""What is learned: the vocabulary, the most frequent first, equals in the order of code points; or how bytes are paired."""
_WORD = r"[\p{L}\p{M}\p{N}_]+"
_JOINTS = "['’\u200c\u200d]"
WORDS = rf"{_WORD}(?:{_JOINTS}{_WORD})*|[^\p{{Z}}\p{{Cc}}\p{{Cf}}]\p{{M}}*"
"""The words of a text, one after the other, as a regular expression of Rust's and of RE2, which mean the same by it."""
MOST_TOKENS = 2**20
"""In a row."""


def tokens_feature(length: int, size: int | None) -> Feature:
    """Rows of tokens, int32 (rows, length), of a vocabulary of that size (None where only the fit tells)."""
    most = None if size is None else size - 1
    return Feature(TensorSpec((None, length), "int32"), size, minimum=0, maximum=most)


class Vocabulary(Spec):
    """How a text is read, and which of its tokens are told apart; what a token is stands in `by`.

    Texts are brought to the normal form NFC, in which an accented letter is one character however it was typed.
    """

    by: Literal["words", "characters", "bytes", "byte_pairs"] = Field("words", description="What a token is.")
    maximum: PositiveInt | None = Field(
        None,
        description="Size of the vocabulary, padding (0) and unknown (1) among it; the rarest tokens count as unknown. By default"
        " every token of the training split is told apart.",
    )
    vocabulary: Texts | None = Field(
        None, description="The tokens from 2 on, in order; by default those of the training split, by frequency."
    )
    lower: bool = Field(False, description="Whether capital letters are read as small ones.")
    strip_accents: bool = Field(False, description="Whether accents and other marks are taken off their letters.")

    def size(self, learned: Mapping[str, Any] | None = None) -> int | None:
        """How many tokens there are, padding and unknown among them; None where only the fit tells."""
        if self.by == "bytes":
            return BYTES
        if self.vocabulary is not None:
            return len(self.vocabulary) + FIRST
        return self.maximum if self.maximum is not None else None if learned is None else len(learned[TOKENS]) + FIRST

    @model_validator(mode="after")
    def _fits_the_kind_of_tokens(self) -> Self:
        objection = _objection(self.by, self.maximum, self.vocabulary)
        if objection:
            raise ValueError(objection)
        return self


def _objection(by: str, maximum: int | None, vocabulary: tuple[str, ...] | None) -> str:
    """What is wrong with a vocabulary, if something is."""
    least = BYTES + FIRST + 1
    if maximum is not None and vocabulary is not None:
        return "give vocabulary or maximum, not both: vocabulary says how many there are"
    if by == "bytes" and (maximum is not None or vocabulary is not None):
        return f"bytes take no {'maximum' if vocabulary is None else 'vocabulary'}: there are {BYTES} of them"
    if by == "byte_pairs" and vocabulary is not None:
        return "byte_pairs takes no vocabulary: it learns its own, of the size that maximum says"
    if by == "byte_pairs" and (maximum is None or maximum < least):
        return f"byte_pairs needs maximum, the size of its vocabulary, of at least {least}: every byte is in it"
    if maximum is not None and maximum <= FIRST:
        return f"maximum (={maximum}) must be at least {FIRST + 1}: padding and unknown are two of them"
    if vocabulary is not None and not vocabulary:
        return "vocabulary needs at least one token"
    twice = [token for token, count in Counter(vocabulary or ()).items() if count > 1]
    return f"vocabulary has {twice[0]!r} twice" if twice else ""


class Tokenize(Vocabulary, PreprocessingSpec):
    """Texts as rows of `length` tokens: padded with 0 at the end, cut where they are longer; 1 is an unknown token.

    A missing text, and one of no token, is all padding. What a token is:

    - `words`: a run of letters, marks, digits and `_`, inside of which an apostrophe or a joiner of zero width may stand; and
      every other character, with the marks on it, for itself. White space and invisible characters part words and are none.
    - `characters`: each, white space among them.
    - `bytes`: those of UTF-8; their numbers are the tokens, of which none is unknown.
    - `byte_pairs`: the pairs of bytes, and pairs of those, that are most frequent; `pip install "netlab[text]"`. A SavedModel
      takes the tokens themselves.
    """

    shorthand = "length"
    takes = ("text",)
    fills = True
    of_targets = None
    pads = True
    length: PositiveInt = Field(le=MOST_TOKENS, description="Tokens in a row, padding among them.", examples=[100])
    cut: Literal["end", "start"] = Field("end", description="What of a longer text is cut off.")

    def feature(self, feature: Feature, learned: Mapping[str, Any] | None = None) -> Feature:
        """int32 (rows, length)."""
        return tokens_feature(self.length, self.size(learned))

    def no_graph(self, feature: Feature) -> str:
        """See `PreprocessingSpec.no_graph`."""
        return "TensorFlow has no operation that joins pairs of bytes" if self.by == "byte_pairs" else ""

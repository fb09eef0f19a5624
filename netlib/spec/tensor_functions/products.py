"""Products of matrices, which are what multiply-accumulates are counted of."""

from __future__ import annotations

from dataclasses import dataclass, field

from netlib.spec.errors import SpecError
from netlib.spec.tensor_functions.table import AlikeNumeric, Rest, Result, Table, Text, listed
from netlib.spec.tensor_functions.values import Inference, Value, agree, broadcast, inserted, mismatch, without
from netlib.spec.tensors import Shape

FUNCTIONS: Table = {}


@listed(FUNCTIONS, "matmul(x, w)")
def matmul(inference: Inference, x: AlikeNumeric, y: AlikeNumeric) -> Result:
    """`x @ y`: matrix product of the last two axes, the others lined up as in NumPy; a vector is a row or a column."""
    if not x.shape or not y.shape:
        raise mismatch((x, y), ": a matrix product needs at least one axis in each")
    left = inserted(x, 0) if len(x.shape) == 1 else x
    right = inserted(y, 1) if len(y.shape) == 1 else y
    result = _product(inference, x, y, left, right)
    added = [-2] * (len(x.shape) == 1) + [-1] * (len(y.shape) == 1)
    return without(result, [len(result.shape) + axis for axis in added])


def _product(inference: Inference, x: Value, y: Value, left: Value, right: Value) -> Value:
    rows, inner = len(left.shape) - 2, len(left.shape) - 1
    middle, columns = len(right.shape) - 2, len(right.shape) - 1
    try:
        contracted = agree((left, right), (inner, middle))
        many, batch = broadcast(inference, (_leading(left), _leading(right)))
    except SpecError:
        raise mismatch((x, y), ": the last axis of the first must equal the last but one of the second") from None
    if left.batch == inner or right.batch == middle:
        inference.couple()
    candidates = [] if batch is None else [batch]
    candidates += [len(many)] if left.batch == rows else []
    candidates += [len(many) + 1] if right.batch == columns else []
    if len(candidates) > 1:
        inference.couple()
    result = Value((*many, left.shape[rows], right.shape[columns]), x.dtype, candidates[0] if candidates else None)
    counted = [axis for i, axis in enumerate(result.shape) if i != result.batch]
    batches_meet = left.batch == inner or right.batch == middle
    inference.count(counted if batches_meet and contracted is None and result.batch is None else [*counted, contracted])
    return result


def _leading(value: Value) -> Value:
    rank = len(value.shape) - 2
    return Value(
        value.shape[:rank], value.dtype, value.batch if value.batch is not None and value.batch < rank else None
    )


@listed(FUNCTIONS, "dot(x, w)")
def dot(inference: Inference, x: AlikeNumeric, y: AlikeNumeric) -> Result:
    """Sum of products over the last axis of x and the last but one of y (the only one of a vector), as in NumPy."""
    if not x.shape or not y.shape:
        raise mismatch((x, y), ": a dot product needs at least one axis in each")
    inner, middle = len(x.shape) - 1, max(len(y.shape) - 2, 0)
    letters = iter("abcdefghijklmnopqrstuvwxyz" * 2)
    first = [next(letters) for _ in x.shape]
    second = [first[inner] if i == middle else next(letters) for i in range(len(y.shape))]
    kept = [letter for letter in (*first, *second) if letter != first[inner]]
    try:
        return _contracted(inference, [first, second], kept, [x, y])
    except SpecError:
        raise mismatch((x, y), ": the last axis of the first must equal the last but one of the second") from None


@listed(FUNCTIONS, "outer(x, y)")
def outer(inference: Inference, x: AlikeNumeric, y: AlikeNumeric) -> Result:
    """Every element of x's last axis times every one of y's: (..., n) and (..., m) give (..., n, m)."""
    if not x.shape or not y.shape:
        raise mismatch((x, y), ": an outer product needs at least one axis in each")
    shape, batch = broadcast(inference, (inserted(x, len(x.shape)), inserted(y, len(y.shape) - 1)))
    return Value(shape, x.dtype, batch)


@listed(FUNCTIONS, "einsum('bqd,bkd->bqk', x, y)")
def einsum(inference: Inference, equation: Text, operands: Rest) -> Result:
    """Sum of products over named axes: a letter for each axis, those after `->` stay."""
    terms, kept = _terms(equation, operands)
    return _contracted(inference, terms, kept, operands)


def _terms(equation: str, operands: list[Value]) -> tuple[list[list[str]], list[str]]:
    left, arrow, right = equation.replace(" ", "").partition("->")
    terms, kept = [list(term) for term in left.split(",")], list(right)
    letters = {letter for term in terms for letter in term}
    if not arrow or not all(letter.isascii() and letter.isalpha() for letter in (*letters, *kept)):
        raise SpecError(f"einsum needs an equation such as 'ij,jk->ik', got '{equation}'")
    if len(terms) != len(operands):
        raise SpecError(f"'{equation}' is for {len(terms)} tensors, got {len(operands)}")
    if len(set(kept)) < len(kept) or not set(kept) <= letters:
        raise SpecError(f"the letters after '->' in '{equation}' stand there once each, and before it too")
    for term, operand in zip(terms, operands, strict=True):
        if len(term) != len(operand.shape):
            raise SpecError(f"'{''.join(term)}' in '{equation}' names {len(term)} axes, and the tensor is {operand}")
    return terms, kept


@dataclass
class _Letters:
    """What is known of the axes that the letters of an equation name."""

    length: dict[str, int | None] = field(default_factory=dict)
    batch: list[str] = field(default_factory=list)


def _contracted(inference: Inference, terms: list[list[str]], kept: list[str], operands: list[Value]) -> Value:
    letters = _Letters()
    for letter in dict.fromkeys(letter for term in terms for letter in term):
        places = [
            (value, i)
            for term, value in zip(terms, operands, strict=True)
            for i, one in enumerate(term)
            if one == letter
        ]
        letters.length[letter] = agree([value for value, _ in places], [i for _, i in places])
        if any(value.batch == i for value, i in places):
            letters.batch.append(letter)
    if len(letters.batch) > 1 or not set(letters.batch) <= set(kept):
        inference.couple()
    _count(inference, terms, kept, letters)
    batch = next((i for i, letter in enumerate(kept) if letter in letters.batch), None)
    shape: Shape = tuple(letters.length[letter] for letter in kept)
    return Value(shape, operands[0].dtype, batch)


def _count(inference: Inference, terms: list[list[str]], kept: list[str], letters: _Letters) -> None:
    """Pair by pair from the left; a letter is summed away as soon as nothing after needs it."""
    done = set(terms[0])
    for i, term in enumerate(terms[1:], 2):
        needed = set(kept).union(*terms[i:])
        if (done & set(term)) - needed:
            inference.count([letters.length[letter] for letter in done | set(term) if letter not in letters.batch[:1]])
        done = (done | set(term)) & needed

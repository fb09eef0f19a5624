"""All functions and operators of the language in one table each."""

from __future__ import annotations

from netlib.spec.tensor_functions import creation, elementwise, joining, products, reductions, shaping
from netlib.spec.tensor_functions.table import Table

FUNCTIONS: Table = {
    **elementwise.FUNCTIONS,
    **reductions.FUNCTIONS,
    **products.FUNCTIONS,
    **shaping.FUNCTIONS,
    **joining.FUNCTIONS,
    **creation.FUNCTIONS,
}
"""What an expression can call, by name."""

OPERATORS: Table = {**elementwise.OPERATORS, **joining.INDEXING}
"""What signs stand for that no function is called like."""

SIGNS = {
    "@": "matmul",
    "==": "equal",
    "!=": "not_equal",
    "<": "less",
    "<=": "less_equal",
    ">": "greater",
    ">=": "greater_equal",
    "and": "logical_and",
    "or": "logical_or",
    "not": "logical_not",
}
"""The functions behind the other signs."""

RULES: Table = {**FUNCTIONS, **OPERATORS}

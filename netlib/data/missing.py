"""Refuses columns of numbers that have gaps, where no step fills them in."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from netlib.data.arrays import Arrays
from netlib.spec.errors import Problem, SpecError
from netlib.spec.misfits import REST
from netlib.spec.pipeline import Pipeline


def refuse_gaps(arrays: Arrays, pipeline: Pipeline) -> None:
    """Looks through the columns of a table as they were read.

    Raises:
        SpecError: of some, values are missing, and none of their steps fills them in.
    """
    problems = list(_gaps(arrays, pipeline))
    if problems:
        raise SpecError(problems, "data")


def _gaps(arrays: Arrays, pipeline: Pipeline) -> Iterator[Problem]:
    for name, values in arrays.inputs.items():
        if not isinstance(values, np.ndarray) or values.dtype.kind != "f" or pipeline.fills(name):
            continue
        missing = np.isnan(values).reshape(len(values), -1).any(axis=1)
        if missing.any():
            others = [step.type_name() for step in pipeline.steps.get(name, ())]
            steps = f"[Impute, {', '.join(others)}]" if others else "Impute"
            counted = "1 value is missing" if missing.sum() == 1 else f"{missing.sum()} values are missing"
            yield Problem(
                ("preprocess", REST if name in pipeline.rest else name),
                f"column '{name}' has no value in row {arrays.row(int(missing.argmax()))} ({counted}), and no step fills it in:"
                f" put Impute first (preprocess: {{{name}: {steps}}})",
            )

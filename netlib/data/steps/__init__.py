"""What each preprocessing step computes on the host; what its parameters mean stands in `netlib.spec.preprocessing`.

For each file of specs there is one here of the same name, whose `STEPS` has the computations.
"""

from __future__ import annotations

from importlib import import_module

from netlib.data.steps.step import Step
from netlib.spec.features import PreprocessingSpec


def step_of(spec: PreprocessingSpec) -> Step:
    """How the step is computed."""
    module = type(spec).__module__.removeprefix("netlib.spec.preprocessing")
    found: Step = import_module(f"netlib.data.steps{module}").STEPS[type(spec)]
    return found

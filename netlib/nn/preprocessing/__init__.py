"""What each preprocessing step computes in a TensorFlow graph, for a SavedModel; `netlib.data.steps` computes it on the host.

For each file of specs that has graph forms there is one here of the same name, whose `FORMS` has them. A form gives what the host
gives, to the bit but for the last ones of floating-point numbers. What stands for a missing text in a tensor, which has none, is
the empty text.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from netlib.nn.preprocessing.step import GraphStep
from netlib.spec.features import Feature, PreprocessingSpec

_SPECS = "netlib.spec.preprocessing"


def no_graph(spec: PreprocessingSpec, feature: Feature) -> str:
    """Why a step that reads such a feature has no graph form; empty where it has one."""
    ours = type(spec).__module__.startswith(f"{_SPECS}.")
    return spec.no_graph(feature) if ours else "it is a plugin's"


def graph_form(spec: PreprocessingSpec, learned: Mapping[str, Any], feature: Feature) -> GraphStep:
    """The graph form of a fitted step that reads such a feature; it has one where `no_graph` is empty."""
    module = type(spec).__module__.removeprefix(_SPECS)
    form: type[GraphStep] = import_module(f"netlib.nn.preprocessing{module}").FORMS[type(spec)]
    return form(spec, learned, feature)

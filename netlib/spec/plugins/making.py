"""Makes a spec of a user's function, or of a class."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import create_model

from netlib.spec.base import Spec
from netlib.spec.errors import SpecError
from netlib.spec.plugins.origin import Origin
from netlib.spec.plugins.parameters import Parameters
from netlib.spec.registry import class_name

Made = TypeVar("Made", bound=Spec)


def make_spec(
    base: type[Made], written: Callable[..., Any], origin: Origin, parameters: Parameters, name: str = ""
) -> type[Made]:
    """A subclass of `base` with the parameters of what is written, and its docstring; `name` if it is not called as that is.

    Raises:
        PluginMistake: a default is not of its parameter's type.
    """
    about = inspect.getdoc(written) or f"Of {origin.shown}."
    made = create_model(
        name or class_name(origin.name), __base__=base, __module__=base.__module__, __doc__=about, **parameters.fields
    )
    try:
        made.parse({})
    except SpecError as error:
        for problem in error.problems:
            if problem.loc:  # else it is a parameter that has no default
                message = f"has a wrong default: {problem.message}"
                raise origin.mistake(message, str(problem.loc[0])) from None
    return made

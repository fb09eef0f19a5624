"""Whether Optuna is there, which keeps studies and samples: the extra `sweep`. Nothing here imports it."""

from __future__ import annotations

import warnings
from importlib.util import find_spec

from netlib.spec.errors import UsageError

INSTALL = 'pip install "netlab[sweep]"'


def need_optuna() -> None:
    """Refuses to go on without it; with it, from now on it says nothing by itself.

    Raises:
        UsageError: it is not installed.
    """
    if find_spec("optuna") is None:
        raise UsageError(f"a sweep needs Optuna, which is not installed: {INSTALL}")
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)


def need_package(name: str, why: str) -> None:
    """Refuses to go on without a package that Optuna needs for something.

    Raises:
        UsageError: it is not installed.
    """
    if find_spec(name) is None:
        raise UsageError(f"{why} needs the package '{name}', which is not installed: pip install {name}")

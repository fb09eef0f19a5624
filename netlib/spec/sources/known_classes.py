"""Folders of classes beside the classes that a run was trained on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from netlib.spec.errors import SpecError, did_you_mean


def among_known(found: Mapping[str, list[Path]], known: tuple[str, ...]) -> dict[str, list[Path]]:
    """Class -> its files, for every class that is known, in that order; as they were found where none is.

    Raises:
        SpecError: a class is not known: its number would be that of another.
    """
    if not known:
        return dict(found)
    unknown = next((name for name in found if name not in known), None)
    if unknown is not None:
        hint = did_you_mean(unknown, known)
        raise SpecError(
            f"there is a folder '{unknown}', but the run was trained on the classes {_listed(known)}{hint or ': leave it out'}"
        )
    return {name: found.get(name, []) for name in known}


def _listed(names: tuple[str, ...]) -> str:
    most = 8
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown}, ... ({len(names)})"

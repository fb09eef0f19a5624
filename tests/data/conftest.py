"""What several tests of the data room need."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from netlib.spec.data import DataSpec


@pytest.fixture
def npz(tmp_path: Path) -> Callable[..., DataSpec]:
    """Writes arrays to a file and gives the section that reads them: `npz({"x": ..., "y": ...}, validation=0.1)`."""

    def write(arrays: dict[str, object], **section: object) -> DataSpec:
        np.savez(tmp_path / "samples.npz", **arrays)  # type: ignore[arg-type]
        return DataSpec.parse({"source": "npz", "path": str(tmp_path / "samples.npz"), **section})

    return write

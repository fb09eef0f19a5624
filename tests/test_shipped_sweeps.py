"""Every shipped sweep is checked: each value of its space on its config."""

from __future__ import annotations

from pathlib import Path

import pytest

from netlib.config.sweep_file import load_sweep

SWEEPS = Path(__file__).parents[1] / "configs" / "sweeps"


@pytest.mark.parametrize("path", sorted(SWEEPS.rglob("*.yaml")), ids=lambda path: path.stem)
def test_it_has_no_problem_and_a_teaching_header(path: Path) -> None:
    sweep = load_sweep(path)
    assert f"netlab sweep configs/sweeps/{path.relative_to(SWEEPS)}\n" in sweep.text.partition("\nconfig:")[0]
    assert not sweep.experiment.warnings


def test_there_are_sweeps() -> None:
    assert [*SWEEPS.rglob("*.yaml")]

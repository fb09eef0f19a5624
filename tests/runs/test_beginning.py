from __future__ import annotations

from pathlib import Path

import pytest

from netlib.runs.beginning import gone_unless_ready
from netlib.runs.directory import create, create_at
from netlib.spec.errors import NetlabError


@pytest.mark.parametrize("error", [NetlabError("no room"), KeyboardInterrupt()])
def test_nothing_is_left_of_a_run_that_is_not_ready(tmp_path: Path, error: BaseException) -> None:
    run = create(tmp_path / "runs", "net", {"config.yaml": "name: net"})
    (run.checkpoints / "step-00000000").mkdir()
    with pytest.raises(type(error)), gone_unless_ready(run):
        raise error
    assert not list((tmp_path / "runs").iterdir())
    assert create(tmp_path / "runs", "net").path.name == "net-1"


def test_one_that_is_ready_stays(tmp_path: Path) -> None:
    run = create_at(tmp_path / "run", {"config.yaml": "name: net"})
    with gone_unless_ready(run):
        run.write("summary.txt", "")
    assert sorted(path.name for path in run.path.iterdir()) == ["checkpoints", "config.yaml", "summary.txt"]

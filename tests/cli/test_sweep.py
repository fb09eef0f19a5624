"""`netlab sweep` as it is installed: with real workers, stopped, killed and started again; and what it refuses."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

SEARCH = """\
config: tiny.yaml
name: search
space:
  train.optimizer.Adam.learning_rate: {log: [1e-4, 1e-1]}
  model.hidden.units: [4, 8]
sampler: random
trials: 6
"""


@pytest.fixture
def folder(config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    config.write_text(config.read_text().replace("epochs: 2", "epochs: 2\n  optimizer: {Adam: {learning_rate: 1e-3}}"))
    Path("search.yaml").write_text(SEARCH)
    return tmp_path


def ended(folder: Path) -> int:
    base = folder / "runs" / "search" / "study.db"
    if not base.exists():
        return 0
    with sqlite3.connect(base) as reading:
        tables = reading.execute("select count(*) from sqlite_master where name = 'trials'").fetchone()[0]
        count = reading.execute("select count(*) from trials where state = 'COMPLETE'").fetchone()[0] if tables else 0
    reading.close()
    return int(count)


def wait_until(met: Callable[[], bool], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.05)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="children are looked up in /proc")
def test_stopped_killed_and_started_again_it_ends_with_the_trials_that_are_wanted(folder, command, started):
    def begin(workers: int) -> subprocess.Popen[str]:
        words = [command, "sweep", "search.yaml", "--workers", str(workers)]
        return subprocess.Popen(words, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    stopped = begin(1)
    wait_until(lambda: ended(folder) >= 1)
    stopped.send_signal(signal.SIGINT)
    _, said = stopped.communicate(timeout=60)
    assert stopped.returncode == 130
    assert re.search(
        r"stopped by SIGINT after \d of 6 trials(; 1 more is saved on the way)?; "
        r"go on with: netlab sweep search.yaml --workers 1\n$",
        said,
    )
    killed, before = begin(1), ended(folder)
    wait_until(lambda: ended(folder) > before)
    workers = Path(f"/proc/{killed.pid}/task/{killed.pid}/children").read_text().split()
    assert len(workers) == 1
    for number in [killed.pid, *map(int, workers)]:
        os.kill(number, signal.SIGKILL)
    killed.communicate()
    assert ended(folder) < 6
    done = started("sweep", "search.yaml", "--workers", "2")
    assert done.returncode == 0, done.stderr
    assert "search: 6 of 6 trials have ended (6 complete)" in done.stdout
    assert done.stdout.endswith("runs/search\n")
    lines = done.stderr.splitlines()
    assert re.fullmatch(r"search: \d/6 trials; kept in runs/search/study.db", lines[0])
    assert any(
        re.match(r"trial \d  complete  validation.loss [\d.]+  2 epochs  .*units=[48]  \(6/6 trials", x) for x in lines
    )
    assert re.search(r"show +netlab sweep show runs/search\n", done.stderr)
    assert re.search(r"measure +netlab eval --checkpoint runs/search/trial-000\d\n", done.stderr)
    listed = started("runs", "runs/search", "--json")
    runs = json.loads(listed.stdout)
    assert [(run["name"], run["state"]) for run in runs] == [(run["name"], "finished") for run in runs]
    assert sorted(run["name"] for run in runs) == [f"trial-000{number}" for number in range(6)]
    assert started("plot", "runs/search/trial-0000", "runs/search/trial-0001").returncode == 0
    again = started("sweep", "search.yaml", "--json")
    facts = json.loads(again.stdout)
    assert again.stderr == ""
    assert (facts["wanted"], facts["reason"], len(facts["trials"])) == (6, "all trials have ended", 6)
    other = started("sweep", "search.yaml", "train.epochs=3")
    assert other.returncode == 2
    assert "sweep 'search' in runs/search/study.db searches something else" in other.stderr
    assert "  config.train.epochs: 2 -> 3\n" in other.stderr


def test_what_cannot_be_is_refused_before_tensorflow_is_imported(folder, started):
    done = started("sweep", "nothing.yaml")
    assert done.returncode == 2
    assert "nothing.yaml" in done.stderr
    done = started("sweep", "search.yaml", "--storage", "postgrsql://me@host/base")
    assert done.returncode == 2
    assert "no database is called 'postgrsql'" in done.stderr
    done = started("sweep", "search.yaml", "--workers", "0")
    assert done.returncode == 2
    assert "--workers must be at least 1, got 0" in done.stderr
    Path("runs").touch()
    done = started("sweep", "search.yaml")
    assert done.returncode == 1
    assert done.stderr.startswith("error: cannot make ")
    assert "Traceback" not in done.stderr


def test_the_group_runs_a_sweep_where_no_verb_is_named(started):
    assert "Search a config's keys for the best values" in started("sweep", "--help").stdout
    assert "Show what a sweep has come to" in started("sweep", "show", "--help").stdout


def test_the_process_that_runs_it_needs_no_tensorflow(started):
    code = (
        "import sys, netlab.sweep, netlib.tasks.sweep.run_sweep, netlib.tasks.sweep.study, netlib.tasks.sweep.view\n"
        "sys.exit('tensorflow' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

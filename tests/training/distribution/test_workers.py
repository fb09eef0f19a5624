"""Two workers, which are processes of this machine: what they train, how they end together, and what is left if one dies."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

SCRIPT = Path(__file__).with_name("working.py")
DEATHS = ("training", "validating", "compiling")
PATIENCE = 240
"""Seconds for all processes; the machine may be busy."""
WITHIN = 10
"""Seconds in which the chief has saved, and ends, after the other one died."""


def ports(count: int) -> list[int]:
    """That nobody listens on."""
    with_all = [socket.socket() for _ in range(count)]
    try:
        for each in with_all:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in with_all]
    finally:
        for each in with_all:
            each.close()


class Pair:
    """Two workers, of which one may die."""

    def __init__(self, folder: Path, death: str) -> None:
        self._folder, self._death = folder, death
        addresses = [f"127.0.0.1:{port}" for port in ports(2)]
        self.processes = [self._started(addresses, worker) for worker in range(2)]

    def _started(self, addresses: list[str], worker: int) -> subprocess.Popen[bytes]:
        cluster = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": worker}}
        environment = {**os.environ, "TF_CONFIG": json.dumps(cluster)}
        with self._log(worker).open("wb") as log:
            command = [sys.executable, str(SCRIPT), str(self._folder), str(worker), self._death]
            return subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)

    def _log(self, worker: int) -> Path:
        return self._folder / f"{self._death} {worker}.log"

    def ended(self, worker: int, until: float) -> int:
        """How a worker ended, which it must before that time."""
        try:
            return self.processes[worker].wait(until - time.monotonic())
        except subprocess.TimeoutExpired:
            pytest.fail(f"worker {worker} ({self._death}) does not end: {self._log(worker).read_text()[-2000:]}")

    def found(self, worker: int) -> dict[str, Any]:
        """What a worker says."""
        written = self._folder / f"{self._death} {worker}.json"
        assert written.exists(), self._log(worker).read_text()[-3000:]
        found: dict[str, Any] = json.loads(written.read_text())
        return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where all processes write."""
    return tmp_path_factory.mktemp("workers")


@pytest.fixture(scope="module")
def pairs(folder: Path) -> Iterator[dict[str, Pair]]:
    """All at once; what hangs is killed in the end."""
    found: dict[str, Pair] = {}
    try:
        for death in ("never", *DEATHS):
            found[death] = Pair(folder, death)
        yield found
    finally:
        for pair in found.values():
            for process in pair.processes:
                process.kill()
                process.wait()


@pytest.fixture(scope="module")
def died(pairs: dict[str, Pair]) -> dict[str, float]:
    """When the others died."""
    until = time.monotonic() + PATIENCE
    found: dict[str, float] = {}
    while len(found) < len(DEATHS) and time.monotonic() < until:
        for death in DEATHS:
            if pairs[death].processes[1].poll() is not None:
                found.setdefault(death, time.time())
        time.sleep(0.02)
    assert [pairs[death].ended(0, until) for death in found] == [0] * len(DEATHS)
    return found


@pytest.fixture(scope="module")
def together(pairs: dict[str, Pair], died: dict[str, float]) -> list[dict[str, Any]]:
    """What both workers found where nobody died."""
    until = time.monotonic() + PATIENCE
    assert [pairs["never"].ended(worker, until) for worker in range(2)] == [0, 0]
    return [pairs["never"].found(worker) for worker in range(2)]


@pytest.fixture(scope="module")
def reference(folder: Path, pairs: dict[str, Pair], died: dict[str, float], together: list[dict[str, Any]]) -> Path:
    """The same trainings by two replicas of one process, up to the same steps."""
    ended = {**together[0], **{death: pairs[death].found(0)[death] for death in DEATHS}}
    wanted = [f"{name}={each['step']}" for name, each in ended.items() if name != "agreed"]
    command = [sys.executable, str(SCRIPT.with_name("reference.py")), str(folder), *wanted]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


def assert_same(folder: Path, name: str, one: Any, other: Any, *, but: tuple[str, ...] = ()) -> None:
    with np.load(folder / f"{name} {one}.npz") as first, np.load(folder / f"{name} {other}.npz") as second:
        assert len(first.files) > 5
        for each in first.files:
            if not each.startswith(but):
                assert first[each].tobytes() == second[each].tobytes(), each


@pytest.mark.parametrize("name", ["graph", "xla", "signal", "max_time"])
def test_both_workers_have_the_same_bits(folder: Path, together: list[dict[str, Any]], name: str) -> None:
    first, second = together
    assert first[name]["step"] == second[name]["step"]
    assert_same(folder, name, 0, 1)


@pytest.mark.parametrize("name", ["graph", "xla"])
def test_they_have_those_of_two_devices(reference: Path, name: str) -> None:
    assert_same(reference, name, 0, "mirrored")


def test_they_agree_on_the_greatest(together: list[dict[str, Any]]) -> None:
    assert [each["agreed"] for each in together] == [[2.0, 5.0], [2.0, 5.0]]


def test_a_signal_to_one_ends_both(reference: Path, together: list[dict[str, Any]]) -> None:
    """At the same step, in the middle of an epoch; the chief saves."""
    first, second = (each["signal"] for each in together)
    assert first["step"] == second["step"] > 20
    assert first["epoch"] == 0
    assert first["ended"].startswith(
        f"Interrupted: stopped by SIGTERM after step {first['step']} of 3001 in epoch 1; saved"
    )
    assert second["ended"] == f"Interrupted: stopped by SIGTERM after step {first['step']} of 3001 in epoch 1"
    assert_same(reference, "signal", 0, "mirrored", but=("facts", "train", "validation"))


def test_a_time_limit_ends_both_though_their_clocks_differ(together: list[dict[str, Any]]) -> None:
    first, second = (each["max_time"] for each in together)
    assert first["ended"] == second["ended"] == "the budget is spent"
    assert first["step"] == second["step"] > together[0]["signal"]["step"]


@pytest.mark.parametrize("death", DEATHS)
def test_where_one_dies_the_chief_saves_the_last_whole_step(
    reference: Path, pairs: dict[str, Pair], died: dict[str, float], death: str
) -> None:
    """To the bit what two replicas have there that nobody disturbs."""
    found = pairs[death].found(0)[death]
    assert found["at"] - died[death] < (PATIENCE if death == "compiling" else WITHIN)  # it compiles to the end
    assert found["ended"].startswith("WorkerLost: worker 0 lost the others: one of them ended, or the network failed; ")
    assert f"saved, go on with: netlab train --resume {reference / 'runs' / death}" in found["ended"]
    # Whoever dies at once after a sum may have had it, and the chief not yet.
    assert (
        found["step"] > 20 if death == "training" else found["step"] in {"validating": (7, 8), "compiling": (0,)}[death]
    )
    whole = () if death == "training" else ("sum of",)  # the reference has ended its epoch
    assert_same(reference, death, 0, "mirrored", but=("facts", "train", "validation", *whole))
    assert list((reference / "runs").glob(f"{death}*/checkpoints/step-{found['step']:08}"))

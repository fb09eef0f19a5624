"""Measures how fast configs train, each in a process of its own. Here is what needs no TensorFlow; `bench_process` measures."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from netlib.config.load import load
from netlib.config.problems import ConfigError, render
from netlib.report.bench_figures import geometric_mean
from netlib.runs import environment
from netlib.spec.errors import NetlabError, UsageError, did_you_mean, one_of
from netlib.tasks.check import configs_in
from netlib.tasks.plan import Complete

PEERS = ("keras", "keras-tuned")
ROUNDS = 5

Tell = Callable[[str, str], None]
"""Is told what is done now: the config, and the phase of its measurement."""


@dataclass(frozen=True)
class BenchPlan:
    """What is to be measured, and against what. `alone`: one config was asked for, so what is wrong with it is wrong with all.
    `plugins` are loaded here already, and in each process that measures."""

    configs: tuple[Path, ...]
    overrides: tuple[str, ...]
    against: tuple[str, ...]
    rounds: int
    alone: bool
    plugins: tuple[Path, ...] = ()


def plan_bench(
    path: Path,
    overrides: Sequence[str] = (),
    against: Sequence[str] = (),
    rounds: int = ROUNDS,
    plugins: Sequence[Path] = (),
) -> BenchPlan:
    """Checks what `bench` is asked for; the arguments are its own.

    Raises:
        UsageError: there is no such config or peer; or the only config is not valid.
    """
    for peer in against:
        if peer not in PEERS:
            raise UsageError(f"--against takes {one_of(PEERS)}, got '{peer}'{did_you_mean(peer, PEERS)}")
    if rounds < 1:
        raise UsageError(f"--rounds must be at least 1, got {rounds}")
    alone = not path.is_dir()
    if alone:
        Complete.of(load(path, overrides))
    configs = (path,) if alone else tuple(configs_in(path))
    return BenchPlan(configs, tuple(overrides), tuple(dict.fromkeys(against)), rounds, alone, tuple(plugins))


def bench(plan: BenchPlan, tell: Tell = lambda config, phase: None) -> dict[str, Any]:
    """Measures one config after the other; a document of plain values.

    Its keys:

    - `benchmarks`: for each config `config`, its file, and either `error`, why it could not be measured, or
      - `name`, `parameters`, `execution`, `execution_reason`, `threads`, `samples`, `batch_size`, `steps_per_epoch`, `rounds`,
        `epochs_per_round`;
      - `samples_per_second` and `step_seconds`: `median`, `min`, `max`, and `rounds`, the value of each round;
      - `start`, in seconds: `import`, that of TensorFlow; `first_step`, from there to the end of the first step; and of what that
        consists: `libraries`, `data`, `model`, `compile` (tracing, compiling and the step itself);
      - `shares` of the time: `compute` in the compiled loop, `data` waiting for the samples, `python` the rest;
      - `peak_memory_bytes` of the process after warming up, before anything else is measured in it;
      - `flops`: `per_sample` forward and backward, `per_second`, `share_of_matmul_peak`; None where they are not known;
      - `matmul`, in FLOP/s: `before`, `after`, and `peak`, the greater;
      - `peers`: for each of `against` by its name `samples_per_second`, `ratio` (`median`, `min`, `max`, `rounds`),
        `steps_per_execution`, and `tried`, samples per second by the steps per execution that were tried; or `reason`, why it
        could not be measured.
    - `geometric_means`: by peer, that of the ratios; None where no config has one.
    - `against`, `rounds`, `versions`, `machine`.

    Args:
        plan: what is to be measured.
        tell: is told what is done now.

    Raises:
        NetlabError: the only config could not be measured.
    """
    found = [_measured(config, plan, tell) for config in plan.configs]
    return {
        "benchmarks": found,
        "geometric_means": {peer: _mean_ratio(found, peer) for peer in plan.against},
        "against": list(plan.against),
        "rounds": plan.rounds,
        "versions": environment.versions(),
        "machine": environment.machine(),
    }


def _mean_ratio(benchmarks: Sequence[dict[str, Any]], peer: str) -> float | None:
    peers = [each["peers"][peer] for each in benchmarks if "peers" in each]
    return geometric_mean(each["ratio"]["median"] for each in peers if "ratio" in each)


def _measured(config: Path, plan: BenchPlan, tell: Tell) -> dict[str, Any]:
    request = {
        "config": str(config),
        "overrides": list(plan.overrides),
        "against": list(plan.against),
        "rounds": plan.rounds,
        "plugins": list(map(str, plan.plugins)),
    }
    try:
        Complete.of(load(config, plan.overrides))
        found = _in_a_process(request, lambda phase: tell(str(config), phase))
    except NetlabError as error:
        if plan.alone:
            raise
        text = render(error.problems) if isinstance(error, ConfigError) else str(error)
        return {"config": str(config), "error": text}
    return {"config": str(config), **found}


def _in_a_process(request: dict[str, Any], tell: Callable[[str], None]) -> dict[str, Any]:
    """What a new process finds.

    Raises:
        NetlabError: it failed, or ended without a word.
    """
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as complaints, _child(complaints) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        with suppress(BrokenPipeError):  # it has ended already: its last words are told below
            child.stdin.write(json.dumps(request) + "\n")
            child.stdin.flush()
        for line in child.stdout:
            said = json.loads(line)
            if "phase" in said:
                tell(said["phase"])
            elif "error" in said:
                raise NetlabError(said["error"])
            else:
                return dict(said["result"])
        complaints.seek(0)
        last = complaints.read().strip().splitlines()[-1:]
        raise NetlabError(f"the process that measures ended with code {child.wait()}: {''.join(last) or 'no word'}")


@contextmanager
def _child(complaints: IO[str]) -> Iterator[subprocess.Popen[str]]:
    """A process that measures, and is gone afterwards, however this ends.

    It ends by itself when its stdin does, so it outlives this process in no case.
    """
    command = [sys.executable, "-P", "-m", "netlib.tasks.bench_process"]
    environ = {"TF_CPP_MIN_LOG_LEVEL": "3", **os.environ}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": complaints}
    with subprocess.Popen(command, text=True, encoding="utf-8", env=environ, **pipes) as child:  # type: ignore[call-overload]
        try:
            yield child
        finally:
            child.kill()
            assert child.stdin is not None
            with suppress(BrokenPipeError):  # it ended before it had read what it was asked
                child.stdin.close()

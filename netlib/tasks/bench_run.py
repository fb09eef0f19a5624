"""Measures one config in this process: its start-up, its training loop, and, in turns with it, the peers."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from netlib.report import bench_figures as figures
from netlib.spec.costs import flops
from netlib.spec.training import TrainSpec
from netlib.tasks.plan import Complete
from netlib.tasks.starting import uncollected

if TYPE_CHECKING:
    from netlib.tasks.bench_loop import Measured

Say = Callable[[str], None]


def measure(config: Complete, against: Sequence[str], rounds: int, say: Say) -> dict[str, Any]:
    """The measurements, as `netlib.tasks.bench.bench` has them; TensorFlow must not have been imported before.

    Raises:
        NetlabError: the config cannot be trained.
    """
    say("importing TensorFlow")
    began = time.perf_counter()
    with uncollected():
        import tensorflow  # noqa: F401, ICN001  # the import that takes seconds, timed by itself

        imported = time.perf_counter()
        from netlib.tasks.bench_loop import measured

    libraries = time.perf_counter()
    found = measured(config, measured_part(config.train), against, rounds, say)
    start = {
        "import": imported - began,
        "first_step": found.first_step_at - imported,
        "libraries": libraries - imported,
        "data": found.seconds_of_data,
        "model": found.seconds_of_model,
    }
    start["compile"] = start["first_step"] - start["libraries"] - start["data"] - start["model"]
    return {**found.facts, **_timed(found), "start": start, **_costs(config, found), "peers": _against(found)}


def measured_part(train: TrainSpec) -> TrainSpec:
    """What of a `train` section is measured: all but budgets, callbacks, and what needs a validation."""
    without = ("epochs", "steps", "max_time", "early_stopping", "monitor")
    return train.model_copy(update={**dict.fromkeys(without), "callbacks": ()})


def _timed(found: Measured) -> dict[str, Any]:
    rounds = found.rounds
    seconds, compute, data = (sum(getattr(each, name) for each in rounds) for name in ("seconds", "compute", "data"))
    return {
        "rounds": len(rounds),
        "epochs_per_round": rounds[0].epochs,
        "samples_per_second": figures.spread([each.samples / each.seconds for each in rounds]),
        "step_seconds": figures.spread([each.seconds / each.steps for each in rounds]),
        "shares": figures.shares(seconds, compute, data),
    }


def _costs(config: Complete, found: Measured) -> dict[str, Any]:
    macs = config.graph.macs()
    peak = max(found.matmul_before, found.matmul_after)
    rate = figures.spread([each.samples / each.seconds for each in found.rounds])["median"]
    return {
        "peak_memory_bytes": found.peak_memory,
        "flops": figures.operations(None if macs is None else sum(flops(macs)), rate, peak),
        "matmul": {"before": found.matmul_before, "after": found.matmul_after, "peak": peak},
    }


def _against(found: Measured) -> dict[str, Any]:
    ours = [each.samples / each.seconds for each in found.rounds]
    return {
        name: {"reason": peer.reason}
        if peer.reason
        else {
            "samples_per_second": figures.spread(peer.rates),
            "ratio": figures.ratios(ours, peer.rates),
            "steps_per_execution": peer.steps_per_execution,
            "tried": {str(steps): rate for steps, rate in peer.tried.items()},
        }
        for name, peer in found.peers.items()
    }

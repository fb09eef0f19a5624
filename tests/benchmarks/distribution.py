"""What it costs to train together: one process against two workers, and two replicas of one process, of one thread each.

    python tests/benchmarks/distribution.py [--rounds 5] [--seconds 2] [CONFIG ...]

Each replica has the rows that the one process has, so that two of them would train on twice as many samples a second if nothing
were told and they had a core each. All are started once, and then measured in turns, so that the machine's moods meet all of
them alike. `alone` is two processes at once that know nothing of each other: what the machine itself takes away.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

CONFIGS = Path(__file__).parents[2] / "configs" / "bench"
KINDS = ("one", "alone", "workers", "mirrored")


def main() -> None:
    """Measures, and prints a table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("configs", nargs="*", default=["tiny_mlp", "mlp", "cnn"])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.worker:
        serve(given.configs[0], given.worker, given.seconds)
        return
    print(f"{'config':<12}{'kind':<10}{'samples/s':>12}{'of one':>24}   us a step")
    for config in given.configs:
        compare(config, given.rounds, given.seconds)


def compare(config: str, rounds: int, seconds: float) -> None:
    """Measures one network in all ways."""
    crews = {"one": crew(config, "one", seconds, 1), "mirrored": crew(config, "mirrored", seconds, 1)}
    crews |= {"workers": crew(config, "workers", seconds, 2), "alone": crew(config, "alone", seconds, 2)}
    try:
        facts = {kind: [json.loads(each.stdout.readline()) for each in crews[kind]] for kind in KINDS}
        measured: dict[str, list[float]] = {kind: [] for kind in KINDS}
        steps: dict[str, list[float]] = {kind: [] for kind in KINDS}
        for _ in range(rounds):
            for kind in KINDS:
                found = ask(crews[kind])
                together = 1 if kind in ("workers", "mirrored") else len(found)
                measured[kind].append(sum(each["samples_per_second"] for each in found) / len(found) * together)
                steps[kind].append(found[0]["step"] * 1e6)
    finally:
        for each in (process for crew_ in crews.values() for process in crew_):
            each.kill()
            each.wait()
    for kind in KINDS:
        ratios = sorted(mine / one for mine, one in zip(measured[kind], measured["one"], strict=True))
        spread = f"{ratios[0]:.2f} {statistics.median(ratios):.2f} {ratios[-1]:.2f}"
        print(
            f"{config:<12}{kind:<10}{statistics.median(measured[kind]):>12,.0f}{spread:>24}"
            f"   {statistics.median(steps[kind]):,.0f}   {facts[kind][0].get('sums', '')}",
            flush=True,
        )


def crew(config: str, kind: str, seconds: float, size: int) -> list[subprocess.Popen[str]]:
    """Starts processes that measure when they are asked."""
    sockets = [socket.socket() for _ in range(size)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    cluster = {"worker": [f"127.0.0.1:{each.getsockname()[1]}" for each in sockets]}
    for each in sockets:
        each.close()
    command = [sys.executable, __file__, config, "--worker", kind, "--seconds", str(seconds)]
    started = []
    for index in range(size):
        environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
        if kind == "workers":
            environment["TF_CONFIG"] = json.dumps({"cluster": cluster, "task": {"type": "worker", "index": index}})
        started.append(
            subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        )
    return started


def ask(processes: list[subprocess.Popen[str]]) -> list[dict[str, float]]:
    """Lets all of them measure at once."""
    for each in processes:
        assert each.stdin
        print("go", file=each.stdin, flush=True)
    return [json.loads(each.stdout.readline()) for each in processes if each.stdout]


def serve(config: str, kind: str, seconds: float) -> None:
    """Builds a training, says what its sums take, and measures each time it is asked."""
    import tensorflow as tf

    from netlib.tasks import session
    from netlib.tasks.plan import plan_training
    from netlib.training.environment import configure
    from netlib.training.replicas import ALONE, Replicas
    from netlib.training.setup import make_engine
    from netlib.training.strategies import mirrored, multi_worker

    plan = plan_training(CONFIGS / f"{config}.yaml", ["train.threads=1"], dry_run=True)
    configure(1)
    replicas: Replicas = ALONE
    if kind == "mirrored":
        replicas = mirrored(2)
    elif kind == "workers":
        replicas = multi_worker(json.loads(os.environ["TF_CONFIG"])["task"]["index"], 2)
    with replicas.scope():
        made = session.start(plan, plan.config.train, [])
        rows = made.config.data.batch_size * replicas.count
        engine = make_engine(made.model, made.train, made.heads, rows, 1, replicas=replicas)
        feed = engine.feed(made.splits.train)
        block = next(iter(feed.epoch(0, 0, feed.steps)))
        steps = block.end - block.first

        def run() -> None:
            engine.loop.run(block, 0, steps, 0)

        run()
        sums = bytes_summed(engine, tf)
        print(json.dumps({"sums": sums} if replicas.count > 1 else {}), flush=True)
        for _ in sys.stdin:
            rounds = 0
            began = time.perf_counter()
            going = True
            while going:
                run()
                rounds += 1
                (elapsed,) = replicas.agreed([time.perf_counter() - began])
                going = elapsed < seconds
            step = (time.perf_counter() - began) / (rounds * steps)
            print(json.dumps({"samples_per_second": rows / step, "step": step}), flush=True)


def bytes_summed(engine: Any, tf: Any) -> str:
    """What a replica sends in a step, about."""
    weights = sum(v.shape.num_elements() * v.dtype.size for v in engine.model.trainable_variables)
    counters = sum(4 * v.shape.num_elements() for v in engine.meters.named_variables().values())
    kinds = {v.dtype for v in engine.model.trainable_variables}
    del tf
    return f"{(weights + counters) / 1024:,.1f} KiB in {len(kinds)} messages"


if __name__ == "__main__":
    main()

"""The loop of a config as it trains, measured round by round; between two rounds each peer has its turn."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from netlib.data.arrays import Arrays
from netlib.data.load import Splits
from netlib.data.load import load as load_data
from netlib.data.streaming import Samples, form_of
from netlib.spec.errors import UsageError
from netlib.spec.training import TrainSpec
from netlib.tasks.bench_peer import Peer, Subject, make_peer
from netlib.tasks.build import build, known_at_build
from netlib.tasks.data_contract import check_splits
from netlib.tasks.placed import unknown_placed
from netlib.tasks.plan import Complete
from netlib.training.environment import configure
from netlib.training.fit import fit
from netlib.training.measuring import Round, Stopwatch, TimedFeed, matmul_rate, peak_memory
from netlib.training.model import Model
from netlib.training.setup import Engine, execution_of, heads_of, make_engine, prepare

Say = Callable[[str], None]


@dataclass(frozen=True)
class Measured:
    """All that was measured. Rates of products of matrices in FLOP/s, times in seconds, `first_step_at` by the clock."""

    facts: Mapping[str, Any]
    rounds: Sequence[Round]
    peers: Mapping[str, Peer]
    first_step_at: float
    seconds_of_data: float
    seconds_of_model: float
    peak_memory: int
    matmul_before: float
    matmul_after: float


def measured(config: Complete, train: TrainSpec, against: Sequence[str], rounds: int, say: Say) -> Measured:
    """Trains the config by `train`, for so many rounds.

    Raises:
        NetlabError: it cannot be trained.
    """
    threads = configure(train.threads)
    config = config.with_experiment(known_at_build(config.experiment))
    began = time.perf_counter()
    say("reading the data")
    splits = load_data(config.data, config.experiment.seed)
    read = time.perf_counter()
    say("building the model")
    model = build(config.experiment)
    heads = heads_of(model, train, form_of(splits.train))
    check_splits(splits, config.graph, heads)
    engine = make_engine(model, train, heads, config.data.batch_size, config.experiment.seed)
    built = time.perf_counter()
    say("compiling")
    turns = _Turns(Subject(model, train, heads, in_memory(splits.train, against), config.data), against, rounds, say)
    watch = _trained(config, engine, splits, rounds, turns)
    assert watch.first_step_at is not None
    return Measured(
        facts=_facts(config, model, train, splits, watch, threads),
        rounds=watch.rounds,
        peers=turns.peers,
        first_step_at=watch.first_step_at,
        seconds_of_data=read - began,
        seconds_of_model=built - read,
        peak_memory=turns.peak_memory,
        matmul_before=turns.matmul_before,
        matmul_after=matmul_rate(),
    )


def in_memory(samples: Samples, against: Sequence[str]) -> Arrays:
    """The samples that peers train on too.

    Raises:
        UsageError: there are peers, and the samples stay in their files.
    """
    if against and not isinstance(samples, Arrays):
        raise UsageError(
            "a comparison needs the samples in memory, and data.memory allows less: leave it out, or --against"
        )
    return form_of(samples)


def _trained(config: Complete, engine: Engine, splits: Splits[Samples], rounds: int, turns: _Turns) -> Stopwatch:
    data = config.data
    feed = TimedFeed(engine.feed(splits.train, shuffle=data.shuffle, drop_remainder=data.drop_remainder))
    watch = Stopwatch(feed, rounds, turns)
    with unknown_placed(config.experiment):
        fit(replace(prepare(engine, feed, None, callbacks=[watch]), header=None))
    return watch


def _facts(
    config: Complete, model: Model, train: TrainSpec, splits: Splits[Samples], watch: Stopwatch, threads: int
) -> dict[str, Any]:
    execution = execution_of(model, train)
    first = watch.rounds[0]
    return {
        "name": config.experiment.name,
        "parameters": config.graph.parameters().total,
        "execution": execution.mode,
        "execution_reason": execution.reason,
        "threads": threads,
        "samples": len(splits.train),
        "batch_size": config.data.batch_size,
        "steps_per_epoch": first.steps // first.epochs,
    }


class _Turns:
    """What happens off the clock of the loop: after warming up the machine is measured and peers are made; then each round."""

    def __init__(self, subject: Subject, against: Sequence[str], rounds: int, say: Say) -> None:
        self.peers: dict[str, Peer] = {}
        self.peak_memory = 0
        self.matmul_before = 0.0
        self._subject = subject
        self._against = against
        self._rounds = rounds
        self._say = say

    def __call__(self, done: int) -> None:
        if not done:
            self._measure_machine()
            self._make_peers()
        for name, peer in self.peers.items():
            if done and not peer.reason:
                self._say(f"round {done} of {self._rounds}: {name}")
                peer.run_round()
        if done < self._rounds:
            self._say(f"round {done + 1} of {self._rounds}")

    def _measure_machine(self) -> None:
        self.peak_memory = peak_memory()
        self._say("matmul peak")
        self.matmul_before = matmul_rate()

    def _make_peers(self) -> None:
        for name in self._against:
            self._say(f"{name}: building and warming up")
            self.peers[name] = make_peer(name, self._subject)

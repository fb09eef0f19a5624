"""Trials that are trained: their runs, and what becomes of them in the study."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import optuna
import pytest

from netlib.runs import outcome
from netlib.runs.directory import RunDirectory, open_run
from netlib.runs.overview import overview
from netlib.spec.training import Monitored
from netlib.tasks.compare import compare
from netlib.tasks.list_runs import list_runs
from netlib.tasks.sweep import worker as rooms
from netlib.tasks.sweep.attributes import STARTS, WORKER
from netlib.tasks.sweep.claims import Claims
from netlib.tasks.sweep.liveness import me
from netlib.tasks.sweep.pruning import LOST
from netlib.tasks.sweep.study import open_study
from netlib.tasks.sweep.trial import DEATHS, Outcome, ended, given_up, judged, told
from netlib.tasks.sweep.view import view
from netlib.tasks.sweep.worker import ChangedError, Worker
from netlib.tasks.train import train
from netlib.training.environment import intra_op_threads
from netlib.training.interrupt import Interrupt, Interrupted

LOSS = Monitored("validation", "loss", "min")


@pytest.fixture(autouse=True)
def one_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """That of this process, in which other tests may have set it already."""
    monkeypatch.setattr("netlib.tasks.sweep.plan.available_cores", intra_op_threads)


def work(asked, interrupt: Interrupt | None = None, **options):
    """The study as a worker leaves it."""
    heard = []
    assert Worker(asked, interrupt or Interrupt(), heard.append).work(**options) == "done"
    return view(open_study(asked)), heard


def test_trials_are_ordinary_runs(plan):
    asked = plan("seed: 3\n", trials=2)
    study, heard = work(asked)
    assert [trial.state for trial in study.trials] == ["complete", "complete"]
    assert heard == [{"begun": 0}, {"ended": 0}, {"begun": 1}, {"ended": 1}]
    for trial in study.trials:
        assert trial.run == Path(f"runs/search/trial-000{trial.number}")
        run = open_run(trial.run)
        assert overview(run).state == "finished"
        assert trial.value == overview(run).best
        assert trial.epochs == 2
        assert f"learning_rate: {trial.params['train.optimizer.Adam.learning_rate']}" in run.read("resolved.yaml")
        assert f"seed: {trial.params['seed']}\n" in run.read("resolved.yaml")
    listed = list_runs([asked.folder], sort="validation.loss")
    assert [run.overview.name for run in listed] == [
        f"trial-{trial.number:04d}" for trial in sorted(study.trials, key=study.rank)
    ]
    differing = {key for run in listed for key in run.differs}
    assert {"seed", "train.optimizer.learning_rate"} <= differing
    assert compare([trial.run for trial in study.trials if trial.run])
    # The config with the trial's words gives the same to the bit.
    words = asked.sweep.overrides_of(study.trials[0].params)
    threads = [] if asked.threads is None else [f"train.threads={asked.threads}"]
    again = train("tiny.yaml", [*threads, *words], run_dir="again")
    assert again.metrics["validation"]["loss"] == study.trials[0].value


def test_what_is_worse_than_others_were_is_pruned_by_a_clean_stop(plan):
    text = "config: tiny.yaml\nname: search\nspace: {train.optimizer.Adam.learning_rate: [0.1, 1e-9]}\nsampler: grid\n"
    more = "pruner: {median: {n_startup_trials: 1}}\nset: {train.epochs: 3}\n"
    study, _ = work(plan(more, text=text, trials=None))
    good, bad = study.trials
    assert (good.state, good.epochs) == ("complete", 3)
    assert (bad.state, bad.epochs) == ("pruned", 1)
    assert bad.why.startswith("validation.loss 2.")
    assert bad.why.endswith(" after 1 epoch is worse than others had then")
    run = open_run(bad.run)
    assert outcome.result(run)["reason"] == f"pruned: {bad.why}"
    assert bad.value == outcome.result(run)["metrics"]["validation"]["loss"]
    # It is a run that can be gone on with by hand.
    assert train(None, resume=bad.run).epochs == 3


def test_a_trial_that_fails_is_told_why_and_the_next_goes_on(plan):
    text = (
        "config: tiny.yaml\nname: search\nspace: {model.hidden.units: [4, 8], train.clip: [null, {norm: 1}]}\n"
        "sampler: grid\nset: {train.optimizer.Adam.learning_rate: 1e38}\n"
    )
    study, _ = work(plan(text=text, trials=2))
    assert [trial.state for trial in study.trials] == ["failed", "failed"]
    assert all("not finite" in trial.why or "nan" in trial.why for trial in study.trials)
    assert overview(open_run(study.trials[0].run)).state == "failed"


def test_a_signal_saves_and_gives_back_and_the_trial_is_gone_on_with(plan):
    asked = plan("set: {train.epochs: 3}\n", trials=1)
    undisturbed, _ = work(plan("set: {train.epochs: 3}\n", trials=1, runs_root=Path("other")))
    interrupt = Interrupt()
    interrupt.number = signal.SIGTERM  # it came while the data was read
    hurried = Worker(asked, Interrupt())
    hurried._interrupt = interrupt
    with pytest.raises(Interrupted):
        hurried.work()
    assert view(open_study(asked)).trials == ()
    taken = hurried._claims.take()
    with pytest.raises(Interrupted, match="stopped by SIGTERM"):
        hurried._try(taken)
    waiting = view(open_study(asked)).trials[0]
    assert (waiting.state, waiting.run) == ("waiting", Path("runs/search/trial-0000"))
    assert overview(RunDirectory(waiting.run)).state in ("interrupted", "empty")
    study, _ = work(asked)
    assert study.trials[0].state == "complete"
    assert study.trials[0].params == undisturbed.trials[0].params
    assert study.trials[0].value == undisturbed.trials[0].value


def test_a_trial_that_was_killed_after_its_run_ended_is_not_trained_again(plan):
    asked = plan(trials=1)
    study, _ = work(asked)
    stamp = Path("runs/search/trial-0000/result.json").stat().st_mtime_ns
    again = plan(trials=1, storage="sqlite:///another.db")
    found, _ = work(again)
    assert found.trials[0].value == study.trials[0].value
    assert Path("runs/search/trial-0000/result.json").stat().st_mtime_ns == stamp


def test_a_run_that_was_killed_before_its_first_checkpoint_is_begun_again(plan):
    run = Path("runs/search/trial-0000")
    asked = plan(trials=1)
    (run / "checkpoints").mkdir(parents=True)
    (run / "config.yaml").write_text("half")
    study, _ = work(asked)
    assert study.trials[0].state == "complete"
    assert "half" not in (run / "config.yaml").read_text()


def test_a_trial_whose_process_dies_again_and_again_is_given_up(plan):
    asked = plan(trials=1)
    study = open_study(asked)
    claims = Claims(study, {**me(), "begun": "1"}, 1)
    claims.set(claims.take(), STARTS, [0] * DEATHS)
    found, _ = work(asked)
    assert found.trials[0].state == "failed"
    assert found.trials[0].why == (
        "its process has died 3 times at step 0, without a word; the system may have killed it for want of memory"
    )


def test_it_is_given_up_only_where_it_came_no_further():
    assert given_up([0, 0, 0]) is None
    assert given_up([0, 0, 10, 10, 20]) is None
    assert given_up([0, 10, 10, 10, 10])


def test_a_config_that_changes_while_the_sweep_runs_ends_it(plan):
    asked = plan(trials=1)
    worker = Worker(asked, Interrupt())
    Path("tiny.yaml").write_text(Path("tiny.yaml").read_text() + "# another\n")
    with pytest.raises(ChangedError, match=r"tiny.yaml has changed while the sweep runs, and its trials would not be"):
        worker.work()
    assert [trial.state for trial in view(open_study(asked)).trials] == ["waiting"]


def test_what_another_worker_has_taken_over_is_not_told(plan, monkeypatch):
    asked = plan(trials=1)
    worker = Worker(asked, Interrupt())
    monkeypatch.setattr(rooms, "trained", lambda *_: stolen() or Outcome("complete", 0.5))

    def stolen() -> None:
        worker._claims.set(taken, WORKER, {**me(), "token": "another"})

    taken = worker._claims.take()
    assert worker._try(taken)
    assert open_study(asked).get_trials()[0].state == optuna.trial.TrialState.RUNNING
    assert not worker._beat(taken, 1)


def test_a_process_that_lacks_memory_or_has_grown_makes_room(plan, monkeypatch):
    def lacks(*_: object) -> Outcome:
        raise MemoryError

    asked = plan(trials=3)
    monkeypatch.setattr(rooms, "trained", lacks)
    assert Worker(asked, Interrupt()).work() == "full"
    assert view(open_study(asked)).trials[0].why == "MemoryError: "
    monkeypatch.setattr(rooms, "trained", lambda *_: Outcome("complete", 0.5))
    used = iter([2**30, 2**31 + 1])
    monkeypatch.setattr(rooms, "memory_used", lambda: next(used))
    assert Worker(asked, Interrupt()).work() == "full"
    assert view(open_study(asked)).trials[2].state == "complete"


def test_no_trial_begins_after_the_time(plan):
    began = time.monotonic()
    study, heard = work(plan("max_time: 1h\n", trials=None), seconds=0.0)
    assert (study.trials, heard) == ((), [])
    assert time.monotonic() - began < 30


def test_how_a_training_that_ended_counts():
    assert judged("the budget is spent", 0.5, 2, LOSS) == Outcome("complete", 0.5, epochs=2)
    assert judged("pruned: it is worse", 0.5, 2, LOSS) == Outcome("pruned", why="it is worse", epochs=2)
    assert judged(LOST, 0.5, 2, LOSS) == Outcome("lost")
    assert judged("x", float("nan"), 2, LOSS).why == "validation.loss is nan in its best epoch (x)"
    assert judged("x", None, 2, LOSS).why == "validation.loss was not measured in its best epoch (x)"


def test_a_run_that_is_damaged_has_failed(plan, logged_run):
    run = logged_run(Path("damaged"), state="finished")
    assert ended(run, LOSS).value == 0.5
    (run / "result.json").write_text("{")
    assert ended(run, LOSS).state == "failed"
    assert ended(logged_run(Path("failed"), state="failed"), LOSS) == Outcome(
        "failed", why="the disk is full", epochs=3
    )
    assert ended(logged_run(Path("running"), state="interrupted"), LOSS) is None
    assert ended(Path("nothing"), LOSS) is None


def test_errors_that_are_none_of_ours_are_told_with_their_kind():
    assert told(KeyError("x")) == "KeyError: 'x'"

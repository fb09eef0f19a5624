from __future__ import annotations

import json
import shlex
import shutil
from pathlib import Path

import numpy as np
import pytest

from netlib.config.load import load
from netlib.config.problems import ConfigError
from netlib.runs import pointers
from netlib.spec.errors import NetlabError, UsageError
from netlib.tasks.evaluate import evaluate
from netlib.tasks.train import train

STEPS = 17


def damage(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def test_a_finished_run_goes_on_to_the_same_bits(short, whole, copied, weights, records):
    run = copied(short)
    done = train(None, ["train.epochs=4"], resume=run)
    assert (done.run, done.epochs, done.steps, done.best_epoch) == (run, 4, 4 * STEPS, whole.best_epoch)
    for file in ("model.safetensors", "optimizer.safetensors", "loop.safetensors"):
        assert weights(run, file=file) == weights(whole.run, file=file)
    assert records(run) == records(whole.run)
    assert done.metrics == whole.metrics


def test_the_config_of_a_run_that_went_on_is_the_changed_one(short, copied, whole):
    run = copied(short)
    train(None, ["train.epochs=3"], resume=run)
    assert load(run / "resolved.yaml").train.epochs == 3
    assert (run / "config.yaml").read_text() == (short.run / "config.yaml").read_text()
    shutil.rmtree(run / "checkpoints" / f"step-{3 * STEPS:08d}")  # as if it had been killed before its end
    (run / "checkpoints" / "latest").write_text(f"step-{2 * STEPS:08d}\n")
    assert train(None, resume=run).epochs == 3


def test_a_finished_run_that_is_resumed_does_nothing(short, copied, weights, records, recorder):
    run = copied(short)
    told = ("log.txt", "result.json")
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file() and path.name not in told}
    done = train(None, resume=run, listeners=[recorder])
    assert {path: path.read_bytes() for path in before} == before
    assert (done.steps, done.epochs, done.reason) == (short.steps, short.epochs, "the budget is spent")
    assert done.metrics == short.metrics
    assert recorder.of("chunk_ended") == recorder.of("checkpoint_saved") == []
    said = recorder.of("message")
    more = f"to go on, give it more: netlab train --resume {run} train.epochs=4"
    assert said[:2] == [
        f"resumed from step-{2 * STEPS:08d}: the end of epoch 2, step 34",
        f"the run was finished already; {more}",
    ]
    assert said[-1] == "all 2 epochs are trained"
    assert (run / "log.txt").read_text().splitlines()[-len(said) :] == said
    assert not (run / "changes.jsonl").exists()


@pytest.mark.slow
def test_steps_that_end_in_an_epoch_go_on_from_there(write, tmp_path, weights):
    config = write()
    through = train(config, ["~train.epochs", "train.steps=25"], runs_root=tmp_path).run
    cut = train(config, ["~train.epochs", "train.steps=20"], runs_root=tmp_path).run
    assert weights(cut) != weights(through)
    assert train(None, ["train.steps=25"], resume=cut).steps == 25
    assert weights(cut) == weights(through)
    assert weights(cut, file="optimizer.safetensors") == weights(through, file="optimizer.safetensors")


@pytest.mark.slow
def test_a_run_that_was_stopped_early_stays_so_and_goes_on_with_more_patience(write, tmp_path, weights, records):
    config = write(("initial_learning_rate: 0.01", "initial_learning_rate: 2.0"), ("epochs: 2", "epochs: 9"))
    patient = train(config, ["train.early_stopping=4"], runs_root=tmp_path)
    stopped = train(config, ["train.early_stopping=1"], runs_root=tmp_path)
    assert stopped.epochs < patient.epochs
    again = train(None, resume=stopped.run)
    assert (again.epochs, again.reason) == (stopped.epochs, stopped.reason)
    assert "has not become better for 1 epoch" in again.reason
    went_on = train(None, ["train.early_stopping.patience=4"], resume=stopped.run)
    assert (went_on.epochs, went_on.best_epoch, went_on.reason) == (patient.epochs, patient.best_epoch, patient.reason)
    assert weights(stopped.run) == weights(patient.run)
    assert weights(stopped.run, "best") == weights(patient.run, "best")
    assert records(stopped.run) == records(patient.run)


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        (["seed=4"], ["seed: 3 -> 4 (never: all that was drawn at random, the splits too, follows from it)"]),
        (["data.validation=0.1"], ["data.validation: 0.2 -> 0.1 (never: another division would train on samples"]),
        (["data.preprocess={}"], ["data.preprocess.image: "]),
        (["train.monitor=train.loss"], ["train.monitor: validation.loss (min) -> train.loss (min) (never: the best"]),
        (
            ["train.early_stopping={monitor: validation.accuracy}"],
            ["train.monitor: validation.loss (min) -> validation.accuracy (max) (never: "],
        ),
        (
            ["train.early_stopping={monitor: validation.loss, mode: max}"],
            ["train.monitor: validation.loss (min) -> validation.loss (max) (never: "],
        ),
        (
            ["model.hidden.units=9", "seed=4"],
            [
                "seed: 3 -> 4 (never: ",
                "model.hidden.Dense.units: 8 -> 9 (needs --allow-change: the network that goes on",
            ],
        ),
    ],
)
def test_changes_that_no_run_survives_are_refused(short, changes, lines):
    before = sorted(short.run.rglob("*"))
    for allow in (False, True):
        with pytest.raises(UsageError) as caught:
            train(None, changes, resume=short.run, allow_change=allow)
        text = str(caught.value)
        assert text.startswith(f"run '{short.run}' cannot be gone on with after\n")
        shown = [line for line in lines if not allow or "--allow" not in line]
        assert all(f"\n  {line}" in text for line in shown)
        new = ["netlab", "train", f"{short.run}/resolved.yaml", *changes]
        assert shlex.split(text.splitlines()[-2].removeprefix("To start a new run: ")) == new
        warm = text.splitlines()[-1].removeprefix("and from the weights of this one: ")
        assert shlex.split(warm) == [*new, f"train.load={{from: {short.run}}}"]
    assert sorted(short.run.rglob("*")) == before


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        (
            ["train.optimizer.learning_rate=0.1"],
            "train.optimizer.Adam.learning_rate: {ExponentialDecay: {initial_learning_rate: 0.01, decay_st... -> 0.1 (",
        ),
        (["train.optimizer={SGD: {momentum: 0.9}}"], "train.optimizer: {Adam: {learning_rate: {"),
        (
            ["data.batch_size=32"],
            "data.batch_size: 64 -> 32 (needs --allow-change: the batches that follow are others)",
        ),
        (["train.threads=7"], "train.threads: "),
        (["train.validate_every=2"], "train.validate_every: 1 -> 2 ("),
        (
            ["train.callbacks=[EMA]"],
            "train.callbacks.EMA: (not there) -> {decay: 0.99} (needs --allow-change: it changes",
        ),
    ],
)
def test_changes_that_make_the_rest_another_run_must_be_allowed(short, changes, line):
    before = sorted(short.run.rglob("*"))
    with pytest.raises(UsageError) as caught:
        train(None, ["train.epochs=3", *changes], resume=short.run)
    first, shown, all_the_same, new = str(caught.value).splitlines()
    assert first == f"run '{short.run}' cannot be gone on with after"
    assert shown.startswith(f"  {line}")
    words = ["netlab", "train", "--resume", str(short.run), "train.epochs=3", *changes, "--allow-change"]
    assert shlex.split(all_the_same.removeprefix("To go on all the same: ")) == words
    assert shlex.split(new.removeprefix("To start a new run: "))[:2] == ["netlab", "train"]
    assert sorted(short.run.rglob("*")) == before


def test_a_mistake_in_a_change(short):
    with pytest.raises(ConfigError, match=r"<command line>: train.epohcs=3.*did you mean 'epochs'"):
        train(None, ["train.epohcs=3"], resume=short.run)


def test_a_change_to_what_it_is_already_is_none(short, copied):
    changes = ["train.optimizer.beta_1=0.9", "seed=3", "train.epochs=2"]
    assert train(None, changes, resume=copied(short)).steps == short.steps


@pytest.mark.parametrize("file", ["model.safetensors", "optimizer.safetensors", "state.json", "manifest.json"])
def test_a_damaged_checkpoint_is_passed_over(short, whole, copied, weights, records, recorder, file):
    run = copied(short)
    before = len((run / "log.txt").read_text().splitlines())
    newest = run / "checkpoints" / f"step-{2 * STEPS:08d}"
    damage(newest / file)
    done = train(None, ["train.epochs=4"], resume=run, listeners=[recorder])
    first, second = recorder.of("message")[:2]
    assert first.startswith("passed over: ")
    assert newest.name in first
    assert second == "resumed from step-00000030: epoch 2, step 30"
    log = (run / "log.txt").read_text().splitlines()[before:]
    assert log[:3] == ["changed: train.epochs: 2 -> 4", first, second]
    assert weights(run) == weights(whole.run)
    assert records(run) == records(whole.run)
    assert done.metrics == whole.metrics


def test_without_a_good_checkpoint_it_is_not_begun_anew(short, copied):
    run = copied(short)
    for checkpoint in (run / "checkpoints").glob("step-*"):
        damage(checkpoint / "model.safetensors")
    with pytest.raises(
        NetlabError, match=r"has no checkpoint that can be used:\n(.*model.safetensors.*\n?)+"
    ) as caught:
        train(None, resume=run)
    assert not isinstance(caught.value, UsageError)
    for checkpoint in (run / "checkpoints").glob("step-*"):
        shutil.rmtree(checkpoint)
    with pytest.raises(UsageError, match=r"run '.*' has no checkpoint to go on from"):
        train(None, resume=run)


class Killed(BaseException):
    """Ends a process at a place of the test's choosing."""


@pytest.mark.parametrize("pointer", ["latest", "best"])
def test_a_kill_between_the_last_checkpoint_and_its_pointers(short, whole, copied, monkeypatch, records, pointer):
    run, last = copied(short), f"step-{3 * STEPS:08d}"
    point = pointers.point

    def stop(run, name, checkpoint):
        if (name, checkpoint.name) == (pointer, last):
            raise Killed
        point(run, name, checkpoint)

    monkeypatch.setattr(pointers, "point", stop)
    with pytest.raises(Killed):
        train(None, ["train.epochs=3"], resume=run)
    monkeypatch.undo()
    done = train(None, resume=run)
    third = records(whole.run)[2]
    assert third["validation"]["loss"] < short.metrics["validation"]["loss"]  # so it is the best
    assert (done.steps, done.best_epoch, done.metrics["validation"]) == (3 * STEPS, 3, third["validation"])
    assert (run / "checkpoints" / "latest").read_text() == (run / "checkpoints" / "best").read_text() == f"{last}\n"
    assert done.metrics["test"] == evaluate(str(whole.run / "checkpoints" / last)).metrics
    assert records(run)[:3] == records(whole.run)[:3]


def test_other_data_is_refused(write, write_npz, tmp_path):
    x, y = np.random.default_rng(0).normal(size=(60, 4)).astype(np.float32), np.arange(60) % 3
    data = write_npz(x=x, y=y)
    text = "name: net\ndata: {source: npz, path: data.npz, test: 0.2}\nmodel: [Dense: 3]\n"
    config = write(text=f"{text}train: {{epochs: 1, loss: sparse_categorical_crossentropy, execution: graph}}\n")
    run = train(config, runs_root=tmp_path / "runs").run
    write_npz(x=x + 1, y=y)
    said = r"the data has changed since run '.*net-1' began \(fingerprint \w{12}, then \w{12}\); restore it, or start a"
    with pytest.raises(NetlabError, match=said):
        train(None, ["train.epochs=2"], resume=run)
    with pytest.raises(NetlabError, match=said):
        evaluate(str(run))
    data.unlink()
    with pytest.raises(ConfigError, match=r"there is no file .*data.npz"):
        train(None, ["train.epochs=2"], resume=run)
    write_npz(x=x, y=y)
    assert train(None, ["train.epochs=2"], resume=run).epochs == 2


def test_files_that_are_missing_or_damaged(short, copied):
    run = copied(short)

    def refused(message: str) -> None:
        with pytest.raises(NetlabError, match=message):
            train(None, resume=run)

    (run / "resolved.yaml").write_text("data: [")
    refused(r"resolved.yaml:1:\d+: error: ")
    (run / "resolved.yaml").write_text("name: tiny\n")
    refused(r"config 'tiny' cannot be trained: it has no section 'data' and no 'model' and no 'train'")
    (run / "resolved.yaml").unlink()
    refused(r"has no resolved.yaml to go on from; it ended before it began to train")


def test_a_checkpoint_of_another_network(short, whole, copied):
    run = copied(short)
    text = (run / "resolved.yaml").read_text()
    (run / "resolved.yaml").write_text(text.replace("units: 8", "units: 9"))
    metrics = (run / "metrics.jsonl").read_bytes()
    said = r"does not fit this model: 'hidden.kernel' is \(64, 8\) float32, expected \(64, 9\) float32; 'hidden.bias'"
    with pytest.raises(NetlabError, match=said):
        train(None, resume=run)
    assert (run / "metrics.jsonl").read_bytes() == metrics


def test_what_resume_does_not_go_with(short, folder, tmp_path):
    with pytest.raises(UsageError, match=r"goes on in the run's own directory; leave out --run-dir and --dry-run"):
        train(None, resume=short.run, run_dir=tmp_path / "other")
    with pytest.raises(UsageError, match=r"leave out --run-dir and --dry-run"):
        train(None, resume=short.run, dry_run=True)
    with pytest.raises(UsageError, match=r"train needs a config, or --resume with a run, and not both"):
        train(folder / "tiny.yaml", resume=short.run)
    with pytest.raises(UsageError, match=r"there is no run '.*tiny-99'; did you mean"):
        train(None, resume=short.run.parent / "tiny-99")
    assert not (tmp_path / "other").exists()


def test_records_that_a_kill_prevented_are_written(short, copied, records):
    run = copied(short)
    lines = (run / "metrics.jsonl").read_text().splitlines(keepends=True)
    (run / "metrics.jsonl").write_text(lines[0] + lines[1][:20])  # killed while it wrote the second
    train(None, resume=run)
    assert records(run) == records(short.run)
    assert all(json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines())

"""Runs that go on with a changed config: what is recorded, and what begins anew."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from netlib.config.load import load
from netlib.runs import checkpoint, locate
from netlib.runs.directory import RunDirectory, open_run
from netlib.runs.errors import CheckpointError
from netlib.spec.errors import NetlabError, UsageError
from netlib.tasks.train import train

STEPS = 17


def lines(run):
    return [json.loads(line) for line in (run / "changes.jsonl").read_text().splitlines()]


def stop_at(run, step):
    """Makes the run one that was killed after a checkpoint."""
    for path in (run / "checkpoints").glob("step-*"):
        if int(path.name.removeprefix("step-")) > step:
            shutil.rmtree(path)
    (run / "checkpoints" / "latest").write_text(f"step-{step:08d}\n")


def newest(run):
    return checkpoint.read(locate.newest_valid(open_run(run))[0])


def test_a_change_is_recorded_when_the_training_goes_on(short, copied, weights):
    run = copied(short)
    changes = ["train.epochs=3", "train.optimizer.learning_rate=0.5"]
    with pytest.raises(UsageError, match="needs --allow-change"):
        train(None, changes, resume=run)
    assert not (run / "changes.jsonl").exists()
    plain = copied_of(run)
    done = train(None, changes, resume=run, allow_change=True)
    assert done.epochs == 3
    (record,) = lines(run)
    assert (record["step"], record["allowed"], record["environment"]) == (2 * STEPS, True, [])
    assert [(change["key"], change["kind"], change["after"]) for change in record["changes"]] == [
        ("train.epochs", "safe", 3),
        ("train.optimizer.Adam.learning_rate", "allow", 0.5),
    ]
    assert load(run / "resolved.yaml").train.optimizer.learning_rate == 0.5
    log = (run / "log.txt").read_text()
    assert "\nchanged: train.epochs: 2 -> 3\nchanged: train.optimizer.Adam.learning_rate: {ExponentialDecay: " in log
    records = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert records[2]["learning_rate"] == 0.5
    train(None, ["train.epochs=3"], resume=plain)
    assert weights(plain) != weights(run)
    assert [record["allowed"] for record in lines(plain)] == [False]


def copied_of(run):
    return shutil.copytree(run, run.parent / "plain")


def test_a_run_that_goes_on_as_it_is_has_no_line(short, copied):
    run = copied(short)
    stop_at(run, 30)
    before = (run / "resolved.yaml").read_bytes()
    assert train(None, ["seed=3"], resume=run).steps == 2 * STEPS
    assert not (run / "changes.jsonl").exists()
    assert (run / "resolved.yaml").read_bytes() == before


def test_a_finished_run_is_not_changed_where_nothing_is_left_to_train(short, copied):
    run = copied(short)
    before = (run / "resolved.yaml").read_bytes()
    more = rf"to go on, give it more: netlab train --resume {run} train\.epochs=4"
    with pytest.raises(
        UsageError, match=rf"is finished: nothing would be trained with another train\.clip\.?\w*; {more}"
    ):
        train(None, ["train.clip={norm: 1.0}"], resume=run, allow_change=True)
    train(None, ["train.checkpoint.keep_last=1"], resume=run)
    assert (run / "resolved.yaml").read_bytes() == before
    assert not (run / "changes.jsonl").exists()


class Killed(BaseException):
    """Ends a process at a place of the test's choosing."""


def test_a_kill_between_the_line_and_the_config(short, copied, monkeypatch, records, whole):
    run = copied(short)
    write = RunDirectory.write

    def stop(self, name, text):
        if name == "resolved.yaml":
            raise Killed
        write(self, name, text)

    monkeypatch.setattr(RunDirectory, "write", stop)
    with pytest.raises(Killed):
        train(None, ["train.epochs=4"], resume=run)
    monkeypatch.undo()
    assert train(None, resume=run).epochs == 2
    assert train(None, ["train.epochs=4"], resume=run).epochs == 4
    assert records(run) == records(whole.run)


@pytest.mark.parametrize(
    ("first", "second"),
    [("0.01", "0.5"), ("0.5", "{CosineDecay: {initial_learning_rate: 0.01, decay_steps: 9}}")],
)
def test_a_learning_rate_is_the_new_one_whatever_the_state_kept(write, tmp_path, records, weights, first, second):
    config = write()
    rate = "train.optimizer.learning_rate="
    run = train(config, ["train.epochs=1", rate + first], runs_root=tmp_path / "runs").run
    before = weights(run, file="optimizer.safetensors")
    train(None, ["train.epochs=2", rate + second], resume=run, allow_change=True)
    rates = [record["learning_rate"] for record in records(run)[:2]]
    assert rates == pytest.approx([float(first), 0.0 if "Cosine" in second else float(second)])
    assert weights(run, file="optimizer.safetensors") != before


@pytest.mark.parametrize(
    ("changes", "misfit"),
    [
        (
            ["model.hidden.units=9"],
            r"does not fit this model: 'hidden\.kernel' is \(64, 8\) float32, expected \(64, 9\)",
        ),
        (["train.optimizer={SGD: {momentum: 0.9}}"], r"does not fit this optimizer: "),
    ],
)
def test_what_does_not_fit_is_said_with_what_to_do(short, copied, changes, misfit):
    run = copied(short)
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file() and path.name != "log.txt"}
    with pytest.raises(CheckpointError, match=misfit) as caught:
        train(None, ["train.epochs=3", *changes], resume=run, allow_change=True)
    remedy = "Take back the change, or start a new run from the weights of this one: netlab train "
    assert remedy in str(caught.value)
    assert str(caught.value).endswith(f"'train.load={{from: {run}}}'")
    assert {path: path.read_bytes() for path in before} == before
    assert not (run / "changes.jsonl").exists()


def test_other_batches_begin_the_epoch_anew(short, copied, recorder):
    run = copied(short)
    stop_at(run, 30)
    assert newest(run).state["progress"]["position"] == 13
    done = train(None, ["data.batch_size=128"], resume=run, allow_change=True, listeners=[recorder])
    assert done.steps == 30 + 9  # a whole second epoch, of 1078 samples
    said = recorder.of("message")
    assert said[:2] == ["resumed from step-00000030: epoch 2, step 30", "its unfinished epoch begins anew"]
    assert newest(run).state["progress"]["records"][-1]["epoch"] == 2


def test_other_metrics_and_another_loss_go_on(short, copied, recorder, records):
    run = copied(short)
    stop_at(run, 30)
    changes = [
        "train.epochs=3",
        "train.loss={main: {SparseCategoricalCrossentropy: {from_logits: true}, weight: 9}}",  # worse in any case
        "train.metrics=[accuracy, {SparseTopKCategoricalAccuracy: 3}]",
    ]
    done = train(None, changes, resume=run, allow_change=True, listeners=[recorder])
    assert done.epochs == 3
    assert done.best_epoch in (2, 3)
    assert "the best checkpoint is chosen anew from here on" in recorder.of("message")
    first, second, third = records(run)[:3]
    assert len(third["train"]) == len(second["train"]) == len(first["train"]) + 1
    best = newest(run).state["progress"]["best_value"]
    assert best == min(second["validation"]["loss"], third["validation"]["loss"])


def test_averages_begin_as_the_weights_are_and_may_go_again(short, copied, weights):
    run = copied(short)
    plain, began = copied_of(run), newest(run).groups["model"]
    changes = ["~train.epochs", "train.steps=35", "train.callbacks=[EMA: 0.75]"]
    train(None, changes, resume=run, allow_change=True)
    after = newest(run).groups
    for name, value in after["model"].items():
        mean = began[name] + np.float32(0.25) * (value - began[name])
        np.testing.assert_allclose(after["loop"][f"callbacks/EMA/{name}"], mean, rtol=1e-6, err_msg=name)
    train(None, ["train.steps=36", "train.callbacks=[]"], resume=run, allow_change=True)
    assert not [name for name in newest(run).groups["loop"] if "EMA" in name]
    train(None, ["~train.epochs", "train.steps=36"], resume=plain)
    assert weights(run) == weights(plain)


def test_the_scale_of_the_loss_comes_and_goes_with_float16(short, copied):
    run = copied(short)
    train(None, ["train.epochs=3", "train.precision=mixed_float16"], resume=run, allow_change=True)
    assert newest(run).groups["loop"]["loss_scale/scale"] == 2**15
    train(None, ["train.epochs=4", "train.precision=float32"], resume=run, allow_change=True)
    assert "loss_scale/scale" not in newest(run).groups["loop"]


def test_another_machine_is_said_in_a_line(short, copied, recorder):
    run = copied(short)
    stop_at(run, 30)
    facts = json.loads((run / "environment.json").read_text())
    facts["versions"]["keras"] = "3.14.1\x1b[31m"
    facts["machine"]["processor"] = "another"
    (run / "environment.json").write_text(json.dumps(facts))
    train(None, resume=run, listeners=[recorder])
    (said,) = [text for text in recorder.of("message") if text.startswith("bits may differ: ")]
    assert said.startswith(r"bits may differ: keras: 3.14.1\x1b[31m -> 3.")
    assert "; processor: another -> " in said
    (record,) = lines(run)
    assert (record["changes"], record["allowed"], len(record["environment"])) == ([], False, 2)
    facts["versions"] = 5
    (run / "environment.json").write_text(json.dumps(facts))
    stop_at(run, 30)
    with pytest.raises(NetlabError, match=r"environment\.json is damaged: "):
        train(None, resume=run)


def test_a_checkpoint_is_not_a_run(short):
    folder = short.run / "checkpoints" / "step-00000030"
    with pytest.raises(UsageError, match=r"step-00000030' is a checkpoint; --resume takes its run, .*newest") as caught:
        train(None, resume=folder)
    assert str(caught.value).endswith(f": netlab train --resume {short.run}")
    with pytest.raises(UsageError, match=r"checkpoints' is not a run directory"):
        train(None, resume=short.run / "checkpoints")


def test_only_a_run_that_is_gone_on_with_has_changes_to_allow(folder):
    with pytest.raises(UsageError, match=r"--allow-change is for a run that is gone on with \(--resume\)"):
        train(folder / "tiny.yaml", allow_change=True)

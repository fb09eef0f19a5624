from __future__ import annotations

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest

from netlib.runs import checkpoint, locate, tensors
from netlib.runs.directory import open_run
from netlib.spec.errors import NetlabError, UsageError
from netlib.tasks.reproduce import plan_reproduction, reproduce
from netlib.tasks.train import train

STEPS = 17


@pytest.fixture
def again(tmp_path):
    """Repeats a run."""

    def again(run, **options):
        return reproduce(plan_reproduction(run, tmp_path / "again"), **options)

    return again


def test_a_run_is_the_same_to_the_bit(short, again, recorder):
    said = []
    found = again(short.run, listeners=[recorder], tell=said.append)
    assert found.comparison.same
    assert (found.comparison.records, found.comparison.difference, found.part) == (3, None, None)  # the final test too
    assert [(each.name, each.same) for each in found.comparison.checkpoints] == [(f"step-{2 * STEPS:08d}", True)]
    assert (list(found.environment), said) == ([], [])
    assert recorder.of("run_started")[0][0] == found.again
    assert (found.again / "resolved.yaml").read_bytes() == (short.run / "resolved.yaml").read_bytes()


def test_a_number_beside_the_run_is_taken(short, copied):
    run = copied(short)
    plan = plan_reproduction(run)
    assert (plan.training.runs_root, plan.training.run_dir) == (run.parent, None)


def test_another_beginning_is_told_by_value_and_weight(short, copied, again):
    run = copied(short)
    text = (run / "resolved.yaml").read_text()
    (run / "resolved.yaml").write_text(text.replace("initial_learning_rate: 0.01", "initial_learning_rate: 0.010001"))
    facts = json.loads((run / "environment.json").read_text())
    facts["versions"]["keras"], facts["git"] = "3.14.1", {"commit": "0" * 40, "dirty": True}
    (run / "environment.json").write_text(json.dumps(facts))
    said = []
    found = again(run, tell=said.append)
    compared = found.comparison
    assert not compared.same
    first = json.loads((run / "metrics.jsonl").read_text().splitlines()[0])
    second = json.loads((found.again / "metrics.jsonl").read_text().splitlines()[0])
    difference = compared.difference
    assert (difference.epoch, difference.step, difference.name) == (1, STEPS, "train.loss")
    assert (difference.first, difference.second) == (first["train"]["loss"], second["train"]["loss"])
    assert str(difference) == f"epoch 1, step 17: train.loss was {difference.first!r} and is {difference.second!r}"
    (tensors_,) = compared.checkpoints
    name = f"checkpoints/{tensors_.name}/model.safetensors"
    one, other = tensors.load(run / name), tensors.load(found.again / name)
    gaps = {key: float(np.abs(one[key].astype(np.float64) - other[key]).max()) for key in one}
    assert (tensors_.weight, tensors_.largest) == (max(gaps, key=gaps.get), max(gaps.values()))
    whole = [np.concatenate([each[key].ravel().astype(np.float64) for key in one]) for each in (one, other)]
    assert tensors_.relative == pytest.approx(np.linalg.norm(whole[0] - whole[1]) / np.linalg.norm(whole[0]))
    assert said == list(found.environment)
    assert said[0].startswith("keras: 3.14.1 -> 3.")
    assert any(line.startswith("git commit: 000000000000 -> ") for line in said)


def test_a_run_that_was_changed_on_the_way_cannot_be_repeated(short, copied):
    run = copied(short)
    train(None, ["train.epochs=3", "train.clip={norm: 1.0}"], resume=run, allow_change=True)
    with pytest.raises(
        UsageError, match=rf"was changed on the way, .*\n  after step {2 * STEPS}: train.clip"
    ) as caught:
        plan_reproduction(run)
    assert "epochs" not in str(caught.value)
    (run / "changes.jsonl").write_text('{"config_before": "", "config_after": "", "changes": 5}\n')
    plan_reproduction(run)  # a line of a change that was not made
    (run / "changes.jsonl").write_text("{")
    with pytest.raises(NetlabError, match=r"changes\.jsonl is damaged"):
        plan_reproduction(run)


def test_a_run_that_was_extended_is_repeated_in_one(short, copied, again):
    run = copied(short)
    train(None, ["train.epochs=3"], resume=run)
    found = again(run)
    assert found.comparison.same
    assert found.comparison.records == 4


@pytest.mark.slow
def test_a_run_that_was_killed_is_repeated_as_far_as_it_went(short, copied, again):
    run = copied(short)
    shutil.rmtree(run / "checkpoints" / f"step-{2 * STEPS:08d}")
    (run / "checkpoints" / "latest").write_text("step-00000030\n")
    (run / "checkpoints" / "best").write_text("step-00000017\n")
    lines = (run / "metrics.jsonl").read_text().splitlines(keepends=True)
    (run / "metrics.jsonl").write_text(lines[0])
    found = again(run)
    assert found.part == "the run ended after step 30, before its epochs or steps were spent; it is repeated to there"
    assert found.comparison.same
    assert found.comparison.records == 1
    assert [each.name for each in found.comparison.checkpoints] == ["step-00000030", "step-00000017"]


@pytest.mark.slow
def test_a_run_that_the_clock_ended_is_repeated_without_a_clock(write, tmp_path, again):
    config = write(("epochs: 2", "epochs: 100000"))
    clocks = ["train.max_time=1s", "train.callbacks=[{TimeLimit: 1s}]"]
    run = train(config, clocks, runs_root=tmp_path / "runs").run
    plan = plan_reproduction(run)
    assert (plan.training.config.train.max_time, plan.training.config.train.callbacks) == (None, ())
    found = again(run)
    assert f"ended after step {found.comparison.checkpoints[0].name.removeprefix('step-').lstrip('0')}," in found.part
    assert found.comparison.same


def test_what_cannot_be_repeated(short, copied, tmp_path):
    with pytest.raises(UsageError, match="there is no run"):
        plan_reproduction(tmp_path / "none")
    run = copied(short)
    for path in (run / "checkpoints").glob("step-*"):
        shutil.rmtree(path)
    with pytest.raises(UsageError, match="has no checkpoint"):
        plan_reproduction(run)
    (run / "resolved.yaml").unlink()
    with pytest.raises(UsageError, match=r"has no resolved\.yaml to repeat"):
        plan_reproduction(run)


def test_a_run_without_a_step(short, copied):
    run = copied(short)
    assert (run / "checkpoints" / "step-00000000").is_dir()
    for path in (run / "checkpoints").glob("step-*"):
        if path.name != "step-00000000":
            shutil.rmtree(path)
    with pytest.raises(UsageError, match="ended before its first step: there is nothing to compare with"):
        plan_reproduction(run)


def test_other_data_is_refused_and_nothing_is_written(write, write_npz, tmp_path):
    x, y = np.random.default_rng(0).normal(size=(60, 4)).astype(np.float32), np.arange(60) % 3
    write_npz(x=x, y=y)
    text = "name: net\ndata: {source: npz, path: data.npz, test: 0.2}\nmodel: [Dense: 3]\n"
    config = write(text=f"{text}train: {{epochs: 1, loss: sparse_categorical_crossentropy, execution: graph}}\n")
    run = train(config, runs_root=tmp_path / "runs").run
    write_npz(x=x + 1, y=y)
    with pytest.raises(NetlabError, match=r"the data has changed since run '.*net-1' began"):
        reproduce(plan_reproduction(run))
    assert [path.name for path in run.parent.iterdir()] == ["net-1"]


def test_a_plan_needs_no_tensorflow(short):
    code = "import sys; from netlib.tasks.reproduce import plan_reproduction; from pathlib import Path\n"
    code += "plan_reproduction(Path(sys.argv[1])); assert 'tensorflow' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", code, str(short.run)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_only_what_is_not_a_weight_may_differ(short, copied):
    from netlib.tasks.repeating import compare

    run, other = copied(short), shutil.copytree(short.run, short.run.parent.parent / "other")
    path = locate.newest_valid(open_run(other))[0]
    saved = checkpoint.read(path)
    slots = {name: array + 1 for name, array in saved.groups["optimizer"].items()}
    checkpoint.write(open_run(other), saved.step, {**saved.groups, "optimizer": slots}, saved.state)
    found = compare(open_run(run), open_run(other))
    assert not found.same
    assert found.difference is None
    assert str(found.checkpoints[0]) == f"{path.name}: the same weights, but not the same optimizer"
    shutil.rmtree(path)
    assert compare(open_run(run), open_run(other)).checkpoints == ()
    assert not compare(open_run(run), open_run(other)).same
    shutil.rmtree(other)

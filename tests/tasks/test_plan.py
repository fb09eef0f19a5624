from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from netlib.spec.errors import UsageError
from netlib.tasks.plan import Complete, plan_evaluation, plan_training

REFUSALS = """
import json, sys
from pathlib import Path
from netlib.spec.errors import NetlabError
from netlib.tasks.plan import plan_evaluation, plan_training

def said(ask):
    try:
        return f"planned {type(ask()).__name__}"
    except NetlabError as error:
        return str(error)

run, folder = Path(sys.argv[1]), Path(sys.argv[2])
config = folder / "tiny.yaml"
answers = [
    said(lambda: plan_training(config)),
    said(lambda: plan_training(config, ["model.hidden.untis=3"])),
    said(lambda: plan_training(folder / "wrong.yaml")),
    said(lambda: plan_training(folder / "half.yaml")),
    said(lambda: plan_training(folder / "fileless.yaml")),
    said(lambda: plan_training(folder / "nowhere.yaml")),
    said(lambda: plan_training(None)),
    said(lambda: plan_training(None, resume=run)),
    said(lambda: plan_training(None, ["train.optimizer=SGD"], resume=run)),
    said(lambda: plan_training(None, resume=run / "checkpoints")),
    said(lambda: plan_evaluation(str(run))),
    said(lambda: plan_evaluation(str(run), "tset")),
    said(lambda: plan_evaluation(str(run / "checkpoints" / "step-99999999"))),
]
heavy = sorted({"tensorflow", "keras"} & sys.modules.keys())
print(json.dumps([answers, heavy]))
"""


def test_all_is_planned_or_refused_without_tensorflow(short, tmp_path, write):
    write()
    write(("units: 8, activation: relu", "{conv: 8"), name="wrong.yaml")
    write(text="data: {source: digits}\n", name="half.yaml")
    declared = "model: {inputs: {x: {shape: [4]}}, nodes: [Dense: 2]}\n"
    training = "train: {epochs: 1, loss: sparse_categorical_crossentropy}\n"
    write(text=f"data: {{source: npz, path: none.npz}}\n{declared}{training}", name="fileless.yaml")
    done = subprocess.run(
        [sys.executable, "-c", REFUSALS, str(short.run), str(tmp_path)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    answers, heavy = json.loads(done.stdout)
    assert heavy == []
    expected = [
        "planned TrainPlan",
        "<command line>: model.hidden.untis=3",
        "wrong.yaml:7:",
        "config 'half' cannot be trained: it has no section 'model' and no 'train'",
        "fileless.yaml:1:27: error: there is no file",
        "there is no file",
        "train needs a config, or --resume with a run",
        "planned TrainPlan",
        "train.optimizer: {Adam: {",
        "is not a run directory",
        "planned EvaluationPlan",
        "there is no split 'tset'",
        "there is no checkpoint",
    ]
    assert [said for said, part in zip(answers, expected, strict=True) if part not in said] == []


def test_what_a_plan_holds(folder, tmp_path):
    plan = plan_training(folder / "tiny.yaml", ["train.epochs=7"], runs_root=tmp_path, dry_run=True)
    assert (plan.config.train.epochs, plan.runs_root, plan.run_dir, plan.dry_run) == (7, tmp_path, None, True)
    assert plan.run is None
    assert isinstance(plan.config, Complete)
    assert plan_training(folder / "tiny.yaml").runs_root == Path("runs")


def test_a_plan_to_go_on(short):
    plan = plan_training(None, ["train.epochs=3"], resume=short.run)
    assert (plan.run.path, plan.config.train.epochs) == (short.run, 3)
    assert plan.config.train.threads is not None


def test_a_plan_to_evaluate(short):
    plan = plan_evaluation(f"{short.run}/best", "validation")
    assert (plan.run.path, plan.split) == (short.run, "validation")
    assert plan.checkpoint.name == (short.run / "checkpoints" / "best").read_text().strip()


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("model: {inputs: {x: {shape: [4]}}, nodes: [Dense: 2]}\n", "'data' and no 'train'"),
        ("data: {source: digits}\ntrain: {epochs: 1, loss: mse}\n", "'model'"),
        ("vars: {width: 3}\n", "'data' and no 'model' and no 'train'"),
    ],
)
def test_missing_sections_are_named(write, text, missing):
    with pytest.raises(UsageError, match=rf"config 'part' cannot be trained: it has no section {missing}$"):
        plan_training(write(text=text, name="part.yaml"))

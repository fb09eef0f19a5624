from __future__ import annotations

import shutil

import numpy as np
import pytest
from safetensors.numpy import load_file

from netlib.config.load import load
from netlib.data.load import load as load_data
from netlib.spec.errors import NetlabError, UsageError
from netlib.tasks.evaluate import evaluate
from netlib.tasks.train import train


def by_hand(checkpoint, data):
    """Loss and accuracy of the tiny network, in double precision."""
    w = {name: array.astype(np.float64) for name, array in load_file(checkpoint / "model.safetensors").items()}
    x = data.inputs["image"].reshape(len(data), -1).astype(np.float64)
    logits = np.maximum(x @ w["hidden.kernel"] + w["hidden.bias"], 0) @ w["head.kernel"] + w["head.bias"]
    labels = data.targets["digit"]
    of_label = logits[np.arange(len(data)), labels]
    return {
        "loss": float((np.log(np.exp(logits).sum(axis=1)) - of_label).mean()),
        "accuracy": float((logits.argmax(axis=1) == labels).mean()),
    }


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_the_figures_are_those_of_the_weights_on_the_split(whole, split):
    config = load(whole.run / "resolved.yaml")
    data = getattr(load_data(config.data, config.seed), split)
    found = evaluate(str(whole.run), split)
    assert (found.split, found.samples) == (split, len(data))
    assert found.metrics == pytest.approx(by_hand(found.checkpoint, data), rel=1e-6)


def test_the_figures_are_those_of_training_to_the_bit(whole, records):
    assert evaluate(str(whole.run)).metrics == whole.metrics["test"]
    assert evaluate(str(whole.run), "validation").metrics == whole.metrics["validation"]
    for line in records(whole.run)[:-1]:
        checkpoint = whole.run / "checkpoints" / f"step-{line['step']:08d}"
        assert evaluate(str(checkpoint), "validation").metrics == line["validation"]


def test_every_way_to_name_a_checkpoint(whole, monkeypatch):
    checkpoints = whole.run / "checkpoints"
    best, latest = ((checkpoints / name).read_text().strip() for name in ("best", "latest"))
    first = "step-00000017"
    monkeypatch.chdir(checkpoints)
    found = {
        name: evaluate(name, "validation").checkpoint.resolve().name
        for name in (str(whole.run), f"{whole.run}/best", f"{whole.run}/latest", str(checkpoints / first), first, "..")
    }
    assert list(found.values()) == [best, best, latest, first, first, best]
    monkeypatch.chdir(checkpoints / first)
    assert evaluate(".", "validation").checkpoint.resolve().name == first


def test_what_is_not_there(whole):
    with pytest.raises(UsageError, match=r"there is no run '.*tiny-99'"):
        evaluate(str(whole.run.parent / "tiny-99"))
    with pytest.raises(UsageError, match=r"there is no checkpoint '.*step-00000099'"):
        evaluate(str(whole.run / "checkpoints" / "step-00000099"))
    with pytest.raises(UsageError, match=r"there is no split 'tset'; expected 'train', 'validation' or 'test'"):
        evaluate(str(whole.run), "tset")


def test_a_split_that_the_run_has_not(write, tmp_path):
    run = train(write(("validation: 0.2, test: 0.2, ", "")), ["train.steps=1"], runs_root=tmp_path).run
    with pytest.raises(UsageError, match=r"the run has no test split: its config holds out none \(data.test is 0\)"):
        evaluate(str(run))
    assert evaluate(str(run), "train").samples == 1797


def test_splits_that_a_column_says(write, tmp_path):
    rows = "".join(f"{i % 7},{i % 2},{'train' if i % 3 else 'held out'}\n" for i in range(60))
    (tmp_path / "a.csv").write_text(f"x,y,part\n{rows}")
    split = "{Column: {column: part, train: train, validation: held out}}"
    text = f"""\
name: said
data: {{source: csv, path: a.csv, targets: [y], split: {split}}}
model: [Dense: 2]
train: {{epochs: 1, loss: sparse_categorical_crossentropy, execution: graph}}
"""
    run = train(write(text=text), runs_root=tmp_path).run
    assert evaluate(str(run), "validation").samples == 20
    with pytest.raises(UsageError, match="the run has no test split: its config holds out none; choose another split"):
        evaluate(str(run))


def test_a_damaged_checkpoint_is_refused(short, copied):
    run = copied(short)
    file = run / "checkpoints" / (run / "checkpoints" / "best").read_text().strip() / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(NetlabError, match=r"model.safetensors") as caught:
        evaluate(str(run))
    assert not isinstance(caught.value, UsageError)


def test_weights_of_another_network_are_refused(short, copied):
    run = copied(short)
    text = (run / "resolved.yaml").read_text()
    (run / "resolved.yaml").write_text(text.replace("units: 8", "units: 9"))
    message = r"^checkpoint .*step-00000034 is of another network than this one: .*\(64, 9\) float32, got \(64, 8\)"
    with pytest.raises(UsageError, match=message):
        evaluate(str(run))


def test_a_folder_that_only_looks_like_a_checkpoint_of_a_run(short, tmp_path):
    lonely = shutil.copytree(short.run / "checkpoints" / "step-00000017", tmp_path / "a" / "b" / "step-00000017")
    with pytest.raises(UsageError, match=r"is not a run directory \(it has no folder 'checkpoints'\)"):
        evaluate(str(lonely))


def test_a_run_that_has_lost_its_resolved_config(short, copied):
    run = copied(short)
    (run / "resolved.yaml").unlink()
    with pytest.raises(NetlabError, match=r"has lost its resolved\.yaml, .*; put it back, or train again") as caught:
        evaluate(str(run))
    assert not isinstance(caught.value, UsageError)

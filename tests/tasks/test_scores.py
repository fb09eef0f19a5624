"""What is scored equals what the run's own metrics measure, whatever the output is like."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from netlib.tasks.evaluate import Evaluation, all_measured
from netlib.tasks.plan import plan_evaluation
from netlib.tasks.scored import Scored
from netlib.tasks.train import train

TRAIN = "epochs: 1, execution: eager, optimizer: {Adam: {learning_rate: 0.02}}"


def scored(run: object, split: str = "test", worst: int = 0) -> Evaluation:
    return next(all_measured([plan_evaluation(str(run), split)], scores=True, worst=worst))


def trained(folder: Path, data: str, model: str, training: str) -> Path:
    text = f"name: a\nseed: 1\ndata: {{{data}, test: 0.3, batch_size: 32}}\nmodel:\n{model}\ntrain: {{{TRAIN}, {training}}}\n"
    (folder / "a.yaml").write_text(text)
    run = train(folder / "a.yaml", runs_root=folder / "runs").run
    assert run
    return run


@pytest.fixture
def numbers() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(200, 4)).astype(np.float32)


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_classes(whole, split):
    found = scored(whole.run, split, worst=4)
    (digit,) = found.outputs
    assert (digit.output, digit.target) == ("head", "digit")
    assert digit.classes.matrix.sum() == found.samples
    assert digit.classes.accuracy == pytest.approx(found.metrics["accuracy"], rel=1e-6)
    assert digit.classes.scores.weighted.recall == pytest.approx(digit.classes.accuracy)
    assert all(0.5 < each.roc_auc <= 1 for each in digit.classes.curves)


def test_the_worst_mistakes_are_those_of_the_samples_with_the_smallest_probability_of_the_truth(whole):
    every = scored(whole.run, worst=10_000)
    (digit,) = every.outputs
    wrong = every.samples - np.trace(digit.classes.matrix)
    assert len(digit.worst) == wrong
    losses = [each.loss for each in digit.worst]
    assert losses == sorted(losses, reverse=True)
    assert digit.measure == "SparseCategoricalCrossentropy"
    for each in digit.worst:
        assert each.target != each.prediction
        assert int(every.measured.targets["digit"][each.place]) == int(each.target)
        assert every.measured.row(each.place) == each.row
        assert np.exp(-each.loss) < each.probability
    assert scored(whole.run, worst=3).outputs[0].worst == digit.worst[:3]


def test_weights_of_samples_count(tmp_path):
    draw = np.random.default_rng(1)
    rows = [f"{draw.normal() + 2 * (i % 2):.4f},{'yes' if i % 2 else 'no'},{i % 5}" for i in range(240)]
    (tmp_path / "a.csv").write_text("\n".join(["x,kind,w", *rows]))
    data = f"source: csv, path: {tmp_path}/a.csv, targets: kind, weights: w"
    run = trained(tmp_path, data, "  - {Dense: 1, name: kind}", "loss: binary_crossentropy, metrics: [accuracy]")
    found = scored(run, worst=99)
    (kind,) = found.outputs
    assert kind.classes.names == ("no", "yes")
    assert kind.classes.accuracy == pytest.approx(found.metrics["accuracy"], rel=1e-6)
    assert kind.classes.matrix.sum() == pytest.approx(found.measured.weights.sum())
    assert all(found.measured.weights[each.place] > 0 for each in kind.worst)


def test_places_of_sequences_with_a_mask(tmp_path, write_npz):
    draw = np.random.default_rng(2)
    tokens = draw.integers(1, 9, (150, 6)) * (np.arange(6) < draw.integers(1, 7, (150, 1)))
    write_npz(x=tokens.astype(np.int32), y=(tokens % 3).astype(np.int32))
    model = "  - Embedding: {input_dim: 9, output_dim: 4, mask_zero: true}\n  - {Dense: 3, name: tag}"
    data = f"source: npz, path: {tmp_path}/data.npz"
    run = trained(tmp_path, data, model, "loss: sparse_categorical_crossentropy, metrics: [accuracy]")
    found = scored(run, worst=3)
    (tag,) = found.outputs
    assert tag.classes.accuracy == pytest.approx(found.metrics["accuracy"], rel=1e-6)
    assert tag.classes.matrix.sum() == (found.measured.inputs["x"] > 0).sum() < found.measured.inputs["x"].size
    assert all(each.prediction.endswith(" places") and each.probability is None for each in tag.worst)


def test_flags(tmp_path, write_npz, numbers):
    write_npz(x=numbers, y=(numbers[:, :3] > 0.2).astype(np.int32))
    data = f"source: npz, path: {tmp_path}/data.npz"
    run = trained(tmp_path, data, "  - {Dense: 3, name: flags}", "loss: binary_crossentropy, metrics: [accuracy]")
    found = scored(run, worst=2)
    (flags,) = found.outputs
    assert flags.classes.matrix is None
    assert flags.classes.accuracy == pytest.approx(found.metrics["accuracy"], rel=1e-6)
    assert flags.classes.scores.support.tolist() == found.measured.targets["y"].sum(axis=0).tolist()
    assert "confusion" not in flags.to_plain(worst=True)


def test_one_probability_at_each_place(tmp_path, write_npz, numbers):
    write_npz(x=numbers[:, :, None], y=(numbers > 0).astype(np.int32)[:, :, None])
    data = f"source: npz, path: {tmp_path}/data.npz"
    run = trained(tmp_path, data, "  - {Dense: 1, name: inside}", "loss: binary_crossentropy, metrics: [accuracy]")
    found = scored(run)
    (inside,) = found.outputs
    assert inside.classes.matrix.sum() == found.samples * 4
    assert inside.classes.accuracy == pytest.approx(found.metrics["accuracy"], rel=1e-6)


METRICS = "metrics: [mean_absolute_error, root_mean_squared_error, r2_score]"


def test_numbers(tmp_path, write_npz, numbers):
    write_npz(x=numbers, y=numbers[:, :2] * 3 + 1)
    run = trained(
        tmp_path,
        f"source: npz, path: {tmp_path}/data.npz",
        "  - {Dense: 2, name: y}",
        f"loss: mean_squared_error, {METRICS}",
    )
    found = scored(run, worst=5)
    (output,) = found.outputs
    assert [*output.values] == ["0", "1", "all"]
    together = output.values["all"]
    for name, value in {"mean_absolute_error": together.mae, "root_mean_squared_error": together.rmse}.items():
        assert value == pytest.approx(found.metrics[name], rel=1e-5)
    assert together.r2 == pytest.approx(found.metrics["r2_score"], rel=1e-4)
    assert len(output.worst) == 5
    assert output.worst[0].target.count(",") == 1
    every = scored(run, worst=999).outputs[0]
    assert (every.measure, len(every.worst)) == ("MeanSquaredError", found.samples)
    assert np.mean([each.loss for each in every.worst]) == pytest.approx(found.metrics["loss"], rel=1e-5)


def test_a_loss_that_is_not_known_without_tensorflow_is_replaced_and_that_is_said(tmp_path, write_npz, numbers):
    write_npz(x=numbers, y=numbers[:, :2])
    data = f"source: npz, path: {tmp_path}/data.npz"
    found = scored(trained(tmp_path, data, "  - {Dense: 2, name: y}", "loss: log_cosh"), worst=1)
    (output,) = found.outputs
    (worst,) = output.worst
    assert output.measure == output.to_plain(worst=True)["worst_by"] == "absolute error"
    truth, told = (np.array([*map(float, text.split(", "))]) for text in (worst.target, worst.prediction))
    assert worst.loss == pytest.approx(np.abs(told - truth).mean(), abs=1e-4)


def test_too_many_samples_for_quantiles_and_areas(tmp_path, write_npz, numbers, monkeypatch):
    monkeypatch.setattr("netlib.scoring.kept.MOST_KEPT", 100)
    write_npz(x=numbers, y=numbers[:, :2], z=(numbers[:, 0] > 0).astype(np.int32))
    data = f"source: npz, path: {tmp_path}/data.npz, targets: {{y: y, z: z}}, inputs: x"
    nodes = "    - {Dense: 2, name: y, from: input}\n    - {Dense: 2, name: z, from: input}"
    run = trained(
        tmp_path, data, f"  nodes:\n{nodes}\n  outputs: [y, z]", "loss: {y: mse, z: SparseCategoricalCrossentropy}"
    )
    y, z = scored(run).outputs
    assert y.to_plain(worst=False)["notes"] == ["no quantiles: the errors are too many to keep them"]
    assert z.to_plain(worst=False)["notes"] == ["no areas under curves: the samples are too many to keep their scores"]


def test_a_target_that_is_an_input_and_many_numbers_at_once(tmp_path, write_npz):
    write_npz(x=np.random.default_rng(3).random((90, 40)).astype(np.float32))
    data = f"source: npz, path: {tmp_path}/data.npz, targets: []"
    loss = "loss: {again: {MeanSquaredError: {}, target: x}}"
    run = trained(tmp_path, data, "  - Dense: 4\n  - {Dense: 40, name: again}", loss)
    found = scored(run)
    (again,) = found.outputs
    assert [*again.values] == ["all"]  # a line for each of so many would tell nobody anything
    assert again.values["all"].rmse ** 2 == pytest.approx(found.metrics["loss"], rel=1e-5)


def test_what_cannot_be_scored_says_why(tmp_path, write_npz, numbers):
    write_npz(x=numbers, y=(numbers[:, :1] > 0).astype(np.int32))
    data = f"source: npz, path: {tmp_path}/data.npz"
    model = (
        "  nodes:\n    - {Dense: 1, name: side}\n    - {Dense: 1, name: other, from: input}\n  outputs: [side, other]"
    )
    run = trained(tmp_path, data, model, "loss: {side: Hinge, mean: {Compute: mean(other ** 2)}}")
    side, other = scored(run).outputs
    assert side == Scored(
        "side", left_out="Hinge gives margins, which are neither probabilities nor numbers to compare"
    )
    assert other == Scored("other", left_out="no loss compares it with a target by itself")
    assert side.to_plain(worst=False) == {"left_out": side.left_out}


def test_a_stream_is_scored_as_what_is_in_memory(tmp_path, monkeypatch, numbers):
    np.save(tmp_path / "x.npy", np.repeat(numbers, 20, axis=0))
    np.save(tmp_path / "y.npy", np.repeat((numbers.argmax(1)).astype(np.int32), 20))
    data = f"source: npy, inputs: {{x: {tmp_path}/x.npy}}, targets: {{y: {tmp_path}/y.npy}}"
    model, loss = "  - {Dense: 4, name: y}", "loss: sparse_categorical_crossentropy, metrics: [accuracy]"
    run = trained(tmp_path, f"{data}, memory: 40KB", model, loss)
    streamed = scored(run, worst=9)
    assert type(streamed.measured).__name__ == "Streamed"
    text = (run / "resolved.yaml").read_text()
    (run / "resolved.yaml").write_text("".join(line for line in text.splitlines(True) if "memory:" not in line))
    monkeypatch.setattr("netlib.tasks.same_data.need_same_data", lambda *_: ())  # of files it is another
    held = scored(run, worst=9)
    assert type(held.measured).__name__ == "Arrays"
    assert streamed.outputs[0].to_plain(worst=True) == held.outputs[0].to_plain(worst=True)
    assert streamed.outputs[0].classes.accuracy == pytest.approx(streamed.metrics["accuracy"], rel=1e-6)

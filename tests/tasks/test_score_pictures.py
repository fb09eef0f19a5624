from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from netlib.spec.errors import UsageError
from netlib.tasks.evaluate import all_measured
from netlib.tasks.evaluate_data import plan_evaluations
from netlib.tasks.score_pictures import Pictures
from netlib.tasks.train import train


@pytest.fixture(scope="module")
def plans(whole):
    return plan_evaluations([str(whole.run)])


@pytest.fixture(scope="module")
def found(plans):
    return next(all_measured(plans, scores=True, worst=10))


def test_pictures_are_there_and_nothing_else_is(plans, found, tmp_path):
    pictures = Pictures(tmp_path / "m.svg", tmp_path / "r.png", tmp_path / "w.png")
    pictures.check(plans, worst=10, overwrite=False)
    written = pictures.draw(found)
    assert written == [tmp_path / "m.svg", tmp_path / "r.png", tmp_path / "w.png"]
    assert sorted(tmp_path.iterdir()) == sorted(written)
    with Image.open(tmp_path / "w.png") as sheet:
        assert sheet.size == (6 + 8 * 70, 6 + 2 * 84)  # ten images of 64 x 64, eight in a row


def test_what_is_there_is_only_written_over_when_asked(plans, found, tmp_path):
    (tmp_path / "m.png").write_text("mine")
    pictures = Pictures(confusion=tmp_path / "m.png")
    with pytest.raises(
        UsageError, match=r"m\.png is there already; choose another name, or write over it with --overwrite"
    ):
        pictures.check(plans, worst=0, overwrite=False)
    pictures.check(plans, worst=0, overwrite=True)
    pictures.draw(found)
    assert (tmp_path / "m.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("pictures", "worst", "message"),
    [
        (Pictures(confusion=Path("m.jpg")), 0, r"m\.jpg must end with '\.png', '\.svg' or '\.pdf'"),
        (Pictures(roc=Path("nowhere/r.png")), 0, r"there is no folder 'nowhere' to write 'r\.png' into"),
        (Pictures(worst=Path("w.png")), 0, r"--worst-images draws the worst mistakes: say how many, --worst 16"),
        (
            Pictures(worst=Path("w.svg")),
            3,
            r"images are written as PNG: expected a file that ends in \.png, got 'w\.svg'",
        ),
        (Pictures(worst=Path()), 3, r"images are written as PNG"),
    ],
)
def test_what_cannot_be_drawn_is_refused_before_anything_runs(plans, pictures, worst, message):
    with pytest.raises(UsageError, match=message):
        pictures.check(plans, worst=worst, overwrite=False)


def test_a_picture_is_of_one_evaluation(whole, tmp_path):
    plans = plan_evaluations([str(whole.run)], ["test", "train"])
    with pytest.raises(
        UsageError, match=r"--roc draws a picture of one evaluation, and 2 are asked for: draw them one by one"
    ):
        Pictures(roc=tmp_path / "r.png").check(plans, worst=0, overwrite=False)


def test_numbers_have_no_classes_to_draw_and_no_images(write, write_npz, tmp_path):
    import numpy as np

    write_npz(x=np.random.default_rng(0).random((40, 2)).astype(np.float32), y=np.ones((40, 1), np.float32))
    text = "name: n\ndata: {source: npz, path: data.npz, test: 0.5}\nmodel: [{Dense: 1, name: y}]\n"
    run = train(
        write(text=f"{text}train: {{epochs: 1, loss: mse, execution: eager}}\n"), runs_root=tmp_path / "runs"
    ).run
    plans = plan_evaluations([str(run)])
    with pytest.raises(UsageError, match=r"--roc is for classes, and no loss .* \(losses: 'y' MeanSquaredError\)"):
        Pictures(roc=tmp_path / "r.png").check(plans, worst=0, overwrite=False)
    with pytest.raises(UsageError, match=r"there are no images to draw.*the data has 'x' \(2,\)"):
        Pictures(worst=tmp_path / "w.png").check(plans, worst=3, overwrite=False)


def test_a_picture_for_each_output_that_has_classes(write, tmp_path):
    loss = (
        "{digit: {SparseCategoricalCrossentropy: {}, of: head}, again: {SparseCategoricalCrossentropy: {}, of: other}}"
    )
    changes = (
        ("model:\n", "model:\n  nodes:\n"),
        ("    name: head\n", "    name: head\n  - {Dense: 10, name: other, from: hidden}\n  outputs: [head, other]\n"),
        ("  loss: sparse_categorical_crossentropy\n", f"  loss: {loss}\n"),
        ("  metrics: [accuracy]\n", ""),
        ("execution: graph", "execution: eager"),
    )
    run = train(write(*changes), ["train.steps=1"], runs_root=tmp_path / "runs").run
    plans = plan_evaluations([str(run)])
    pictures = Pictures(confusion=tmp_path / "m.png")
    (tmp_path / "m-other.png").touch()
    with pytest.raises(UsageError, match=r"m-other\.png is there already"):
        pictures.check(plans, worst=0, overwrite=False)
    written = pictures.draw(next(all_measured(plans, scores=True)))
    assert [path.name for path in written] == ["m-head.png", "m-other.png"]

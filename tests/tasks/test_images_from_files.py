"""A network that is trained on images of files is the network that is trained on the same bytes of an array, to the last bit."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from netlib.tasks.train import train

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "configs" / "data" / "digits_png.yaml"


@pytest.fixture
def digits() -> tuple[np.ndarray, np.ndarray]:
    """All bundled digits as bytes (rows, 8, 8), and what they are."""
    with np.load(ROOT / "netlib" / "data" / "bundled" / "digits.npz") as arrays:
        return np.round(arrays["x"] * (255 / 16)).astype(np.uint8), arrays["y"]


@pytest.mark.slow
def test_digits_as_files_and_as_an_array(tmp_path, digits, monkeypatch):
    monkeypatch.chdir(tmp_path)
    images, labels = digits
    for number, (image, label) in enumerate(zip(images, labels, strict=True)):
        (tmp_path / "digits" / str(label)).mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(tmp_path / "digits" / str(label) / f"{number:04}.png")
    order = np.argsort(labels, kind="stable")  # class by class, as the folders are
    np.savez(tmp_path / "digits.npz", image=images[order, ..., None], label=labels[order])
    arrays = "data={source: npz, path: digits.npz, inputs: [image], targets: [label], validation: 0.15, test: 0.15,"
    arrays += " preprocess: {image: {Rescale: $(1 / 255)}}}"
    of_files = train(CONFIG, [f"data.path={tmp_path / 'digits'}"], runs_root=tmp_path / "files")
    of_array = train(CONFIG, [arrays], runs_root=tmp_path / "array")
    assert of_files.metrics["test"]["accuracy"] >= 0.97
    assert of_files.metrics == of_array.metrics
    history = [history_of(folder) for folder in (tmp_path / "files", tmp_path / "array")]
    assert len(history[0]) == 30
    assert history[0] == history[1]


def history_of(root: Path) -> list[dict[str, dict[str, float]]]:
    """Losses and metrics of every epoch of the only run."""
    (file,) = root.rglob("metrics.jsonl")
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    return [{split: line[split] for split in ("train", "validation")} for line in lines if "train" in line]


def test_the_shipped_digits_are_ten_of_each_bundled_digit(digits):
    images, labels = digits
    files = sorted((CONFIG.parent / "digits_png").rglob("*.png"))
    assert len(files) == 100
    for file in files:
        with Image.open(file) as image:
            np.testing.assert_array_equal(np.asarray(image), images[int(file.stem)])
        assert int(file.parent.name) == labels[int(file.stem)]

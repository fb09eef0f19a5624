"""Configs for arrays, images and texts, and what no config can be written for."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from netlib.spec.errors import NetlabError, UsageError
from netlib.tasks.check import check
from netlib.tasks.new.from_data import new_from

CONFIGS = Path(__file__).parents[3] / "configs" / "data"


def clean(path: Path) -> str:
    (report,) = check([path])
    assert report.problems == ()
    return path.read_text()


def test_arrays_by_their_axes():
    random = np.random.default_rng(0)
    np.savez(
        "all.npz",
        flat=random.normal(size=(100, 4)),
        image=random.integers(0, 255, (100, 12, 12)).astype("uint8"),
        tokens=random.integers(0, 50, (100, 10)),
        series=random.normal(size=(100, 20, 3)),
        names=np.arange(3),
        y=random.integers(1, 4, 100),
    )
    done = new_from(Path("all.npz"))
    text = clean(done.path)
    for part in ("y: Labels", "image: {Rescale: $(1 / 255)}", "Reshape: [12, 12, 1]", "input_dim: 50", "GRU: 16"):
        assert part in text
    assert done.choices[-1] == "left out: 'names' has not as many rows"


def test_npy_files_beside_each_other():
    np.save("x.npy", np.random.default_rng(0).normal(size=(60, 3)).astype("float32"))
    np.save("y.npy", np.arange(60, dtype="float32"))
    assert "targets: {y: y.npy}" in clean(new_from(Path("x.npy"), ["y.npy"]).path)
    with pytest.raises(
        UsageError, match=r"--target is needed once for x\.npy: the \.npy file of what is to be learned"
    ):
        new_from(Path("x.npy"), name="z")
    with pytest.raises(UsageError, match=r"there is no file z\.npy: --target is the \.npy file"):
        new_from(Path("x.npy"), ["z.npy"], name="z")


def test_mistakes_about_arrays():
    np.savez("a.npz", x=np.zeros((40, 2)), y=np.arange(40.0), wide=np.ones((40, 3)))
    with pytest.raises(UsageError, match=r"a\.npz has no array 'z' \(it has: x, y, wide\)"):
        new_from(Path("a.npz"), ["z"])
    with pytest.raises(UsageError, match=r"target 'wide' has the shape \(3,\) a sample; a head tells one value"):
        new_from(Path("a.npz"), ["wide"])
    np.savez("b.npz", a=np.zeros((40, 2)))
    with pytest.raises(UsageError, match=r"--target is needed: the array of b\.npz to learn \(a\)"):
        new_from(Path("b.npz"))
    np.savez("b.npz", a=np.arange(40.0))
    with pytest.raises(UsageError, match=r"b\.npz has no array of 40 rows to learn 'a' from"):
        new_from(Path("b.npz"), ["a"])


def test_what_is_damaged_is_refused_and_nothing_is_written():
    np.savez("a.npz", x=np.random.default_rng(0).normal(size=(60, 4)), y=np.arange(60.0))
    whole = Path("a.npz").read_bytes()
    flipped = bytearray(whole)
    flipped[200] ^= 0xFF
    np.save("one.npy", np.zeros(3))
    damaged = [
        (whole[: len(whole) // 2], r"b\.npz is damaged: it begins like an npz file, but has no table of contents"),
        (b"", r"b\.npz is damaged: it is empty"),
        (flipped, r"b\.npz is damaged: the header of array 'x' cannot be read"),
        (Path("one.npy").read_bytes(), r"b\.npz is not an npz file but one array \(\.npy\)"),
    ]
    for content, message in damaged:
        Path("b.npz").write_bytes(content)
        with pytest.raises(NetlabError, match=message):
            new_from(Path("b.npz"), ["y"])
    latin = "caf\xe9\n".encode("latin-1") * 400
    Path("latin.txt").write_bytes(latin)
    Path("labels.txt").write_text("good\nbad\n" * 200)
    for i in range(20):
        Path("texts", "ab"[i % 2]).mkdir(parents=True, exist_ok=True)
        Path("texts", "ab"[i % 2], f"{i}.txt").write_bytes(latin)
    asked = [("latin.txt", []), ("latin.txt", ["labels.txt"]), ("labels.txt", ["latin.txt"]), ("texts", [])]
    for data, targets in asked:
        with pytest.raises(NetlabError, match="line 1 has the byte 0xe9, which is no UTF-8 there"):
            new_from(Path(data), targets, name="c")
    assert not list(Path().glob("*.yaml"))


def test_texts_and_objects_among_arrays_are_left_out():
    words, objects = np.array(["a", "b"] * 20), np.array([{}] * 40)
    np.savez("a.npz", x=np.ones((40, 2)) * np.arange(40)[:, None], y=np.arange(40.0), words=words, objects=objects)
    assert "inputs: {x_: x} # 2 numbers each\n" in clean(new_from(Path("a.npz"), ["y"]).path)


def test_a_folder_of_images():
    text = clean(new_from(CONFIGS / "digits_png", name="digits").path)
    assert "channels: 1 # grey" in text
    assert "  - {Dense: 10, name: label} # a logit for each class" in text
    assert "size:" not in text.replace("batch_size:", "").replace("kernel_size:", "")


def test_images_of_several_sizes_are_brought_to_one():
    from PIL import Image

    for i in range(12):
        folder = Path("photos", "ab"[i % 2])
        folder.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (20 + i, 16), (i * 20, 0, 0)).save(folder / f"{i}.png")
    text = clean(new_from(Path("photos")).path)
    assert "size: [16, " in text
    assert "channels: 3" in text
    with pytest.raises(UsageError, match=r"--target is not needed: the folders of photos are the classes"):
        new_from(Path("photos"), ["label"], name="b")
    with pytest.raises(UsageError, match=r"photos/a/0\.png is one image; give the folder that has"):
        new_from(Path("photos/a/0.png"), name="c")


def test_texts_in_lines_in_folders_and_by_themselves():
    for name in ("opinions.txt", "opinions_labels.txt", "tale.txt"):
        shutil.copy(CONFIGS / name, name)
    text = clean(new_from(Path("opinions.txt"), ["opinions_labels.txt"]).path)
    assert "targets: opinions_labels.txt" in text
    assert "loss: binary_crossentropy" in text
    assert "source: corpus" in clean(new_from(Path("tale.txt")).path)
    for i, line in enumerate(Path("opinions.txt").read_text().splitlines()[:40]):
        Path("reviews", "ab"[i % 2]).mkdir(parents=True, exist_ok=True)
        Path("reviews", "ab"[i % 2], f"{i}.txt").write_text(line)
    assert "source: text_folder" in clean(new_from(Path("reviews")).path)
    Path("few.txt").write_text("a\n")
    with pytest.raises(UsageError, match=r"opinions\.txt has 800 lines, few\.txt has 1: each text needs a class"):
        new_from(Path("opinions.txt"), ["few.txt"], name="b")


def test_what_is_no_data():
    Path("data.xlsx").write_bytes(b"PK")
    with pytest.raises(UsageError, match=r"data\.xlsx has '\.xlsx'; a config can be written for tables \(\.csv, \.tsv"):
        new_from(Path("data.xlsx"))
    with pytest.raises(UsageError, match=r"there is no file or folder dta\.xlsx; did you mean 'data\.xlsx'\?"):
        new_from(Path("dta.xlsx"))
    Path("empty").mkdir()
    with pytest.raises(UsageError, match="empty has files of no such kind"):
        new_from(Path("empty"))


def test_paths_are_as_the_config_sees_them(tmp_path: Path):
    Path("configs").mkdir()
    np.savez("a.npz", x=np.random.default_rng(0).normal(size=(40, 2)), y=np.arange(40.0))
    text = clean(new_from(Path("a.npz"), output=Path("configs/b.yaml")).path)
    assert "path: ../a.npz" in text
    assert "netlab train configs/b.yaml" in text

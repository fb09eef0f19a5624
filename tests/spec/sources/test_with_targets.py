from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from netlib.data.sources.image_folder import read as read_images
from netlib.data.sources.texts import read as read_texts
from netlib.spec.data import DataSpec
from netlib.spec.errors import SpecError, UsageError
from netlib.spec.features import SourceSpec
from netlib.spec.sources.with_targets import with_targets

CONFIGS = Path(__file__).parents[3] / "configs" / "data"


def source(**parameters: object) -> SourceSpec:
    return DataSpec.parse(parameters).source


def elsewhere(found: SourceSpec, path: object) -> SourceSpec:
    return with_targets(found, str(path), found.signature())


@pytest.fixture
def table(tmp_path):
    (tmp_path / "a.csv").write_text("x,n,kind,w\n1.5,1,moss,1\n2.5,2,fern,2\n")
    return source(source="csv", path=str(tmp_path / "a.csv"), targets="kind", weights="w")


def test_a_table_keeps_targets_weights_and_what_columns_hold(table, tmp_path):
    (tmp_path / "b.csv").write_text("kind,note,w,n,x\nfern,?,3,7,1\n")  # x looks like integers, w too
    found = elsewhere(table, tmp_path / "b.csv")
    assert found.signature().targets == table.signature().targets
    assert found.signature().inputs == table.signature().inputs
    assert found.weights == "w"


def test_a_target_that_looks_like_something_else_is_what_it_was(tmp_path):
    (tmp_path / "a.csv").write_text("x,price\n1.5,1.5\n")
    (tmp_path / "b.jsonl").write_text('{"x": 1.5, "price": 2}\n')
    own = source(source="csv", path=str(tmp_path / "a.csv"), targets="price")
    assert elsewhere(own, tmp_path / "b.jsonl").signature().targets == own.signature().targets


def test_a_table_without_the_target(table, tmp_path):
    (tmp_path / "b.csv").write_text("x,n,kidn,w\n1.5,1,moss,1\n")
    with pytest.raises(SpecError, match=r"b\.csv has no column 'kind'; did you mean 'kidn'\?"):
        elsewhere(table, tmp_path / "b.csv").signature()


@pytest.mark.parametrize("kind", ["npz", "npy"])
def test_arrays_come_from_an_npz_with_both(tmp_path, kind):
    x, y = np.ones((4, 2), np.float32), np.zeros(4, np.int32)
    np.savez(tmp_path / "a.npz", x=x, y=y)
    np.savez(tmp_path / "b.npz", x=x[:3], y=y[:3])
    np.save(tmp_path / "x.npy", x)
    np.save(tmp_path / "y.npy", y)
    files = {name: {name: str(tmp_path / f"{name}.npy")} for name in ("x", "y")}
    own = (
        source(source="npz", path=str(tmp_path / "a.npz"))
        if kind == "npz"
        else source(source="npy", inputs=files["x"], targets=files["y"])
    )
    found = elsewhere(own, tmp_path / "b.npz").signature()
    assert (found.inputs, found.targets, found.samples) == (own.signature().inputs, own.signature().targets, 3)
    with pytest.raises(
        UsageError, match=r"x\.npy must be an \.npz file to have targets too: write both with numpy\.savez"
    ):
        elsewhere(own, tmp_path / "x.npy")


def test_folders_of_the_same_classes(tmp_path):
    own = source(source="image_folder", path=str(CONFIGS / "digits_png"))
    shutil.copytree(CONFIGS / "digits_png", tmp_path / "new")
    assert elsewhere(own, tmp_path / "new").signature().targets == own.signature().targets
    shutil.move(tmp_path / "new" / "9", tmp_path / "new" / "nine")
    with pytest.raises(
        SpecError,
        match=r"there is a folder 'nine', but the run was trained on the classes 0, 1, .*7, \.\.\. \(10\): leave it out",
    ):
        elsewhere(own, tmp_path / "new").signature()


def test_folders_of_some_of_the_classes_keep_their_numbers(tmp_path):
    own = source(source="image_folder", path=str(CONFIGS / "digits_png"))
    for digit in "72":
        shutil.copytree(CONFIGS / "digits_png" / digit, tmp_path / "new" / digit)
    found = elsewhere(own, tmp_path / "new")
    assert found.signature().targets == own.signature().targets
    count = sum(1 for _ in (tmp_path / "new").glob("*/*"))
    assert found.signature().samples == count
    labels = read_images(found, 0).targets["label"]
    assert (len(labels), {*labels.tolist()}) == (count, {2, 7})


def test_texts_of_one_class(tmp_path):
    for folder, kinds in (("all", ("bad", "good")), ("new", ("good",)), ("odd", ("godo",)), ("none", ())):
        (tmp_path / folder).mkdir()
        for kind in kinds:
            (tmp_path / folder / kind).mkdir()
            (tmp_path / folder / kind / "1.txt").write_text(f"it is {kind}")
    own = source(source="text_folder", path=str(tmp_path / "all"))
    found = elsewhere(own, tmp_path / "new")
    assert found.signature().targets == own.signature().targets
    read = read_texts(found, 0)
    assert (read.inputs["text"].to_list(), read.targets["label"].tolist()) == (["it is good"], [1])
    with pytest.raises(
        SpecError, match=r"a folder 'godo', but the run was trained on the classes bad, good; did you mean 'good'\?"
    ):
        elsewhere(own, tmp_path / "odd").signature()
    with pytest.raises(SpecError, match=r"none needs the folder of a class \(it has: none\)"):
        elsewhere(own, tmp_path / "none").signature()


def test_time_series_need_rows_behind_a_window_again(tmp_path):
    lines = "".join(f"{i},{i / 10}\n" for i in range(30))
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text(f"time,value\n{lines}")
    own = source(
        source="time_series", path=str(tmp_path / "a.csv"), inputs=["value"], targets="value", time="time", length=5
    )
    found = elsewhere(own, tmp_path / "b.csv")
    assert found == own.model_copy(update={"path": str(tmp_path / "b.csv")})


def test_records_and_a_text(tmp_path):
    shutil.copy(CONFIGS / "digits.tfrecord", tmp_path / "b.tfrecord")
    features = {"image": {"dtype": "uint8", "shape": [8, 8, 1], "encoding": "png"}, "label": "int64"}
    own = source(source="tfrecord", path=str(CONFIGS / "digits.tfrecord"), features=features, targets="label")
    assert elsewhere(own, tmp_path / "b.tfrecord").signature() == own.signature()
    text = source(source="corpus", path=str(CONFIGS / "tale.txt"), length=20)
    (tmp_path / "b.txt").write_text("once upon a time there was another tale\n" * 9)
    assert elsewhere(text, tmp_path / "b.txt").path == str(tmp_path / "b.txt")


def test_what_takes_two_files_and_what_is_no_such_file(tmp_path):
    lines = source(
        source="text_lines", path=str(CONFIGS / "opinions.txt"), targets=str(CONFIGS / "opinions_labels.txt")
    )
    what = (
        r"texts and their classes in two files, and --data takes one: .*'text' and 'label' \(\.csv.*got .*opinions\.txt"
    )
    with pytest.raises(UsageError, match=what):
        elsewhere(lines, CONFIGS / "opinions.txt")
    with pytest.raises(SpecError, match=r"source 'digits' has samples of its own: other ones are read from"):
        elsewhere(source(source="digits"), tmp_path)


def test_a_table_in_place_of_lines(tmp_path):
    files = {"path": str(CONFIGS / "opinions.txt"), "targets": str(CONFIGS / "opinions_labels.txt")}
    own = source(source="text_lines", **files)
    (tmp_path / "new.csv").write_text("note,label,text\n1,3,7\n2,4,8\n")  # whatever they look like, they are texts
    found = elsewhere(own, tmp_path / "new.csv").signature()
    assert (found.inputs, found.targets) == (own.signature().inputs, own.signature().targets)
    without = source(source="text_lines", path=files["path"])
    assert elsewhere(without, tmp_path / "new.csv") == source(source="text_lines", path=str(tmp_path / "new.csv"))


def test_arrays_in_place_of_samples_of_its_own(tmp_path):
    own = source(source="digits")
    np.savez(tmp_path / "new.npz", image=np.ones((4, 8, 8, 1), np.float32), digit=np.zeros(4, np.int32))
    found = elsewhere(own, tmp_path / "new.npz").signature()
    assert {name: each.tensor for name, each in found.targets.items()} == {
        name: each.tensor for name, each in own.signature().targets.items()
    }

"""What is predicted of raw files is what was measured: the metrics of `evaluate`, computed once more from the files' rows."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image

from netlib.config.load import load
from netlib.data.load import parts
from netlib.spec.errors import NetlabError, UsageError
from netlib.tasks.evaluate import evaluate
from netlib.tasks.plan_prediction import Asked
from netlib.tasks.predict import predict
from netlib.tasks.train import train

TRAIN = """
train:
  epochs: 2
  loss: sparse_categorical_crossentropy
  optimizer: {Adam: {learning_rate: 0.01}}
  metrics: [accuracy]
  execution: graph
"""
SPLIT = "validation: 0.2, test: 0.25, batch_size: 16"
ODD = ["Zürich", "Łódź ", "  odd\twhite", "", "NaN", "x" * 40_000, 'a "quote", and\na line', "São Paulo", "null"]


@dataclass(frozen=True)
class Case:
    """A run, and the numbers of the rows that it was tested on."""

    run: Path
    folder: Path
    rows: np.ndarray


def trained(folder: Path, data: str, model: str) -> Case:
    (folder / "a.yaml").write_text(
        f"name: a\nseed: 3\ndata: {{{data}, {SPLIT}}}\nmodel:\n{model}{TRAIN}", encoding="utf-8"
    )
    result = train(folder / "a.yaml", runs_root=folder / "runs")
    assert result.run
    config = load(folder / "a.yaml")
    assert config.data
    samples = parts(config.data, config.seed).samples["test"]
    return Case(result.run, folder, np.arange(len(samples)) if samples.rows is None else samples.rows)


def rows_of(case: Case, path: object = None, **asked: object) -> list[dict[str, str]]:
    """The rows that are written to a stream."""
    stream = io.BytesIO()
    given = Asked(None if path is None else str(path), **asked)  # type: ignore[arg-type]
    predict(str(case.run), given, stream)
    return list(csv.DictReader(io.StringIO(stream.getvalue().decode(), newline="")))


def check(case: Case, rows: list[dict[str, str]], target: str, truth: list[str]) -> None:
    """Accuracy and loss of the predictions, in double precision, against those of `evaluate`."""
    assert len(rows) == len(truth) == len(case.rows) > 0
    of_truth = [float(row[f"predicted_{target}_probability_{each}"]) for row, each in zip(rows, truth, strict=True)]
    right = [row[f"predicted_{target}"] == each for row, each in zip(rows, truth, strict=True)]
    metrics = evaluate(str(case.run)).metrics
    assert np.mean(right) == pytest.approx(metrics["accuracy"], rel=1e-6)
    assert -np.log(of_truth).mean() == pytest.approx(metrics["loss"], rel=1e-5)
    best = [max(float(value) for name, value in row.items() if "_probability_" in name) for row in rows]
    assert best == [float(row[f"predicted_{target}_probability"]) for row in rows]


def people() -> list[dict[str, str]]:
    draw = np.random.default_rng(0)
    found = []
    for number in range(120):
        age = "" if number % 7 == 0 else str(draw.integers(18, 80))
        income = "NA" if number % 5 == 0 else f"{draw.normal(30, 9):.2f}"
        city, text = ODD[int(draw.integers(len(ODD)))], f"{ODD[number % len(ODD)]} {['ÄÖ', 'good', 'bad'][number % 3]}"
        date = f"2024-{number % 12 + 1:02d}-{number % 28 + 1:02d}"
        kind = ["no", "yes", "perhaps é"][int(draw.integers(3))]
        found.append({"age": age, "income": income, "city": city, "note": text, "since": date, "kind": kind})
    return found


def write_csv(path: Path, rows: list[dict[str, str]], separator: str = ",") -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=separator)
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    folder = tmp_path_factory.mktemp("table")
    write_csv(folder / "people.csv", people())
    data = (
        "source: csv, path: people.csv, targets: kind, inputs: {features: [age, income, city, since], note: note},"
        " preprocess: {age: [Impute, Standardize], income: [Impute, RobustScale], city: OneHot,"
        " since: [DateParts, {MinMax: {}}], note: {Tokenize: {length: 6, lower: true}}}"
    )
    model = """
  - {Embedding: {output_dim: 4}, from: note, name: words}
  - {GlobalAveragePooling1D: , name: pooled}
  - {Concatenate: , from: [features, pooled]}
  - {Dense: {units: 3}, name: kind}"""
    return trained(folder, data, model)


@pytest.fixture
def tested(table):
    """The rows of the table that the run was tested on, as they stand in the file."""
    everybody = people()
    return [everybody[row] for row in table.rows]


def test_a_table(table, tested, tmp_path):
    rows = rows_of(table, write_csv(tmp_path / "new.csv", tested), probabilities=True)
    check(table, rows, "kind", [each["kind"] for each in tested])
    assert [{name: row[name] for name in tested[0]} for row in rows] == tested  # as they were, texts and all


def test_other_columns_pass_and_the_target_need_not_be_there(table, tested, tmp_path):
    others = [
        {"id": f"{i}", **{k: v for k, v in each.items() if k != "kind"}, "": "z"} for i, each in enumerate(tested)
    ]
    rows = rows_of(table, write_csv(tmp_path / "new.tsv", others, "\t"), probabilities=True)
    check(table, rows, "kind", [each["kind"] for each in tested])
    assert list(rows[0])[:7] == ["id", "age", "income", "city", "note", "since", ""]
    assert [row["id"] for row in rows] == [f"{i}" for i in range(len(tested))]


@pytest.mark.parametrize("kind", ["parquet", "jsonl"])
def test_a_run_of_csv_predicts_on_other_tables(table, tested, tmp_path, kind):
    missing = {"", "NA", "NaN", "null"}

    def value(name: str, text: str) -> object:
        if text in missing:
            return None
        return int(text) if name == "age" else float(text) if name == "income" else text

    plain = [{name: value(name, text) for name, text in each.items()} for each in tested]
    path = tmp_path / f"new.{kind}"
    if kind == "parquet":
        pl.DataFrame(plain).with_columns(pl.col("since").str.to_date()).write_parquet(path)
    else:
        path.write_text("".join(f"{json.dumps(each, ensure_ascii=False)}\n" for each in plain), encoding="utf-8")
    check(table, rows_of(table, path, probabilities=True), "kind", [each["kind"] for each in tested])


def test_several_files_are_one_after_the_other(table, tested, tmp_path):
    write_csv(tmp_path / "a.csv", tested[:10])
    write_csv(tmp_path / "b.csv", tested[10:])
    rows = rows_of(table, tmp_path / "*.csv", probabilities=True)
    check(table, rows, "kind", [each["kind"] for each in tested])


def test_columns_that_look_otherwise_are_read_as_they_were_to_train_on(table, tested, tmp_path):
    """A file of few rows: no income has a fraction, every note is a number, an age is missing from all."""
    few = [{**each, "income": "30", "note": "12", "age": ""} for each in tested[:5]]
    alone = rows_of(table, write_csv(tmp_path / "few.csv", few), probabilities=True)
    several = [*few, *({**each, "note": "a text"} for each in tested)]
    among = rows_of(table, write_csv(tmp_path / "more.csv", several), probabilities=True)
    name = "predicted_kind_probability_yes"
    assert [float(row[name]) for row in alone] == pytest.approx([float(row[name]) for row in among[:5]], rel=1e-5)


def test_a_split_of_its_own(table, tested):
    rows = rows_of(table, split="test", probabilities=True)
    check(table, rows, "kind", [each["kind"] for each in tested])
    assert [row["note"] for row in rows] == [each["note"] for each in tested]


@pytest.mark.parametrize("suffix", [".parquet", ".jsonl", ".npz", ".csv"])
def test_what_is_written_is_what_is_streamed(table, tested, tmp_path, suffix):
    source, path = write_csv(tmp_path / "new.csv", tested), tmp_path / f"out{suffix}"
    told = predict(str(table.run), Asked(str(source), output=path))
    assert told.samples == len(tested)
    streamed = rows_of(table, source)
    probabilities = [float(row["predicted_kind_probability"]) for row in streamed]
    kinds = [row["predicted_kind"] for row in streamed]
    if suffix == ".npz":
        with np.load(path) as arrays:
            assert arrays["predicted_kind"].tolist() == kinds
            assert arrays["predicted_kind_probability"].tolist() == pytest.approx(probabilities)
        return
    read = {".parquet": pl.read_parquet, ".jsonl": pl.read_ndjson, ".csv": pl.read_csv}[suffix]
    frame = read(path)
    assert frame["predicted_kind"].to_list() == kinds
    assert frame["predicted_kind_probability"].to_list() == pytest.approx(probabilities)
    if suffix == ".parquet":
        assert [str(each) for each in frame.dtypes[:2]] == ["Int64", "Float64"]
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_top_classes_come_in_order(table, tested, tmp_path):
    rows = rows_of(table, write_csv(tmp_path / "new.csv", tested), top=2, probabilities=True)
    for row in rows:
        each = {name.rpartition("_")[2]: float(value) for name, value in row.items() if "_probability_" in name}
        first, second, *_ = sorted(each, key=lambda name: -each[name])
        assert (row["predicted_kind"], row["predicted_kind_2"]) == (first, second)
        assert float(row["predicted_kind_2_probability"]) == each[second]


def test_rows_that_cannot_be_used(table, tested, tmp_path):
    path = write_csv(tmp_path / "new.csv", tested)
    broken = [{**each} for each in tested]
    broken[3]["age"] = "old"
    write_csv(path, broken)
    with path.open("a", encoding="utf-8") as file:
        file.write("1,2\n")
    with pytest.raises(NetlabError, match=r"column 'age' holds 'old', where an integer is expected") as found:
        rows_of(table, path)
    assert str(found.value).endswith("correct such rows, or leave them out (--on-error skip)")
    told = io.BytesIO()
    done = predict(str(table.run), Asked(str(path), on_error="skip"), told)
    assert done.samples == len(tested) - 1
    assert done.notes[0] == f"2 of {len(tested) + 1} rows are left out (on_error: skip)"
    rows = list(csv.DictReader(io.StringIO(told.getvalue().decode(), newline="")))
    assert [row["note"] for row in rows] == [each["note"] for i, each in enumerate(tested) if i != 3]


def test_mistakes(table, tested, tmp_path):
    path = write_csv(tmp_path / "new.csv", tested)
    run = str(table.run)
    wrong = write_csv(
        tmp_path / "wrong.csv", [{"aeg" if k == "age" else k: v for k, v in each.items()} for each in tested]
    )
    with pytest.raises(UsageError, match=r"wrong.csv has no column 'age'; did you mean 'aeg'\?"):
        rows_of(table, wrong)
    with pytest.raises(UsageError, match=r"there is no file .*nwe.csv; did you mean 'new.csv'\?"):
        rows_of(table, tmp_path / "nwe.csv")
    with pytest.raises(UsageError, match=r"needs files \(--input FILE\) or a split .* and not both"):
        rows_of(table)
    with pytest.raises(UsageError, match=r"and not both"):
        rows_of(table, path, split="test")
    with pytest.raises(UsageError, match=r"--top takes .*, got 0"):
        rows_of(table, path, top=0)
    with pytest.raises(UsageError, match=r"out.xlsx does not tell by its end .* ends in '.csv', '.parquet'"):
        predict(run, Asked(str(path), output=tmp_path / "out.xlsx"))
    with pytest.raises(UsageError, match=r"there is no folder '.*nowhere' to write 'a.csv' into"):
        predict(run, Asked(str(path), output=tmp_path / "nowhere" / "a.csv"))
    (tmp_path / "d.csv").mkdir()
    with pytest.raises(UsageError, match=r"is a folder; give the name of a file"):
        predict(run, Asked(str(path), output=tmp_path / "d.csv"))
    (tmp_path / "b.csv").write_text("mine")
    with pytest.raises(UsageError, match=r"b.csv is there already; .* --overwrite"):
        predict(run, Asked(str(path), output=tmp_path / "b.csv"))
    predict(run, Asked(str(path), output=tmp_path / "b.csv", overwrite=True))
    with pytest.raises(UsageError, match=r"has a column 'predicted_kind' already; .*--prefix new_"):
        rows_of(table, tmp_path / "b.csv")
    assert "new_kind_probability" in rows_of(table, tmp_path / "b.csv", prefix="new_")[0]
    pl.DataFrame(tested).write_parquet(tmp_path / "e.parquet")
    with pytest.raises(UsageError, match=r"e.parquet and .*new.csv are tables of different kinds"):
        rows_of(table, tmp_path / "[ne]*.*")


def test_an_output_that_fails_leaves_nothing(table, tested, tmp_path):
    broken = [{**each, "age": "old"} for each in tested]
    with pytest.raises(NetlabError, match="'old'"):
        predict(str(table.run), Asked(str(write_csv(tmp_path / "n.csv", broken)), output=tmp_path / "out.csv"))
    assert [path.name for path in tmp_path.iterdir()] == ["n.csv"]


@pytest.fixture(scope="module")
def arrays(tmp_path_factory):
    folder = tmp_path_factory.mktemp("npz")
    draw = np.random.default_rng(1)
    x = draw.normal(size=(90, 4, 3)) * 5
    np.savez(folder / "a.npz", x=x, y=draw.integers(3, size=90), id=np.arange(90) * 10)
    data = "source: npz, path: a.npz, preprocess: {x: Standardize}"
    return trained(folder, data, "\n  - Flatten\n  - Dense: 3")


def test_arrays(arrays, tmp_path):
    with np.load(arrays.folder / "a.npz") as stored:
        some = {name: stored[name][arrays.rows] for name in stored.files}
    np.savez(tmp_path / "new.npz", **some)
    rows = rows_of(arrays, tmp_path / "new.npz", probabilities=True)
    check(arrays, rows, "y", [str(each) for each in some["y"]])
    assert [row["id"] for row in rows] == [str(each) for each in some["id"]]
    np.save(tmp_path / "x.npy", some["x"])
    check(arrays, rows_of(arrays, tmp_path / "x.npy", probabilities=True), "y", [str(each) for each in some["y"]])
    predict(str(arrays.run), Asked(str(tmp_path / "new.npz"), output=tmp_path / "out.npz", probabilities=True))
    with np.load(tmp_path / "out.npz") as found:
        assert found["predicted_y_probabilities"].argmax(axis=1).tolist() == found["predicted_y"].tolist()
        np.testing.assert_array_equal(found["x"], some["x"])
    np.savez(tmp_path / "whole.npz", x=np.round(some["x"]).astype(np.int64))
    assert len(rows_of(arrays, tmp_path / "whole.npz")) == len(arrays.rows)
    np.savez(tmp_path / "odd.npz", x=some["x"][:, :3])
    with pytest.raises(UsageError, match=r"odd.npz: 'x' has the shape \(3, 3\) a sample, but \(4, 3\) was trained on"):
        rows_of(arrays, tmp_path / "odd.npz")
    some["x"][2, 0, 0] = np.nan
    np.savez(tmp_path / "nan.npz", **some)
    with pytest.raises(NetlabError, match=r"nan.npz, row 2 \(from 0\): 'x' has no value, and no step"):
        rows_of(arrays, tmp_path / "nan.npz")
    left = rows_of(arrays, tmp_path / "nan.npz", on_error="skip")
    assert [int(row["row"]) for row in left] == [i for i in range(len(arrays.rows)) if i != 2]


def test_images(tmp_path_factory, tmp_path):
    folder = tmp_path_factory.mktemp("images")
    draw = np.random.default_rng(2)
    files = []
    for name, level in (("dark", 60), ("light é", 180), ("middle", 120)):
        (folder / "photos" / name).mkdir(parents=True)
        for number in range(20):
            pixels = np.clip(draw.normal(level, 60, (8, 9, 3)), 0, 255).astype(np.uint8)
            files.append(folder / "photos" / name / f"{number:02d}.png")
            Image.fromarray(pixels).save(files[-1])
    data = "source: image_folder, path: photos, size: [6, 6], preprocess: {image: {Rescale: $(1 / 255)}}"
    case = trained(folder, data, "\n  - Conv2D: {filters: 3, kernel_size: 3}\n  - Flatten\n  - Dense: 3")
    new = tmp_path / "new"
    new.mkdir()
    for place, row in enumerate(case.rows):
        (new / f"{place:03d}.png").write_bytes(files[row].read_bytes())
    truth = [files[row].parent.name for row in case.rows]
    rows = rows_of(case, new, probabilities=True)
    check(case, rows, "label", truth)
    assert [Path(row["file"]).name for row in rows] == [f"{place:03d}.png" for place in range(len(truth))]
    assert rows_of(case, new / "0*.png", probabilities=True) == rows
    one = rows_of(case, new / "004.png", probabilities=True)
    assert float(one[0]["predicted_label_probability"]) == pytest.approx(
        float(rows[4]["predicted_label_probability"]), rel=1e-5
    )
    own = rows_of(case, split="test", probabilities=True)
    check(case, own, "label", truth)
    assert [row["label"] for row in own] == truth
    (new / "001.png").write_bytes(b"no image")
    with pytest.raises(NetlabError, match=r"001.png is no image of a kind that is read"):
        rows_of(case, new)
    assert [Path(row["file"]).name for row in rows_of(case, new, on_error="skip")] == [
        f"{place:03d}.png" for place in range(len(truth)) if place != 1
    ]


def test_lines_of_text(tmp_path_factory, tmp_path):
    folder = tmp_path_factory.mktemp("texts")
    draw = np.random.default_rng(3)
    words = ["gut", "schlecht", "  naïve ", "NaN", "", "東京", "a,b", '"']
    texts = [" ".join(draw.choice(words, 5)) for _ in range(100)]
    kinds = [["bad", "good", "só só"][int(draw.integers(3))] for _ in texts]
    (folder / "texts.txt").write_text("\n".join(texts) + "\n", encoding="utf-8")
    (folder / "kinds.txt").write_text("\n".join(kinds) + "\n", encoding="utf-8")
    data = "source: text_lines, path: texts.txt, targets: kinds.txt, preprocess: {text: {Tokenize: {length: 7}}}"
    case = trained(folder, data, "\n  - Embedding: {output_dim: 4}\n  - Flatten\n  - {Dense: 3, name: label}")
    (tmp_path / "new.txt").write_text("".join(f"{texts[row]}\n" for row in case.rows), encoding="utf-8")
    rows = rows_of(case, tmp_path / "new.txt", probabilities=True)
    check(case, rows, "label", [kinds[row] for row in case.rows])
    assert [row["text"] for row in rows] == [texts[row] for row in case.rows]


def test_windows_of_a_time_series(tmp_path_factory, tmp_path):
    folder = tmp_path_factory.mktemp("series")
    draw = np.random.default_rng(4)
    heat = np.cumsum(draw.normal(size=200))
    rows = [{"hour": str(i), "heat": f"{each:.3f}", "wind": f"{draw.normal():.3f}"} for i, each in enumerate(heat)]
    write_csv(folder / "a.csv", rows)
    data = (
        "source: time_series, path: a.csv, time: hour, inputs: [heat, wind], targets: heat, length: 6, horizon: 2,"
        " split: Contiguous, preprocess: {window: Standardize}"
    )
    (folder / "a.yaml").write_text(
        f"name: a\nseed: 3\ndata: {{{data}, {SPLIT}}}\nmodel:\n  - Flatten\n  - Dense: 1\n"
        "train: {epochs: 2, loss: mean_squared_error, metrics: [mean_absolute_error], execution: graph}\n"
    )
    result = train(folder / "a.yaml", runs_root=folder / "runs")
    assert result.run
    config = load(folder / "a.yaml")
    assert config.data
    first = parts(config.data, config.seed).samples["test"].rows
    assert first is not None
    case = Case(result.run, folder, first)
    found = {int(row["hour"]): row for row in rows_of(case, folder / "a.csv")}
    assert list(found) == list(range(5, 200))  # each window is told by its last row
    last = first + 5
    errors = np.array([float(found[row]["predicted_heat"]) - float(rows[row + 2]["heat"]) for row in last])
    metrics = evaluate(str(case.run)).metrics
    assert np.abs(errors).mean() == pytest.approx(metrics["mean_absolute_error"], rel=1e-5)
    assert (errors**2).mean() == pytest.approx(metrics["loss"], rel=1e-5)
    assert [int(row["hour"]) for row in rows_of(case, split="test")] == last.tolist()
    short = write_csv(tmp_path / "short.csv", rows[:5])
    with pytest.raises(UsageError, match=r"short.csv: it has 5 rows, a window takes 6"):
        rows_of(case, short)


def test_a_source_without_files(whole):
    case = Case(whole.run, whole.run, np.arange(0))
    with pytest.raises(UsageError, match=r"source 'digits' .* read from '\.npz' or '\.npy' files, .* --split test"):
        rows_of(case, "a.csv")
    rows = rows_of(case, split="test", probabilities=True)
    assert list(rows[0])[:4] == ["row", "digit", "predicted_digit", "predicted_digit_probability"]
    right = np.mean([row["digit"] == row["predicted_digit"] for row in rows])
    assert right == pytest.approx(evaluate(str(whole.run)).metrics["accuracy"], rel=1e-6)

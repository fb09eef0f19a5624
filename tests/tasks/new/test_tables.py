"""What is chosen for a table: columns, targets, splits and sizes, each with its reason in the file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from netlib.config.load import load
from netlib.spec.errors import UsageError
from netlib.tasks.check import check
from netlib.tasks.new import sizes
from netlib.tasks.new.from_data import new_from

Made = Callable[..., str]
Rows = list[dict[str, Any]]
CONFIGS = Path(__file__).parents[3] / "configs" / "data"


def lines(text: str) -> list[str]:
    """The lines without their indentation."""
    return [line.strip() for line in text.splitlines()]


def test_a_table_of_numbers_and_categories(made: Made):
    text = made()
    assert any(line.startswith("a: Standardize # from 0.0") for line in lines(text))
    assert "kind: OneHot # 3 categories" in lines(text)
    assert "loss: mean_squared_error" in lines(text)
    experiment = load(Path("made.yaml"))
    assert experiment.warnings == ()
    assert experiment.graph is not None
    assert experiment.graph.outputs.keys() == {"y"}


@pytest.mark.parametrize(
    ("name", "of", "why"),
    [
        ("row", lambda i: i + 7, "numbers the rows: 200 different integers in 200 rows"),
        ("customer_id", lambda i: (i * 7919) % 1000003, "numbers the rows: 200 different integers in 200 rows"),
        ("big_id", lambda i: 10**12 + 17 * i, "numbers the rows: 200 different integers in 200 rows"),
        ("code", lambda i: f"C{i:05}", "names rows: 200 different texts in 200 rows"),
        ("same", lambda i: 3, "always 3"),
        ("word", lambda i: "x", "always 'x'"),
        ("gone", lambda i: "", "all are missing"),
    ],
)
def test_columns_that_say_nothing_are_left_out(made: Made, name: str, of: Callable[[int], Any], why: str):
    assert f"- {name} # {why}" in lines(made(**{name: of}))


def test_columns_that_say_the_target_and_those_that_are_there_twice_are_left_out(made: Made, rows: Rows):
    text = made(cents=lambda i: round(rows[i]["y"] * 100, 1), b=lambda i: rows[i]["a"])
    assert "- b # the same as 'a'" in lines(text)
    assert any(line.startswith("- cents # tells 'y' outright, one to one or in proportion") for line in lines(text))


@pytest.mark.parametrize("name", ["amount", "year"])
def test_amounts_are_kept_though_all_are_different(made: Made, name: str):
    of = (lambda i: 1800 + i) if name == "year" else (lambda i: (i * 7919) % 1000003)
    assert any(line.startswith(f"{name}: Standardize") for line in lines(made(**{name: of})))


@pytest.mark.parametrize(
    ("of", "loss", "units"),
    [
        (lambda i: "yes" if i % 3 else "no", "binary_crossentropy", 1),
        (lambda i: i % 2, "binary_crossentropy", 1),
        (lambda i: "true" if i % 2 else "false", "binary_crossentropy", 1),
        (lambda i: "abc"[i % 3], "sparse_categorical_crossentropy", 3),
        (lambda i: 1 + i % 4, "sparse_categorical_crossentropy", 4),
        (lambda i: i % 50, "mean_squared_error", 1),
        (lambda i: i / 3, "mean_squared_error", 1),
    ],
)
def test_head_and_loss_follow_from_the_target(made: Made, of: Callable[[int], Any], loss: str, units: int):
    text = made("t", t=of)
    assert f"loss: {loss}" in lines(text)
    graph = load(Path("made.yaml")).graph
    assert graph is not None
    name = "t_scaled" if loss.startswith("mean") else "t"
    assert graph.node(name).weights[0].shape[-1] == units
    assert ("t: Labels # its classes are not 0, 1, 2 and so on" in lines(text)) == (units == 4)


def test_several_targets(made: Made):
    text = made("y", "t", t=lambda i: "abc"[i % 3])
    assert "outputs: [y, t]" in lines(text)
    experiment = load(Path("made.yaml"))
    assert experiment.graph is not None
    assert experiment.warnings == ()
    variance = load(Path("made.yaml")).signature
    assert variance is not None
    assert list(variance.targets) == ["y", "t"]


def test_uneven_classes_are_weighted_and_even_ones_are_not(made: Made):
    uneven = made("t", t=lambda i: "no" if i % 20 else "yes")
    assert "class_weights: balanced" in lines(uneven)
    assert "190 rows of no and 10 of yes: all classes count alike" in uneven
    Path("made.yaml").unlink()
    assert "class_weights" not in made("t", t=lambda i: "no" if i % 3 else "yes")


def test_a_target_that_is_no_name_gets_one(made: Made):
    text = made("Price (EUR)", **{"Price (EUR)": lambda i: i / 7, "Living area": lambda i: i % 60})
    assert "price_eur: Price (EUR) # from 0 to 28.43, 14.21 on average" in lines(text)
    assert "Living area: Standardize # from 0 to 59" in lines(text)
    assert check([Path("made.yaml")])[0].errors == 0


def test_groups_and_logs_are_split_as_they_must_be(made: Made):
    assert "split: {Grouped: patient_id}" in made(patient_id=lambda i: i % 25).replace(" #", "\n")
    Path("made.yaml").unlink()
    text = made(when=lambda i: f"2024-{1 + i // 25:02}-{1 + (i % 25) // 2:02}", note=lambda i: "ab"[i % 2])
    assert "split: {Time: when} # the rows are in its order: the latest are predicted from earlier ones" in lines(text)
    Path("made.yaml").unlink()
    text = made(when=lambda i: f"20{10 + i % 13}-01-{1 + i % 25:02}")
    assert "# split: {Time: when} # if later rows are to be predicted from earlier ones" in lines(text)


def test_a_regular_series_without_enough_rows_is_a_log(made: Made):
    text = made(when=lambda i: f"{2000 + i // 10}-{1 + i % 10:02}-05")
    assert "- when # says which rows are held out: the latest, whose times were never trained on" in lines(text)
    assert "when:" not in text


def test_dates_of_other_forms_separators_and_rows_that_cannot_be_read(made: Made):
    text = made(
        when=lambda i: f"{1 + i % 28:02}.{1 + i % 12:02}.2023", n=lambda i: "?" if i == 3 else i % 77, separator=";"
    )
    assert 'separator: ";"' in lines(text)
    assert "when: {dtype: datetime, format: '%d.%m.%Y'} # dates" in lines(text)
    assert "n: string # where a number is expected" not in text
    assert check([Path("made.yaml")])[0].errors == 0


def test_rows_that_are_cut_off_are_left_out(made: Made, rows: Rows, tmp_path: Path):
    made()
    text = (tmp_path / "made.csv").read_text().splitlines()
    (tmp_path / "cut.csv").write_text("\n".join([*text[:50], "1", *text[50:]]))
    done = new_from(tmp_path / "cut.csv", ["y"])
    assert "on_error: skip # rows that cannot be used are left out: 1 row with too many or too few values" in lines(
        done.path.read_text()
    )
    assert done.choices[0] == "200 rows, 2 columns to read"


def test_rows_without_an_answer_are_left_out(made: Made):
    text = made("y", "t", t=lambda i: "" if i % 10 == 3 else "ab"[i % 2])
    assert "on_error: skip # rows that cannot be used are left out: 20 rows without 't'" in lines(text)
    assert check([Path("made.yaml")])[0].errors == 0


def test_texts_are_read_word_by_word(made: Made):
    words = ("good", "bad", "nice", "ugly", "fine", "poor", "new")
    text = made(
        "t", t=lambda i: "ab"[i % 2], note=lambda i: " ".join(words[(i * k + k) % 7] for k in range(1, 7)) + f" {i}"
    )
    assert "note: {Tokenize: {length: 7, lower: true}}" in text
    graph = load(Path("made.yaml")).graph
    assert graph is not None
    assert {"note_read", "concatenate"} <= {node.path for node in graph.walk()}


def test_parquet_and_json_lines(rows: Rows, tmp_path: Path):
    pl.DataFrame(rows).write_parquet(tmp_path / "rows.parquet")
    (tmp_path / "lists.jsonl").write_text("".join(json.dumps({**row, "more": [1, 2]}) + "\n" for row in rows))
    assert "source: parquet" in new_from(tmp_path / "rows.parquet", ["y"]).path.read_text()
    text = new_from(tmp_path / "lists.jsonl", ["y"]).path.read_text()
    assert "source: json_lines" in text
    assert "- more # holds lists, which no network can read" in lines(text)


def test_a_regular_series_is_told_by_what_was_before():
    done = new_from(CONFIGS / "weather.csv", ["temperature"])
    text = done.path.read_text()
    assert "inputs: [temperature, pressure, wind]" in lines(text)
    assert done.choices[0] == "1,994 rows, evenly spaced in 'time': a time series, windows of 24 rows"
    assert check([done.path], strict=True)[0].problems == ()


def test_what_does_not_fit_into_memory_is_read_a_part_at_a_time(made: Made, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sizes, "process_memory", lambda: 8_000_000)
    assert "memory: " not in made()
    Path("made.yaml").unlink()
    monkeypatch.setattr(sizes, "process_memory", lambda: 4000)
    assert "memory: 1MB # all samples take about 0 MB, and 0 MB are free: read a part at a time" in lines(made())


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        (["price_"], r"made\.csv has no column 'price_' \(it has: a, kind, y, when, one, code, gone\)"),
        (["knid"], r"made\.csv has no column 'knid'; did you mean 'kind'\?"),
        (["when"], "target 'when' holds times; a network tells numbers or classes: choose another column"),
        (["one"], "target 'one' is always 1: there is nothing to learn"),
        (["code"], "target 'code' has 200 different values in 200 rows: they hardly repeat"),
        (["gone"], "column 'gone' of .* holds missing: it cannot be learned|target 'gone' has no value"),
    ],
)
def test_targets_that_cannot_be_are_refused(made: Made, targets: list[str], message: str):
    columns = {"when": lambda i: "2024-01-01", "one": lambda i: 1, "code": lambda i: f"C{i}", "gone": lambda i: ""}
    with pytest.raises(UsageError, match=message):
        made(*targets, **columns)
    assert not Path("made.yaml").exists()


def test_a_table_without_a_target_or_inputs_or_rows(made: Made, rows: Rows, tmp_path: Path):
    made()
    with pytest.raises(UsageError, match=r"--target is needed: the column of .*made\.csv to learn \(a, kind, y\)"):
        new_from(tmp_path / "made.csv", name="x")
    (tmp_path / "small.csv").write_text("a,y\n1,2\n2,3\n3,5\n4,4\n7,7.5\n")
    with pytest.raises(UsageError, match=r"small\.csv has 5 samples that can be used; at least 10 are needed"):
        new_from(tmp_path / "small.csv", ["y"])
    (tmp_path / "only.csv").write_text("id,y\n" + "".join(f"{i},{i * i % 7 / 3}\n" for i in range(50)))
    with pytest.raises(UsageError, match=r"has no column to learn 'y' from:\n  id: numbers the rows"):
        new_from(tmp_path / "only.csv", ["y"])

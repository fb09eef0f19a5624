from __future__ import annotations

import io

import pytest

from netlib.report.peek import as_text, for_stream
from netlib.spec.looks import Anomaly, ClassLook, ColumnLook, DataLook, ReadyLook, SampleLook

LOOK = DataLook(
    name="people",
    source="csv",
    about="Columns of comma-separated files.",
    files=tuple((f"people{i}.csv", 2048) for i in range(7)),
    samples={"train": 1200, "test": 300},
    columns=(
        ColumnLook("age", "input", "features", "float32", (), 120, 18.0, 77.0, 46.87, 17.28, bars=(4, 0, 8)),
        ColumnLook(
            "city",
            "input",
            "features",
            "text",
            (),
            0,
            distinct=2,
            frequent=(("Rome", 900), ("Bonn", 300)),
            bars=(900, 300),
        ),
        ColumnLook("kind", "target", "", "int32", (), 0, 0.0, 1.0, 0.5, 0.5, 2, (("0", 600), ("1", 600)), (600, 600)),
    ),
    classes={"kind": (ClassLook(0, "no", {"train": 600, "test": 300}), ClassLook(1, "yes", {"train": 600, "test": 0}))},
    ready=(
        ReadyLook("age", "input", "features", ("Impute", "Standardize")),
        ReadyLook("features", "input", "", (), (4,), "float32", -2.0, 3.25),
        ReadyLook("kind", "target", "", (), (), "int32", 0.0, 1.0),
    ),
    rows=(SampleLook(0, {"age": 21.5, "city": "Rome", "kind": 0}, {"age": -1.25, "city=?": 0.0, "kind": 0}),),
    notes=("column 'age': Impute and Standardize",),
    anomalies=(Anomaly("missing", "values are missing in 120 of 1,200 samples to train on (10.0%): 'age' 120"),),
)
TEXT = """\
people: data of source csv
Columns of comma-separated files.
people0.csv (2.0 KiB)
people1.csv (2.0 KiB)
people2.csv (2.0 KiB)
people3.csv (2.0 KiB)
people4.csv (2.0 KiB)
and 2 more files, 14.0 KiB in all
1,500 samples: 1,200 to train on, 300 to test on

Columns, of the 1,200 samples to train on
column  role    type     values                           spread   mean  deviation      missing
age     input   float32  18 to 77                         ▄ █     46.87      17.28  120 (10.0%)
city    input   text     2 different: Rome 75%, Bonn 25%  █▃
kind    target  int32    2 different: 0 50%, 1 50%        ██

Classes of kind
class        train          test
0 no   600 (50.0%)  300 (100.0%)
1 yes  600 (50.0%)      0 (0.0%)

As the network reads them
name      role           steps                shape       dtype    range
  age     into features  Impute, Standardize
features  input                               (batch, 4)  float32  -2 to 3.25
kind      target                              (batch)     int32    0 to 1

Samples as the source gives them
      row 0
age    21.5
city   Rome
kind      0

The same as the network reads them
        row 0
age     -1.25
city=?      0
kind        0

Chosen
- column 'age': Impute and Standardize

Anomalies
- values are missing in 120 of 1,200 samples to train on (10.0%): 'age' 120
"""


def utf8() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8")


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.delenv("FORCE_COLOR", raising=False)


def test_all_that_there_is_to_see():
    assert as_text(LOOK, 120) == TEXT
    assert for_stream(LOOK, utf8()) == TEXT


def test_narrower_it_leaves_out_what_matters_least():
    text = as_text(LOOK, 60)
    assert max(map(len, text.splitlines())) <= 60
    assert "spread" not in text
    assert "120 (10.0%)" in text


def test_a_stream_without_such_characters_gets_no_bars():
    text = as_text(LOOK, 120, draws=False)
    assert "spread" not in text
    text.encode("ascii")


def test_titles_stand_out_on_a_terminal(monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.delenv("NO_COLOR", raising=False)
    text = for_stream(LOOK, utf8())
    assert "\x1b[1mAnomalies\x1b[0m\n" in text
    assert text.replace("\x1b[1m", "").replace("\x1b[0m", "") == TEXT


def test_sections_of_nothing_are_left_out():
    text = as_text(DataLook("a", "noise", "", (), {"train": 1}, LOOK.columns, {}, LOOK.ready, (), (), ()), 80)
    assert "Samples as" not in text
    assert "Chosen" not in text
    assert "Classes" not in text
    assert text.endswith("\nAnomalies\n- none found\n")

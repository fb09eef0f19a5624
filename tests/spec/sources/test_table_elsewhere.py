from __future__ import annotations

import polars as pl
import pytest

from netlib.spec.errors import SpecError
from netlib.spec.features import MissingFileError
from netlib.spec.sources.image_table import ImageTable
from netlib.spec.sources.table import TableSpec
from netlib.spec.sources.tables import Csv, JsonLines, Parquet

ROWS = "age,price,city,since,label\n30,1.5,Rome,2024-01-02,a\n40,2.5,Oslo,2024-01-03,b\n"


@pytest.fixture
def source(tmp_path):
    (tmp_path / "a.csv").write_text(ROWS)
    return Csv.parse({"path": str(tmp_path / "a.csv"), "targets": "label", "weights": None, "missing": ["-"]})


def elsewhere(source: TableSpec, path: object) -> TableSpec:
    found = source.elsewhere(str(path), source.signature())
    assert isinstance(found, TableSpec)
    return found


@pytest.mark.parametrize(("suffix", "kind"), [("csv", Csv), ("tsv", Csv), ("parquet", Parquet), ("jsonl", JsonLines)])
def test_the_kind_is_told_by_the_file(source, tmp_path, suffix, kind):
    path = tmp_path / f"new.{suffix}"
    frame = pl.read_csv(tmp_path / "a.csv", try_parse_dates=suffix == "parquet").drop("label")
    writers = {"csv": frame.write_csv, "parquet": frame.write_parquet, "jsonl": frame.write_ndjson}
    writers.get(suffix, lambda path: frame.write_csv(path, separator="\t"))(path)
    found = elsewhere(source, path)
    assert type(found) is kind
    assert found.inputs == {"features": ("age", "price", "city", "since")}
    assert found.targets == {}
    raw, given = source.signature(), found.signature()
    assert (given.inputs, given.joins, given.targets) == (raw.inputs, raw.joins, {})


def test_columns_are_what_they_were_to_train_on(source, tmp_path):
    (tmp_path / "new.csv").write_text("price,age,city,since,more\n3,,12,,x\n4,,13,,y\n")
    found = elsewhere(source, tmp_path / "new.csv")
    declared = {name: column.dtype for name, column in found.columns.items()}
    assert declared == {
        "price": "float32",
        "age": "int32",
        "city": "string",
        "since": "datetime",
        "more": "string",
    }
    assert found.signature().inputs == source.signature().inputs


def test_how_dates_were_written_is_kept_for_texts_alone(tmp_path):
    (tmp_path / "a.csv").write_text("day,y\n31.12.2024,1\n")
    day = {"dtype": "datetime", "format": "%d.%m.%Y"}
    source = Csv.parse({"path": str(tmp_path / "a.csv"), "targets": "y", "inputs": "day", "columns": {"day": day}})
    (tmp_path / "new.csv").write_text("day\n30.11.2024\n")
    assert elsewhere(source, tmp_path / "new.csv").columns["day"].format == "%d.%m.%Y"
    pl.DataFrame({"day": ["2024-11-30"]}).with_columns(pl.col("day").str.to_date()).write_parquet(
        tmp_path / "n.parquet"
    )
    assert "day" not in elsewhere(source, tmp_path / "n.parquet").columns


def test_what_is_said_of_csv_is_kept(tmp_path):
    (tmp_path / "a.csv").write_text("a;y\n1;1\n-;2\n")
    source = Csv.parse({"path": str(tmp_path / "a.csv"), "targets": "y", "separator": ";", "missing": ["-"]})
    for name, separator in (("new.csv", ";"), ("new.txt", ";"), ("new.tsv", None)):
        (tmp_path / name).write_text("a;b\n1;2\n" if separator else "a\tb\n1\t2\n")
        found = elsewhere(source, tmp_path / name)
        assert isinstance(found, Csv)
        assert (found.separator, found.missing) == (separator, ("-",))


def test_mistakes(source, tmp_path):
    with pytest.raises(MissingFileError, match=r"there is no file .*b.csv; did you mean 'a.csv'\?"):
        elsewhere(source, tmp_path / "b.csv")
    (tmp_path / "b.jsonl").write_text('{"age": 1}\n')
    with pytest.raises(SpecError, match=r"a.csv and .*b.jsonl are tables of different kinds"):
        elsewhere(source, tmp_path / "[ab].*")
    (tmp_path / "c.csv").write_text("age,pirce,city,since\n1,2,x,2024-01-01\n")
    with pytest.raises(SpecError, match=r"c.csv has no column 'price'; did you mean 'pirce'\?"):
        elsewhere(source, tmp_path / "c.csv").signature()


def test_a_table_of_images_is_one_again(tmp_path):
    from PIL import Image

    Image.new("L", (4, 3)).save(tmp_path / "x.png")
    (tmp_path / "a.csv").write_text("image,size,y\nx.png,1.5,0\n")
    options = {"targets": "y", "inputs": "size", "channels": 1}
    source = ImageTable.parse({"path": str(tmp_path / "a.csv"), **options})
    (tmp_path / "new.jsonl").write_text('{"size": 3, "image": "x.png", "note": [1]}\n')
    found = elsewhere(source, tmp_path / "new.jsonl")
    assert found.signature().inputs == source.signature().inputs
    assert found.signature().targets == {}

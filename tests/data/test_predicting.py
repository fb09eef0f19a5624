"""What is read of other files, against the samples of the file that was trained on."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from netlib.data.arrays import Arrays
from netlib.data.load import load
from netlib.data.predicting import Incoming
from netlib.spec.data import DataSpec
from netlib.spec.errors import NetlabError, UsageError


def fitted(section):
    spec = DataSpec.parse(section)
    return spec, load(spec, 0)


def incoming(spec, splits, path, **options):
    raw = spec.raw()
    source = spec.source.elsewhere(str(path), raw)
    if "on_error" in type(source).model_fields and "on_error" in options:
        source = source.model_copy(update={"on_error": options["on_error"]})
    return Incoming(source, str(path), raw, splits.preprocessing, options.pop("tables", {}), **options)


def together(pieces: list[Arrays]) -> dict[str, np.ndarray]:
    return {name: np.concatenate([piece.inputs[name] for piece in pieces]) for name in pieces[0].inputs}


@pytest.fixture
def table(tmp_path):
    draw = np.random.default_rng(0)
    frame = pl.DataFrame(
        {
            "a": draw.normal(size=50),
            "n": draw.integers(0, 9, 50),
            "city": draw.choice(["Rome", "Oslo", "Ærø"], 50),
            "y": draw.integers(0, 2, 50),
        }
    )
    frame.write_csv(tmp_path / "a.csv")
    steps = {"a": "Standardize", "n": ["Impute", "Standardize"], "city": "OneHot"}
    section = {"source": "csv", "path": str(tmp_path / "a.csv"), "targets": "y", "preprocess": steps}
    return tmp_path, frame, *fitted(section)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
@pytest.mark.parametrize("rows", [1, 7, 50, 64])
def test_pieces_are_the_samples_to_train_on_to_the_bit(table, suffix, rows):
    folder, frame, spec, splits = table
    path = folder / f"new.{suffix}"
    getattr(frame.drop("y"), f"write_{suffix}")(path)
    pieces = list(incoming(spec, splits, path).pieces(rows))
    assert [len(piece) for piece in pieces] == [min(rows, 50 - start) for start in range(0, 50, rows)]
    for name, values in together(pieces).items():
        np.testing.assert_array_equal(values, splits.train.inputs[name])
    np.testing.assert_array_equal(np.concatenate([piece.rows for piece in pieces]), np.arange(50))


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_rows_with_gaps_that_no_step_fills(table, suffix):
    folder, frame, spec, splits = table
    path = folder / f"new.{suffix}"
    gaps = frame.with_columns(
        a=pl.when(pl.col("a") > 0).then("a"),
        n=pl.when(pl.col("n") > 2).then("n"),
        city=pl.when(pl.col("city") != "Oslo").then("city"),
    )
    getattr(gaps, f"write_{suffix}")(path)
    kept = np.flatnonzero((frame["a"] > 0).to_numpy())
    first = int(np.flatnonzero((frame["a"] <= 0).to_numpy())[0])
    what = rf"'a' has no value, and no step of the run fills it in \({50 - len(kept)} such"
    message = rf"new.{suffix}, row {first} \(from 0\): {what}"
    with pytest.raises(NetlabError, match=message):
        list(incoming(spec, splits, path).pieces(64))
    some = incoming(spec, splits, path, on_error="skip")
    pieces = list(some.pieces(16))
    np.testing.assert_array_equal(np.concatenate([piece.rows for piece in pieces]), kept)
    assert some.said() == (f"{50 - len(kept)} rows are left out: 'a' has no value, and no step of the run fills it in",)


def test_a_value_that_a_step_cannot_take_names_its_row(tmp_path):
    (tmp_path / "a.csv").write_text("a,y\n" + "".join(f"{i},{i % 2}\n" for i in range(1, 9)))
    section = {"source": "csv", "path": str(tmp_path / "a.csv"), "targets": "y", "preprocess": {"a": "Log"}}
    spec, splits = fitted(section)
    (tmp_path / "new.csv").write_text("a\n1\n2\n-3\n")
    with pytest.raises(NetlabError, match=r"new.csv: column 'a': row 2 has"):
        list(incoming(spec, splits, tmp_path / "new.csv").pieces(2))


def test_indices_beyond_an_embedding(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.arange(8).reshape(4, 2), y=np.arange(4))
    spec, splits = fitted({"source": "npz", "path": str(tmp_path / "a.npz")})
    np.savez(tmp_path / "b.npz", x=np.array([[1, 2], [9, 3]]))
    with pytest.raises(UsageError, match=r"b.npz: input 'x' has 9 in row 1 .* entries 0 to 7"):
        list(incoming(spec, splits, tmp_path / "b.npz", tables={"x": 8}).pieces(8))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (np.zeros((3, 2)), "'x' has floating-point numbers, but integers were trained on"),
        (np.zeros((3, 5), np.int32), r"'x' has the shape \(5\) a sample, but \(2\) was trained on"),
        (np.zeros((3, 2, 1), np.int32), r"'x' has the shape \(2, 1\) a sample, but \(2\) was trained on"),
    ],
)
def test_other_arrays_than_were_trained_on(tmp_path, values, said):
    np.savez(tmp_path / "a.npz", x=np.arange(8).reshape(4, 2), y=np.arange(4))
    spec, splits = fitted({"source": "npz", "path": str(tmp_path / "a.npz")})
    np.savez(tmp_path / "b.npz", x=values)
    with pytest.raises(UsageError, match=f"b.npz: {said}"):
        list(incoming(spec, splits, tmp_path / "b.npz").pieces(8))


def test_integers_serve_for_floats(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.arange(4) + 0.5, y=np.arange(4))
    spec, splits = fitted({"source": "npz", "path": str(tmp_path / "a.npz")})
    np.savez(tmp_path / "b.npz", x=np.arange(3))
    (piece,) = incoming(spec, splits, tmp_path / "b.npz").pieces(8)
    assert (piece.inputs["x"].dtype, piece.inputs["x"].tolist()) == (np.float32, [[0], [1], [2]])


def test_infinite_numbers(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.arange(4) + 0.5, y=np.arange(4))
    spec, splits = fitted({"source": "npz", "path": str(tmp_path / "a.npz")})
    np.savez(tmp_path / "b.npz", x=np.array([1, -np.inf, 2]))
    with pytest.raises(NetlabError, match=r"b.npz, row 1 \(from 0\): 'x' is infinite\n.*--on-error skip"):
        list(incoming(spec, splits, tmp_path / "b.npz").pieces(8))


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_fractions_serve_where_integers_become_floats(tmp_path, suffix):
    frame = pl.DataFrame({"age": range(20), "zip": [1, 2] * 10, "y": [0, 1] * 10})
    frame.write_csv(tmp_path / "a.csv")
    steps = {"age": "Standardize", "zip": "OneHot"}
    spec, splits = fitted({"source": "csv", "path": str(tmp_path / "a.csv"), "targets": "y", "preprocess": steps})
    new = pl.DataFrame({"age": [1.5, 3.0, 4.0], "zip": [1.0, 2.0, None]})
    getattr(new, f"write_{suffix}")(tmp_path / f"new.{suffix}")
    (piece,) = incoming(spec, splits, tmp_path / f"new.{suffix}").pieces(8)
    ages, found = np.arange(20), piece.inputs["features"]
    np.testing.assert_allclose(found[:, 0], (np.array([1.5, 3, 4]) - ages.mean()) / ages.std(), rtol=1e-6)
    np.testing.assert_array_equal(found[:, 1:], [[0, 1, 0], [0, 0, 1], [1, 0, 0]])
    odd = pl.DataFrame({"age": [1, 3], "zip": [1.0, 2.5]})
    getattr(odd, f"write_{suffix}")(tmp_path / f"odd.{suffix}")
    with pytest.raises(
        NetlabError, match=rf"odd.{suffix}, row 1 \(from 0\): 'zip' is 2.5, but integers were trained on"
    ):
        list(incoming(spec, splits, tmp_path / f"odd.{suffix}").pieces(8))

"""Windows over tables: their values, their targets, groups, gaps and times, and what memory they take."""

from __future__ import annotations

import tracemalloc
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlib.data.load import load
from netlib.data.sources.time_series import read
from netlib.spec.data import DataSpec
from netlib.spec.errors import NetlabError, SpecError
from netlib.spec.sources.time_series import TimeSeries


def source(folder: Path, columns: dict[str, list], **parameters: object) -> TimeSeries:
    path = folder / "a.parquet"
    pl.DataFrame(columns).write_parquet(path)
    return TimeSeries.parse({"path": str(path), "inputs": ["x"], "targets": ["x"], "length": 3, **parameters})


def hours(*offsets: int) -> list[datetime]:
    return [datetime(2024, 1, 1) + timedelta(hours=offset) for offset in offsets]


def overlap_in_memory(windows: np.ndarray) -> bool:
    return windows.strides[0] < windows[0].nbytes


class TestWindows:
    def test_by_hand(self, tmp_path):
        arrays = read(source(tmp_path, {"x": [0.0, 1, 2, 3, 4, 5], "z": [9.0, 8, 7, 6, 5, 4]}, inputs=["x", "z"]), 0)
        np.testing.assert_array_equal(
            arrays.inputs["window"],
            [[[0, 9], [1, 8], [2, 7]], [[1, 8], [2, 7], [3, 6]], [[2, 7], [3, 6], [4, 5]]],
        )
        assert arrays.inputs["window"].dtype == np.float32
        np.testing.assert_array_equal(arrays.targets["x"], [[3], [4], [5]])
        np.testing.assert_array_equal(arrays.rows, [0, 1, 2])
        np.testing.assert_array_equal(arrays.spans, [[0, 3], [1, 4], [2, 5]])
        assert arrays.notes == ()

    @settings(max_examples=60)
    @given(
        rows=st.integers(1, 40),
        length=st.integers(1, 6),
        stride=st.integers(1, 5),
        horizon=st.integers(0, 4),
        steps=st.integers(1, 4),
        groups=st.integers(1, 3),
        data=st.data(),
    )
    def test_like_a_loop_over_the_rows(self, tmp_path_factory, rows, length, stride, horizon, steps, groups, data):
        whose = data.draw(st.lists(st.integers(0, groups - 1), min_size=rows, max_size=rows))
        columns = {"x": [float(row) for row in range(rows)], "y": list(range(rows)), "g": [f"g{who}" for who in whose]}
        spec = source(
            tmp_path_factory.mktemp("windows"),
            columns,
            length=length,
            stride=stride,
            horizon=horizon,
            steps=steps,
            targets=["y"],
            group="g",
        )
        expected = []
        for who in dict.fromkeys(whose):
            own = [row for row in range(rows) if whose[row] == who]
            for start in range(0, len(own) - spec.reach + 1, stride):
                target = start + length - 1 + horizon
                expected.append((own[start : start + length], own[target : target + steps]))
        if not expected:
            with pytest.raises(SpecError, match=r"length: .* rows, a window and its target take"):
                read(spec, 0)
            return
        arrays = read(spec, 0)
        np.testing.assert_array_equal(arrays.inputs["window"][..., 0], [window for window, _ in expected])
        np.testing.assert_array_equal(arrays.targets["y"].reshape(len(expected), -1), [ahead for _, ahead in expected])
        assert arrays.targets["y"].dtype == np.int32
        np.testing.assert_array_equal(arrays.rows, [window[0] for window, _ in expected])

    def test_values_fit_the_signature(self, tmp_path):
        columns = {"x": [0.5] * 9, "n": list(range(9)), "t": list("abcabcabc")}
        for targets, steps in (
            ("x", 1),
            ("x", 2),
            ("n", 1),
            ("n", 2),
            ("t", 1),
            ({"y": ["x", "n"]}, 1),
            ({"y": ["x", "n"]}, 2),
        ):
            spec = source(tmp_path, columns, targets=targets, steps=steps)
            (found,), (feature,) = read(spec, 0).targets.values(), spec.signature().targets.values()
            assert tuple(found.shape[1:]) == feature.tensor.shape[1:]
            assert feature.tensor.dtype == ("string" if isinstance(found, pl.Series) else found.dtype.name)

    def test_a_text_is_that_of_the_target_row(self, tmp_path):
        found = read(source(tmp_path, {"x": [1.0] * 5, "t": list("abcde")}, targets="t", horizon=0), 0).targets["t"]
        assert found.to_list() == ["c", "d", "e"]

    def test_an_integer_that_is_missing_where_no_window_looks(self, tmp_path):
        found = read(source(tmp_path, {"x": [1.0] * 5, "n": [None, 1, 2, 3, 4]}, targets="n"), 0).targets["n"]
        assert (found.dtype, found.tolist()) == (np.int32, [3, 4])

    def test_columns_beside_are_those_of_the_last_row_that_is_used(self, tmp_path):
        spec = source(tmp_path, {"x": [1.0] * 6, "day": list(range(6))}, horizon=2).apart(("day",))
        assert read(spec, 0).beside["day"].tolist() == [4, 5]

    def test_too_few_rows(self, tmp_path):
        with pytest.raises(SpecError, match=r"length: .*it has 3 rows, a window and its target take 4"):
            read(source(tmp_path, {"x": [1.0] * 3}), 0)
        with pytest.raises(SpecError, match=r"the longest of its 2 stretches has 2 rows, a window takes 3"):
            read(source(tmp_path, {"x": [1.0] * 4, "g": list("aabb")}, group="g", targets=[]), 0)


class TestGroups:
    def test_short_groups_are_counted(self, tmp_path):
        arrays = read(source(tmp_path, {"x": [1.0] * 7, "g": list("aaaaabb")}, group="g"), 0)
        assert len(arrays) == 2
        assert arrays.notes == ("1 of 2 groups give no window: a window and its target take 4 rows",)

    def test_a_missing_group(self, tmp_path):
        with pytest.raises(NetlabError, match=r"column 'g' has no value in row 2: whose is it\?"):
            read(source(tmp_path, {"x": [1.0] * 5, "g": ["a", "a", None, "a", "a"]}, group="g"), 0)

    def test_times_increase_in_each_group(self, tmp_path):
        columns = {"x": [1.0] * 8, "g": list("abababab"), "t": hours(0, 0, 1, 1, 2, 2, 3, 3)}
        assert len(read(source(tmp_path, columns, group="g", time="t"), 0)) == 2


class TestTimes:
    def test_gaps_are_told_of_and_kept(self, tmp_path):
        columns = {"x": [float(i) for i in range(10)], "t": hours(0, 1, 2, 3, 4, 8, 9, 10, 11, 12)}
        arrays = read(source(tmp_path, columns, time="t"), 0)
        assert len(arrays) == 7
        (note,) = arrays.notes
        assert note.startswith(
            "column 't' has 1 gap, where more than the usual 1:00:00 lies between two rows (the widest, of 4:"
        )
        assert note.endswith("is behind row 4): windows lie across, which gaps: drop leaves out")

    def test_or_dropped(self, tmp_path):
        columns = {"x": [float(i) for i in range(12)], "t": hours(0, 1, 2, 3, 4, 8, 9, 10, 11, 12, 20, 21)}
        arrays = read(source(tmp_path, columns, time="t", gaps="drop"), 0)
        np.testing.assert_array_equal(arrays.rows, [0, 1, 5, 6])
        assert arrays.notes[0].startswith("column 't' has 2 gaps, where")
        assert arrays.notes[0].endswith("of 8:00:00, is behind row 9): no window lies across one")
        assert arrays.notes[1] == "1 of 3 stretches between gaps give no window: a window and its target take 4 rows"

    def test_times_that_are_numbers(self, tmp_path):
        arrays = read(source(tmp_path, {"x": [1.0] * 6, "t": [0, 10, 20, 30, 40, 70]}, time="t"), 0)
        assert "more than the usual 10 lies between two rows (the widest, of 30, is behind row 4)" in arrays.notes[0]

    def test_months_are_no_gaps(self, tmp_path):
        times = [datetime(2023 + month // 12, month % 12 + 1, 1) for month in range(24)]
        assert read(source(tmp_path, {"x": [1.0] * 24, "t": times}, time="t"), 0).notes == ()

    @pytest.mark.parametrize(
        ("times", "group", "message"),
        [
            (
                hours(0, 1, 1, 2, 3),
                None,
                "column 't' has 2024-01-01 01:00:00 in rows 1 and 2: keep one of them, or name the column .* in `group`",
            ),
            (
                hours(0, 1, 3, 2, 4),
                None,
                r"must increase, but has 2024-01-01 03:00:00 in row 2 and 2024-01-01 02:00:00 in row 3: sort .* a `group`",
            ),
            ([1, 2, 2, 3, 4], "g", "column 't' has 2 in rows 1 and 2: keep one of them$"),
            ([1, 2, 0, 3, 4], "g", "'t' must increase, but has 2 in row 1 and 0 in row 2: sort the table by it$"),
            ([*hours(0, 1), None, *hours(3, 4)], None, "column 't' has no value in row 2: when was it?"),
            ([0, 1, None, 3, 4], None, "column 't' has no value in row 2: when was it?"),
        ],
    )
    def test_what_does_not_increase(self, tmp_path, times, group, message):
        spec = source(tmp_path, {"x": [1.0] * 5, "t": times, "g": ["a"] * 5}, time="t", group=group)
        with pytest.raises(NetlabError, match=message) as caught:
            read(spec, 0)
        assert caught.value.exit_code == 1


class TestSplits:
    def section(self, tmp_path: Path, **parameters: object) -> DataSpec:
        columns = {"x": np.sin(np.arange(100.0)), "z": 5 + np.arange(100.0), "t": hours(*range(100))}
        source(tmp_path, columns)
        values = {"source": "time_series", "path": str(tmp_path / "a.parquet"), "inputs": ["x", "z"], "targets": ["x"]}
        return DataSpec.parse({**values, "length": 5, "validation": 0.2, "test": 0.2, **parameters})

    @pytest.mark.parametrize("split", ["Contiguous", {"Time": "t"}])
    def test_splits_share_no_rows(self, tmp_path, split):
        splits = load(self.section(tmp_path, split=split, stride=2), 0)
        parts = [splits.train, splits.validation, splits.test]
        rows = [{row + more for row in part.rows for more in range(6)} for part in parts if part is not None]
        assert [len(part) for part in rows] == [len(rows[0]), len(rows[1]), len(rows[2])]
        assert not rows[0] & rows[1]
        assert not rows[1] & rows[2]
        assert splits.notes[-2:] == (
            "2 of 28 windows to train on are left out: they share rows with windows held out",
            "2 of 10 windows to validate on are left out: they share rows with windows held out",
        )

    def test_a_random_split_of_windows_is_refused(self, tmp_path):
        with pytest.raises(
            SpecError,
            match=r"split: \d+ of \d+ windows to train on .* \(split: Contiguous\), or make stride at least 6",
        ):
            load(self.section(tmp_path), 0)
        assert load(self.section(tmp_path, stride=6), 0).notes == ()

    def test_steps_count_a_row_as_often_as_it_is_in_a_window(self, tmp_path):
        spec = self.section(tmp_path, split="Contiguous", preprocess={"window": "Standardize"})
        plain = load(self.section(tmp_path, split="Contiguous"), 0).train.inputs["window"].astype(np.float64)
        mean, deviation = plain.reshape(-1, 2).mean(axis=0), plain.reshape(-1, 2).std(axis=0)
        splits = load(spec, 0)
        np.testing.assert_allclose(splits.train.inputs["window"], (plain - mean) / deviation, atol=1e-5)
        np.testing.assert_allclose(splits.train.targets["x"][:, 0], np.sin(splits.train.rows + 5), atol=1e-6)


class TestMemory:
    def test_windows_are_views_until_rows_are_taken(self, tmp_path):
        arrays = read(source(tmp_path, {"x": [1.0] * 100}, length=20, stride=3), 0)
        assert overlap_in_memory(arrays.inputs["window"])
        taken = arrays.take(np.array([3, 1]))
        assert taken.inputs["window"].flags.c_contiguous
        np.testing.assert_array_equal(taken.spans, [[9, 29], [3, 23]])

    def test_reading_takes_a_small_part_of_what_the_windows_would(self, tmp_path):
        spec = source(tmp_path, {"x": np.zeros(100_000)}, length=200)
        read(spec, 0)  # what is imported on the way does not count
        tracemalloc.start()
        arrays = read(spec, 0)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert arrays.inputs["window"].nbytes > 75_000_000
        assert peak < 16_000_000

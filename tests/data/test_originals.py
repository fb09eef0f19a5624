from __future__ import annotations

import numpy as np
import pytest

from netlib.data.originals import originals
from netlib.data.sources import time_series
from netlib.spec.registry import spec_class
from netlib.spec.sources.npz import Npz
from netlib.spec.sources.texts import TextFiles, TextFolder, TextLines
from netlib.spec.sources.time_series import TimeSeries


def columns(source, rows, *, wide=False):
    return {name: list(each) for name, each in originals(source, typed=True, wide=wide).of(np.array(rows)).items()}


def test_texts(tmp_path):
    for name in ("b/1.txt", "a/2.txt", "a/1.txt"):
        (tmp_path / "all" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "all" / name).write_text(name)
    root = tmp_path / "all"
    files = [str(root / name) for name in ("a/1.txt", "a/2.txt", "b/1.txt")]
    folder = TextFolder.parse({"path": str(root)})
    assert columns(folder, [0, 2]) == {"file": [files[0], files[2]]}
    loose = folder.elsewhere(str(root), folder.signature())
    assert isinstance(loose, TextFiles)
    assert columns(loose, [0, 2]) == {"file": [files[0], files[2]]}
    assert columns(folder.elsewhere(files[1], folder.signature()), [0]) == {"file": [files[1]]}
    (tmp_path / "lines.txt").write_text("one\n\nthree\n")
    assert columns(TextLines.parse({"path": str(tmp_path / "lines.txt")}), [1, 2]) == {"text": ["", "three"]}


def test_arrays_and_what_is_not_beside(tmp_path):
    objects = np.array([{}, [], None], object)
    np.savez(
        tmp_path / "a.npz", x=np.zeros((3, 2)), y=np.array([5, 6, 7]), one=np.ones((3, 1)), few=np.zeros(2), odd=objects
    )
    source = Npz.parse({"path": str(tmp_path / "a.npz")})
    assert columns(source, [0, 2]) == {"row": [0, 2], "y": [5, 7], "one": [1.0, 1.0]}
    found = originals(source, typed=True, wide=False)
    assert found.notes == ("not beside the predictions: 'x' (2,), 'few' (not as many rows), 'odd' (objects)",)
    assert found.has_targets
    wide = originals(source, typed=True, wide=True)
    assert set(wide.names) == {"row", "x", "y", "one"}
    assert wide.of(np.array([1]))["x"].shape == (1, 2)


@pytest.mark.parametrize("group", [None, "who"])
def test_windows_have_their_last_row(tmp_path, group):
    rows = [(i, "ab"[i % 2] if group else "a", i * 1.5) for i in range(20)]
    (tmp_path / "a.csv").write_text("\n".join(["t,who,v", *(f"{t},{who},{v}" for t, who, v in rows)]) + "\n")
    given = {"path": str(tmp_path / "a.csv"), "inputs": "v", "targets": [], "length": 3, "time": "t", "group": group}
    source = TimeSeries.parse(given)
    windows = time_series.read(source, 0)
    found = originals(source, typed=True, wide=False).of(windows.rows)
    assert found["v"].to_list() == pytest.approx(windows.inputs["window"][:, -1, 0].tolist())
    assert found["t"].to_list() == [v / 1.5 for v in found["v"].to_list()]


def test_samples_of_a_generator_have_their_numbers():
    source = spec_class("source", "spirals").parse({})
    assert columns(source, [3, 4]) == {"row": [3, 4]}

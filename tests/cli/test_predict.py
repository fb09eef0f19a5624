from __future__ import annotations

import json
import subprocess

import pytest

CONFIG = """\
name: plants
seed: 1
data: {source: csv, path: plants.csv, targets: kind, validation: 0.2, preprocess: {width: Standardize}}
model:
  - {Dense: 1, name: kind}
train: {epochs: 1, loss: binary_crossentropy, metrics: [accuracy], execution: graph}
"""


@pytest.fixture(scope="module")
def run(netlab, tmp_path_factory):
    folder = tmp_path_factory.mktemp("plants")
    lines = [f"{i % 9 + 0.5},{['moss', 'fern'][i % 9 > 4]}" for i in range(60)]
    (folder / "plants.csv").write_text("\n".join(["width,kind", *lines]) + "\n")
    (folder / "plants.yaml").write_text(CONFIG)
    done = netlab("train", folder / "plants.yaml", "--run-dir", folder / "run", "--quiet")
    assert done.returncode == 0, done.stderr
    return folder / "run"


@pytest.mark.slow
def test_a_file_and_what_is_said(netlab, run, tmp_path):
    (tmp_path / "new.csv").write_text("id,width\na,0.5\nb,8.5\n")
    done = netlab("predict", "--checkpoint", run, "--input", tmp_path / "new.csv")
    assert (done.returncode, done.stderr) == (0, "")
    head, first, second = done.stdout.splitlines()
    assert head == "id,width,predicted_kind,predicted_kind_probability,predicted_kind_probability_moss"
    assert (first[:6], second[:6]) == ("a,0.5,", "b,8.5,")
    done = netlab("predict", "-c", run, "-i", tmp_path / "new.csv", "-o", tmp_path / "out.parquet")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.startswith("wrote 2 predictions of ")
    assert done.stderr.endswith(f" to {tmp_path / 'out.parquet'}\n")
    again = netlab("predict", "-c", run, "-i", tmp_path / "new.csv", "-o", tmp_path / "out.parquet")
    assert (again.returncode, again.stdout) == (2, "")
    assert "out.parquet is there already" in again.stderr


@pytest.mark.slow
def test_a_stream_and_a_reader_who_has_seen_enough(command, run):
    rows = "".join(f'{{"width": {i / 10}}}\n' for i in range(50_000))
    words = [command, "predict", "-c", str(run), "-i", "-", "--json"]
    done = subprocess.run(words, input=rows, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["width"] for line in lines] == [i / 10 for i in range(50_000)]
    short = f"{' '.join(map(str, words))} | head -2; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", short], input=rows, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr, len(done.stdout.splitlines())) == (141, "", 2)


def test_errors_about_a_stream_call_it_so(command, run):
    words = [command, "predict", "-c", str(run), "-i", "-"]
    for rows, code, said in (
        ("width\n1\nold\n", 1, "error: stdin, line 3: column 'width' holds 'old', where a number is expected\n"),
        ("widht\n1\n", 2, "error: stdin has no column 'width'; did you mean 'widht'?\n"),
        ("", 1, "error: stdin is empty\n"),
    ):
        done = subprocess.run(words, input=rows, capture_output=True, text=True, timeout=120)
        assert (done.returncode, done.stdout) == (code, "")
        assert done.stderr.startswith(said)
        assert "/tmp" not in done.stderr


def test_draws_of_a_network_that_is_sure_are_refused_at_once(netlab, run):
    done = netlab("predict", "-c", run, "--split", "validation", "--samples", "5")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: --samples draws several times, but this network gives the same each time it")

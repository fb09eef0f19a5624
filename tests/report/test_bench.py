from __future__ import annotations

from typing import Any

import pytest

from netlib.report.bench import bench_text

PEERS = ("keras", "keras-tuned")
NO_TWIN = "no Keras twin: rnn (RNN): its cell is made of nodes, and " + "this goes on for a while " * 4


def rates(median: float) -> dict[str, Any]:
    return {"median": median, "min": median * 0.95, "max": median * 1.03, "rounds": [median]}


def measured(name: str, mode: str = "xla", rate: float = 135_000.0, **changes: Any) -> dict[str, Any]:
    peer = {"samples_per_second": rates(24_000.0), "ratio": rates(5.0), "steps_per_execution": 32, "tried": {}}
    return {
        "config": f"configs/bench/{name}.yaml",
        "name": f"bench-{name}",
        "execution": mode,
        "threads": 2,
        "samples_per_second": rates(rate),
        "step_seconds": rates(128 / rate),
        "start": {"import": 2.3, "first_step": 1.21},
        "shares": {"compute": 0.96, "data": 0.01, "python": 0.03},
        "peak_memory_bytes": 700 * 2**20,
        "flops": {"per_sample": 1, "per_second": 1.9e11, "share_of_matmul_peak": 0.954},
        "matmul": {"before": 1.9e11, "after": 1.99e11, "peak": 1.99e11},
        "peers": dict.fromkeys(PEERS, peer),
        **changes,
    }


def document(*benchmarks: dict[str, Any], against: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "benchmarks": list(benchmarks),
        "against": list(against),
        "geometric_means": dict.fromkeys(against, 4.123),
        "versions": {"netlab": "0.1.0", "tensorflow": "2.21.0", "keras": "3.15.1", "python": "3.11.7"},
        "machine": {"usable_cores": 2, "processor": "A Processor"},
    }


def row(text: str, name: str, table: int = 0) -> list[str]:
    """The cells of a config's row, in one of the tables."""
    lines = text.split("\n\n")[table].splitlines()
    return next(line for line in lines if line.startswith(name)).split()[1:]


def test_a_row_has_all_that_was_measured():
    text = bench_text(document(measured("mlp")), 100)
    expected = "135,000 -5 +3 % 0.948 ms 1.2 s 2.3 s 3 % 1 % 700.0 MiB 190 95 %"
    assert row(text, "mlp") == expected.split()


def test_below_stand_mode_peak_threads_versions_and_machine():
    text = bench_text(document(measured("mlp"), measured("cnn", "graph"), measured("gru")), 100)
    assert "execution xla: mlp, gru\nexecution graph: cnn\n" in text
    assert "matmul peak: 199 GFLOP/s (two float32 matrices of 2,048 x 2,048); threads: 2\n" in text
    assert "netlab 0.1.0, tensorflow 2.21.0, keras 3.15.1, python 3.11.7; 2 cores, A Processor\n" in text


def test_peaks_that_differ_are_a_range():
    slow = measured("cnn", matmul={"before": 1e11, "after": 1e11, "peak": 1e11})
    assert "matmul peak: 100 to 199 GFLOP/s" in bench_text(document(measured("mlp"), slow), 100)


def test_peers_stand_side_by_side_with_the_geometric_mean_below():
    text = bench_text(document(measured("mlp"), measured("gru"), against=PEERS), 100)
    assert row(text, "mlp", 1) == ["24,000", "5.00", "4.75-5.15"] * 2 + ["32"]
    assert row(text, "geometric mean", 1) == ["mean", "4.12", "4.12"]


@pytest.mark.parametrize(("against", "told"), [((), ""), (("keras",), "Ratio"), (PEERS, "Ratio Steps")], ids=str)
def test_only_what_is_shown_is_explained(against, told):
    text = bench_text(document(measured("mlp"), against=against), 100)
    assert " ".join(word for word in ("Ratio", "Steps") if f"{word}: " in text) == told


def test_one_config_has_no_mean():
    assert "geometric mean" not in bench_text(document(measured("mlp"), against=PEERS), 100)


def test_why_there_is_no_peer_stands_below_the_row_which_is_whole():
    without = measured("own", peers={peer: {"reason": NO_TWIN} for peer in PEERS})
    text = bench_text(document(measured("mlp"), without, against=PEERS), 100)
    assert row(text, "own")[0] == "135,000"
    assert row(text, "own", 1) == ["-"] * 7
    assert " ".join(text.split()).count(NO_TWIN.strip()) == 1


def test_a_config_that_failed_has_its_error_in_its_row():
    error = "bad.yaml:3:4: error: Dense has no parameter 'untis'\n   3 | Dense: {untis: 3}\n     |         ^^^^^"
    bad = {"config": "configs/bench/bad.yaml", "error": error}
    text = bench_text(document(measured("a"), bad, measured("z"), against=PEERS), 100)
    lines = text.split("\n\n")[0].splitlines()
    assert lines[3:6] == f"bad: {error}".splitlines()
    assert (lines[2][0], lines[6][0]) == ("a", "z")
    assert "bad" not in text.split("\n\n")[1]


def test_where_all_failed_there_are_errors_and_versions():
    text = bench_text(document({"config": "bad.yaml", "error": "there is no data"}, against=("keras",)), 100)
    assert text.startswith("bad: there is no data\n\nnetlab 0.1.0")


@pytest.mark.parametrize("width", [80, 100])
def test_it_fits(width):
    names = ("transformer_lm", "wide_and_deep", "tiny_mlp")
    found = document(*(measured(name, rate=1_234_567.0) for name in names), against=PEERS)
    assert max(map(len, bench_text(found, width).splitlines())) <= width


def test_two_files_of_one_name_are_told_apart_by_their_folders():
    other = measured("mlp", config="configs/other/mlp.yaml")
    text = bench_text(document(measured("mlp"), other, measured("cnn")), 100)
    assert [line.split()[0] for line in text.split("\n\n")[0].splitlines()[2:]] == ["bench/mlp", "other/mlp", "cnn"]


def test_what_gives_way_first_is_the_import():
    text = bench_text(document(measured("transformer_lm")), 90)
    assert "import  " not in text.split("\n\n")[0]
    assert "spread" in text.split("\n\n")[0]


def test_costs_that_are_not_known_are_a_dash():
    unknown = {"per_sample": None, "per_second": None, "share_of_matmul_peak": None}
    assert row(bench_text(document(measured("mlp", flops=unknown)), 100), "mlp")[-2:] == ["-", "-"]


@pytest.mark.parametrize(
    ("seconds", "shown"), [(2.54e-5, "0.0254 ms"), (0.0123, "12.3 ms"), (1.234, "1.23 s")], ids=str
)
def test_the_time_of_a_step_has_three_digits(seconds, shown):
    text = bench_text(document(measured("mlp", step_seconds=rates(seconds))), 100)
    assert shown in " ".join(row(text, "mlp"))


def test_titles_are_bold_on_a_terminal():
    text = bench_text(document(measured("mlp")), 100, color=True)
    assert text.splitlines()[1].startswith("\x1b[1mconfig")
    assert "\x1b" not in bench_text(document(measured("mlp")), 100)

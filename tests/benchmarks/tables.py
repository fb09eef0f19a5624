"""Time and peak memory of reading a CSV file by netlab, and by polars alone: each measured in processes of its own, in turns.

The time is that of the clock, and that of all processors together, of which other work on the machine takes nothing.

    python tests/benchmarks/tables.py [ROWS [ROUNDS]]

The file has integers, floats, categories, dates and missing values; 2 million rows by default. `polars` is the scan with all
defaults, `polars, same options` has the dtypes, the texts of missing values and the dates that netlab asks for as well.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl

from netlib.data.sources.tables import read
from netlib.spec.sources.tables import Csv

MIB = 2**20
CITIES = ["Berlin", "Paris", "London", "New York", "Rio de Janeiro", "Tokyo", "Oslo", "Ulm"]
MISSING = ["", "NA", "NaN", "nan", "null"]


def write(path: Path, rows: int) -> None:
    """Eight columns; `quoted` and `last_missing` are what makes the structure of a CSV file harder to check."""
    random = np.random.default_rng(0)
    table = pl.DataFrame(
        {
            "id": np.arange(rows),
            "age": pl.Series(random.integers(18, 90, rows)),
            "income": pl.Series(np.round(random.normal(4e4, 1e4, rows), 2)),
            "score": random.random(rows),
            "city": pl.Series(np.array(CITIES)[random.integers(0, len(CITIES), rows)]),
            "plan": pl.Series(np.array(["free", "basic", "pro"])[random.integers(0, 3, rows)]),
            "opened": pl.Series(np.datetime64("2015-01-01") + random.integers(0, 3000, rows)),
            "churned": random.integers(0, 2, rows),
        }
    )
    for name in ("age", "income", "city"):
        missing = pl.Series(random.random(rows) < 0.05)
        table = table.with_columns(pl.when(missing).then(None).otherwise(pl.col(name)).alias(name))
    table.write_csv(path)
    table.select(pl.exclude("age"), "age").write_csv(path.with_suffix(".last_missing.csv"))
    table.write_csv(path.with_suffix(".quoted.csv"), quote_style="non_numeric")


def polars_alone(path: Path) -> None:
    """All columns with all defaults."""
    pl.scan_csv(path).collect()


def polars_with_options(path: Path) -> None:
    """All columns, read as netlab reads them."""
    pl.scan_csv(path, null_values=MISSING, try_parse_dates=True).collect()


def netlab(path: Path) -> None:
    """All columns as arrays and series."""
    read(Csv.parse({"path": str(path), "targets": "churned"}), 0)


def fingerprint(path: Path) -> None:
    """As above, and the SHA-256 of all values."""
    read(Csv.parse({"path": str(path), "targets": "churned"}), 0).fingerprint()


WAYS: dict[str, Callable[[Path], None]] = {
    "polars": polars_alone,
    "polars, same options": polars_with_options,
    "netlab": netlab,
    "netlab, fingerprint": fingerprint,
}


def peak_memory() -> int:
    """Bytes of this process's resident set at its largest."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def measured(way: str, path: Path) -> tuple[float, ...]:
    """Seconds by the clock and of the processors, and MiB of the peak, of a new process that reads the file once."""
    done = subprocess.run([sys.executable, __file__, "--here", way, path], capture_output=True, text=True, check=True)
    return tuple(map(float, done.stdout.split()))


def here(way: str, path: Path) -> None:
    """Prints times and peak of one reading, after that of a small file."""
    with tempfile.TemporaryDirectory() as folder:
        small = Path(folder) / "small.csv"
        write(small, 1000)
        WAYS[way](small)
    began, worked = time.perf_counter(), time.process_time()
    WAYS[way](path)
    print(time.perf_counter() - began, time.process_time() - worked, peak_memory() / MIB)


def main(rows: int, rounds: int) -> None:
    """Prints for each file and way the least seconds by the clock and of the processors, as parts of polars's, and the peak."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        write(path, rows)
        for file in sorted(path.parent.iterdir()):
            print(f"{file.name}: {rows:,} rows, {file.stat().st_size / MIB:,.0f} MiB")
            found: dict[str, list[tuple[float, ...]]] = {way: [] for way in WAYS}
            for _ in range(rounds):
                for way, each in found.items():
                    each.append(measured(way, file))
            least = {way: [min(values) for values in zip(*each, strict=True)] for way, each in found.items()}
            for way, (seconds, worked, peak) in least.items():
                clock, processors = seconds / least["polars"][0], worked / least["polars"][1]
                print(
                    f"  {way:22} {seconds:6.3f} s {clock:5.2f}  {worked:6.3f} s {processors:5.2f} {peak:6,.0f} MiB",
                    flush=True,
                )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--here"]:
        here(sys.argv[2], Path(sys.argv[3]))
    else:
        given = [int(each) for each in sys.argv[1:]]
        main(*given, *(2_000_000, 7)[len(given) :])

"""Trainings on real files from end to end: time to the first step, samples per second, peak memory, and what was learned.

    python tests/benchmarks/real_files.py [KIND ...] [ROUNDS]

Each training is the installed command in a process of its own. The files are made in a temporary folder. Each kind is trained in
memory and as a stream, in turns, as often as there are rounds; the throughput of the stream is told as a share of that in memory,
and of what computing and reading alone come to, one after the other. Beside the clock stands the time of all processors in an
epoch behind the first, of which other work on the machine takes little.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl
import yaml
from PIL import Image

from netlib.config.load import load as load_config
from netlib.data.load import load
from netlib.data.streaming import Streamed

MIB = 2**20
READ = "--read"
EPOCHS = 4
TICKS = os.sysconf("SC_CLK_TCK")
IN_MEMORY = "in memory"
DENSE = [{"Dense": {"units": 64, "activation": "relu"}}, {"Dense": {"units": 32, "activation": "relu"}}]
CNN: list[Any] = [
    {"Conv2D": {"filters": 32, "kernel_size": 3, "activation": "relu"}},
    {"MaxPooling2D": 2},
    {"Conv2D": {"filters": 64, "kernel_size": 3, "activation": "relu"}},
    "GlobalAveragePooling2D",
    {"Dense": 10, "name": "label"},
]

Config = dict[str, Any]


def csv(folder: Path) -> Config:
    """2 million rows of numbers, categories and gaps; who leaves follows from age and plan."""
    random, rows = np.random.default_rng(0), 2_000_000
    plans = random.integers(0, 3, rows)
    age = random.integers(18, 90, rows)
    chance = 1 / (1 + np.exp((age - 50) / 8 + plans - 1))
    table = pl.DataFrame(
        {
            "age": age,
            "income": np.round(random.normal(4e4, 1e4, rows), 2),
            "score": random.random(rows),
            "city": pl.Series([f"city {i}" for i in range(40)])[random.integers(0, 40, rows)],
            "plan": pl.Series(["free", "basic", "pro"])[plans],
            "opened": pl.Series(np.datetime64("2015-01-01") + random.integers(0, 3000, rows)),
            "churned": (random.random(rows) < chance).astype(np.int64),
        }
    )
    for name in ("age", "income", "city"):
        gap = pl.Series(random.random(rows) < 0.05)
        table = table.with_columns(pl.when(gap).then(None).otherwise(pl.col(name)).alias(name))
    table.write_csv(folder / "table.csv")
    data = {"source": "csv", "path": "table.csv", "targets": "churned", "preprocess": "auto"}
    return _trained(data, [*DENSE, {"Dense": 1, "name": "churned"}], "binary_crossentropy", ["accuracy"], 512)


def parquet(folder: Path) -> Config:
    """A folder of eight files, 4 million rows of twenty floats."""
    random = np.random.default_rng(0)
    (folder / "parts").mkdir()
    weights = random.normal(size=20).astype(np.float32)
    for part in range(8):
        values = random.normal(size=(500_000, 20)).astype(np.float32)
        columns = {f"x{i}": values[:, i] for i in range(20)}
        pl.DataFrame({**columns, "y": values @ weights}).write_parquet(folder / "parts" / f"{part}.parquet")
    data = {"source": "parquet", "path": "parts", "targets": "y"}
    return _trained(data, [*DENSE, {"Dense": 1, "name": "y"}], "mean_squared_error", ["r2_score"], 512)


def images(folder: Path) -> Config:
    """20,000 PNG files of 32 x 32 pixels in colour, a folder for each of ten classes."""
    random = np.random.default_rng(0)
    rows, columns = np.indices((32, 32))
    for label in range(10):
        (folder / "images" / str(label)).mkdir(parents=True)
        for number in range(2000):
            wave = np.sin((rows * (label + 1) + columns * random.uniform(0, 2)) / 8 + random.uniform(0, 6)) * 90 + 128
            pixels = np.clip(wave[..., None] + random.normal(0, 30, (32, 32, 3)), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / "images" / str(label) / f"{number}.png")
    data = {"source": "image_folder", "path": "images", "preprocess": {"image": {"Rescale": 1 / 255}}}
    return _trained(data, CNN, "sparse_categorical_crossentropy", ["accuracy"], 64)


def bytes_of_images(folder: Path) -> Config:
    """200,000 rows of 64 bytes each in Parquet: decoding is cheap."""
    random = np.random.default_rng(0)
    values = random.integers(0, 256, (200_000, 64)).astype(np.uint8)
    columns = {f"p{i}": values[:, i] for i in range(64)}
    label = (values[:, :32].sum(1, dtype=np.int64) > values[:, 32:].sum(1, dtype=np.int64)).astype(np.int32)
    pl.DataFrame({**columns, "label": label}).write_parquet(folder / "pixels.parquet")
    data = {
        "source": "parquet",
        "path": "pixels.parquet",
        "targets": "label",
        "preprocess": {"*": {"Rescale": 1 / 255}},
    }
    wide = [{"Dense": {"units": 512, "activation": "relu"}}, {"Dense": {"units": 256, "activation": "relu"}}]
    return _trained(data, [*wide, {"Dense": 1, "name": "label"}], "binary_crossentropy", ["accuracy"], 128)


def corpus(folder: Path) -> Config:
    """A text of 2 MB, of which the next character is to be said."""
    random = np.random.default_rng(0)
    words = np.array(["".join(random.choice(list("abcdefghij"), random.integers(2, 9))) for _ in range(500)])
    (folder / "corpus.txt").write_text(" ".join(random.choice(words, 300_000)))
    data = {
        "source": "corpus",
        "path": "corpus.txt",
        "by": "characters",
        "length": 64,
        "maximum": 16,
        "split": "Contiguous",
    }
    model = [{"Embedding": {"output_dim": 16}}, {"GRU": {"units": 64, "return_sequences": True}}]
    return _trained(data, [*model, {"Dense": 16, "name": "next"}], "sparse_categorical_crossentropy", ["accuracy"], 128)


def series(folder: Path) -> Config:
    """100,000 rows of three columns; windows of 48 rows say the next."""
    random, rows = np.random.default_rng(0), 100_000
    time_ = np.arange(rows)
    waves = {f"w{i}": (np.sin(time_ / (5 + 7 * i)) + random.normal(0, 0.1, rows)).astype(np.float32) for i in range(3)}
    pl.DataFrame(waves).write_csv(folder / "series.csv")
    data = {
        "source": "time_series",
        "path": "series.csv",
        "inputs": list(waves),
        "targets": ["w0"],
        "length": 48,
        "split": "Contiguous",
    }
    return _trained(data, [{"GRU": 32}, {"Dense": 1, "name": "w0"}], "mean_squared_error", ["r2_score"], 256)


def _trained(data: Config, model: list[Any], loss: str, metrics: list[str], rows: int) -> Config:
    shares = {"validation": 0.1, "batch_size": rows}
    train = {"epochs": EPOCHS, "loss": loss, "optimizer": {"Adam": {"learning_rate": 2e-3}}, "metrics": metrics}
    return {"name": "real-files", "seed": 1, "data": {**data, **shares}, "model": model, "train": train}


KINDS: dict[str, tuple[Callable[[Path], Config], Sequence[str]]] = {
    "csv": (csv, ("64MB",)),
    "parquet": (parquet, ("64MB", "64MB none", "256MB")),
    "images": (images, ("16MB", "16MB none")),
    "bytes_of_images": (bytes_of_images, ("4MB", "4MB none")),
    "corpus": (corpus, ("4MB",)),
    "series": (series, ("16MB",)),
}
"""Kind -> what makes its files and config, and how it is streamed: in what memory, and `none` where no decoded sample is kept."""


class Run(NamedTuple):
    """Seconds before and between epochs; of the epochs behind the first samples and processors' seconds; MiB of the peak."""

    start: float
    speed: float
    processors: float
    peak: float
    metrics: str


def section(config: Config, stream: str) -> Config:
    """The data of a config, in memory or as a stream."""
    memory, *cache = stream.split()
    data = config["data"] if stream == IN_MEMORY else {**config["data"], "memory": memory}
    return {**data, "cache": cache[0]} if cache and stream != IN_MEMORY else data


def run(folder: Path, config: Config, stream: str) -> Run:
    """Trains once."""
    (folder / "config.yaml").write_text(yaml.safe_dump({**config, "data": section(config, stream)}))
    place = folder / "run"
    shutil.rmtree(place, ignore_errors=True)
    command = [shutil.which("netlab") or "netlab", "train", "config.yaml", "--run-dir", str(place)]
    began = time.perf_counter()
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(command, cwd=folder, stdout=said, stderr=subprocess.STDOUT)
        status, peak, ends = _watched(process.pid, place / "metrics.jsonl")
        if status:
            said.seek(0)
            raise SystemExit(said.read())
    seconds = time.perf_counter() - began
    records = [json.loads(line) for line in (place / "metrics.jsonl").read_text().splitlines()]
    speed = statistics.median(each["samples_per_second"] for each in records[1:])
    worked = statistics.median(end - start for start, end in pairwise(ends))
    last = json.dumps(records[-1]["validation"])
    return Run(seconds - sum(each["seconds"] for each in records), speed, worked, peak, last)


def _watched(pid: int, metrics: Path) -> tuple[int, float, list[float]]:
    """The status with which a process ends, MiB of its peak, and its seconds of processors at the end of each epoch."""
    ends: list[float] = []
    while not (ended := os.wait4(pid, os.WNOHANG))[0]:
        worked = sum(map(int, Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13])) / TICKS
        epochs = metrics.read_bytes().count(b"\n") if metrics.exists() else 0
        ends += [worked] * (epochs - len(ends))
        time.sleep(0.01)
    return ended[1], ended[2].ru_maxrss / 1024, ends


def read_alone(folder: Path) -> float:
    """Samples per second of a pass over the training split, as a stream that nobody trains on; the second of two passes."""
    done = subprocess.run(
        [sys.executable, __file__, READ], cwd=folder, capture_output=True, text=True, check=True, env=os.environ
    )
    return float(done.stdout.split()[-1])


def _read_here() -> None:
    splits = load(load_config(Path("config.yaml")).data, 1)  # type: ignore[arg-type]
    assert isinstance(splits.train, Streamed)
    for epoch in range(2):
        began = time.perf_counter()
        for _ in splits.train.mixed(1, epoch, splits.train.window):
            pass
        print(len(splits.train) / (time.perf_counter() - began))


def main(kinds: Sequence[str], rounds: int) -> None:
    """Prints a line for each way to train: medians of the rounds."""
    for kind in kinds or KINDS:
        make, streams = KINDS[kind]
        with tempfile.TemporaryDirectory() as made:
            folder = Path(made)
            config = make(folder)
            size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / MIB
            print(f"{kind}: {(make.__doc__ or '').strip()} ({size:,.0f} MiB of files)", flush=True)
            found: dict[str, list[Run]] = {stream: [] for stream in (IN_MEMORY, *streams)}
            reading = dict.fromkeys(streams, 0.0)
            for _ in range(rounds):
                for stream, runs in found.items():
                    runs.append(run(folder, config, stream))
                    if stream != IN_MEMORY:
                        reading[stream] = max(reading[stream], read_alone(folder))
            medians = {stream: _median(runs) for stream, runs in found.items()}
            for stream, each in medians.items():
                print(_line(stream, each, medians[IN_MEMORY], reading.get(stream)), flush=True)


def _median(runs: Sequence[Run]) -> Run:
    start, speed, processors, peak = (statistics.median(values) for values in list(zip(*runs, strict=True))[:4])
    return Run(start, speed, processors, peak, runs[-1].metrics)


def _line(stream: str, found: Run, in_memory: Run, reading: float | None) -> str:
    share = ""
    if reading:
        serial = 1 / (1 / in_memory.speed + 1 / reading)
        of_memory = f"{found.speed / in_memory.speed:.2f} of in memory, {found.speed / serial:.2f} of serial"
        share = f" ({of_memory}, reading {reading:,.0f}; by processors {in_memory.processors / found.processors:.2f})"
    return (
        f"  {stream:10} {found.start:6.1f} s beside the epochs, {found.speed:10,.0f} samples/s{share},"
        f" {found.processors:6.2f} s of processors an epoch, peak {found.peak:6,.0f} MiB, {found.metrics}"
    )


if __name__ == "__main__":
    if sys.argv[1:] == [READ]:
        _read_here()
    else:
        asked = [each for each in sys.argv[1:] if not each.isdigit()]
        main(asked, next((int(each) for each in sys.argv[1:] if each.isdigit()), 1))

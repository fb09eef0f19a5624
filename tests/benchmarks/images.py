"""How fast images are decoded: PNG of 32x32 and JPEG of 224x224 pixels, by one thread and by more.

    python tests/benchmarks/images.py [THREADS ...]

Without numbers of threads, 1 and 2. The images are like photographs in that neighbours are alike: waves with some noise. Each
line is the best of three passes over the files, which the system then has in memory.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from netlib.data.sources.images import decoded
from netlib.spec.sources.image_folder import ImageFolder

CASES = (("png", 32, 5000), ("jpg", 224, 1000))
"""Ending, height and width, number of files."""
PASSES = 3


def written(folder: Path, suffix: str, size: int, count: int) -> list[Path]:
    """Files of images, each another one."""
    generator = np.random.default_rng(0)
    rows, columns = np.indices((size, size))
    files = []
    for number in range(count):
        slopes, noise = generator.uniform(0.02, 0.2, (3, 2)), generator.normal(0, 8, (size, size, 3))
        waves = [np.sin(a * rows + b * columns + number) * 100 + 128 for a, b in slopes]
        image = np.clip(np.stack(waves, axis=2) + noise, 0, 255).astype(np.uint8)
        files.append(folder / f"{number}.{suffix}")
        Image.fromarray(image).save(files[-1])
    return files


def rate(files: list[Path], threads: int) -> float:
    """Images a second, at best."""
    spec = ImageFolder(path="unused")
    best = 0.0
    for _ in range(PASSES):
        start = time.perf_counter()
        decoded(spec, files, threads)
        best = max(best, len(files) / (time.perf_counter() - start))
    return best


def main() -> None:
    """Prints a line for each kind of image and number of threads."""
    numbers = [int(text) for text in sys.argv[1:]] or [1, 2]
    for suffix, size, count in CASES:
        with tempfile.TemporaryDirectory() as folder:
            files = written(Path(folder), suffix, size, count)
            mean = sum(file.stat().st_size for file in files) / count
            for threads in numbers:
                facts = f"{suffix} {size}x{size}, {mean / 1024:.1f} KiB, {threads} thread{'s' * (threads > 1)}"
                print(f"{facts:40} {rate(files, threads):>8,.0f} images/s", flush=True)


if __name__ == "__main__":
    main()

"""Makes the time series of the examples in this folder: `python configs/data/weather.py` writes it again, to the bit.

The weather is drawn, not measured. Only `Random.random` is used, whose numbers are the same in every version of Python.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import datetime, timedelta
from math import pi, sin
from pathlib import Path
from random import Random

BEGINNING = datetime(2024, 3, 1)
FAILED = range(1100, 1106)
"""Hours in which the station was out of order: the series has a gap there."""


def weather(hours: int = 2000, seed: int = 3) -> Iterator[dict[str, str | float]]:
    """Hour by hour the temperature (degrees Celsius), the pressure (hPa) and the wind (m/s) of one place.

    The temperature follows the sun through the day, and falls while the pressure does, hours later.
    """
    draw = Random(seed)
    pressure, front = 0.0, 0.0
    for hour in range(hours):
        pressure = 0.98 * pressure + 3 * (draw.random() - 0.5)
        front = 0.9 * front + 0.1 * pressure
        temperature = 9 + hour / 250 + 5 * sin(2 * pi * (hour - 9) / 24) + 1.2 * front + 1.2 * (draw.random() - 0.5)
        if hour not in FAILED:
            yield {
                "time": (BEGINNING + timedelta(hours=hour)).isoformat(timespec="minutes"),
                "temperature": round(temperature, 1),
                "pressure": round(1013 + 3 * pressure, 1),
                "wind": round(2 + 4 * draw.random() ** 2 + 0.3 * abs(pressure), 1),
            }


def main() -> None:
    """Writes the table beside this file."""
    rows = list(weather())
    with (Path(__file__).parent / "weather.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()

"""Makes the tables of the examples in this folder: `python configs/data/tables.py` writes them again, to the bit.

The rows are drawn, not collected: nothing in them is about anybody. Only `Random.random` is used, whose numbers are the same in
every version of Python.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from math import exp
from pathlib import Path
from random import Random
from typing import Any

Row = dict[str, Any]

DISTRICTS = {"Altstadt": 1.35, "Hafen": 1.2, "Nordend": 1.05, "Weststadt": 1.0, "Am Wald": 0.95, "Neufeld": 0.8}
"""District -> what a square metre costs there, as a multiple of the usual."""
HEATINGS = {"district": 1.03, "gas": 1.0, "heat pump": 1.08, "oil": 0.92}
"""Heating -> what it makes of a price."""
CITIES = 24


def houses(rows: int = 500, seed: int = 1) -> Iterator[Row]:
    """Houses and their prices, in thousands, which follow from all other columns but for a tenth up or down.

    `area` (square metres) and `heating` are missing in a row of twelve; `sold` is the date of the sale, and prices rise by 4 % a
    year.
    """
    draw = Random(seed)
    for _ in range(rows):
        area = round(60 + 140 * draw.random() ** 2)
        rooms = max(2, round(area / 28 + _bell(draw)))
        built = 1900 + int(124 * draw.random() ** 0.7)
        garden = draw.random() < 0.6
        district, heating = _one_of(draw, list(DISTRICTS)), _one_of(draw, list(HEATINGS))
        sold = date(2015, 1, 1) + timedelta(days=int(3650 * draw.random()))
        price = 2.4 * area * DISTRICTS[district] * HEATINGS[heating] * (1.08 if garden else 1.0)
        price *= (0.7 + 0.3 * (built - 1900) / 124) * exp(
            0.04 * (sold.year - 2015 + sold.month / 12) + 0.05 * _bell(draw)
        )
        yield {
            "area": None if draw.random() < 1 / 12 else area,
            "rooms": rooms,
            "built": built,
            "garden": "true" if garden else "false",
            "heating": None if draw.random() < 1 / 12 else heating,
            "district": district,
            "sold": sold.isoformat(),
            "price": round(price, 1),
        }


def customers(rows: int = 1500, seed: int = 2) -> Iterator[Row]:
    """Customers of a subscription, and whether each `churned`: left within the year.

    The cities have a mood each, which nothing but their name tells; small ones are rare. `income` (thousands a year) is missing
    in a row of ten.
    """
    draw = Random(seed)
    names = [f"city {chr(ord('A') + number)}" for number in range(CITIES)]
    moods = {name: 1.6 * _bell(draw) for name in names}
    for number in range(rows):
        city = names[int(CITIES * draw.random() ** 2)]
        age, income, visits = (
            18 + int(60 * draw.random()),
            round(exp(3.6 + 0.4 * _bell(draw)), 1),
            int(30 * draw.random() ** 2),
        )
        score = 1.2 - 0.25 * visits + (age - 48) / 20 + moods[city] - (income - 40) / 30
        yield {
            "customer": f"C{number:05d}",
            "age": age,
            "income": None if draw.random() < 1 / 10 else income,
            "visits": visits,
            "city": city,
            "churned": "yes" if draw.random() < 1 / (1 + exp(-1.5 * score)) else "no",
        }


def written(rows: Iterator[Row], path: Path) -> None:
    """Writes rows as a CSV file; what is missing stays empty."""
    table = list(rows)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, table[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(table)


def _bell(draw: Random) -> float:
    """Nearly normal, of mean 0 and deviation 1."""
    return sum(draw.random() for _ in range(12)) - 6


def _one_of(draw: Random, names: Sequence[str]) -> str:
    return names[int(len(names) * draw.random())]


if __name__ == "__main__":
    folder = Path(__file__).parent
    written(houses(), folder / "houses.csv")
    written(customers(), folder / "customers.csv")

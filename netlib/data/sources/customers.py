"""Draws customers; what their parameters mean stands in `netlib.spec.sources.customers`."""

from __future__ import annotations

import math

import numpy as np

from netlib.data.arrays import Arrays
from netlib.data.shuffling import shuffled
from netlib.data.sources.drawing import Random, float32, noisy
from netlib.spec.sources.customers import AGES, INCOMES, Customers


def customers(spec: Customers, random: Random) -> Arrays:
    """Who buys has `cos(pi * age) + income + crossing > 0`, age and (the logarithm of the) income scaled to between -1 and 1."""
    crossing = np.where(shuffled(random, spec.cities * spec.jobs) % 2, 1.0, -1.0)  # as many up as down
    age, income = random.uniform(-1, 1, (2, spec.samples))
    city = random.integers(0, spec.cities, spec.samples, dtype=np.int32)
    job = random.integers(0, spec.jobs, spec.samples, dtype=np.int32)
    score = np.cos(math.pi * age) + income + crossing[city * spec.jobs + job]
    buys = noisy(score, spec.noise, random) > 0
    years = AGES[0] + (AGES[1] - AGES[0]) * (age + 1) / 2
    thousands = INCOMES[0] * (INCOMES[1] / INCOMES[0]) ** ((income + 1) / 2)
    columns = {"age": float32(years[:, None]), "income": float32(thousands[:, None]), "city": city, "job": job}
    return Arrays(columns, {"buys": buys.astype(np.int32)})

"""Whether the figures of the recorded reports fit each other: read from the text as a person would, and added up anew."""

from __future__ import annotations

import math
import re
from collections import Counter
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture(params=[80, 120])
def lines(request):
    def read(name: str) -> list[str]:
        return (GOLDEN / f"{name}-{request.param}.txt").read_text().splitlines()

    return read


def cells(line: str) -> list[str]:
    return re.split(r"\s{2,}", line.strip())


def number(text: str) -> float:
    """`1,234`, `*0.5`, `12.3 %`, and the dot that stands for none."""
    return 0.0 if text == "." else float(re.sub(r"[,*%]", "", text))


def size(text: str) -> float:
    """`2.0 KiB` in bytes."""
    amount, unit = text.split()
    return float(amount) * 1024 ** ("B", "KiB", "MiB", "GiB").index(unit)


def test_a_confusion_matrix_and_the_table_of_its_classes(lines):
    matrix = [[number(cell) for cell in cells(line)[1:]] for line in lines("confusion")[2:]]
    classes = [[number(cell) for cell in cells(line)[1:4]] for line in lines("class_table")[1:4]]
    supports = [number(cells(line)[-1]) for line in lines("class_table")[1:6]]
    rows, columns = [sum(row) for row in matrix], [sum(row[i] for row in matrix) for i in range(3)]
    assert supports == [*rows, sum(rows), sum(rows)]
    for place, (precision, recall, f1) in enumerate(classes):
        right = matrix[place][place]
        assert precision == pytest.approx(right / columns[place], abs=5e-5)
        assert recall == pytest.approx(right / rows[place], abs=5e-5)
        assert f1 == pytest.approx(2 * precision * recall / (precision + recall), abs=2e-4)
    accuracy = sum(matrix[i][i] for i in range(3)) / sum(rows)
    assert lines("class_table")[6] == f"accuracy {accuracy:.4f}"


def test_the_classes_that_are_confused(lines):
    """A pair has one line, or a second one with the rest of a name."""
    found = [re.search(r" (\d+)  +([\d.]+) %$", line) for line in lines("confused")[2:]]
    samples = [int(match[1]) for match in found if match]
    assert samples == sorted(samples, reverse=True)
    per_class = {}
    for line, match in zip(lines("confused")[2:], found, strict=True):
        if match:
            whole = int(match[1]) / float(match[2]) * 100
            per_class.setdefault(line.split()[2], []).append(whole)
    assert all(max(totals) - min(totals) < 2 for totals in per_class.values())


def test_the_time_of_a_training(lines):
    *parts, whole = [cells(line) for line in lines("profile")[1:5]]
    seconds = [float(part[1].removesuffix(" s")) for part in parts]
    assert sum(seconds) == float(whole[1].removesuffix(" s"))
    assert [number(part[2]) for part in parts] == [100 * each / sum(seconds) for each in seconds]
    assert number(whole[2]) == 100
    shares = [float(share) for share in re.findall(r"([\d.]+)%", "\n".join(lines("profile")[6:]))]
    assert sum(shares) == 100


def test_samples_and_classes_of_data(lines):
    text = "\n".join(lines("peek"))
    whole, train, validation, test = map(
        number, re.search(r"([\d,]+) samples: ([\d,]+) \D+([\d,]+) \D+([\d,]+)", text).groups()
    )
    assert whole == train + validation + test
    classes = [re.findall(r"([\d,]+) \(([\d.]+)%\)", line) for line in lines("peek") if re.match(r"[01] ", line)]
    assert len(classes) == 2
    for total, counts in zip((train, validation, test), zip(*classes, strict=True), strict=True):
        assert sum(number(count) for count, _ in counts) == total
        assert [float(share) for _, share in counts] == [round(100 * number(count) / total, 1) for count, _ in counts]
    files = [size(found) for found in re.findall(r"csv \((.+)\)", text)]
    more, all_of_them = re.search(r"and (\d) more files, (.+) in all", text).groups()
    assert size(all_of_them) == sum(files) + int(more) * files[0]


def test_the_mean_of_ratios(lines):
    table = "\n".join(lines("bench")).split("\n\n")[1].splitlines()
    rows = {cells(line)[0]: cells(line)[1:] for line in table[2:]}
    means = [number(mean) for mean in rows.pop("geometric mean")]
    for place, mean in zip((1, 4), means, strict=True):
        assert mean == pytest.approx(
            math.prod(number(row[place]) for row in rows.values()) ** (1 / len(rows)), abs=5e-3
        )


def test_the_parameters_of_two_networks(lines):
    """By how much they differ is what the nodes that differ have more."""
    text = re.search(r"\nnetwork\n(.*?)\n\n", "\n".join(lines("comparison")), re.DOTALL)[1].splitlines()
    start = text[0].index("transformer-language-model-2")
    sides = [" ".join(line[start:].strip() for line in text), " ".join(line[:start] for line in text)]
    more, less = ([number(found) for found in re.findall(r"([\d,]+) *parameters", side)] for side in sides)
    first, second = map(number, cells(text[-1])[1:])
    assert second - first == sum(more) - sum(less)


def test_the_best_of_several_runs(lines):
    values = [cells(line)[2] for line in lines("runs") if re.search(r"\d\.\d{4}", line)]
    assert [value.startswith("*") for value in values] == [
        number(value) == min(map(number, values)) for value in values
    ]


def test_the_sizes_of_runs(lines):
    *runs, _, whole = lines("removal")[1:]
    assert whole == f"{len(runs)} runs, 3.5 KiB"
    assert sum(size(cells(run)[-1]) for run in runs) == size("3.5 KiB")


def test_the_memory_of_a_step(lines):
    text = "\n".join(lines("summary_memory"))
    about, parts = re.search(r"about (.+)\n((?:  .+\n?)+)", text).groups()
    found = re.findall(r"[\d.]+ (?:[KMG]i)?B", parts)
    assert len(found) == 7
    assert sum(map(size, found)) == pytest.approx(size(about), abs=0.1 * 2**30)


def test_the_parameters_of_a_network(lines):
    for name in ("summary_text", "summary_tree"):
        *table, closing = "\n".join(lines(name)).split("\n\n")
        columns = [re.findall(r"(?<=  )[\d,]+(?=  )", line)[-2:] for line in table[-1].splitlines()]
        trained, other = (sum(number(row[place]) for row in columns if len(row) == 2) for place in (0, 1))
        assert closing.startswith(
            f"Parameters: {trained + other:,.0f} (trainable {trained:,.0f}, non-trainable {other:,.0f})"
        )


def test_what_a_diagnosis_counts(lines):
    marks = Counter(line[2] for line in lines("doctor") if line.startswith("  ") and line[2] != " ")
    assert (marks["✗"], marks["!"]) == (1, 1)
    assert lines("doctor")[-1] == "1 thing is broken, 1 thing worth knowing (!)"


def test_the_mean_of_errors_over_several_numbers(lines):
    """The first table alone, where the quantiles have one of their own."""
    price, size_, both = (number(cells(line)[1]) for line in lines("errors")[1:4])
    assert both == pytest.approx((price + size_) / 2, abs=0.1)

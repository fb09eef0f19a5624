"""Splits of every kind: complete, disjoint, of the right sizes, stratified, undivided, stable."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from netlib.data.arrays import Arrays
from netlib.data.load import load
from netlib.data.splits import split
from netlib.spec.data import DataSpec
from netlib.spec.errors import NetlabError, SpecError
from netlib.spec.registry import names, spec_class
from netlib.spec.schema.examples import written
from netlib.spec.shares import Shares, part_sizes
from netlib.spec.splits import Column, Contiguous, Grouped, Hash, Random, Time

SHARES = st.floats(0, 0.45)
SEEDS = st.integers(0, 2**40)
KEY = "key"


def samples_of(count: int, keys: Any = None) -> Arrays:
    """So many samples, whose input is their number; with a column beside."""
    return Arrays({"x": np.arange(count, dtype=np.float32)[:, None]}, {}, beside={} if keys is None else {KEY: keys})


def random(samples: int, validation: float, test: float, seed: int, classes: Any = None) -> dict[str, Any]:
    return split(Random(), Shares(validation, test), samples_of(samples), seed, classes)


def check_partition(parts: dict[str, Any], samples: int, *asked: str) -> None:
    assert list(parts) == ["train", "validation", "test"]
    np.testing.assert_array_equal(np.sort(np.concatenate([*parts.values()])), np.arange(samples))
    for name, rows in parts.items():
        np.testing.assert_array_equal(rows, np.sort(rows))
        assert (len(rows) > 0) == (name in ("train", *asked))


def check_complete(parts, samples, validation, test):
    check_partition(parts, samples, *Shares(validation, test).held_out)
    assert {name: len(rows) for name, rows in parts.items()} == part_sizes(samples, validation, test)


@given(st.integers(2, 500), SHARES, SHARES, SEEDS)
def test_complete_and_disjoint(samples, validation, test, seed):
    try:
        parts = random(samples, validation, test, seed)
    except SpecError as error:
        assume("sample" not in str(error))  # too few samples for these shares: a test of its own
        raise
    check_complete(parts, samples, validation, test)


@given(st.lists(st.integers(3, 80), min_size=1, max_size=8), SHARES, SHARES, SEEDS)
def test_stratified_within_one_sample_of_every_class(counts, validation, test, seed):
    classes = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(counts)) * 3 - 1, counts))
    samples = len(classes)
    try:
        parts = random(samples, validation, test, seed, classes)
    except SpecError as error:
        assume("sample" not in str(error))
        raise
    check_complete(parts, samples, validation, test)
    for label, count in zip(np.unique(classes), np.unique(classes, return_counts=True)[1], strict=True):
        of_class = {name: int((classes[rows] == label).sum()) for name, rows in parts.items()}
        assert of_class["train"] >= 1
        if count >= 20 and min(counts) >= 20:  # with fewer, the class's last sample may be held back for training
            for name in ("validation", "test"):
                assert abs(of_class[name] - count * len(parts[name]) / samples) < 1


def test_equal_classes_are_divided_equally():
    classes = np.repeat([0, 1, 2], 50)
    parts = random(150, 0.2, 0.2, 7, classes)
    assert [np.bincount(classes[rows]).tolist() for rows in parts.values()] == [[30] * 3, [10] * 3, [10] * 3]


def test_the_seed_decides():
    first, second = random(100, 0.2, 0.2, 1), random(100, 0.2, 0.2, 2)
    assert first["test"].tolist() != second["test"].tolist()
    assert random(100, 0.2, 0.2, 1)["test"].tolist() == first["test"].tolist()


def test_every_sample_can_be_held_out():
    classes = np.arange(60) % 3
    for labels in (None, classes):
        held_out = np.concatenate([random(60, 0.2, 0, seed, labels)["validation"] for seed in range(60)])
        assert set(held_out.tolist()) == set(range(60))


def test_nothing_is_held_out_unless_asked_for():
    for classes in (None, np.array([0, 0, 1])):
        parts = random(3, 0, 0, 0, classes)
        assert (parts["train"].tolist(), len(parts["validation"]), len(parts["test"])) == ([0, 1, 2], 0, 0)


def test_a_class_of_one_sample_is_trained_on():
    classes = np.array([0] * 10 + [1])
    for seed in range(20):
        parts = random(11, 0.3, 0.3, seed, classes)
        assert 10 in parts["train"]


def test_too_many_classes_to_stratify():
    message = (
        r"validation: 10 samples of 9 classes \(the smallest has 1\) cannot be stratified: one of each class is needed "
        r"to train on, 3 to validate and 0 to test on; hold out less, or set stratify: false"
    )
    with pytest.raises(SpecError, match=message) as caught:
        random(10, 0.3, 0, 0, np.array([0, 0, 1, 2, 3, 4, 5, 6, 7, 8]))
    assert caught.value.problems[0].loc == ("validation",)


def test_an_empty_split_is_refused():
    with pytest.raises(SpecError, match=r"test \(=0.1\) of 4 samples is not one sample: make it larger, or 0"):
        random(4, 0.25, 0.1, 0)


KEYS = st.lists(st.integers(-5, 30), min_size=2, max_size=200)


def as_values(keys: list[int], kind: str) -> Any:
    """Integers as a column: of integers, floats, texts or times."""
    if kind == "text":
        return pl.Series(KEY, [f"p{key}" for key in keys])
    if kind == "times":
        return pl.Series(KEY, keys, pl.Int64()).cast(pl.Datetime("us"))
    return np.array(keys, np.int32) if kind == "integers" else np.array(keys, np.float32)[:, None] / 4


def attempted(kind: Any, shares: Shares, arrays: Arrays, seed: int = 0) -> dict[str, Any]:
    """The split; an example whose rows are too few for it is left out."""
    try:
        return split(kind, shares, arrays, seed)
    except SpecError as error:
        assume(not any(word in str(error) for word in ("needed", "is not one sample", "leave none", "Hash", "empty")))
        raise


def check_undivided(parts: dict[str, Any], keys: list[int]) -> None:
    found = [set(np.array(keys)[rows].tolist()) for rows in parts.values()]
    assert sum(map(len, found)) == len(set(keys))


class TestGrouped:
    @given(KEYS, SHARES, SHARES, SEEDS, st.sampled_from(["integers", "floats", "text"]))
    def test_no_group_is_divided(self, keys, validation, test, seed, kind):
        shares = Shares(validation, test)
        parts = attempted(Grouped(by=KEY), shares, samples_of(len(keys), as_values(keys, kind)), seed)
        check_partition(parts, len(keys), *shares.held_out)
        check_undivided(parts, keys)

    @given(st.lists(st.integers(1, 30), min_size=8, max_size=80), SHARES, SEEDS)
    def test_a_share_is_missed_by_half_of_the_smallest_group_that_is_left(self, sizes, test, seed):
        keys = np.repeat(np.arange(len(sizes)), sizes)
        parts = attempted(Grouped(by=KEY), Shares(test=test), samples_of(len(keys), keys), seed)
        wanted = part_sizes(len(keys), 0, test)["test"]
        trained, tested = ([sizes[group] for group in np.unique(keys[parts[name]])] for name in ("train", "test"))
        near = 2 * abs(len(parts["test"]) - wanted) <= min(trained)
        assert near or tested == [min(sizes)] or len(trained) == 1

    def test_groups_of_one_row_get_the_shares_exactly(self):
        parts = split(Grouped(by=KEY), Shares(0.2, 0.1), samples_of(50, np.arange(50)), 3)
        assert [len(rows) for rows in parts.values()] == [35, 10, 5]

    def test_a_group_that_is_too_large_is_trained_on(self):
        keys = np.repeat([0, 1, 2], [90, 6, 4])
        for seed in range(20):
            parts = split(Grouped(by=KEY), Shares(test=0.05), samples_of(100, keys), seed)
            assert parts["test"].tolist() in ([*range(90, 96)], [*range(96, 100)])

    def test_the_seed_draws_the_groups_whatever_the_order_of_the_rows(self):
        keys = np.repeat(np.arange(20), 5)
        tested = [
            frozenset(keys[split(Grouped(by=KEY), Shares(test=0.2), samples_of(100, keys), seed)["test"]].tolist())
            for seed in range(10)
        ]
        assert len(set(tested)) > 5
        mixed = np.random.default_rng(0).permutation(keys)
        again = split(Grouped(by=KEY), Shares(test=0.2), samples_of(100, mixed), 3)["test"]
        assert frozenset(mixed[again].tolist()) == tested[3]

    @given(KEYS, st.floats(0, 0.5), st.integers(2, 6), SEEDS)
    def test_folds_differ_by_one_group_at_most(self, keys, test, folds, seed):
        kind, arrays = Grouped(by=KEY), samples_of(len(keys), np.array(keys))
        parts = [attempted(kind, Shares(0, test, folds, fold + 1), arrays, seed) for fold in range(folds)]
        check_folds(parts, len(keys), test)
        for each in parts:
            check_undivided(each, keys)
        sizes = [len(each["validation"]) for each in parts]
        assert max(sizes) - min(sizes) <= np.unique(keys, return_counts=True)[1].max()

    def test_fewer_groups_than_splits(self):
        arrays = samples_of(20, np.repeat([4, 7], 10))
        message = (
            r"split.Grouped.by: column 'key' has 2 groups in 20 rows, but 3 are needed \(train, validation, test\): rows of one"
            " group are never divided"
        )
        with pytest.raises(SpecError, match=message):
            split(Grouped(by=KEY), Shares(0.2, 0.2), arrays, 0)
        with pytest.raises(SpecError, match=r"has 2 groups in 20 rows, but 4 are needed \(3 folds, test\)"):
            split(Grouped(by=KEY), Shares(0, 0.2, 3, 1), arrays, 0)

    @pytest.mark.parametrize("keys", [pl.Series(["a", None, "b", None]), np.array([1, np.nan, 2, np.nan])])
    def test_a_row_without_a_group(self, keys):
        message = r"column 'key' has no value in row 1 \(2 such\): the split needs one in every row"
        with pytest.raises(NetlabError, match=message) as caught:
            split(Grouped(by=KEY), Shares(test=0.5), samples_of(4, keys), 0)
        assert caught.value.exit_code == 1

    def test_a_column_with_several_values_a_row(self):
        with pytest.raises(SpecError, match="split: column 'key' has 2 values a row; a split looks at one"):
            split(Grouped(by=KEY), Shares(test=0.5), samples_of(4, np.zeros((4, 2))), 0)


class TestTime:
    @given(KEYS, SHARES, SHARES, st.sampled_from(["integers", "floats", "times"]))
    def test_the_latest_are_held_out_and_ties_stay_together(self, keys, validation, test, kind):
        shares = Shares(validation, test)
        parts = attempted(Time(by=KEY), shares, samples_of(len(keys), as_values(keys, kind)))
        check_partition(parts, len(keys), *shares.held_out)
        check_undivided(parts, keys)
        times = [np.array(keys)[rows] for rows in parts.values() if len(rows)]
        assert all(earlier.max() < later.min() for earlier, later in pairwise(times))

    @given(KEYS, SHARES)
    def test_no_other_end_is_nearer_to_the_share(self, keys, test):
        parts = attempted(Time(by=KEY), Shares(test=test), samples_of(len(keys), np.array(keys)))
        wanted = part_sizes(len(keys), 0, test)["test"]
        possible = [int((np.array(keys) >= key).sum()) for key in sorted(set(keys))[1:]] if test else [0]
        assert abs(len(parts["test"]) - wanted) == min(abs(size - wanted) for size in possible)

    def test_distinct_times_get_the_shares_exactly(self):
        order = np.random.default_rng(0).permutation(50)
        parts = split(Time(by=KEY), Shares(0.2, 0.1), samples_of(50, order), 3)
        assert [sorted(order[rows].tolist()) for rows in parts.values()] == [
            [*range(35)], [*range(35, 45)], [*range(45, 50)],
        ]  # fmt: skip

    def test_all_times_equal(self):
        message = (
            r"split.Time.by: column 'key' has 1 time in 9 rows, but 2 are needed \(train, test\): rows of one time"
        )
        with pytest.raises(SpecError, match=message):
            split(Time(by=KEY), Shares(test=0.2), samples_of(9, np.ones(9)), 0)

    def test_texts_are_no_times(self):
        message = (
            r"column 'key' holds texts, which have no order in time; say how they are written: columns: \{key: \{dtype"
        )
        with pytest.raises(SpecError, match=message):
            split(Time(by=KEY), Shares(test=0.5), samples_of(2, pl.Series(["01.02.2020", "02.01.2021"])), 0)


class TestColumn:
    KIND = Column(column=KEY, train=("a", "d"), validation=("b",), test=("c",))

    @given(st.lists(st.sampled_from("abcd"), min_size=1, max_size=60))
    def test_the_column_says_it(self, keys):
        arrays = samples_of(len(keys), pl.Series(keys))
        missing = [name for name, listed in self.KIND.values().items() if not set(listed) & set(keys)]
        if missing:
            with pytest.raises(
                SpecError, match=f"split.Column.{missing[0]}: no row to .* on: column 'key' has nowhere"
            ):
                split(self.KIND, Shares(), arrays, 0)
            return
        parts = split(self.KIND, Shares(), arrays, 0)
        check_partition(parts, len(keys), "validation", "test")
        for name, listed in self.KIND.values().items():
            assert {keys[row] for row in parts[name]} <= set(listed)

    @pytest.mark.parametrize("keys", [np.array([0, 1, 0]), np.array([[0.0], [1.0], [0.0]]), pl.Series(["0", "1", "0"])])
    def test_integers(self, keys):
        parts = split(Column(column=KEY, train=(0,), test=(1,)), Shares(), samples_of(3, keys), 0)
        assert [rows.tolist() for rows in parts.values()] == [[0, 2], [], [1]]

    def test_a_value_that_is_not_listed(self):
        message = (
            r"split.Column.column: column 'key' has 'x' in row 2 \(3 such rows\), which is none of those listed"
            r" \('a', 'd', 'b', 'c'\); list it under train, validation or test"
        )
        with pytest.raises(SpecError, match=message):
            split(self.KIND, Shares(), samples_of(6, pl.Series([*"abxcxy"])), 0)

    def test_times_say_no_split(self):
        keys = as_values([1, 2], "times")
        with pytest.raises(SpecError, match="column 'key' holds times; a split is said by texts or integers"):
            split(self.KIND, Shares(), samples_of(2, keys), 0)


class TestHash:
    @given(KEYS, SHARES, SHARES, SEEDS, st.sampled_from(["integers", "floats", "text", "times"]))
    def test_of_a_column(self, keys, validation, test, seed, kind):
        shares = Shares(validation, test)
        parts = attempted(Hash(by=KEY), shares, samples_of(len(keys), as_values(keys, kind)), seed)
        check_partition(parts, len(keys), *shares.held_out)
        check_undivided(parts, keys)

    @given(st.integers(60, 120), st.integers(60, 120), SEEDS)
    def test_a_row_stays_in_its_split_when_rows_come_go_or_move(self, first, second, seed):
        rng = np.random.default_rng(seed)
        texts = ["", "a", "ab", None]
        rows = [(int(rng.integers(0, 50)), texts[rng.integers(0, 4)]) for _ in range(first + second)]
        kept = rng.permutation(len(rows))[:first].tolist()
        whole, part = (_table([rows[i] for i in chosen]) for chosen in (range(len(rows)), kept))
        for kind in (Hash(), Hash(by=KEY)):
            before, after = (_named(attempted(kind, Shares(0.3, 0.2), each, seed), len(each)) for each in (whole, part))
            assert [before[i] for i in kept] == after

    def test_a_missing_number_leaves_the_others_where_they_are(self):
        numbers = np.arange(100, dtype=np.int32)
        first = split(Hash(), Shares(test=0.3), Arrays({"n": numbers}, {}), 0)["test"]
        more = np.append(numbers.astype(np.float32), np.nan)
        again = split(Hash(), Shares(test=0.3), Arrays({"n": more}, {}), 0)["test"]
        assert again[again < 100].tolist() == first.tolist()

    def test_inputs_of_every_kind_have_a_part_in_it(self):
        rng = np.random.default_rng(0)
        inputs = {
            "image": rng.integers(0, 255, (300, 4, 4), np.uint8),
            "age": np.zeros((300, 1), np.float32),
            "name": pl.Series(["a"] * 300),
            "born": as_values([0] * 300, "times"),
        }
        assert 60 < len(split(Hash(), Shares(test=0.3), Arrays(inputs, {}), 0)["test"]) < 120
        same = {**inputs, "image": inputs["image"][:1].repeat(300, 0)}
        with pytest.raises(SpecError, match="300 rows"):  # all in one split
            split(Hash(), Shares(test=0.3), Arrays(same, {}), 0)
        changed = {
            "age": rng.integers(0, 40, (300, 1)).astype(np.float32),
            "name": pl.Series(list(map(str, range(300)))),
            "born": as_values([*range(300)], "times"),
        }
        for name, values in changed.items():
            assert 60 < len(split(Hash(), Shares(test=0.3), Arrays({**same, name: values}, {}), 0)["test"]) < 120

    def test_the_order_of_the_inputs_does_not_matter(self):
        x, y = np.arange(100.0), np.arange(100.0) % 7
        first = split(Hash(), Shares(test=0.3), Arrays({"x": x, "y": y}, {}), 0)
        second = split(Hash(), Shares(test=0.3), Arrays({"y": y, "x": x}, {}), 0)
        assert first["test"].tolist() == second["test"].tolist()

    @pytest.mark.parametrize("kind", [Hash(), Hash(by=KEY)])
    def test_shares_hold_on_average(self, kind):
        arrays = samples_of(20_000, np.arange(20_000))
        for seed in range(3):
            parts = split(kind, Shares(0.3, 0.1), arrays, seed)
            assert [len(rows) / 20_000 for rows in parts.values()] == pytest.approx([0.6, 0.3, 0.1], abs=0.015)

    def test_the_test_split_stays_when_more_is_validated_on(self):
        arrays = samples_of(500)
        shares = [Shares(0.1, 0.2), Shares(0.5, 0.2), Shares(0, 0.2, 5, 2)]
        tested = [split(Hash(), each, arrays, 0)["test"].tolist() for each in shares]
        assert tested[0] == tested[1] == tested[2]
        smaller = split(Hash(), Shares(0.1, 0.1), arrays, 0)["test"]
        assert set(smaller.tolist()) < set(tested[0])

    @pytest.mark.parametrize(
        ("shares", "count", "loc", "message"),
        [
            (Shares(0, 0.01), 5, "test", "test (=0.01) has none of 5 rows: Hash's shares hold on average only"),
            (Shares(0, 0.9), 1, "test", "Hash leaves none of 1 rows to train on"),
            (Shares(0, 0, 50, 9), 5, "fold", "none of 5 rows is in fold 9 of 50: Hash's shares hold on average only"),
        ],
    )
    def test_a_split_that_comes_out_empty(self, shares, count, loc, message):
        found = set()
        for seed in range(5):
            try:
                split(Hash(), shares, samples_of(count), seed)
            except SpecError as error:
                found |= {(problem.loc, problem.message.partition(";")[0]) for problem in error.problems}
        assert ((loc,), message) in {(where, text[: len(message)]) for where, text in found}


def _table(rows: list[tuple[int, str | None]]) -> Arrays:
    inputs: dict[str, Any] = {
        "n": np.array([n for n, _ in rows]),
        "t": pl.Series([t for _, t in rows], dtype=pl.String()),
    }
    return Arrays(inputs, {}, beside={KEY: np.array([n for n, _ in rows])})


def _named(parts: dict[str, Any], count: int) -> list[str]:
    """The split of each row."""
    found = [""] * count
    for name, rows in parts.items():
        for row in rows:
            found[row] = name
    return found


class TestContiguous:
    @given(st.integers(2, 500), SHARES, SHARES)
    def test_in_the_order_of_the_source(self, samples, validation, test):
        parts = attempted(Contiguous(), Shares(validation, test), samples_of(samples))
        check_complete(parts, samples, validation, test)
        assert np.concatenate([*parts.values()]).tolist() == [*range(samples)]

    def test_folds_follow_one_another(self):
        parts = [split(Contiguous(), Shares(0, 0.1, 3, fold), samples_of(11), 0) for fold in (1, 2, 3)]
        assert [each["validation"].tolist() for each in parts] == [[0, 1, 2, 3], [4, 5, 6], [7, 8, 9]]
        assert {tuple(each["test"].tolist()) for each in parts} == {(10,)}


def check_folds(parts: list[dict[str, Any]], samples: int, test: float) -> None:
    """Together they validate on every row that is not tested on, once; the test split is one."""
    assert len({tuple(each["test"].tolist()) for each in parts}) == 1
    for each in parts:
        check_partition(each, samples, "validation", *(["test"] if test else []))
    validated = np.concatenate([each["validation"] for each in parts])
    expected = np.setdiff1d(np.arange(samples), parts[0]["test"])
    np.testing.assert_array_equal(np.sort(validated), expected)


class TestFolds:
    @given(st.integers(4, 300), st.floats(0, 0.5), st.integers(2, 8), SEEDS, st.sampled_from([Random(), Contiguous()]))
    def test_each_row_is_validated_on_once(self, samples, test, folds, seed, kind):
        arrays = samples_of(samples)
        shares = [Shares(0, test, folds, fold + 1) for fold in range(folds)]
        parts = [attempted(kind, each, arrays, seed) for each in shares]
        check_folds(parts, samples, test)
        for each, share in zip(parts, shares, strict=True):
            assert {name: len(rows) for name, rows in each.items()} == share.sizes(samples)

    @given(st.integers(100, 300), st.floats(0, 0.3), st.integers(2, 4), SEEDS)
    def test_of_hashes(self, samples, test, folds, seed):
        parts = [
            attempted(Hash(), Shares(0, test, folds, fold + 1), samples_of(samples), seed) for fold in range(folds)
        ]
        check_folds(parts, samples, test)

    @given(st.lists(st.integers(3, 60), min_size=1, max_size=6), st.floats(0, 0.3), st.integers(2, 6), SEEDS)
    def test_stratified_within_one_sample_of_every_class(self, counts, test, folds, seed):
        classes = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(counts)), counts))
        arrays = samples_of(len(classes))
        try:
            parts = [split(Random(), Shares(0, test, folds, fold + 1), arrays, seed, classes) for fold in range(folds)]
        except SpecError as error:
            assume("sample" not in str(error))
            raise
        check_folds(parts, len(classes), test)
        for label in range(len(counts)):
            found = [int((classes[each["validation"]] == label).sum()) for each in parts]
            assert max(found) - min(found) <= 1

    def test_the_test_split_is_that_without_folds(self):
        classes = np.arange(60) % 3
        for labels in (None, classes):
            folded = split(Random(), Shares(0, 0.2, 5, 3), samples_of(60), 1, labels)
            assert folded["test"].tolist() == random(60, 0, 0.2, 1, labels)["test"].tolist()


KINDS = [Random(), Contiguous(), Grouped(by=KEY), Time(by=KEY), Hash(), Hash(by=KEY)]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind.type_name()}{kind.columns}")
@given(st.integers(2, 80), SHARES, SHARES, SEEDS)
def test_every_kind_gives_the_same_again(kind, samples, validation, test, seed):
    arrays = samples_of(samples, np.arange(samples) // 2)
    first, second = (attempted(kind, Shares(validation, test), arrays, seed) for _ in range(2))
    check_partition(first, samples, *Shares(validation, test).held_out)
    assert {name: rows.tolist() for name, rows in first.items()} == {
        name: rows.tolist() for name, rows in second.items()
    }


OFFLINE = [name for name in names("source") if not spec_class("source", name).paths and name != "keras_dataset"]
HELD_OUT = {"validation": 0.2, "test": 0.15, "stratify": False}
TABLE = "date,group,part,a,y\n" + "".join(
    f"2024-01-{1 + i // 2:02},g{i % 9},{('train', 'train', 'valid', 'test')[i % 4]},{i / 7},{i % 2}\n"
    for i in range(60)
)


def check_no_row_twice(section: dict[str, Any], samples: int | None = None) -> None:
    spec = DataSpec.parse(section)
    splits = load(spec, 4)
    parts = [splits.train, splits.validation, splits.test]
    rows = [{each.row(i) for i in range(len(each))} for each in parts if each is not None]
    assert len(rows) == 3
    assert all(rows)
    assert set.union(*rows) == set(range(sum(map(len, rows))))
    assert sum(map(len, rows)) == (samples or spec.signature().samples)


@pytest.mark.parametrize("split", ["Random", "Contiguous", "Hash"])
@pytest.mark.parametrize("name", OFFLINE)
def test_no_row_of_a_source_is_in_two_splits(name, split):
    check_no_row_twice({**written(spec_class("source", name)), **HELD_OUT, "split": split})


@pytest.mark.parametrize("split", ["Random", "Contiguous", "Hash"])
def test_no_row_of_arrays_is_in_two_splits(tmp_path, split):
    np.savez(tmp_path / "a.npz", x=np.arange(80.0).reshape(40, 2), y=np.arange(40) % 2)
    check_no_row_twice({"source": "npz", "path": str(tmp_path / "a.npz"), **HELD_OUT, "split": split}, 40)


@pytest.mark.parametrize(
    "split", ["Random", "Contiguous", "Hash", {"Hash": "date"}, {"Grouped": "group"}, {"Time": "date"}]
)
def test_no_row_of_a_table_is_in_two_splits(tmp_path, split):
    (tmp_path / "a.csv").write_text(TABLE)
    section = {
        "source": "csv",
        "path": str(tmp_path / "a.csv"),
        "targets": ["y"],
        "inputs": {"x": ["a"]},
        "split": split,
    }
    check_no_row_twice({**section, **HELD_OUT}, 60)
    folded = {"test": 0.2, "folds": 3, "fold": 2, "stratify": False}
    if split != {"Time": "date"}:
        check_no_row_twice({**section, **folded}, 60)


def test_a_table_says_the_split_itself(tmp_path):
    (tmp_path / "a.csv").write_text(TABLE)
    column = {"Column": {"column": "part", "train": "train", "validation": "valid", "test": "test"}}
    section = {
        "source": "csv",
        "path": str(tmp_path / "a.csv"),
        "targets": ["y"],
        "inputs": {"x": ["a"]},
        "split": column,
    }
    check_no_row_twice(section, 60)
    splits = load(DataSpec.parse(section), 0)
    assert splits.validation is not None
    assert splits.test is not None
    assert [splits.validation.row(i) % 4 for i in range(len(splits.validation))] == [2] * 15
    assert [splits.test.row(i) % 4 for i in range(len(splits.test))] == [3] * 15

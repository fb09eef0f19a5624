from __future__ import annotations

import csv
import io
import json

import numpy as np
import pytest

from netlib.report.as_json import as_json
from netlib.tasks.evaluate import all_measured
from netlib.tasks.evaluate_data import plan_evaluations
from netlib.tasks.shown_scores import Shown, csv_of, plain_of, text_of, worth_showing

ALL = Shown(scores=True, matrix=True, worst=2)


@pytest.fixture(autouse=True)
def width(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")


@pytest.fixture(scope="module")
def found(whole):
    return [*all_measured(plan_evaluations([str(whole.run)], ["test", "train"]), scores=True, worst=2)]


@pytest.fixture(scope="module")
def bare(whole):
    return next(all_measured(plan_evaluations([str(whole.run)])))


def test_by_itself_it_is_what_it_always_was(bare):
    loss, accuracy = (f"{bare.metrics[name]:.4f}" for name in ("loss", "accuracy"))
    assert text_of([bare], Shown(), color=False) == (
        f"        loss  accuracy\ntest  {loss}    {accuracy}\n\n359 samples, {bare.checkpoint}\n"
    )
    assert json.loads(as_json(plain_of(bare, Shown()))) == {
        "checkpoint": str(bare.checkpoint),
        "split": "test",
        "samples": bare.samples,
        "metrics": bare.metrics,
    }


def test_tables_stand_below_and_agree(found):
    test = found[0]
    text = text_of([test], ALL, color=False)
    blocks = text.split("\n\n")
    assert [block.split()[0] for block in blocks] == ["loss", "359", "head", "head", "head:"]
    lines = blocks[2].splitlines()
    assert lines[-1] == f"accuracy {test.metrics['accuracy']:.4f}"
    assert sum(int(line.split()[-1]) for line in lines[1:11]) == test.samples == int(lines[11].split()[-1])
    cells = [[int(cell.replace(".", "0")) for cell in line.split()[1:]] for line in blocks[3].splitlines()[2:]]
    assert sum(map(sum, cells)) == test.samples
    assert np.trace(cells) / test.samples == pytest.approx(test.metrics["accuracy"], rel=1e-6)
    assert len(blocks[4].splitlines()) == 2 + 2


def test_several_evaluations_have_one_table_and_their_own_below(found):
    text = text_of(found, ALL, color=False)
    head, where, *others = text.split("\n\n")
    assert [line.split()[0] for line in head.splitlines()] == ["data", "test", "train"]
    assert where == str(found[0].checkpoint)
    titles = [block for block in others if block.startswith(str(found[0].checkpoint))]
    assert titles == [f"{found[0].checkpoint}, test:", f"{found[0].checkpoint}, train:"]


def test_colour_is_all_that_differs(found):
    plain, coloured = (text_of(found, ALL, color) for color in (False, True))
    assert coloured.replace("\x1b[1m", "").replace("\x1b[0m", "") == plain != coloured


def test_json_has_what_the_tables_have(found):
    test = found[0]
    plain = json.loads(as_json(plain_of(test, ALL)))
    head = plain["outputs"]["head"]
    assert np.trace(head["confusion"]) / test.samples == pytest.approx(plain["metrics"]["accuracy"], rel=1e-6)
    assert sum(each["support"] for each in head["classes"]) == test.samples
    assert [*head["worst"][0]] == ["row", "target", "prediction", "probability", "loss"]
    assert "worst" not in plain_of(test, Shown(scores=True))["outputs"]["head"]


def test_csv_has_a_line_for_each_evaluation(found):
    lines = [*csv.DictReader(io.StringIO(csv_of(found)))]
    assert [line["data"] for line in lines] == ["test", "train"]
    for line, each in zip(lines, found, strict=True):
        assert {name: float(line[name]) for name in each.metrics} == each.metrics


def test_scores_are_worth_showing_of_one_evaluation_with_few_classes(whole):
    assert worth_showing(plan_evaluations([str(whole.run)]))
    assert not worth_showing(plan_evaluations([str(whole.run)], ["test", "train"]))

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

from netlib.spec.study import StudyView, TrialView
from netlib.tasks.sweep.facts import facts, sweep_csv

RUN = Path("runs/first/trial-0000")
STUDY = StudyView(
    "first", "min", "validation.loss",
    (
        TrialView(0, "complete", 1 / 3, {"train.optimizer": "sgd", "rate": 0.1, "on": True}, RUN, 2.5, 4),
        TrialView(1, "failed", None, {"train.optimizer": "adam"}, None, 0.5, 0, "not finite, in step 3"),
        TrialView(2, "complete", 0.25, {"train.optimizer": "adam", "rate": None}),
    ),
    9, "runs/first/study.db",
)  # fmt: skip


def test_csv_has_every_digit_and_every_key():
    first, second, third = csv.DictReader(io.StringIO(sweep_csv(STUDY)))
    assert [row["trial"] for row in (first, second, third)] == ["2", "0", "1"]
    assert float(second["value"]) == 1 / 3
    assert (second["run"], second["epochs"], second["on"]) == ("runs/first/trial-0000", "4", "true")
    assert (first["rate"], first["on"], first["epochs"]) == ("null", "", "")
    assert (third["state"], third["value"], third["why"]) == ("failed", "", "not finite, in step 3")


def test_facts_are_json_with_the_best():
    found = json.loads(json.dumps(facts(STUDY, {"rate": 0.75})))
    assert (found["name"], found["metric"], found["direction"], found["wanted"]) == (
        "first",
        "validation.loss",
        "min",
        9,
    )
    assert (found["best"], found["importance"]) == (2, {"rate": 0.75})
    assert [trial["trial"] for trial in found["trials"]] == [0, 1, 2]
    assert found["trials"][0]["params"] == {"train.optimizer": "sgd", "rate": 0.1, "on": True}
    assert found["trials"][1]["why"] == "not finite, in step 3"


def test_without_a_complete_trial_there_is_no_best():
    assert facts(StudyView("s", "min", "m"), {})["best"] is None

from __future__ import annotations

import json
import math

from netlib.report.as_json import as_json


def test_numbers_that_are_not_finite_are_words_and_users_texts_may_be_these_words():
    facts = {"loss": math.nan, "most": (math.inf, -math.inf), "class": "NaN", "Infinity": [{"name": "-Infinity"}]}
    assert json.loads(as_json(facts)) == {
        "loss": "NaN",
        "most": ["Infinity", "-Infinity"],
        "class": "NaN",
        "Infinity": [{"name": "-Infinity"}],
    }


def test_the_rest_is_as_it_is():
    facts = {"a": [1, 2.5, True, None, "x"], "b": {}}
    assert as_json(facts) == json.dumps(facts)

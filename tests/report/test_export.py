from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from netlib.report.export import Input, Output, export_result

AGE = Input("age", "age", "float64", (None,), steps=("Impute", "MinMax"))
ODD = Input("my city", "my_city", "string", (None,))
WHEN = Input("when", "when", "float32", (None, 2), ("DateParts",), "no dates", ("Clip",))
KIND = Output("kind", "float32", (None, 10), "softmax", tuple("abcdefghij"))
PRICE = Output("price", "float32", (None, 1), None)


def test_all_is_said(monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    text = export_result(Path("out"), 2048, [AGE, ODD, WHEN], [KIND, PRICE], 0.00123)
    assert [" ".join(line.split()) for line in text.splitlines()] == [
        "out: a SavedModel, 2.0 KiB",
        "",
        "takes dtype shape",
        "age float64 (rows,) Impute, MinMax",
        "my_city string (rows,) column 'my city': as it is",
        "when float32 (rows, 2) behind DateParts: Clip",
        "",
        "gives dtype shape",
        "kind float32 (rows, 10) probabilities of a, b, c, d, e, f, g, h and 2 more",
        "price float32 (rows, 1)",
        "",
        "when: DateParts is left to whoever calls (no dates); give what it makes",
        "integers that may be missing are taken as float64, in which NaN stands for those",
        "an empty text stands for a missing one",
        "latency of a row: 1.2 ms",
        "",
        "import tensorflow as tf",
        'model = tf.saved_model.load("out").signatures["serving_default"]',
        "model(age=tf.constant(...), ...)",
    ]


def test_one_column_and_no_latency():
    text = export_result(Path("out"), 1, [replace(AGE, dtype="float32")], [PRICE], None)
    assert "latency of a row: a row of ones is none that it takes" in text
    assert text.endswith("model(age=tf.constant(...))\n")
    assert "missing" not in text

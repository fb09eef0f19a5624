from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from netlib.report.export import Input, Latency, Output, export_result, weights_result

AGE = Input("age", "age", "float64", (None,), steps=("Impute", "MinMax"))
ODD = Input("my city", "my_city", "string", (None,))
WHEN = Input("when", "when", "float32", (None, 2), ("DateParts",), "no dates", ("Clip",))
KIND = Output("kind", "float32", (None, 10), "softmax", tuple("abcdefghij"))
PRICE = Output("price", "float32", (None, 1), None)


def test_all_is_said(monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    text = export_result(
        Path("out"), 2048, [AGE, ODD, WHEN], [KIND, PRICE], [Latency(1, 0.00123), Latency(32, 0.00256)]
    )
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
        "latency: 1.2 ms for a row, 0.08 ms a row in batches of 32",
        "",
        "import tensorflow as tf",
        'model = tf.saved_model.load("out").signatures["serving_default"]',
        "model(age=tf.constant(...), ...)",
    ]


def test_one_column_and_no_latency():
    text = export_result(Path("out"), 1, [replace(AGE, dtype="float32")], [PRICE], [])
    assert "latency: not measured, a row of ones is none that it takes" in text
    assert text.endswith("model(age=tf.constant(...))\n")
    assert "missing" not in text


def test_a_large_network_is_slow():
    text = export_result(Path("out"), 1, [AGE], [PRICE], [Latency(1, 0.0456), Latency(64, 96.0)])
    assert "latency: 46 ms for a row, 1,500 ms a row in batches of 64\n" in text


def test_weights_alone():
    assert weights_result(Path("w.safetensors"), Path("runs/a-1/checkpoints/step-00000012"), 2048) == (
        "w.safetensors: the weights of runs/a-1/checkpoints/step-00000012, 2.0 KiB\n"
    )

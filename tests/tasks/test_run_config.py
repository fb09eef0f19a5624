"""A run's network is that of its own vocabulary, whatever the data has become since."""

from __future__ import annotations

import io

import pytest

from netlib.config.problems import ConfigError
from netlib.data import measure
from netlib.spec.errors import NetlabError
from netlib.tasks.evaluate import evaluate
from netlib.tasks.export import export
from netlib.tasks.plan import plan_evaluation, plan_training
from netlib.tasks.plan_prediction import Asked
from netlib.tasks.predict import predict
from netlib.tasks.run_config import config_of_run
from netlib.tasks.summarise import summarise
from netlib.tasks.train import train

TEXT = """\
seed: 1
data: {source: csv, path: t.csv, inputs: {city: city}, targets: y, preprocess: {city: Lookup}, test: 0.25}
model: [Embedding: {output_dim: 2}, Dense: 1]
train: {epochs: 1, loss: mse, execution: graph}
"""
ROWS = "".join(f"{'abc'[n % 3]},{n / 4}\n" for n in range(12))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run_config")
    (folder / "t.csv").write_text(f"city,y\n{ROWS}")
    (folder / "t.yaml").write_text(TEXT)
    return folder, train(folder / "t.yaml", runs_root=folder / "runs")


@pytest.fixture
def unread(monkeypatch):
    monkeypatch.setattr(measure, "measured", lambda *_: pytest.fail("the preprocessing is fitted again"))


@pytest.mark.usefixtures("unread")
def test_a_run_is_evaluated_shown_and_gone_on_with_by_what_it_learned(made):
    _, done = made
    assert evaluate(str(done.run)).metrics == done.metrics["test"]
    assert summarise(done.run).totals.parameters.total == 4 * 2 + 3
    plan = plan_training(None, ["train.epochs=2"], resume=done.run)
    assert plan.config.graph.nodes[0].spec.rows == 4


def test_rows_that_were_added_do_not_change_the_network_but_the_data_is_refused(made):
    folder, done = made
    before = (folder / "t.csv").read_text()
    (folder / "t.csv").write_text(f"{before}d,1.5\ne,2.5\n")
    try:
        from netlib.runs.directory import open_run

        assert config_of_run(open_run(done.run)).graph.nodes[0].spec.rows == 4
        with pytest.raises(NetlabError, match="the data has changed since run"):
            evaluate(str(done.run))
    finally:
        (folder / "t.csv").write_text(before)


@pytest.fixture
def gone(made):
    """The run, whose data is not there any more, and a file to predict on."""
    folder, done = made
    (folder / "t.csv").rename(folder / "kept.csv")
    (folder / "new.csv").write_text("city\na\nd\n")
    yield folder, done.run
    (folder / "kept.csv").rename(folder / "t.csv")


def test_a_run_without_its_data_is_shown_predicts_and_is_exported(gone):
    folder, run = gone
    assert summarise(run).totals.parameters.total == 4 * 2 + 3
    out = io.BytesIO()
    assert predict(str(run), Asked(str(folder / "new.csv")), out).samples == 2
    assert out.getvalue().startswith(b"city,predicted_y\na,")
    export(str(run), folder / "exported")
    assert (folder / "exported/saved_model.pb").is_file()


def test_a_run_without_its_data_is_neither_measured_nor_gone_on_with(gone):
    _, run = gone
    for attempt in (
        lambda: plan_evaluation(str(run)),
        lambda: plan_training(None, ["train.epochs=2"], resume=run),
        lambda: predict(str(run), Asked(split="test")),
    ):
        with pytest.raises(ConfigError, match=r"resolved\.yaml:\d+:\d+: error: there is no file .*t\.csv"):
            attempt()


INFINITE = '{"inputs": {}, "targets": {}, "samples": Infinity, "joins": {}, "steps": {}}'


@pytest.mark.parametrize("text", ["{", "[]", '{"inputs": 3}', "9" * 5000, INFINITE])
def test_what_the_data_was_may_be_damaged(gone, text):
    _, run = gone
    before = (run / "data.json").read_text()
    (run / "data.json").write_text(text)
    try:
        with pytest.raises(NetlabError, match=r"data\.json is damaged"):
            plan_evaluation(str(run))
    finally:
        (run / "data.json").write_text(before)


def test_a_run_that_kept_nothing_of_its_data_needs_it(gone):
    folder, run = gone
    (run / "data.json").rename(folder / "data.json")
    try:
        with pytest.raises(ConfigError, match="there is no file"):
            predict(str(run), Asked(str(folder / "new.csv")), io.BytesIO())
    finally:
        (folder / "data.json").rename(run / "data.json")

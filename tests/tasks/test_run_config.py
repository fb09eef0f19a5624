"""A run's network is that of its own vocabulary, whatever the data has become since."""

from __future__ import annotations

import pytest

from netlib.data import measure
from netlib.spec.errors import NetlabError
from netlib.tasks.evaluate import evaluate
from netlib.tasks.plan import plan_training
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

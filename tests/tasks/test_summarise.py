from __future__ import annotations

import pytest

from netlib.config.problems import ConfigError
from netlib.spec.errors import UsageError
from netlib.tasks.summarise import summarise

CONFIG = "name: net\ndata: {source: digits}\nmodel: [Flatten, {Sequential: [Dense: 8], name: body}, Dense: 10]\n"


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "net.yaml"
    path.write_text(CONFIG)
    return path


def test_a_config_with_overrides_and_depth(config):
    assert summarise(config).totals.parameters.total == 65 * 8 + 9 * 10
    assert summarise(config, ["model.body.dense.units=4"]).totals.parameters.total == 65 * 4 + 5 * 10
    assert [row.path for row in summarise(config).rows] == ["flatten", "body", "body.dense", "dense"]
    assert [row.path for row in summarise(config, depth=1).rows] == ["flatten", "body", "dense"]


def test_a_run_stands_for_its_resolved_config(config, tmp_path):
    run = tmp_path / "runs" / "net-1"
    (run / "checkpoints").mkdir(parents=True)
    (run / "resolved.yaml").write_text(CONFIG.replace("Dense: 8", "Dense: 4"))
    assert summarise(run).totals.parameters.total == 65 * 4 + 5 * 10


def test_no_data_is_read_where_the_model_declares_its_inputs(tmp_path):
    path = tmp_path / "net.yaml"
    path.write_text("data: {source: npz, path: none.npz}\nmodel: {inputs: {x: {shape: [4]}}, nodes: [Dense: 2]}\n")
    assert summarise(path).totals.parameters.total == 10


def test_what_cannot_be_summarised(tmp_path, config):
    library = tmp_path / "library.yaml"
    library.write_text("vars: {width: 3}\n")
    with pytest.raises(UsageError, match=r"library.yaml has no model to summarise; add a 'model' section"):
        summarise(library)
    with pytest.raises(UsageError, match="is not a run directory"):
        summarise(tmp_path)
    with pytest.raises(ConfigError, match=r"there is no file"):
        summarise(tmp_path / "missing.yaml")

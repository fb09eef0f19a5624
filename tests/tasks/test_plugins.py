from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from netlib.config.load import load
from netlib.runs.directory import create
from netlib.spec.errors import NetlabError, UsageError
from netlib.spec.plugins.loading import load_plugins
from netlib.spec.plugins.origin import sha256
from netlib.spec.registry import ADDED
from netlib.tasks.describe import data_catalogue, describe
from netlib.tasks.evaluate import evaluate
from netlib.tasks.plan import plan_evaluation, plan_training
from netlib.tasks.plugins import recorded
from netlib.tasks.schema import config_schema
from netlib.tasks.summarise import summarise
from netlib.tasks.train import train

RINGS = """\
@netlib.source
def rings(samples: int = 60, *, seed: int):
    "Points on two rings."
    rng = np.random.default_rng(seed)
    label = np.arange(samples) % 2
    angle = rng.uniform(0, 6.28, samples)
    return {"x": (label + 1)[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1)}, {"label": label}
"""
CONFIG = """\
seed: 5
data: {source: rings, validation: 0.2, test: 0.2}
model: [Dense: {units: 4, activation: relu}, Dense: 2]
train: {epochs: 1, loss: sparse_categorical_crossentropy, execution: graph}
"""


@pytest.fixture
def config(plugin):
    """A config of a plug-in, which is loaded."""
    load_plugins([plugin(RINGS)])
    Path("rings.yaml").write_text(CONFIG)
    return Path("rings.yaml")


def run_of(environment: object) -> Path:
    """A run that has begun with this `environment.json`."""
    files = {"environment.json": json.dumps(environment), "resolved.yaml": CONFIG}
    return create(Path("runs"), "rings", files).path


def test_a_run_says_which_code_it_used(config):
    digest = sha256(Path("my_sources.py").read_bytes())
    path = str(Path("my_sources.py").resolve())
    assert recorded(load(config)) == [{"path": path, "sha256": digest, "uses": ["source.rings"]}]
    assert recorded(load(config, ["data.source=moons"])) == []


def test_a_run_needs_its_plugins_and_names_them(config):
    run = run_of({"plugins": recorded(load(config))})
    ADDED["source"].clear()
    message = re.escape(
        f"run '{run}' was made with a plug-in, which netlab loads only if told to; add --plugin {Path.cwd()}/my_sources.py"
    )
    for ask in (
        lambda: summarise(run),
        lambda: summarise(run, ["data.samples=80"]),
        lambda: plan_training(None, resume=run),
    ):
        with pytest.raises(UsageError, match=message):
            ask()
    assert ADDED["source"] == {}  # nothing was loaded by itself
    load_plugins([Path("my_sources.py")])
    assert summarise(run).name == "resolved"


def test_another_file_is_refused_with_both_hashes(config):
    run = run_of({"plugins": recorded(load(config))})
    then = sha256(Path("my_sources.py").read_bytes())
    Path("my_sources.py").write_text(Path("my_sources.py").read_text() + "# changed\n")
    load_plugins([Path("my_sources.py")])
    now = sha256(Path("my_sources.py").read_bytes())
    hashes = rf"\(SHA-256 {now[:12]}, then {then[:12]}\); restore it as it was, or start a new run"
    where = f"{Path.cwd()}/my_sources.py"
    with pytest.raises(
        UsageError, match=rf"plug-in my_sources.py is not what run '{run}' was made with, {where} {hashes}"
    ):
        summarise(run)


def test_a_copy_of_the_same_file_will_do(config, plugin):
    run = run_of({"plugins": recorded(load(config))})
    ADDED["source"].clear()
    load_plugins([Path("my_sources.py").rename("copy.py")])
    assert summarise(run).name == "resolved"


def test_runs_without_plugins_need_none(config):
    for environment in (
        {},
        {"plugins": []},
        {"plugins": [{"path": "<stdin>", "sha256": None, "uses": ["source.rings"]}]},
    ):
        run = run_of(environment)
        assert summarise(run).name == "resolved"
        (run / "environment.json").unlink()
        assert summarise(run).name == "resolved"


@pytest.mark.parametrize("environment", [[], {"plugins": 3}, {"plugins": [3]}, {"plugins": [{}]}])
def test_a_damaged_record_is_said(config, environment):
    with pytest.raises(NetlabError, match=r"environment\.json is damaged: "):
        summarise(run_of(environment))


def test_what_a_run_says_reaches_the_terminal_as_plain_characters(config):
    ADDED["source"].clear()
    run = run_of({"plugins": [{"path": "/a b/\x1b[31m.py", "sha256": "0", "uses": ["source.rings", "layer.Foo", "x"]}]})
    with pytest.raises(UsageError, match=re.escape("add --plugin '/a b/\\x1b[31m.py'")):
        summarise(run)


def test_names_are_listed_described_and_in_the_schema(config):
    group = data_catalogue()[-1]
    assert (group.name, group.members) == ("my_sources.py", {"rings": "Points on two rings."})
    assert group.doc == "a plug-in, written as in `{source: rings}`."
    assert "rings" not in data_catalogue()[0].members
    found = describe("rings")
    assert found.facts.doc == "Points on two rings.\n\nWritten in my_sources.py:5."
    assert [(each.name, each.type, each.default) for each in found.facts.parameters] == [("samples", "integer", 60)]
    assert found.example == "data: {source: rings}"
    schema = config_schema()
    assert "rings" in schema["properties"]["data"]["properties"]["source"]["anyOf"][0]["enum"]
    assert schema["$defs"]["source.rings"]["properties"]["samples"]["default"] == 60


@pytest.mark.slow
def test_a_training_its_evaluation_and_its_resumption(config):
    done = train(config, runs_root=Path("runs"))
    assert done.run is not None
    facts = json.loads((done.run / "environment.json").read_text())
    assert facts["plugins"] == recorded(load(config))
    assert evaluate(str(done.run)).metrics == done.metrics["test"]
    assert train(None, ["train.epochs=2"], resume=done.run).epochs == 2
    ADDED["source"].clear()
    with pytest.raises(UsageError, match="was made with a plug-in"):
        plan_evaluation(str(done.run))

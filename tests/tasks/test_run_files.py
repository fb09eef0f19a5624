from __future__ import annotations

import json

import pytest

from netlib.config.load import load
from netlib.config.load import read as read_config
from netlib.data.load import load as load_data
from netlib.runs.directory import create, open_run
from netlib.spec.errors import NetlabError
from netlib.tasks.plan import Complete
from netlib.tasks.run_files import (
    first_files,
    load_preprocessing,
    resolved_text,
    save_preprocessing,
)


@pytest.fixture(scope="module")
def config(folder):
    return Complete.of(load(folder / "tiny.yaml"))


@pytest.fixture(scope="module")
def preprocessing(config):
    return load_data(config.data, 3).preprocessing


def test_the_first_files(config, preprocessing, folder):
    files = first_files(config, 3, {"seed": 3}, preprocessing)
    told = ["config.yaml", "resolved.yaml", "environment.json", "summary.txt"]
    assert list(files) == [*told, "data.json", "preprocessing.json"]
    assert files["config.yaml"] == (folder / "tiny.yaml").read_text()
    assert json.loads(files["environment.json"]) == {"seed": 3}
    assert all(text.endswith("\n") for text in files.values())


def test_the_resolved_config_has_the_threads_and_is_otherwise_the_same(config):
    found = read_config(resolved_text(config, 3))
    assert found.train.threads == 3
    assert found.train.model_copy(update={"threads": None}) == config.train
    assert (found.name, found.seed, found.data, found.graph) == ("tiny", 3, config.data, config.graph)


def test_preprocessing_is_stored_and_loaded(config, preprocessing, tmp_path):
    run = create(tmp_path, "a", first_files(config, 1, {}, preprocessing))
    save_preprocessing(run, preprocessing)
    fitted, loaded = (each.state() for each in (preprocessing, load_preprocessing(run)))
    assert loaded[0] == fitted[0]
    assert loaded[1].keys() == fitted[1].keys() != set()
    assert all((loaded[1][name] == fitted[1][name]).all() for name in fitted[1])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", r"preprocessing.json is damaged"),
        ("[]", r"preprocessing.json is damaged"),
        ("5", r"preprocessing.json is damaged"),
        ("[" * 100_000, r"preprocessing.json is damaged"),
        ("{}", r"the stored preprocessing has format None, expected 2"),
        ('{"format": 2, "joins": {}, "inputs": {"image": 5}}', r"preprocessing.json is damaged"),
        (
            '{"format": 2, "joins": {}, "inputs": {"image": [{"step": "Standardise"}]}}',
            r"the stored preprocessing cannot be read: ",
        ),
        (
            '{"format": 2, "joins": {}, "inputs": {"image": [{}]}}',
            r"is damaged: 'image.0' does not say which step it is",
        ),
        ('{"format": 2, "joins": {}, "inputs": {"other": [{"step": "Standardize"}]}}', r"has no array 'other.0.mean'"),
    ],
)
def test_damaged_preprocessing(short, copied, text, message):
    run = open_run(copied(short))
    run.preprocessing.write_text(text)
    with pytest.raises(NetlabError, match=message):
        load_preprocessing(run)


def test_missing_preprocessing(short, copied):
    run = open_run(copied(short))
    run.preprocessing_tensors.write_bytes(b"\x08")
    with pytest.raises(NetlabError, match=r"preprocessing.safetensors is damaged"):
        load_preprocessing(run)
    run.preprocessing_tensors.unlink()
    with pytest.raises(NetlabError, match=r"there is no file .*preprocessing.safetensors"):
        load_preprocessing(run)
    run.preprocessing.unlink()
    with pytest.raises(NetlabError, match=r"has no preprocessing.json: it was removed"):
        load_preprocessing(run)

"""Configs of kinds: each is clean and teaches, and no file is ever written over."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from netlib.config.load import load
from netlib.spec.errors import UsageError
from netlib.tasks.check import check
from netlib.tasks.new.kinds import kind_of, kinds, new_of_kind
from netlib.tasks.train import train

NAMES = [kind.name for kind in kinds()]
CONFIGS = Path(__file__).parents[3] / "configs" / "data"


def test_there_are_the_kinds_that_people_ask_for():
    assert sorted(NAMES) == NAMES
    assert {"mlp", "cnn", "images", "tabular", "text", "time_series", "language_model", "autoencoder"} <= {*NAMES}
    assert "transformer" in NAMES


@pytest.mark.parametrize("kind", NAMES)
def test_it_is_checked_strictly_and_has_its_name_everywhere(kind: str):
    done = new_of_kind(kind, "mine")
    assert done.path == Path("mine.yaml")
    (report,) = check([done.path], strict=True)
    assert report.problems == ()
    text = done.path.read_text()
    assert load(done.path).name == "mine"
    assert f"{kind}.yaml" not in text
    assert text.startswith("# ")
    assert "#   netlab train mine.yaml\n#   netlab train mine.yaml " in text
    assert "of your own" in text
    assert max(map(len, text.splitlines())) <= 130


@pytest.mark.parametrize("kind", NAMES)
def test_the_second_command_of_its_header_has_overrides_that_fit(kind: str):
    path = new_of_kind(kind, "mine").path
    commands = [
        line.partition("      #")[0] for line in path.read_text().splitlines() if "netlab train mine.yaml " in line
    ]
    assert commands
    for command in commands:
        load(path, command.split("mine.yaml")[1].split())


def test_data_that_a_kind_needs_is_written_beside_it():
    done = new_of_kind("text", "opinions")
    assert done.beside == (Path("opinions.csv"),)
    assert "path: opinions.csv" in done.path.read_text()
    assert kind_of("time-series").name == "time_series"


@pytest.mark.parametrize(
    ("kind", "sample", "original"),
    [("tabular", "csv", "customers.csv"), ("time_series", "csv", "weather.csv"), ("language_model", "txt", "tale.txt")],
)
def test_the_samples_are_the_beginnings_of_the_shipped_files(kind: str, sample: str, original: str):
    new_of_kind(kind, "mine")
    own = Path(f"mine.{sample}").read_bytes()
    assert len(own) > 10_000
    assert (CONFIGS / original).read_bytes().startswith(own)


def test_nothing_is_written_over():
    Path("mine.csv").write_text("precious")
    with pytest.raises(UsageError, match=r"mine\.csv is there, and is not written over"):
        new_of_kind("text", "mine")
    assert not Path("mine.yaml").exists()
    new_of_kind("mlp", "other")
    with pytest.raises(UsageError, match=r"other\.yaml is there, and is not written over: give another name"):
        new_of_kind("cnn", "other")
    Path("link.yaml").symlink_to("nowhere")
    with pytest.raises(UsageError, match=r"link\.yaml is there"):
        new_of_kind("cnn", "link")


def test_what_cannot_be_is_refused():
    with pytest.raises(UsageError, match=r"there is no kind 'cmn'; did you mean 'cnn'\? \(there are: autoencoder, cnn"):
        new_of_kind("cmn", "mine")
    with pytest.raises(UsageError, match="name 'a b': expected at most 100 letters, digits"):
        new_of_kind("cnn", "a b")
    with pytest.raises(UsageError, match=r"there is no folder 'nowhere' to write 'mine\.yaml' into"):
        new_of_kind("cnn", "mine", Path("nowhere/mine.yaml"))
    with pytest.raises(UsageError, match=r"a config's file ends in \.yaml, got mine\.txt"):
        new_of_kind("cnn", "mine", Path("mine.txt"))


def test_the_output_may_be_a_folder_or_a_file():
    Path("configs").mkdir()
    done = new_of_kind("tabular", "mine", Path("configs"))
    assert [done.path, *done.beside] == [Path("configs/mine.yaml"), Path("configs/mine.csv")]
    assert "netlab train configs/mine.yaml" in done.path.read_text()
    assert new_of_kind("mlp", "mine", Path("configs/b.yaml")).path == Path("configs/b.yaml")


@pytest.mark.slow
@pytest.mark.parametrize("kind", NAMES)
def test_it_trains_for_two_steps(kind: str):
    result = train(new_of_kind(kind, "mine").path, dry_run=True)
    assert result.steps == 2
    assert math.isfinite(result.metrics["test"]["loss"])


@pytest.mark.slow
def test_it_learns_as_it_is():
    result = train(new_of_kind("tabular", "mine").path, ["train.epochs=15"])
    assert result.metrics["test"]["auc"] > 0.85

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from netlab import __main__
from netlab.verbs import GROUPS
from netlib.config.load import load
from netlib.config.sweep_words import sweep_of_words

ROOT = Path(__file__).parents[2]

VERBS = {
    "train": [
        "CONFIG",
        "KEY=VALUE",
        "~KEY",
        "--resume RUN",
        "--allow-change",
        "--run-dir DIR",
        "--runs DIR",
        "--plugin FILE",
        "--dry-run",
        "--quiet",
        "--json",
    ],
    "sweep": [
        "SWEEP",
        "KEY=VALUE",
        "--workers N",
        "--trials N",
        "--storage URL",
        "--runs DIR",
        "--plugin FILE",
        "--quiet",
        "--json",
    ],
    "launch": [
        "CONFIG",
        "KEY=VALUE",
        "--workers N",
        "--resume RUN",
        "--run-dir DIR",
        "--plugin FILE",
        "--dry-run",
        "--json",
    ],
    "reproduce": ["RUN", "--run-dir DIR", "--plugin FILE", "--quiet", "--json"],
    "eval": ["--checkpoint RUN_OR_CHECKPOINT", "test|validation|train", "--plugin FILE", "--json"],
    "predict": [
        "--checkpoint RUN_OR_CHECKPOINT",
        "--input FILE",
        "--output FILE",
        "test|validation|train",
        "--probabilities",
        "--top K",
        "--prefix TEXT",
        "fail|skip",
        "--overwrite",
        "--plugin FILE",
        "--json",
    ],
    "export": ["--checkpoint RUN_OR_CHECKPOINT", "--output FOLDER", "--weights FILE", "--plugin FILE", "--json"],
    "summary": ["CONFIG_OR_RUN", "KEY=VALUE", "--depth N", "--plugin FILE", "--json"],
    "check": ["CONFIG", "--strict", "--plugin FILE", "--json"],
    "peek": ["CONFIG", "KEY=VALUE", "--rows N", "--images FILE", "--plugin FILE", "--json"],
    "layers": ["NAME", "--json"],
    "data": ["NAME", "--plugin FILE", "--json"],
    "schema": ["netlab.schema.json", "--plugin FILE"],
    "new": ["KIND", "NAME", "--from FILE", "--target COLUMN", "--output FILE", "--json"],
    "runs": ["ROOT", "--sort KEY", "--columns NAMES", "--json", "--csv"],
    "compare": ["A B", "--plugin FILE", "--json"],
    "plot": ["RUN", "--metric NAME", "--output FILE", "--json", "--csv"],
    "doctor": ["--quick", "--json"],
    "completion": ["SHELL", "bash", "zsh", "fish"],
    "bench": ["CONFIG_OR_FOLDER", "KEY=VALUE", "--against PEER", "--rounds N", "--json"],
}


def test_every_verb_is_looked_at():
    assert set(VERBS) == {verb for lines in GROUPS.values() for verb in lines}


@pytest.mark.parametrize("verb", VERBS)
def test_help_of_a_verb_names_all_that_it_takes_and_shows_an_example(netlab, verb):
    done = netlab(verb, "--help", COLUMNS="80")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"Usage: netlab {verb} [OPTIONS]")
    assert f"\n  netlab {verb} " in done.stdout
    for word in VERBS[verb]:
        assert word in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert "list[" not in done.stdout


@pytest.mark.parametrize("verb", ["train", "summary", "peek", "bench"])
def test_the_examples_of_a_verb_are_valid(netlab, verb):
    shown = re.findall(
        r"^  netlab \w+ (configs/\S+\.yaml)(.*)$", netlab(verb, "--help", COLUMNS="80").stdout, re.MULTILINE
    )
    assert shown
    for config, rest in shown:
        searched = re.findall(r"--sweep (\S+)", rest)
        words = [word for word in rest.split() if "=" in word and word not in searched]
        if searched:
            assert sweep_of_words(ROOT / config, searched, words).spec.space
        load(ROOT / config, words)


def test_ctrl_c_while_the_command_is_imported(monkeypatch):
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(__main__, "_run", interrupted)
    with pytest.raises(SystemExit, match="130"):
        __main__.main()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_told(command, config):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([command, "summary", config], stdout=full, stderr=subprocess.PIPE, text=True)
    assert (done.returncode, done.stderr) == (1, "error: the system refuses: No space left on device\n")


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_closed_streams_are_no_mistake(command, config, closed):
    done = subprocess.run(f"'{command}' summary '{config}' {closed}", shell=True, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_help_without_a_verb_is_a_usage_error(netlab):
    done = netlab()
    assert done.returncode == 2
    assert "Usage: netlab" in done.stdout + done.stderr


def test_version(netlab):
    done = netlab("--version")
    assert (done.returncode, done.stdout) == (0, f"netlab {version('netlab')}\n")


def test_python_m_netlab_is_the_command():
    done = subprocess.run([sys.executable, "-m", "netlab", "--version"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, f"netlab {version('netlab')}\n")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["trian"], "Did you mean 'train'?"),
        (["summary"], "Missing argument 'CONFIG_OR_RUN'"),
        (["check"], "Missing argument 'CONFIG'"),
        (["eval"], "Missing option '--checkpoint'"),
        (["check", "--strct", "x.yaml"], "--strict"),
        (["eval", "--checkpoint", "x", "--split", "tets"], "'tets' is not one of 'test', 'validation', 'train'"),
        (["summary", "x.yaml", "--depth", "0"], "Invalid value for '--depth'"),
    ],
)
def test_wrong_arguments_end_with_2_and_say_what_is_wrong(netlab, words, message):
    done = netlab(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert "Traceback" not in done.stderr

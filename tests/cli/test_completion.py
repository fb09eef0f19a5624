"""Completion: what a shell is told, and, where the shells are installed, what they make of it on a terminal."""

from __future__ import annotations

import os
import pty
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from netlab.completing import answer, candidates
from netlab.completion import SCRIPTS
from netlab.verbs import GROUPS


def words(*typed: str) -> list[str]:
    return [word for word, _ in candidates(typed)]


@pytest.fixture
def here(config: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with the config `tiny.yaml`."""
    monkeypatch.chdir(config.parent)
    return config.parent


def test_verbs_with_a_line_on_each():
    found = candidates([""])
    assert found == [(verb, line) for lines in GROUPS.values() for verb, line in lines.items()]
    assert words("pre") == ["predict"]
    assert words("--v") == ["--version"]
    assert words("nothing", "") == []


def test_options_that_are_not_there_yet():
    assert words("train", "--dr") == ["--dry-run"]
    assert "--json" not in words("train", "--json", "--")
    assert "--plugin" in words("train", "--plugin", "a.py", "--"), "it may be repeated"
    assert words("train", "--", "--dr") == []


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (("predict", "--split", "t"), ["test", "train"]),
        (("predict", "--split=v"), ["--split=validation"]),
        (("completion", ""), ["bash", "zsh", "fish"]),
        (("layers", "Conv1DT"), ["Conv1DTranspose"]),
        (("data", "Stand"), ["Standardize"]),
        (("predict", "--input", ""), []),
    ],
)
def test_values_of_options_and_arguments(typed, expected):
    assert words(*typed) == expected


@pytest.mark.usefixtures("here")
def test_configs_and_their_keys():
    assert words("train", "ti") == ["tiny.yaml"]
    assert words("train", "tiny.yaml", "model.hidden.un") == ["model.hidden.units="]
    assert words("train", "tiny.yaml", "train.epochs=3", "--quiet", "data.test") == ["data.test="]
    assert words("summary", "tiny.yaml", "--depth", "2", "train.execution=g") == ["train.execution=graph"]
    assert words("check", "tiny.yaml", "ti") == ["tiny.yaml"], "all its words are configs"


def test_with_resume_every_word_is_a_change_of_the_run(here):
    run = here / "runs" / "tiny-1"
    (run / "checkpoints").mkdir(parents=True)
    (run / "resolved.yaml").write_text("train: {epochs: 2}\n")
    assert words("train", "--resume", "") == ["runs/tiny-1"]
    assert words("train", "--resume", "runs/tiny-1", "train.epo") == ["train.epochs="]
    assert words("eval", "-c", "runs/t") == ["runs/tiny-1"]
    assert words("reproduce", "runs/t") == ["runs/tiny-1"]


def test_a_verb_with_verbs_of_its_own(here):
    (here / "runs" / "tiny-1" / "checkpoints").mkdir(parents=True)
    assert words("runs", "") == ["rm", "runs/tiny-1"]
    assert words("runs", "--so") == ["--sort"]
    assert words("runs", "rm", "ru") == ["runs/tiny-1"]
    assert words("runs", "rm", "--y") == ["--yes"]


def test_columns_and_metrics_of_the_runs_that_are_there(here, logged_run):
    assert words("runs", "--sort", "b") == ["best", "begun"]
    logged_run(here / "runs" / "tiny-1")
    assert words("runs", "--columns", "name,validation.a") == ["name,validation.accuracy"]
    assert words("runs", "--sort", "train.epo") == ["train.epochs"]
    assert words("plot", "runs/tiny-1", "--metric", "l") == ["loss", "learning_rate"]
    assert words("plot", "runs/tiny-1", "-m", "validation.l") == ["validation.loss"]
    assert words("new", "cn") == ["cnn"]


@pytest.mark.usefixtures("here")
def test_bash_is_told_what_stands_behind_its_word_break():
    assert answer("bash", ["netlab train tiny.yaml train.execution=x"]) == "xla\n"
    assert answer("bash", ["netlab train tiny.yaml train.exec"]) == "train.execution=\n"
    assert answer("bash", ['netlab train "ti']) == "tiny.yaml\n"
    assert answer("bash", ["netlab completion "]) == "bash\nzsh\nfish\n"


def test_other_shells_are_told_what_a_word_is_for():
    assert answer("zsh", ["doct"]) == f"doctor\t{GROUPS['Tools']['doctor']}\n"


@pytest.mark.parametrize("shell", SCRIPTS)
def test_the_scripts_are_printed(netlab, shell):
    done = netlab("completion", shell)
    assert (done.returncode, done.stdout, done.stderr) == (0, SCRIPTS[shell], "")
    if path := shutil.which(shell):
        subprocess.run([path, "-n"], input=done.stdout, text=True, check=True)


@pytest.mark.parametrize("word", ["tr", "--q", "tiny.yaml", "train.optimizer.l", "data.source=", "model."])
def test_an_answer_imports_nothing_heavy(here, word):
    code = (
        "import os, sys; os.environ['_NETLAB_COMPLETE'] = 'zsh'\n"
        "from netlab.__main__ import main\n"
        f"sys.argv = ['netlab', 'train', 'tiny.yaml', {word!r}]\n"
        "main()\n"
        "print(*({'tensorflow', 'keras', 'numpy', 'polars', 'rich'} & {*sys.modules}), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=here, capture_output=True, text=True, check=True)
    assert done.stderr == "\n"


def test_a_key_under_train_imports_no_catalogue(here):
    """Which losses, metrics and layers there are is of no matter to a key; a hundred models would be half of the time."""
    code = (
        "import os, sys; os.environ['_NETLAB_COMPLETE'] = 'zsh'\n"
        "from netlab.__main__ import main\n"
        "sys.argv = ['netlab', 'train', 'tiny.yaml', 'train.ep']\n"
        "main()\n"
        "kinds = 'losses metrics initializers regularizers activations heads'.split()\n"
        "print(*({f'netlib.spec.{kind}' for kind in kinds} & {*sys.modules}), file=sys.stderr)\n"
        "print(*({'netlib.runs.checkpoint', 'netlib.spec.layers.core', 'logging'} & {*sys.modules}), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=here, capture_output=True, text=True, check=True)
    assert (done.stdout.split("\t")[0], done.stderr) == ("train.epochs=", "\n\n")


START = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], "PS1='$ '; bind 'set enable-bracketed-paste off'\n"),
    "zsh": (["zsh", "-f", "-i"], "PS1='$ '; autoload -Uz compinit; compinit -u -D\n"),
    "fish": (["fish", "--no-config", "-i"], ""),
}


class Terminal:
    """A shell on a terminal of its own, in which completion is loaded."""

    def __init__(self, shell: str, folder: Path, command: Path) -> None:
        words, begin = START[shell]
        path = f"{command.parent}{os.pathsep}{os.environ['PATH']}"
        known = {"PATH": path, "TERM": "xterm", "HOME": str(folder), "LANG": "C.UTF-8"}
        self.pid, self._file = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            os.execvpe(words[0], words, known)
        self.type(f"{begin}netlab completion {shell} > loading; source ./loading; echo lo''aded\n")
        self.wait("loaded")

    def type(self, text: str) -> None:
        os.write(self._file, text.encode())

    def wait(self, text: str) -> None:
        """Reads until the text is there."""
        seen, end = b"", time.monotonic() + 30
        while text.encode() not in seen:
            ready, _, _ = select.select([self._file], [], [], max(0, end - time.monotonic()))
            assert ready, f"{text!r} does not come: {seen!r}"
            seen += os.read(self._file, 4096)

    def close(self) -> None:
        os.close(self._file)
        os.waitpid(self.pid, 0)


@pytest.fixture(params=START)
def terminal(request: pytest.FixtureRequest, here: Path, command: Path) -> Iterator[Terminal]:
    if not shutil.which(request.param):
        pytest.skip(f"{request.param} is not installed")
    opened = Terminal(request.param, here, command)
    yield opened
    opened.close()


@pytest.mark.slow
def test_a_shell_completes_word_after_word(terminal):
    """What is typed is run at the end: the shell itself says to what it was completed."""
    for begun in ("netlab pee", "ti", "data.batch_s", "16 --row"):
        terminal.type(f"{begun}\t")
        time.sleep(2)
    terminal.type("1 --json | tr -d '\\n' | cut -c 1-11\n")
    terminal.wait('{"name": "t')

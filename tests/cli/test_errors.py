from __future__ import annotations

import pytest

from netlab.errors import reported
from netlib.config.load import read
from netlib.spec.errors import NetlabError, UsageError


def fails_with(error: BaseException) -> int:
    """The exit code of a verb that raises the error."""

    def verb() -> None:
        raise error

    with pytest.raises(SystemExit) as ended:
        reported(verb)()
    return ended.value.code


def test_errors_of_ours_are_a_message_and_their_exit_code(capsys):
    assert fails_with(NetlabError("the disk is full")) == 1
    assert fails_with(UsageError("there is no run 'x'")) == 2
    assert capsys.readouterr() == ("", "error: the disk is full\nerror: there is no run 'x'\n")


def test_an_interruption_of_ours_is_told_as_what_it_is(capsys):
    error = NetlabError("stopped by SIGTERM after step 3")
    error.exit_code = 143
    assert fails_with(error) == 143
    assert capsys.readouterr().err == "stopped by SIGTERM after step 3\n"


def test_config_errors_are_shown_with_carets(capsys, monkeypatch):
    monkeypatch.delenv("FORCE_COLOR", raising=False)

    def verb() -> None:
        read("sead: 3\n", "a.yaml")

    with pytest.raises(SystemExit, match="2"):
        reported(verb)()
    assert capsys.readouterr().err.startswith("a.yaml:1:1: error: a config has no key 'sead'; did you mean 'seed'?\n")


def test_config_errors_are_coloured_when_wanted(capsys, monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1")
    with pytest.raises(SystemExit):
        reported(lambda: read("sead: 3\n", "a.yaml"))()
    assert "\x1b[31merror:\x1b[0m" in capsys.readouterr().err


def test_ctrl_c(capsys):
    assert fails_with(KeyboardInterrupt()) == 130
    assert capsys.readouterr() == ("", "interrupted\n")


def test_what_the_system_refuses_is_named(capfd):
    error = PermissionError(13, "Permission denied", "runs/x-1/log.txt")
    assert fails_with(error) == 1
    assert capfd.readouterr().err == "error: the system refuses: runs/x-1/log.txt: Permission denied\n"


class ResourceExhaustedError(Exception):
    """As TensorFlow names it."""


@pytest.mark.parametrize(
    ("error", "what"),
    [
        (MemoryError(), ""),
        (ResourceExhaustedError("{{node x}} OOM when allocating tensor with shape[4,9] on /job:localhost [Op:Y]\nmore"),
         " (OOM when allocating tensor with shape[4,9])"),
    ],
)  # fmt: skip
def test_too_little_memory_is_told_with_what_to_do(capsys, error, what):
    assert fails_with(error) == 1
    told = capsys.readouterr().err
    assert told == f"error: there is not enough memory; make data.batch_size or the network smaller{what}\n"


def test_a_mistake_of_ours_keeps_its_traceback():
    def verb() -> None:
        raise ZeroDivisionError("a bug")

    with pytest.raises(ZeroDivisionError, match="a bug"):
        reported(verb)()


def test_what_a_verb_takes_is_what_its_function_takes():
    def verb(a: int, b: str = "c") -> None:
        seen.append((a, b))

    seen: list[tuple[int, str]] = []
    reported(verb)(1, b="d")
    assert seen == [(1, "d")]

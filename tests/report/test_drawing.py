from __future__ import annotations

import sys

import pytest

from netlib.report.drawing import SUFFIXES, check_picture, new_figure, write_figure
from netlib.spec.errors import NetlabError, UsageError


def figure():
    made = new_figure(3, 2)
    axes = made.add_subplot()
    axes.plot([0, 1, 2], [2, 1, 3], label="loss")
    axes.legend()
    return made


@pytest.mark.parametrize(("suffix", "begins"), [(".png", b"\x89PNG"), (".svg", b"<?xml"), (".pdf", b"%PDF")])
def test_the_suffix_says_of_which_kind_and_the_bytes_are_the_same_each_time(tmp_path, suffix, begins):
    assert suffix in SUFFIXES
    for name in ("a", "b"):
        write_figure(figure(), tmp_path / f"{name}{suffix}")
    first = (tmp_path / f"a{suffix}").read_bytes()
    assert first.startswith(begins)
    assert first == (tmp_path / f"b{suffix}").read_bytes()


def test_another_suffix_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"curves\.jpg must end with '\.png', '\.svg' or '\.pdf' to say what to draw"):
        check_picture(tmp_path / "curves.jpg")
    check_picture(tmp_path / "curves.PNG")


def test_without_matplotlib_the_command_that_installs_it_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(UsageError, match=r"pip install 'netlab\[plot\]'"):
        check_picture(tmp_path / "curves.png")


def test_a_place_that_cannot_be_written_to(tmp_path):
    with pytest.raises(NetlabError, match=r"cannot write .*nowhere/curves\.svg: No such file or directory"):
        write_figure(figure(), tmp_path / "nowhere" / "curves.svg")

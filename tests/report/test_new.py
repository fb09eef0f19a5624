"""What `netlab new` shows, at two widths, without and with colour."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from netlib.report.new import kinds_text, written_text

KINDS = [
    ("cnn", "A convolutional network for images, with a comment on every choice that is made in it."),
    ("mlp", "Dense."),
]
AT_80 = """\
cnn  A convolutional network for images, with a comment on every choice that is
     made in it.
mlp  Dense.

netlab new KIND NAME                        a config of that kind in NAME.yaml
netlab new --from data.csv --target COLUMN  a config for your own data
"""
WRITTEN_AT_40 = """\
left out: 'id' numbers the rows: 200
  different integers in 200 rows
wrote a.yaml (checked: 12 parameters)
wrote a.csv

netlab peek a.yaml
  look at the data as the network reads it
netlab summary a.yaml
  look at the network
netlab train a.yaml
  train it
"""


@pytest.mark.parametrize("color", [False, True])
def test_the_kinds(monkeypatch: pytest.MonkeyPatch, color: bool):
    monkeypatch.setenv("COLUMNS", "80")
    text = kinds_text(KINDS, color)
    assert ("\x1b[1mcnn\x1b[0m  A" in text) == color
    assert re.sub(r"\x1b\[\d+m", "", text) == AT_80
    monkeypatch.setenv("COLUMNS", "120")
    assert len(kinds_text(KINDS).splitlines()) == len(AT_80.splitlines()) - 1


@pytest.mark.parametrize("color", [False, True])
def test_what_was_written(monkeypatch: pytest.MonkeyPatch, color: bool):
    monkeypatch.setenv("COLUMNS", "40")
    choices = ["left out: 'id' numbers the rows: 200 different integers in 200 rows"]
    text = written_text(Path("a.yaml"), "checked: 12 parameters", choices, [Path("a.csv")], color)
    assert ("wrote \x1b[1ma.yaml\x1b[0m" in text) == color
    assert re.sub(r"\x1b\[\d+m", "", text) == WRITTEN_AT_40
    monkeypatch.setenv("COLUMNS", "120")
    assert choices[0] in written_text(Path("a.yaml"), "checked", choices).splitlines()
    assert "netlab train a.yaml    train it" in written_text(Path("a.yaml"), "checked", choices)
    assert "netlab train 'my nets/a.yaml'" in written_text(Path("my nets/a.yaml"), "checked", ())

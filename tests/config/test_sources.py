from __future__ import annotations

import sys
from pathlib import Path

import pytest

from netlib.config.problems import ConfigError
from netlib.config.sources import MAX_BYTES, checked_source, open_source
from netlib.config.tree import Place


def message_of(name: str, **more) -> str:
    with pytest.raises(ConfigError) as caught:
        open_source(name, "file", **more)
    assert caught.value.exit_code == 2
    return str(caught.value)


def test_a_file_is_read_and_knows_its_folder(write, tmp_path):
    write("a/b.yaml", "é: 1")
    source = open_source("a/b.yaml", "file")
    assert (source.name, source.text, source.folder) == ("a/b.yaml", "é: 1", tmp_path / "a")


def test_a_missing_file_suggests_its_neighbour(write):
    write("configs/digits_cnn.yaml", "")
    assert message_of("configs/digit_cnn.yaml") == (
        "error: there is no file 'configs/digit_cnn.yaml'; did you mean 'digits_cnn.yaml'?"
    )
    assert message_of("configs/digits_cnn") == (
        "error: there is no file 'configs/digits_cnn'; did you mean 'digits_cnn.yaml'?"
    )


def test_a_missing_folder(write):
    write("a.yaml", "")
    assert message_of("nope/a.yaml") == "error: there is no file 'nope/a.yaml': there is no folder 'nope'"


def test_a_missing_file_is_shown_where_it_is_named(write):
    write("a.yaml", "extends: b.yaml")
    place = Place(open_source("a.yaml", "file"), 0, 9, 6)
    assert message_of("b.yaml", mentioned=place) == (
        "a.yaml:1:10: error: there is no file 'b.yaml'; did you mean 'a.yaml'?\n"
        "    1 | extends: b.yaml\n"
        "      |          ^^^^^^"
    )


def test_a_folder_is_no_config(write):
    write("configs/a.yaml", "")
    assert message_of("configs") == "error: 'configs' is a folder, not a config file"


def test_a_name_with_nul_is_no_file():
    assert "error: cannot read '\\x00': " in message_of("\0")


@pytest.mark.skipif(sys.platform == "win32", reason="needs the permissions of POSIX")
def test_what_cannot_be_opened_says_why(write):
    write("a.yaml", "")
    assert "error: cannot read 'a.yaml/b': " in message_of("a.yaml/b")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"a: \xff\n", "x.yaml:1:4: error: a config is UTF-8 text; here is the byte 0xFF"),
        ("é: 1\nb: ".encode() + b"\xc3(", "x.yaml:2:4: error: a config is UTF-8 text; here is the byte 0xC3"),
        ("a: 1".encode("utf-16"), "error: 'x.yaml' is UTF-16 text; save it as UTF-8"),
        (b"a: \0b", "x.yaml:1:4: error: a config is text; this is the character U+0000"),
        (b"a: 1\nb: \x1b[31m", "x.yaml:2:4: error: a config is text; this is the character U+001B"),
        (b"\x89PNG\r\n\x1a\n", "x.yaml:1:1: error: a config is UTF-8 text; here is the byte 0x89"),
        (b"x" * (MAX_BYTES + 1), f"error: 'x.yaml' is larger than {MAX_BYTES} bytes, too large for a config"),
    ],
)
def test_what_is_no_text(tmp_path, monkeypatch, data, message):
    monkeypatch.chdir(tmp_path)
    Path("x.yaml").write_bytes(data)
    assert message_of("x.yaml").splitlines()[0] == message


def test_a_config_may_have_the_greatest_size(tmp_path):
    path = tmp_path / "x.yaml"
    path.write_bytes(b"#" * MAX_BYTES)
    assert len(open_source(str(path), "file").text) == MAX_BYTES


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="needs /dev/zero")
def test_an_endless_file_is_not_read_to_its_end():
    assert "is larger than" in message_of("/dev/zero")


def test_half_a_surrogate_pair_is_no_text():
    with pytest.raises(ConfigError, match=r"this is the character U\+D800"):
        checked_source("a.yaml", "file", "a: \ud800", Path())


def test_a_text_that_is_too_long():
    with pytest.raises(ConfigError, match="too large for a config"):
        checked_source("a.yaml", "file", "x" * (MAX_BYTES + 1), Path())

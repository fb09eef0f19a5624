"""How files of Keras's data sets are found, checked and downloaded; the network is made up."""

from __future__ import annotations

import hashlib
import io
from email.message import Message
from http.client import IncompleteRead
from pathlib import Path
from urllib.error import HTTPError, URLError

import pytest

from netlib.data.sources import keras_files
from netlib.data.sources.keras_files import obtained
from netlib.spec.errors import NetlabError
from netlib.spec.sources.keras_sets import KerasFile

CONTENTS = b"samples" * 1000
URL = "https://example.org/sets/a.npz"
FILE = KerasFile("sub/a.npz", URL, hashlib.sha256(CONTENTS).hexdigest())


@pytest.fixture
def place(monkeypatch, tmp_path) -> Path:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    return tmp_path / "datasets/sub/a.npz"


class Response(io.BytesIO):
    def __init__(self, contents: bytes, length: str | None = None) -> None:
        super().__init__(contents)
        self.headers = Message()
        if length is not None:
            self.headers["Content-Length"] = length


@pytest.fixture
def network(monkeypatch):
    """Sets what the server gives, or raises; lists what it was asked for."""
    asked = []

    def answer(given: object) -> list[str]:
        def urlopen(url: str, timeout: float) -> object:
            asked.append(url)
            assert timeout == keras_files.SECONDS
            if isinstance(given, Exception):
                raise given
            return given

        monkeypatch.setattr(keras_files, "urlopen", urlopen)
        return asked

    answer(AssertionError("no network in tests"))
    return answer


def test_a_file_that_is_there_is_not_downloaded(place, network):
    place.parent.mkdir(parents=True)
    place.write_bytes(CONTENTS)
    assert obtained(FILE) == place


def test_a_file_that_is_missing_is(place, network):
    asked = network(Response(CONTENTS, str(len(CONTENTS))))
    assert obtained(FILE).read_bytes() == CONTENTS
    assert asked == [URL]
    assert list(place.parent.iterdir()) == [place]


def test_a_file_without_a_known_checksum(place, network):
    network(Response(b"anything"))
    assert obtained(KerasFile("sub/a.npz", URL)).read_bytes() == b"anything"
    assert obtained(KerasFile("sub/a.npz", URL)) == place


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (URLError(ConnectionRefusedError(111, "Connection refused")), "Connection refused"),
        (URLError("no host given"), "no host given"),
        (HTTPError(URL, 404, "Not Found", Message(), None), "404 Not Found"),
        (TimeoutError(), "TimeoutError"),
        (IncompleteRead(b"12", 10), r"IncompleteRead\(2 bytes read, 10 more expected\)"),
        (Response(CONTENTS[:-1], str(len(CONTENTS))), "only 6,999 of 7,000 bytes came"),
        (Response(CONTENTS, "many"), "invalid literal for int"),
    ],
)
def test_where_it_cannot_be_downloaded_both_places_are_named(place, network, answer, reason):
    network(answer)
    expected = (
        rf"there is no {place}, and {URL} cannot be downloaded \({reason}.*\); where there is a network, download it"
    )
    with pytest.raises(NetlabError, match=expected) as caught:
        obtained(FILE)
    assert caught.value.exit_code == 1
    assert list(place.parent.iterdir()) == []


def test_something_else_is_not_kept(place, network):
    network(Response(b"something else"))
    with pytest.raises(
        NetlabError, match=rf"what {URL} gave is not Keras's file: its SHA-256 is \w+, expected {FILE.sha256}"
    ):
        obtained(FILE)
    assert list(place.parent.iterdir()) == []


def test_nothing_is_left_where_the_download_is_broken_off(place, network):
    class Broken(Response):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell():
                raise KeyboardInterrupt
            return super().read(3)

    network(Broken(CONTENTS))
    with pytest.raises(KeyboardInterrupt):
        obtained(FILE)
    assert list(place.parent.iterdir()) == []


def test_a_file_that_was_changed(place, network):
    place.parent.mkdir(parents=True)
    place.write_bytes(CONTENTS[:-1])
    with pytest.raises(
        NetlabError, match=rf"a\.npz is damaged: its SHA-256 is .*; delete it, and it is downloaded .* {URL}"
    ):
        obtained(FILE)


def test_a_folder_in_its_place(place, network):
    place.mkdir(parents=True)
    with pytest.raises(NetlabError, match=r"a\.npz cannot be read: Is a directory"):
        obtained(FILE)


def test_where_nothing_can_be_written(place, network, tmp_path):
    (tmp_path / "datasets").write_text("a file")
    with pytest.raises(
        NetlabError, match=r"there is no .*a\.npz, and it cannot be written: (File exists|Not a directory)"
    ):
        obtained(FILE)

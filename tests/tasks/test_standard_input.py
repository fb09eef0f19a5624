from __future__ import annotations

import io
from pathlib import Path

import pytest

from netlib.spec.errors import NetlabError, Problem, SpecError
from netlib.tasks.standard_input import spooled


@pytest.mark.parametrize(
    ("begin", "suffix"), [(b"a,b\n", ".csv"), (b' \n{"a": 1}\n', ".jsonl"), (b"", ".csv"), (b"x" * 9_000, ".csv")]
)
def test_all_that_comes_is_in_the_file(begin, suffix):
    contents = begin + b"1,2\n" * 10_000
    with spooled("-", io.BytesIO(contents)) as path:
        assert Path(str(path)).suffix == suffix
        assert Path(str(path)).read_bytes() == contents
    assert not Path(str(path)).exists()


@pytest.mark.parametrize("path", [None, "new.csv"])
def test_another_path_is_what_it_is(path):
    with spooled(path, io.BytesIO(b"not read")) as found:
        assert found == path


@pytest.mark.parametrize("kind", [NetlabError, SpecError])
def test_an_error_does_not_name_the_file(kind):
    def text(path: object) -> object:
        return f"{path}, line 2" if kind is NetlabError else [Problem((), f"{path}, line 2")]

    with pytest.raises(kind, match=r"^stdin, line 2$"), spooled("-", io.BytesIO(b"a\n")) as path:
        raise kind(text(path))

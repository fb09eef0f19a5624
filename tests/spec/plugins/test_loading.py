from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from netlib.spec.errors import NetlabError, UsageError
from netlib.spec.plugins.loading import load_plugins
from netlib.spec.plugins.origin import sha256
from netlib.spec.registry import ADDED, names, origin_of, resolve, spec_class

POINTS = """\
@netlib.source
def points(samples: int = 10):
    return {"x": np.zeros((samples, 2))}, {"y": np.zeros(samples, int)}
"""


def test_its_names_are_in_the_registry_with_file_line_and_hash(plugin):
    path = plugin(POINTS)
    load_plugins([path, Path("./my_sources.py")])  # one file, which is loaded once
    assert names("source")[-1] == "points"
    assert resolve("source", "points") == "points"
    assert spec_class("source", "points").type_name() == "points"
    origin = origin_of("source", "points")
    assert origin is not None
    assert (origin.file, origin.shown, origin.line) == (str(path.resolve()), "my_sources.py", 5)
    assert origin.sha256 == sha256(path.read_bytes())
    assert origin_of("source", "iris") is None
    with pytest.raises(UsageError, match=r"there is no source 'point'; did you mean 'points'\?"):
        spec_class("source", "point")
    with pytest.raises(UsageError, match="one of your own is loaded with --plugin FILE"):
        spec_class("source", "zzzzzz")


def test_it_imports_what_is_beside_it_but_nothing_else_from_there(plugin, tmp_path):
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    plugin("FACTOR = 3\n", "elsewhere/beside_it.py")
    plugin("raise AssertionError\n", "elsewhere/json.py")
    plugin(f"import json\nfrom beside_it import FACTOR\nassert FACTOR == 3\n{POINTS}", "elsewhere/mine.py")
    try:
        load_plugins([folder / "mine.py"])
    finally:
        sys.modules.pop("beside_it", None)
    assert "points" in names("source")


def test_dataclasses_with_annotations_as_texts_find_their_module(plugin):
    text = "from dataclasses import dataclass\n@dataclass\nclass A:\n    x: 'int' = 1\n"
    load_plugins([plugin(f"{text}{POINTS}")])
    assert "points" in names("source")


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        (
            "",
            UsageError,
            "plug-in my_sources.py adds nothing: put @netlib.layer above a class of it, or @netlib.loss, @netlib.metric or",
        ),
        (
            "def f(:\n",
            UsageError,
            "my_sources.py:4: it is no Python: invalid syntax\n    4 | def f(:\n      |       ^",
        ),
        ("\0", UsageError, "my_sources.py: it is no Python: source code string cannot contain null bytes"),
        (
            "def f():\n    raise KeyError('x')\nf()\n",
            NetlabError,
            """plug-in my_sources.py raised KeyError: 'x'
  my_sources.py:6, in <module>: f()
  my_sources.py:5, in f: raise KeyError('x')""",
        ),
        (
            "import not_there\n",
            NetlabError,
            """plug-in my_sources.py raised ModuleNotFoundError: No module named 'not_there'
  my_sources.py:4, in <module>: import not_there""",
        ),
        ("raise SystemExit(3)\n", NetlabError, "plug-in my_sources.py raised SystemExit: 3"),
        (
            "@netlib.source\nclass A: ...\n",
            NetlabError,
            "raised TypeError: @netlib.source stands above a plain function that returns what it has, got <class",
        ),
        (
            f"{POINTS}\n{POINTS}",
            UsageError,
            "my_sources.py:9: 'points': there is a source of that name already: my_sources.py:5: 'points'; choose",
        ),
        (
            "@netlib.source\ndef iris(n: int): ...\n",
            UsageError,
            "my_sources.py:5: 'iris': netlab has a source 'iris' of its own; choose another name",
        ),
        (
            "@netlib.source\ndef breastcancer(n: int): ...\n",
            UsageError,
            "my_sources.py:5: 'breastcancer': netlab has a source 'breast_cancer' of its own",
        ),
        (
            "@netlib.source\ndef Points(n: int): ...\n",
            UsageError,
            "my_sources.py:5: 'Points': a config calls it so: give it a name of lower-case letters, digits and '_'",
        ),
    ],
)
def test_what_is_wrong_with_a_file_is_said_and_nothing_is_added(plugin, text, error, message):
    path, before = plugin(text), dict(ADDED["source"])
    with pytest.raises(NetlabError, match=re.escape(message)) as caught:
        load_plugins([path])
    assert caught.type.exit_code == error.exit_code
    assert ADDED["source"] == before
    assert "plugins/" not in str(caught.value)  # no line of netlab's own


def test_what_is_no_file_of_python(plugin, tmp_path):
    for path, message in (
        (Path("not_there.py"), "there is no plug-in not_there.py"),
        (tmp_path, "a plug-in is a file of Python, ending in '.py', got "),
        (plugin(POINTS, "points.yaml"), "a plug-in is a file of Python, ending in '.py', got points.yaml"),
    ):
        with pytest.raises(UsageError, match=re.escape(message)):
            load_plugins([path])


def test_two_files_cannot_have_one_name_but_one_file_can_be_loaded_again(plugin):
    first, second = plugin(POINTS), plugin(POINTS, "more.py")
    load_plugins([first])
    plugin(POINTS.replace("10", "20"))
    load_plugins([first])
    assert spec_class("source", "points").parse({}).samples == 20
    with pytest.raises(
        UsageError, match=r"more.py:5: 'points': there is a source of that name already: my_sources.py:5: 'points'"
    ):
        load_plugins([second])


def test_what_it_prints_is_not_among_results(plugin, capsys):
    load_plugins([plugin(f"print('hello')\n{POINTS}")])
    assert capsys.readouterr() == ("", "hello\n")

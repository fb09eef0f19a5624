from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

TABLE = "area,kind,price\n" + "".join(f"{50 + i % 37},{'ab'[i % 2]},{(50 + i % 37) * 3.5 + i % 2}\n" for i in range(60))


@pytest.fixture(autouse=True)
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("houses.csv").write_text(TABLE)
    return tmp_path


def test_the_kinds_are_listed(netlab):
    done = netlab("new", COLUMNS="80")
    assert (done.returncode, done.stderr) == (0, "")
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert "netlab new KIND NAME" in done.stdout
    kinds = json.loads(netlab("new", "--json").stdout)
    assert {*kinds} <= {line.split(" ")[0] for line in done.stdout.splitlines()}


def test_a_config_of_a_kind_and_the_commands_to_type_next(netlab):
    done = netlab("new", "text", "mine")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        "wrote mine.yaml (checked: 2,433 parameters)\n"
        "wrote mine.csv\n"
        "\n"
        "netlab peek mine.yaml     look at the data as the network reads it\n"
        "netlab summary mine.yaml  look at the network\n"
        "netlab train mine.yaml    train it\n"
    )
    again = netlab("new", "text", "mine")
    assert (again.returncode, again.stdout) == (2, "")
    assert again.stderr == (
        "error: mine.yaml is there, and is not written over: give another name, or another file with --output\n"
    )


def test_a_config_for_a_table(netlab):
    done = netlab("new", "--from", "houses.csv", "--target", "price", "-o", "h.yaml", "--name", "mine")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[:3] == [
        "60 rows, 2 columns to read",
        "target 'price': regression (from 175 to 301, 229.1 on average)",
        "wrote h.yaml (checked: 225 parameters)",
    ]
    assert "name: mine" in Path("h.yaml").read_text()
    assert netlab("check", "h.yaml").returncode == 0
    found = json.loads(netlab("new", "--from", "houses.csv", "--target", "price", "--json").stdout)
    assert (found["config"], found["files"]) == ("houses.yaml", ["houses.yaml"])
    assert found["next"][-1] == "netlab train houses.yaml"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["cmn", "x"], "there is no kind 'cmn'; did you mean 'cnn'?"),
        (["cnn"], "a name is needed: netlab new cnn NAME"),
        (["cnn", "x", "--target", "a"], "--target goes with --from FILE, the data"),
        (["cnn", "x", "--name", "a"], "--name goes with --from FILE, the data"),
        (["cnn", "--from", "houses.csv"], "--from chooses by the data: leave 'cnn' out, and give a name with --name"),
        (["--from", "houses.csv", "--target", "prise"], "houses.csv has no column 'prise'; did you mean 'price'?"),
        (["--from", "house.csv"], "there is no file or folder house.csv; did you mean 'houses.csv'?"),
    ],
)
def test_mistakes(netlab, table: Path, words: list[str], message: str):
    done = netlab("new", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: {message}")
    assert [*table.iterdir()] == [table / "houses.csv"]


def test_tensorflow_is_not_imported():
    code = (
        "import sys\nfrom pathlib import Path\nfrom netlib.tasks.new.from_data import new_from\n"
        "from netlib.tasks.new.kinds import new_of_kind\n"
        "new_of_kind('cnn', 'mine')\nassert not {'tensorflow', 'keras', 'numpy', 'polars'} & set(sys.modules)\n"
        "new_from(Path('houses.csv'), ['price'])\nassert not {'tensorflow', 'keras'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from netlib.runs.directory import RunDirectory, create, create_at, open_run, runs_in
from netlib.spec.errors import NetlabError, UsageError


def test_runs_are_numbered_and_a_number_is_not_used_again_while_later_ones_exist(tmp_path: Path) -> None:
    root = tmp_path / "deep" / "runs"
    assert [create(root, "digits").name for _ in range(3)] == ["digits-1", "digits-2", "digits-3"]
    assert create(root, "digits-cnn").name == "digits-cnn-1"
    (root / "digits-2" / "checkpoints").rmdir()
    (root / "digits-2").rmdir()
    (root / "digits-x").mkdir()
    (root / "digits-7").write_text("a file takes a number too")
    assert create(root, "digits").name == "digits-8"


def test_its_files_are_in_the_places_of_the_design(tmp_path: Path) -> None:
    run = create(tmp_path, "a", {"config.yaml": "name: a\n", "resolved.yaml": "seed: 1\n"})
    assert run.config.read_text() == "name: a\n"
    assert run.resolved.read_text() == "seed: 1\n"
    run.write("summary.txt", "table\n")
    assert run.read("summary.txt") == "table\n"
    places = [run.config, run.resolved, run.environment, run.metrics, run.summary, run.log, run.preprocessing]
    places += [run.preprocessing_tensors, run.checkpoints]
    assert [str(place.relative_to(run.path)) for place in places] == [
        *("config.yaml", "resolved.yaml", "environment.json", "metrics.jsonl", "summary.txt", "log.txt"),
        *("preprocessing.json", "preprocessing.safetensors", "checkpoints"),
    ]


def test_a_file_that_is_missing_or_no_text_is_reported(tmp_path: Path) -> None:
    run = create(tmp_path, "a")
    with pytest.raises(
        NetlabError, match=r"^run .*/a-1 has no resolved\.yaml: it was removed, or the run ended at once$"
    ):
        run.read("resolved.yaml")
    run.resolved.write_bytes(b"\xff")
    with pytest.raises(NetlabError, match=r"^cannot read .*/resolved\.yaml: 'utf-8' codec can't decode"):
        run.read("resolved.yaml")


@pytest.mark.parametrize("name", ["", "a/b", "../a", ".a", "-a", "a b", "a" * 101, "a\n"])
def test_a_name_that_cannot_be_a_folder_s_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=r"cannot name a run directory: expected letters, digits, '\.', '_' and '-'"):
        create(tmp_path / "runs", name)
    assert not (tmp_path / "runs").exists()


def test_a_root_that_is_a_file_is_reported(tmp_path: Path) -> None:
    (tmp_path / "runs").touch()
    with pytest.raises(NetlabError, match=r"^cannot read .*/runs: Not a directory$"):
        create(tmp_path / "runs", "a")


@pytest.mark.parametrize("files", [{"config.yaml": "", "no/such/folder": ""}])
def test_a_creation_that_fails_leaves_nothing(tmp_path: Path, files: dict[str, str]) -> None:
    with pytest.raises(NetlabError, match=r"^cannot write .*/a-1/no/such/folder: No such file or directory$"):
        create(tmp_path, "a", files)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "given").mkdir()
    with pytest.raises(NetlabError, match="cannot write"):
        create_at(tmp_path / "given", files)
    assert list((tmp_path / "given").iterdir()) == []


def test_a_run_is_created_at_a_given_place(tmp_path: Path) -> None:
    assert create_at(tmp_path / "new" / "place").name == "place"
    (tmp_path / "empty").mkdir()
    run = create_at(tmp_path / "empty", {"config.yaml": "x"})
    assert run.read("config.yaml") == "x"


def test_a_given_place_with_something_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").touch()
    with pytest.raises(UsageError, match=r"directory '.*/full': the folder is not empty; empty it, or choose another"):
        create_at(tmp_path / "full")
    run = create(tmp_path, "a")
    with pytest.raises(UsageError, match=r"directory '.*/a-1': a run is there; resume it, or choose another folder$"):
        create_at(run.path)
    with pytest.raises(UsageError, match=r"directory '.*/thesis\.txt': a file of that name exists$"):
        create_at(tmp_path / "full" / "thesis.txt")
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["thesis.txt"]


def test_of_many_that_want_one_place_one_gets_it(tmp_path: Path) -> None:
    refused: list[str] = []

    def attempt(number: int) -> int | None:
        try:
            create_at(tmp_path / "run", {"config.yaml": str(number)})
        except UsageError as error:
            refused.append(str(error))
            return None
        return number

    with ThreadPoolExecutor(8) as pool:
        winners = [number for number in pool.map(attempt, range(8)) if number is not None]
    assert len(winners) == 1
    assert len(refused) == 7
    assert all("another process has just made one there" in text or "a run is there" in text for text in refused)
    assert RunDirectory(tmp_path / "run").read("config.yaml") == str(winners[0])


def test_processes_that_create_runs_at_once_get_different_ones(tmp_path: Path) -> None:
    code = """
import sys
from pathlib import Path
from netlib.runs.directory import create
sys.stdin.readline()
for _ in range(25):
    print(create(Path(sys.argv[1]), "digits", {"config.yaml": "x"}).name)
"""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    children = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], **pipes) for _ in range(2)]
    for child in children:
        child.stdin.write("go\n")
        child.stdin.flush()
    names = [name for child in children for name in child.communicate()[0].split()]
    assert sorted(names) == sorted(f"digits-{number}" for number in range(1, 51))


def test_an_existing_run_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = create(tmp_path, "digits")
    assert open_run(run.path) == open_run(str(run.path)) == run
    monkeypatch.chdir(run.path)
    assert open_run(".").name == "digits-1"


def test_a_run_that_is_not_there_is_reported_with_those_that_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=r"^there is no run 'runs/digits-1'$") as caught:
        open_run("runs/digits-1")
    assert caught.value.exit_code == 2
    for _ in range(10):
        create(Path("runs"), "digits-mlp")
    with pytest.raises(UsageError, match=r"^there is no run 'runs/digits-mpl-3'; did you mean 'runs/digits-mlp-3'\?$"):
        open_run("runs/digits-mpl-3")
    with pytest.raises(UsageError, match=r"^there is no run 'digits-mlp-3'; did you mean 'runs/digits-mlp-3'\?$"):
        open_run("digits-mlp-3")
    with pytest.raises(
        UsageError, match=r"^there is no run 'runs/x'; the runs there: digits-mlp-3, .*-mlp-10, \.\.\.$"
    ):
        open_run("runs/x")
    with pytest.raises(
        UsageError,
        match=r"^'runs' is not a run directory \(it has no folder 'checkpoints'\); the runs there: runs/digits-",
    ):
        open_run("runs")
    Path("model.h5").touch()
    with pytest.raises(UsageError, match=r"^'model\.h5' is a file, not a run directory"):
        open_run("model.h5")
    with pytest.raises(UsageError, match=r"^cannot look for the run 'x+': File name too long$"):
        open_run("x" * 300)


def test_runs_are_listed_by_name_and_number(tmp_path: Path) -> None:
    assert runs_in(tmp_path / "missing") == []
    for _ in range(10):
        create(tmp_path, "b")
    create(tmp_path, "a")
    create_at(tmp_path / "my-run")
    (tmp_path / "README.md").touch()
    (tmp_path / "other").mkdir()
    assert [run.name for run in runs_in(tmp_path)] == ["a-1", *(f"b-{n}" for n in range(1, 11)), "my-run"]


def test_to_locate_a_run_nothing_heavy_is_imported() -> None:
    code = """
import sys
import netlib.runs.checkpoint, netlib.runs.directory, netlib.runs.environment
import netlib.runs.history, netlib.runs.locate, netlib.runs.pointers
heavy = {"numpy", "safetensors", "ml_dtypes", "pydantic", "polars", "tensorflow", "keras"} & set(sys.modules)
sys.exit(f"imported: {heavy}" if heavy else 0)
"""
    subprocess.run([sys.executable, "-c", code], check=True)


STARTING = """
import sys
from pathlib import Path
from netlib.runs.directory import create
print("ready", flush=True)
for line in sys.stdin:
    print(create(Path(line.strip()), "a", {"config.yaml": "x"}).name, flush=True)
"""


def test_processes_that_start_at_the_same_time_take_different_numbers(tmp_path):
    command = [sys.executable, "-c", STARTING]
    with ExitStack() as ended:
        starting = [
            ended.enter_context(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
            for _ in range(8)
        ]
        for process in starting:
            assert process.stdout.readline() == "ready\n"
        for time in range(10):
            root = tmp_path / str(time)
            for process in starting:
                process.stdin.write(f"{root}\n")
                process.stdin.flush()
            names = sorted(process.stdout.readline().strip() for process in starting)
            assert names == [f"a-{number}" for number in range(1, 9)]
            assert all(run.config.read_text() == "x" for run in runs_in(root))
        for process in starting:
            process.stdin.close()

"""Every file of a run is damaged or forged in many ways: what reads it says so, and does nothing else.

Nothing but an error for users, no hang, no large allocation, nothing written elsewhere, no process started. The seeds are fixed;
more of them were tried than are here.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mutations import EVIL_YAML, ODD, changed
from runs_read import QUICK, WHOLE, Guards, failures, files_of, make_run, replaced, without_data

from netlib.runs import plain

GUARDS: list[Guards] = []
"""One for the process: what listens to the system's calls cannot be taken away."""


@pytest.fixture(scope="module")
def guards(tmp_path_factory: pytest.TempPathFactory) -> Guards:
    if not GUARDS:
        GUARDS.append(Guards(tmp_path_factory.getbasetemp()))
    return GUARDS[0]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with every file that a run can have; nobody changes it but for a while."""
    return make_run(tmp_path_factory.mktemp("fuzz"))


@pytest.fixture(autouse=True)
def inside(made: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a forged path means is looked for in the folder of the run."""
    monkeypatch.chdir(made.parent)
    yield
    assert not list(made.parent.parent.rglob("escaped"))


def test_the_whole_run_is_read_without_an_error(made: Path, guards: Guards, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(made.parent.parent, tmp_path / "copy")) / "runs" / made.name
    for read in (QUICK | WHOLE).values():
        read(copy)


@pytest.mark.parametrize("seeds", [range(40), pytest.param(range(100, 180), marks=pytest.mark.slow)], ids=len)
def test_a_damaged_file_is_told_before_tensorflow_is_imported(made: Path, guards: Guards, seeds: range) -> None:
    files = files_of(made)
    found = []
    for seed in seeds:
        rng = random.Random(seed)
        name, other = rng.choice(files), rng.choice(files)
        content = changed(rng, name, (made / name).read_bytes(), (made / other).read_bytes())
        gone = without_data(made) if rng.random() < 0.4 else nullcontext()
        with replaced(made, name, content, sealed=rng.random() < 0.8), gone:
            found += [f"seed {seed}, {name}: {what}" for what in failures(made, QUICK, guards)]
    assert found == []


@pytest.mark.parametrize("seeds", [range(3), pytest.param(range(3, 8), marks=pytest.mark.slow)], ids=len)
def test_a_damaged_file_is_told_by_what_restores_the_network(made: Path, guards: Guards, seeds: range) -> None:
    newest = max(path.name for path in (made / "checkpoints").iterdir() if path.name.startswith("step-"))
    files = [name for name in files_of(made) if newest in name or "/" not in name]
    found = []
    for seed in seeds:
        rng = random.Random(seed)
        name = rng.choice(files)
        with replaced(made, name, changed(rng, name, (made / name).read_bytes()), sealed=True):
            found += [f"seed {seed}, {name}: {what}" for what in failures(made, WHOLE, guards)]
    assert found == []


@pytest.mark.parametrize("content", EVIL_YAML.values(), ids=EVIL_YAML)
def test_a_config_that_is_more_than_a_config_may_be_is_refused(made: Path, guards: Guards, content: bytes) -> None:
    readers = {name: QUICK[name] for name in ("check", "summary", "eval")}
    with replaced(made, "resolved.yaml", content, sealed=False):
        assert list(failures(made, readers, guards)) == []


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from([each for each in ODD if each != []]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_plain_values_of_any_kind_are_refused_or_read(made: Path, guards: Guards, data: st.DataObject) -> None:
    readers = {
        "data.json": ("summary", "predict"),
        "environment.json": ("data files", "eval", "runs", "compare"),
        "data_files.json": ("data files",),
        "header.json": ("outcome", "runs", "compare", "plot"),
        "result.json": ("outcome", "runs", "compare", "plot"),
        "failure.json": ("outcome", "runs that failed"),
        "class_weights.json": ("class weights",),
        "preprocessing.json": ("preprocessing", "predict"),
        "changes.jsonl": ("changes",),
        "metrics.jsonl": ("metrics", "runs", "compare", "plot"),
    }
    name = data.draw(st.sampled_from(sorted(readers)))
    content = plain.json.dumps(data.draw(VALUES)).encode()
    with replaced(made, name, content, sealed=True), without_data(made):
        assert list(failures(made, {each: QUICK[each] for each in readers[name]}, guards)) == []

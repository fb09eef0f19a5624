from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from netlib.runs import checkpoint, manifest
from netlib.runs.directory import RunDirectory
from netlib.runs.errors import CheckpointError

Groups = dict[str, dict[str, np.ndarray]]
FILES = ("model.safetensors", "optimizer.safetensors", "loop.safetensors", "state.json", "manifest.json")


@pytest.fixture
def written(run: RunDirectory, groups: Groups, state: dict[str, object]) -> Path:
    return checkpoint.write(run, 1234, groups, state, {"tied.kernel": "hidden.kernel"})


def assert_same(groups: Groups, expected: Groups) -> None:
    assert groups.keys() == expected.keys()
    for group, arrays in expected.items():
        assert groups[group].keys() == arrays.keys()
        for name, array in arrays.items():
            assert groups[group][name].dtype == array.dtype
            assert groups[group][name].shape == array.shape
            assert groups[group][name].tobytes() == array.tobytes()


def test_a_checkpoint_comes_back_as_it_was_written(written: Path, groups: Groups, state: dict[str, object]) -> None:
    assert written.name == "step-00001234"
    assert {path.name for path in written.iterdir()} == set(FILES)
    checkpoint.verify(written)
    found = checkpoint.read(written)
    assert found.step == 1234
    assert found.state == state
    assert found.aliases == {"tied.kernel": "hidden.kernel"}
    assert_same(found.groups, groups)


def test_a_checkpoint_may_be_in_a_folder_of_any_name(tmp_path: Path, groups: Groups, state: dict[str, object]) -> None:
    checkpoint.write_folder(tmp_path / "mine", 7, groups, state)
    found = checkpoint.read(tmp_path / "mine")
    assert (found.step, found.state, found.aliases) == (7, state, {})
    assert_same(found.groups, groups)


def test_equal_content_gives_equal_files(
    run: RunDirectory, written: Path, groups: Groups, state: dict[str, object]
) -> None:
    before = {path.name: path.read_bytes() for path in written.iterdir()}
    again = checkpoint.write(run, 1234, dict(reversed(groups.items())), state, {"tied.kernel": "hidden.kernel"})
    assert {path.name: path.read_bytes() for path in again.iterdir()} == before


def test_a_checkpoint_of_the_same_step_is_replaced(run: RunDirectory, written: Path) -> None:
    checkpoint.write(run, 1234, {"model": {"other": np.ones(2)}}, {})
    found = checkpoint.read(written)
    assert_same(found.groups, {"model": {"other": np.ones(2)}})
    assert (found.state, found.aliases) == ({}, {})
    assert [path.name for path in run.checkpoints.iterdir()] == ["step-00001234"]


def test_only_the_groups_that_are_asked_for_are_read_and_verified(written: Path, groups: Groups) -> None:
    flip(written / "optimizer.safetensors", -1)
    assert_same(checkpoint.read(written, groups=("model",)).groups, {"model": groups["model"]})
    assert checkpoint.read(written, groups=()).groups == {}
    with pytest.raises(CheckpointError, match=r"is damaged: optimizer\.safetensors has SHA-256"):
        checkpoint.read(written)
    with pytest.raises(
        CheckpointError,
        match=r"^checkpoint .* has no other\.safetensors \(it has: loop\.safetensors, model\.safetensors, .*, state\.json\)$",
    ):
        checkpoint.read(written, groups=("other",))


def test_a_checkpoint_may_be_copied_elsewhere_but_not_to_another_step(written: Path, tmp_path: Path) -> None:
    assert checkpoint.read(written.rename(tmp_path / "mine")).step == 1234
    renamed = (tmp_path / "mine").rename(tmp_path / "step-00000007")
    with pytest.raises(CheckpointError, match=r"^checkpoint .*/step-00000007 is damaged: state\.json is of step 1234$"):
        checkpoint.verify(renamed)


@pytest.mark.parametrize(
    ("groups", "step", "message"),
    [
        ({"optimizer": {}}, 1, r"expected 'model' and any of \('optimizer', 'loop'\) .*, got \['optimizer'\] and 1$"),
        ({"model": {}, "../x": {}}, 1, r"got \['../x', 'model'\] and 1$"),
        ({"model": {}}, -1, r"a step of at least 0, got \['model'\] and -1$"),
    ],
)
def test_what_no_checkpoint_can_hold_is_refused(run: RunDirectory, groups: Groups, step: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        checkpoint.write(run, step, groups, {})
    assert list(run.checkpoints.iterdir()) == []


def test_a_value_that_cannot_be_saved_leaves_nothing(run: RunDirectory) -> None:
    with pytest.raises(TypeError, match="array 'x' has dtype complex128"):
        checkpoint.write(run, 1, {"model": {}, "loop": {"x": np.zeros(1, complex)}}, {})
    with pytest.raises(TypeError, match=r"the value\['state'\]\['a'\] is of type set"):
        checkpoint.write(run, 1, {"model": {}}, {"a": {1}})
    assert list(run.checkpoints.iterdir()) == []


def test_steps_are_in_the_names_and_in_order(run: RunDirectory) -> None:
    for step in (999_999_999, 20, 100_000_000, 0, 3):
        checkpoint.write(run, step, {"model": {}}, {})
    for other in ("step-5", "step-000000007", "latest", "step-0000000x"):
        (run.checkpoints / other).mkdir()
    found = checkpoint.checkpoints_of(run)
    assert [checkpoint.step_of(path) for path in found] == [0, 3, 20, 100_000_000, 999_999_999]
    assert found[0].name == "step-00000000"


def test_leftovers_of_a_killed_writer_are_cleared(run: RunDirectory, written: Path) -> None:
    (run.checkpoints / ".step-00000009.writing").mkdir()
    (run.checkpoints / ".latest.01234567.tmp").touch()
    (run.path / ".summary.txt.01234567.tmp").touch()
    written.rename(run.checkpoints / ".step-00001234.replaced")
    checkpoint.clear_leftovers(run)
    assert [path.name for path in run.checkpoints.iterdir()] == ["step-00001234"]
    assert [path.name for path in run.path.iterdir()] == ["checkpoints"]


# Damage


def flip(file: Path, byte: int, bit: int = 0) -> None:
    content = bytearray(file.read_bytes())
    content[byte] ^= 1 << bit
    file.write_bytes(content)


def assert_flip_is_found(written: Path, name: str, byte: int, bit: int) -> None:
    whole = (written / name).read_bytes()
    flip(written / name, byte, bit)
    with pytest.raises(CheckpointError, match=r"^checkpoint .*/step-00001234 (is damaged: .|has format \d)"):
        checkpoint.verify(written)
    (written / name).write_bytes(whole)


@pytest.mark.parametrize("name", FILES)
def test_a_flipped_bit_is_found(written: Path, name: str) -> None:
    for byte in range((written / name).stat().st_size):
        assert_flip_is_found(written, name, byte, bit=byte % 8)
    checkpoint.verify(written)


@pytest.mark.slow
def test_every_flipped_bit_of_a_manifest_is_found(written: Path) -> None:
    for byte in range((written / "manifest.json").stat().st_size):
        for bit in range(8):
            assert_flip_is_found(written, "manifest.json", byte, bit)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("act", [checkpoint.verify, checkpoint.read])
def test_a_cut_file_is_found(written: Path, name: str, act: Callable[[Path], Any]) -> None:
    whole = (written / name).read_bytes()
    for length in range(0, len(whole) - 1, 5):
        (written / name).write_bytes(whole[:length])
        reason = (
            "its manifest.json is not JSON" if name == "manifest.json" else f"{name} has {length} bytes, its manifest"
        )
        with pytest.raises(CheckpointError, match=rf"^checkpoint .* is damaged: {reason}"):
            act(written)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_found(written: Path, name: str) -> None:
    (written / name).unlink()
    message = (
        r"^/.* is no checkpoint: it has no manifest\.json$"
        if name == "manifest.json"
        else f"damaged: {name} is missing$"
    )
    with pytest.raises(CheckpointError, match=message) as caught:
        checkpoint.verify(written)
    assert caught.value.exit_code == 1


def test_a_file_that_does_not_belong_is_found(written: Path) -> None:
    (written / "notes.txt").touch()
    with pytest.raises(CheckpointError, match=r"it has a file 'notes\.txt' that its manifest\.json does not list$"):
        checkpoint.read(written)


def test_a_file_that_is_a_link_to_elsewhere_is_refused(written: Path, tmp_path: Path) -> None:
    (written / "loop.safetensors").rename(tmp_path / "loop.safetensors")
    (written / "loop.safetensors").symlink_to(tmp_path / "loop.safetensors")
    with pytest.raises(CheckpointError, match=r"is damaged: loop\.safetensors is not a regular file$"):
        checkpoint.read(written)


def test_a_checkpoint_that_is_not_there_is_reported(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"^/.*/nothing is no checkpoint: it has no manifest\.json$"):
        checkpoint.read(tmp_path / "nothing")
    (tmp_path / "manifest.json").mkdir()
    with pytest.raises(CheckpointError, match=r"is damaged: its manifest\.json is not a regular file$"):
        checkpoint.read(tmp_path)


def change(folder: Path, edit: Callable[[dict[str, Any]], Any]) -> None:
    content = json.loads((folder / "manifest.json").read_text())
    edit(content)
    (folder / "manifest.json").write_text(json.dumps(content))


ENTRY = {"size": 1, "sha256": "0" * 64}
NOT_OURS = "its manifest.json is not what netlab writes"


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda m: m.update(format=2), "has format 2, this netlab reads format 1: it needs a newer netlab"),
        (lambda m: m.update(format=99, files="of another shape"), "has format 99, this netlab reads format 1"),
        (lambda m: m.update(format=0), NOT_OURS),
        (lambda m: m.update(format=True), NOT_OURS),
        (lambda m: m.update(format="1"), NOT_OURS),
        (lambda m: m.update(other=1), NOT_OURS),
        (lambda m: m.update(files=[]), NOT_OURS),
        (
            lambda m: m["files"].update({"../../../etc/passwd": ENTRY}),
            "lists '../../../etc/passwd', which no checkpoint has",
        ),
        (lambda m: m["files"].update({"/etc/passwd": ENTRY}), "lists '/etc/passwd', which no checkpoint has"),
        (lambda m: m["files"].update({"manifest.json": ENTRY}), "lists 'manifest.json', which no checkpoint has"),
        (lambda m: m["files"].pop("state.json"), "its manifest.json does not list state.json"),
        (lambda m: m["files"].pop("model.safetensors"), "its manifest.json does not list model.safetensors"),
        (lambda m: m["files"].update({"state.json": [1]}), "does not give the size and sha256 of state.json"),
        (lambda m: m["files"]["state.json"].update(size=1.0), "does not give the size and sha256 of state.json"),
        (lambda m: m["files"]["state.json"].update(sha256=1), "does not give the size and sha256 of state.json"),
        (lambda m: m["files"]["state.json"].update(size=10**30), f"bytes, its manifest.json says {10**30}"),
    ],
)
def test_a_manifest_that_is_not_ours_is_refused(
    written: Path, edit: Callable[[dict[str, Any]], Any], message: str
) -> None:
    change(written, edit)
    with pytest.raises(CheckpointError, match=re.escape(message)):
        checkpoint.read(written)


@pytest.mark.parametrize("content", [b"[1]", b"3", b"null"])
def test_a_manifest_that_is_no_mapping_is_refused(written: Path, content: bytes) -> None:
    (written / "manifest.json").write_bytes(content)
    with pytest.raises(CheckpointError, match=NOT_OURS):
        checkpoint.read(written)


@pytest.mark.parametrize("content", [b"[" * 60_000, b" " * 10**6, b"\xff", b"9" * 10_000])
def test_a_manifest_that_is_no_json_is_refused(written: Path, content: bytes) -> None:
    (written / "manifest.json").write_bytes(content)
    with pytest.raises(CheckpointError, match=r"its manifest\.json is not JSON$"):
        checkpoint.read(written)


def forge(folder: Path, name: str, content: bytes) -> None:
    """Somebody's own content, with a manifest that fits it."""
    (folder / name).write_bytes(content)
    (folder / "manifest.json").unlink()
    manifest.write(folder)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"[" * 100_000, r"state\.json cannot be read \(it is nested too deeply\)$"),
        (b"[]", r"state\.json cannot be read \(list indices"),
        (b"{}", r"state\.json cannot be read \('step'\)$"),
        (b'{"step": "7", "state": {}}', r"state\.json does not hold a step and a state$"),
        (b'{"step": 1234, "state": []}', r"state\.json does not hold a step and a state$"),
    ],
)
def test_a_forged_state_is_refused(written: Path, content: bytes, message: str) -> None:
    forge(written, "state.json", content)
    for act in (checkpoint.verify, checkpoint.read):
        with pytest.raises(CheckpointError, match=message):
            act(written)


def test_a_forged_array_file_is_refused(written: Path) -> None:
    header = json.dumps({"a": {"dtype": "F32", "shape": [2**40], "data_offsets": [0, 2**42]}}).encode()
    forge(written, "model.safetensors", len(header).to_bytes(8, "little") + header)
    with pytest.raises(CheckpointError, match=r"^checkpoint .* cannot be read: .*/model\.safetensors is damaged: "):
        checkpoint.read(written, groups=("model",))

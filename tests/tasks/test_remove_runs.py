from __future__ import annotations

import os

import pytest

from netlib.runs.directory import RunDirectory
from netlib.runs.lock import alone
from netlib.spec.errors import NetlabError, UsageError
from netlib.tasks.remove_runs import doomed, remove_run


@pytest.fixture
def run(logged_run, tmp_path):
    return logged_run(tmp_path / "runs" / "tiny-1")


def test_a_run_goes_with_all_of_its_files_and_its_size_was_told(run):
    (run / "checkpoints" / "step-00000000" / "model.safetensors").write_bytes(b"x" * 1000)
    total = sum(file.stat().st_size for file in run.rglob("*") if file.is_file())
    [found] = doomed([run, run / ".." / "tiny-1"])
    assert (found.bytes, found.overview.best) == (total, 0.5)
    remove_run(found)
    assert list(run.parent.iterdir()) == []


def test_links_go_and_what_they_lead_to_stays(run, tmp_path):
    outside = tmp_path / "data"
    outside.mkdir()
    (outside / "precious.csv").write_text("1,2")
    (run / "data").symlink_to(outside)
    (run / "checkpoints" / "file").symlink_to(outside / "precious.csv")
    remove_run(*doomed([run]))
    assert (outside / "precious.csv").read_text() == "1,2"
    assert not run.exists()


def test_a_link_to_a_run_is_refused(run, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(run)
    with pytest.raises(UsageError, match=r"link' is a link to '.*tiny-1': remove the link yourself, or name the run"):
        doomed([link])


def test_checkpoints_behind_a_link_are_refused(run, tmp_path):
    (run / "checkpoints").rename(tmp_path / "elsewhere")
    (run / "checkpoints").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UsageError, match="its checkpoints are a link"):
        doomed([run])


def test_what_is_no_run_is_refused(run, tmp_path):
    with pytest.raises(UsageError, match=r"is not a run directory \(it has no folder 'checkpoints'\)"):
        doomed([run, tmp_path])
    project = tmp_path / "project"
    (project / "checkpoints").mkdir(parents=True)
    with pytest.raises(UsageError, match=r"it has no resolved\.yaml, as every run has; look what it is"):
        doomed([project])
    assert run.exists()


def test_one_that_is_being_trained_is_refused_then_and_at_the_last_moment(run):
    found = doomed([run])
    with alone(RunDirectory(run)):
        with pytest.raises(UsageError, match="is being trained by another process"):
            doomed([run])
        with pytest.raises(UsageError, match="is being trained by another process"):
            remove_run(*found)
    assert (run / "metrics.jsonl").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is refused to the superuser")
def test_a_folder_that_may_not_be_changed(run):
    found = doomed([run])
    run.parent.chmod(0o555)
    try:
        with pytest.raises(NetlabError, match=r"cannot remove .*Permission denied"):
            remove_run(*found)
    finally:
        run.parent.chmod(0o755)


def test_what_a_kill_leaves_is_no_run(run, monkeypatch):
    import shutil

    remove, calls = shutil.rmtree, []

    def killed(path):
        calls.append(path)
        if len(calls) > 1:
            raise KeyboardInterrupt
        remove(path)

    monkeypatch.setattr(shutil, "rmtree", killed)
    with pytest.raises(KeyboardInterrupt):
        remove_run(*doomed([run]))
    [left] = run.parent.iterdir()
    assert left.name.startswith(".tiny-1.")
    assert not (left / "checkpoints").exists()

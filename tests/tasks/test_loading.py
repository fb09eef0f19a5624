"""`train.load`: checked before anything runs, loaded when a run begins, and never again."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from netlib.config.load import load
from netlib.config.problems import ConfigError
from netlib.runs import checkpoint, tensors
from netlib.spec.errors import UsageError
from netlib.tasks.check import check
from netlib.tasks.evaluate import evaluate
from netlib.tasks.summarise import summarise
from netlib.tasks.train import TrainResult, train

TEXT = """\
name: fine
seed: 4
data: {source: digits, validation: 0.2, test: 0.2, batch_size: 64, preprocess: {image: Standardize}}
model:
  - {Sequential: [Flatten, {Dense: {units: 8, activation: relu}, name: hidden}], name: body}
  - {Dense: 10, name: digit}
train:
  epochs: 2
  loss: sparse_categorical_crossentropy
  execution: graph
  load: LOAD
"""
MAPPED = '{from: SOURCE, map: {"hidden.*": "body.hidden.*"}, only: [body]}'
Write = Callable[..., Path]


@pytest.fixture
def source(copied: Callable[[TrainResult], Path], short: TrainResult) -> Path:
    return copied(short)


@pytest.fixture
def fine(write: Write) -> Callable[[Any], Path]:
    """Writes the config with a `load`, where SOURCE stands for a path."""

    def make(source: object, form: str = MAPPED, *replaced: tuple[str, str]) -> Path:
        return write(("LOAD", form.replace("SOURCE", str(source))), *replaced, text=TEXT, name="fine.yaml")

    return make


def test_a_training_begins_with_the_best_weights_of_a_run(source, fine, tmp_path, recorder, weights):
    config = fine("runs/" + source.name)  # as seen from the config
    run = train(config, ["train.checkpoint.keep_last=9"], runs_root=tmp_path / "new", listeners=[recorder]).run
    best = source / "checkpoints" / (source / "checkpoints" / "best").read_text().strip()
    first = checkpoint.read(run / "checkpoints" / checkpoint.name_of(0)).groups["model"]
    saved = tensors.load(best / "model.safetensors")
    assert (first["body.hidden.kernel"] == saved["hidden.kernel"]).all()
    assert (first["body.hidden.bias"] == saved["hidden.bias"]).all()
    assert first["digit.kernel"].shape == saved["head.kernel"].shape
    assert not (first["digit.kernel"] == saved["head.kernel"]).all()
    said = next(text for text in recorder.of("message") if text.startswith("loaded"))
    assert said.startswith("loaded 2 of 2 weights (520 values) from ")
    assert said.endswith("renamed 2; 2 saved ones not used: head.bias, head.kernel")
    assert said in (run / "log.txt").read_text().splitlines()
    assert json.loads((run / "environment.json").read_text())["loaded"] == {
        "from": str(best),
        "step": checkpoint.step_of(best),
        "sha256": hashlib.sha256((best / "model.safetensors").read_bytes()).hexdigest(),
        "weights": 2,
    }
    assert load(run / "resolved.yaml").train.load.source == str(source)


def test_to_begin_with_the_weights_that_the_seed_gives_changes_no_bit(write, tmp_path, weights):
    plain = train(write(), ["train.checkpoint.keep_last=9"], runs_root=tmp_path / "a").run
    begun = train(
        write(), [f"train.load={plain / 'checkpoints' / checkpoint.name_of(0)}"], runs_root=tmp_path / "b"
    ).run
    for file in ("model.safetensors", "optimizer.safetensors", "loop.safetensors"):
        assert weights(begun, file=file) == weights(plain, file=file)


def test_a_run_goes_on_and_is_measured_when_the_source_is_gone(source, fine, tmp_path, weights):
    config = fine(source)
    through = train(config, ["train.epochs=3"], runs_root=tmp_path / "new").run
    cut = train(config, ["train.epochs=1"], runs_root=tmp_path / "new").run
    shutil.rmtree(source)
    done = train(None, ["train.epochs=3"], resume=cut)
    for file in ("model.safetensors", "optimizer.safetensors", "loop.safetensors"):
        assert weights(cut, file=file) == weights(through, file=file)
    assert evaluate(str(cut)).metrics["loss"] == pytest.approx(done.metrics["test"]["loss"])
    assert summarise(cut).totals.parameters.total == 610
    assert (cut / "log.txt").read_text().count("loaded 2 of 2 weights") == 1


def test_every_misfit_is_told_at_its_place_before_tensorflow_is_imported(source, fine):
    config = fine(source, "SOURCE")
    for statement in (
        f"from netlib.tasks.check import check; (r,) = check([Path({str(config)!r})]); print(r.problems[0].message)",
        f"from netlib.tasks.summarise import summarise; summarise(Path({str(config)!r}))",
        f"from netlib.tasks.train import train; train({str(config)!r})",
    ):
        code = f"""
import sys
from pathlib import Path
try:
    {statement}
except Exception as error:
    print(error)
assert not {{"tensorflow", "numpy"}} & set(sys.modules)
"""
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        assert "4 missing: 'body.hidden.kernel' [64, 8], 'body.hidden.bias' [8], 'digit.kernel' [8, 10]" in done.stdout
        assert 'One rule finds 2 of the 4: map: {"**": "body.**"}' in done.stdout
    (report,) = check([config])
    (problem,) = report.problems
    assert (problem.where, problem.severity, report.graph) == (f"{config}:11:3", "error", None)
    assert not list(config.parent.glob("runs/fine*"))


def test_a_selector_that_fits_nothing_is_told_at_itself(source, fine):
    config = fine(source, MAPPED.replace("[body]", "[bdy]"))
    (problem,) = check([config])[0].problems
    line = config.read_text().splitlines()[10]
    assert problem.where == f"{config}:11:{line.index('bdy') + 1}"


def test_weights_that_are_not_there_yet_are_a_warning_of_a_check_and_an_error_of_a_training(fine, tmp_path):
    config = fine(tmp_path / "runs" / "none")
    (report,) = check([config])
    assert (report.errors, report.warnings) == (0, 1)
    assert "there is no run '" in report.problems[0].message
    assert summarise(config).totals.parameters.total == 610
    with pytest.raises(ConfigError, match=r"fine\.yaml:11:3: error: there is no run '") as caught:
        train(config, runs_root=tmp_path / "new")
    assert isinstance(caught.value, UsageError)
    assert not (tmp_path / "new").exists()


def test_a_damaged_source_is_an_error_and_nothing_is_written(source, fine, tmp_path):
    best = source / "checkpoints" / (source / "checkpoints" / "best").read_text().strip() / "model.safetensors"
    content = bytearray(best.read_bytes())
    content[-1] ^= 1
    best.write_bytes(content)
    with pytest.raises(Exception, match=r"model\.safetensors has SHA-256"):
        train(fine(source), runs_root=tmp_path / "new")
    best.write_bytes(content[:50])
    with pytest.raises(ConfigError, match=r"fine\.yaml:11:3: error: checkpoint .* is damaged"):
        train(fine(source), runs_root=tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_what_only_keras_knows_is_compared_once_it_is_asked(source, fine, tmp_path):
    layer = ("- {Dense: 10, name: digit}", "- {keras.layers.Dense: {units: 10}, name: digit}")
    form = 'SOURCE, map: {"hidden.*": "body.hidden.*", "head.*": "digit.*"}'
    right = train(fine(source, f"{{from: {form}}}", layer), dry_run=True)
    assert right.steps == 2
    layer = (layer[0], layer[1].replace("10", "11"))
    config = fine(source, f"{{from: {form}}}", layer)
    assert check([config])[0].errors == 0
    with pytest.raises(ConfigError, match=r"'digit\.kernel' is \[8, 11\] and saved as \[8, 10\]"):
        train(config, runs_root=tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_path_takes_no_dollar_and_comes_back_from_the_resolved_config(write, tmp_path):
    config = write(("LOAD", "{from: $old, map: {'a$.**': 'b.**'}}"), text=TEXT)
    experiment = load(config)
    assert experiment.train.load.source == str(tmp_path / "$old")
    plain = experiment.resolved()["train"]["load"]
    assert plain == {"from": str(tmp_path / "$old"), "map": {"a$.**": "b.**"}, "only": None, "partial": False}
    assert load(write(("LOAD", "null"), text=TEXT)).resolved()["train"]["load"] is None


def test_a_path_on_the_command_line_is_seen_from_the_current_folder(write, tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert load(write(), ["train.load=runs/a"]).train.load.source == str(tmp_path / "here" / "runs" / "a")

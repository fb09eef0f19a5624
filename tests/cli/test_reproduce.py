from __future__ import annotations

import json
import shutil

import pytest

STATEFUL = "train.optimizer={Nadam: {learning_rate: {CosineDecay: {initial_learning_rate: 0.01, decay_steps: 40}}}}"
AVERAGES = "train.callbacks=[{EMA: 0.9}]"


def records(run):
    lines = map(json.loads, (run / "metrics.jsonl").read_text().splitlines())
    return [
        {key: value for key, value in line.items() if key not in ("seconds", "samples_per_second")} for line in lines
    ]


def tensors(run):
    files = run.glob("checkpoints/step-*/*.safetensors")
    return {str(path.relative_to(run)): path.read_bytes() for path in files}


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["graph", "xla"])
def test_a_run_is_repeated_from_its_resolved_config_to_the_bit(netlab, config, tmp_path, mode):
    words = ("train", config, "train.epochs=3", f"train.execution={mode}", STATEFUL, AVERAGES, "--quiet")
    first = netlab(*words, "--run-dir", tmp_path / "first")
    assert first.returncode == 0, first.stderr
    second = netlab("train", tmp_path / "first/resolved.yaml", "--quiet", "--run-dir", tmp_path / "second")
    assert second.returncode == 0, second.stderr
    assert records(tmp_path / "first") == records(tmp_path / "second")
    assert tensors(tmp_path / "first") == tensors(tmp_path / "second") != {}
    found = netlab("reproduce", tmp_path / "first", "--json")
    assert found.returncode == 0, found.stderr
    said = json.loads(found.stdout)
    assert (said["same"], said["records"], said["difference"], said["part"]) == (True, 4, None, None)
    assert said["again"] == str(tmp_path / "tiny-1")
    assert [line for line in said["environment"] if not line.startswith("git ")] == []


@pytest.mark.slow
def test_what_is_not_the_same_ends_with_1(netlab, config, tmp_path):
    run = tmp_path / "run"
    assert netlab("train", config, "train.execution=graph", "--quiet", "--run-dir", run).returncode == 0
    same = netlab("reproduce", run, "--quiet")
    assert (same.returncode, same.stderr) == (0, "")
    assert same.stdout == f"the same to the bit: 3 records of metrics, step-00000034\n{tmp_path}/tiny-1\n"
    other = shutil.copytree(run, tmp_path / "other")
    lines = (other / "metrics.jsonl").read_text().splitlines()
    record = json.loads(lines[1])
    record["validation"]["loss"] += 1e-9
    (other / "metrics.jsonl").write_text("\n".join([lines[0], json.dumps(record), lines[2]]) + "\n")
    facts = json.loads((other / "environment.json").read_text())
    facts["versions"]["numpy"] = "1.0"
    (other / "environment.json").write_text(json.dumps(facts))
    found = netlab("reproduce", other)
    assert found.returncode == 1
    first, second, third, _ = found.stdout.splitlines()
    assert first.startswith("not the same: epoch 2, step 34: validation.loss was ")
    assert second == "step-00000034: the same"
    assert third.startswith("the environment is another: numpy: 1.0 -> ")
    assert "numpy: 1.0 -> " in found.stderr
    assert "Traceback" not in found.stderr


def test_what_is_no_run(netlab, tmp_path, config):
    done = netlab("reproduce", tmp_path / "none")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: there is no run ")
    done = netlab("reproduce", config)
    assert done.returncode == 2
    assert "is a file, not a run directory" in done.stderr

"""The process that tries TensorFlow out: imports it, trains a tiny network, resumes and exports it, in the current folder.

Each thing that was tried is a line of JSON on stdout, a `Finding`. What is wrong with one is in its line, and the next is tried.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

from netlib.spec.errors import NetlabError
from netlib.spec.finding import Finding

CONFIG = """\
name: self-test
seed: 1
data: {source: digits, validation: 0.2, batch_size: 64}
model:
  - Flatten
  - Dense: {units: 32, activation: relu}
    name: hidden
  - Dense: {units: 10}
    name: digit
train: {epochs: 3, loss: sparse_categorical_crossentropy}
"""
TOLERANCE = 1e-4
"""Of probabilities, between the exported model and NumPy."""
_REINSTALL = "pip install --force-reinstall 'tensorflow>=2.21,<2.22'"


def main() -> None:
    """Tries everything; with `--quick` only the import."""
    if not _tell("import", _imported) or "--quick" in sys.argv[1:]:
        return
    Path("self_test.yaml").write_text(CONFIG, encoding="utf-8")
    _tell("train in xla", partial(_trained, "xla"))
    _tell("train in graph", partial(_trained, "graph"))
    _tell("save and resume", _resumed)
    _tell("export", _exported)


def _tell(name: str, attempt: Callable[[], Finding]) -> bool:
    """Prints what was found, with the seconds that it took; whether it is sound."""
    began = time.perf_counter()
    try:
        found = attempt()
    except Exception as error:  # whatever it is: it is what somebody has to know
        own = isinstance(error, NetlabError)
        text = str(error) if own else f"{type(error).__name__}: {error}"
        found = Finding(name, " ".join(text.split()), "broken", _REINSTALL if name == "import" else "")
    else:
        found = replace(found, value=f"{found.value}, {time.perf_counter() - began:.1f} s")
    print(json.dumps(asdict(found)), flush=True)
    return found.state != "broken"


def _imported() -> Finding:
    import tensorflow as tf

    from netlib.training.environment import devices

    found = ", ".join(["CPU", *devices()])
    return Finding("import", f"TensorFlow {tf.__version__} on {found}")


def _trained(execution: str) -> Finding:
    """Whether the loss falls."""
    run = _train(execution, "epochs=3", run_dir=Path(execution))
    first, *_, last = _losses(run)
    falls = last < first
    value = f"loss {first:.3f} -> {last:.3f}"
    hint = (
        "" if falls else "the same network learns elsewhere: please report it with the output of 'netlab doctor --json'"
    )
    return Finding(f"train in {execution}", value, "ok" if falls else "broken", hint)


def _resumed() -> Finding:
    """Whether one epoch and two more end with the same bits as three."""
    from netlib.runs.directory import RunDirectory
    from netlib.tasks.repeating import compare
    from netlib.tasks.train import train

    _train("graph", "epochs=1", run_dir=Path("resumed"))
    train(None, ["train.epochs=3"], resume=Path("resumed"))
    found = compare(RunDirectory(Path("graph")), RunDirectory(Path("resumed")))
    if found.same:
        return Finding("save and resume", "the same to the bit")
    return Finding("save and resume", f"other bits: {found.difference or 'of the weights'}", "broken")


def _exported() -> Finding:
    """Whether the SavedModel gives what NumPy computes from the weights that were written beside it."""
    import numpy as np
    import tensorflow as tf
    from safetensors.numpy import load_file

    from netlib.tasks.export import export

    export("graph", Path("exported"), Path("weights.safetensors"))
    weights = load_file("weights.safetensors")
    rows = np.random.default_rng(0).uniform(0, 16, (4, 8, 8, 1)).astype("float32")
    loaded = tf.saved_model.load("exported")
    signature = loaded.signatures["serving_default"]
    (given,) = signature.structured_input_signature[1].values()
    rows = rows.reshape(-1, *given.shape[1:])
    (probabilities,) = signature(**{given.name: tf.constant(rows, given.dtype)}).values()
    error = float(np.abs(_softmax(weights, rows) - probabilities.numpy()).max())
    sound = error <= TOLERANCE
    value = f"loads without netlab, {error:.0e} from NumPy"
    return Finding("export", value, "ok" if sound else "broken")


def _softmax(weights: Any, rows: Any) -> Any:
    """The network of the config in NumPy: what it says to each row."""
    import numpy as np

    hidden = np.maximum(rows.reshape(len(rows), -1) @ weights["hidden.kernel"] + weights["hidden.bias"], 0)
    logits = hidden @ weights["digit.kernel"] + weights["digit.bias"]
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def _train(execution: str, *changes: str, run_dir: Path) -> Path:
    from netlib.tasks.train import train

    train("self_test.yaml", [f"train.execution={execution}", *(f"train.{each}" for each in changes)], run_dir=run_dir)
    return run_dir


def _losses(run: Path) -> list[float]:
    from netlib.runs import history
    from netlib.runs.directory import RunDirectory

    return [record["train"]["loss"] for record in history.read(RunDirectory(run)).records if "train" in record]


if __name__ == "__main__":
    main()

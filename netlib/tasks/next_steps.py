"""The commands that may come after a training."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterator
from importlib.util import find_spec

from netlib.runs.going_on import resume_command
from netlib.spec.callbacks import TensorBoard
from netlib.tasks.plan import TrainPlan
from netlib.tasks.plugins import plugin_options
from netlib.tasks.resume import more_of
from netlib.tasks.train import TrainResult
from netlib.training.budget import SPENT


def next_steps(plan: TrainPlan, result: TrainResult) -> Iterator[tuple[str, str]]:
    """In a word or two what one may do, and its command; nothing after a training that wrote no run."""
    if result.run is None:
        return
    run, data, train = str(result.run), plan.config.data, plan.config.train
    plugins = plugin_options(plan.config.experiment)
    split = next((split for split in ("test", "validation") if data.has(split)), "train")
    yield "measure", _netlab("eval", "--checkpoint", run, *([] if split == "test" else ["--split", split]), *plugins)
    yield "predict", _netlab("predict", "--checkpoint", run, "--input", "FILE", *plugins)
    yield "plot", _netlab("plot", run)
    if result.reason == SPENT:
        # The seconds are those of this start alone: the time is spent where nothing else is.
        more = more_of(train, result.epochs, result.steps, 0.0) or more_of(train, result.epochs, result.steps, math.inf)
        yield "train more", resume_command(result.run, *more, *plugins)
    if any(isinstance(spec, TensorBoard) for spec in train.callbacks):
        if not find_spec("tensorboard"):
            yield "install", "pip install 'netlab[tensorboard]'"
        yield "TensorBoard", shlex.join(["tensorboard", "--logdir", f"{run}/tensorboard"])


def _netlab(*words: str) -> str:
    return shlex.join(["netlab", *words])

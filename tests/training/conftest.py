"""Data, and trainings that can be set back to their beginning, so that what is compiled serves several tests."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from netlib.data.arrays import Array, Arrays, Values
from netlib.runs.directory import RunDirectory, create
from netlib.spec.tensors import TensorSpec
from netlib.spec.training import TrainSpec
from netlib.training.environment import configure
from netlib.training.job import Fit
from netlib.training.loop import DeviceData
from netlib.training.model import Model
from netlib.training.setup import Engine, heads_of, make_engine, prepare

ROWS, FEATURES, CLASSES = 90, 6, 3
MLP = [{"Dense": {"units": 8, "activation": "relu"}, "name": "hidden"}, {"Dense": CLASSES, "name": "head"}]
DROPPING = [MLP[0], {"Dropout": 0.3}, MLP[1]]


@pytest.fixture(scope="session", autouse=True)
def _deterministic() -> None:
    configure(None)


def _blobs(rows: int = ROWS, seed: int = 0) -> Arrays:
    random = np.random.default_rng(seed)
    x = random.normal(size=(rows, FEATURES)).astype(np.float32)
    y = (x @ random.normal(size=(FEATURES, CLASSES))).argmax(axis=1).astype(np.int32)
    return Arrays({"input": x}, {"target": y})


@pytest.fixture(scope="session")
def blobs() -> Callable[..., Arrays]:
    """Makes (rows, seed) samples of six numbers and three classes."""
    return _blobs


class Rows:
    """A source whose samples are rows of arrays; `before` sees the numbers of those that are asked for."""

    def __init__(self, data: Arrays, chunk: int, before: Callable[[Array], object]) -> None:
        self.rows = len(data)
        self.chunk = chunk
        self.row_bytes = sum(values[:1].nbytes for values in (*data.inputs.values(), *data.targets.values()))
        self._data, self._before = data, before

    def take(self, numbers: Array) -> Arrays:
        self._before(numbers)
        return self._data.take(numbers)

    def some(self, name: str, numbers: Array) -> Values:
        raise NotImplementedError(name)

    def parts(self) -> Array | None:
        return None

    def fingerprint(self) -> str:
        return "0"

    def notes(self) -> Collection[str]:
        return ()


@pytest.fixture(scope="session")
def rows_of() -> type[Rows]:
    """Makes (data, chunk, before) a source that is read in parts."""
    return Rows


@dataclass
class Lab:
    """A training whose weights, optimizer and metrics can be set back."""

    engine: Engine
    data: Arrays
    first: list[np.ndarray]

    def reset(self) -> Lab:
        for variable, value in zip(self._variables(), self.first, strict=True):
            variable.assign(value)
        return self

    def job(self, data: Arrays | None = None, validation: Arrays | None = None, **options: Any) -> Fit:
        """Ready to run; options that are keys of a `train` section change those of the engine."""
        keys = {key: options.pop(key) for key in set(options) & set(TrainSpec.model_fields) - {"callbacks"}}
        train = TrainSpec.parse({**self.engine.train.to_plain(), **keys})
        order = {key: options.pop(key) for key in ("shuffle", "drop_remainder") if key in options}
        feed = self.engine.feed(data or self.data, **order)
        return prepare(self.engine, feed, DeviceData(validation) if validation else None, train=train, **options)

    def weights(self) -> dict[str, np.ndarray]:
        return self.engine.model.state_dict()

    def _variables(self) -> list[Any]:
        slots = [variable.value for variable in self.engine.optimizer.variables]
        scale = self.engine.scale.named_variables().values() if self.engine.scale else ()
        return [*self.engine.model.variables, *slots, *self.engine.meters.named_variables().values(), *scale]


MakeLab = Callable[..., Lab]


def _lab(nodes: Any = None, data: Arrays | None = None, batch_size: int = 16, **settings: Any) -> Lab:
    data = data or _blobs()
    section = nodes if isinstance(nodes, dict) else {"nodes": nodes or DROPPING}
    model = Model(**section, seed=5)
    model.ensure_built(*(TensorSpec((None, *a.shape[1:]), a.dtype.name) for a in data.inputs.values()))
    words = {"loss": "sparse_categorical_crossentropy", "optimizer": {"Adam": 0.01}, "epochs": 1, "execution": "graph"}
    train = TrainSpec.parse({**words, **settings})
    lab = Lab(make_engine(model, train, heads_of(model, train, data), batch_size, seed=5), data, [])
    lab.first = [variable.numpy() for variable in lab._variables()]
    return lab


@pytest.fixture(scope="session")
def make_lab() -> MakeLab:
    """A new training: `make_lab(nodes, data, batch_size, loss=..., optimizer=..., ...)`."""
    return _lab


@pytest.fixture(scope="session", params=["xla", "graph"])
def _mode_lab(request: pytest.FixtureRequest) -> Lab:
    return _lab(execution=request.param, metrics=["accuracy"])


@pytest.fixture
def mode_lab(_mode_lab: Lab) -> Lab:
    """An MLP with dropout and Adam, at its beginning, in each compiled mode."""
    return _mode_lab.reset()


@pytest.fixture(scope="session")
def _graph_lab() -> Lab:
    return _lab(metrics=["accuracy"])


@pytest.fixture
def lab(_graph_lab: Lab) -> Lab:
    """The same in graph mode alone, which compiles fast."""
    return _graph_lab.reset()


@pytest.fixture
def run(tmp_path: Any) -> RunDirectory:
    """A run directory."""
    return create(tmp_path / "runs", "lab")


class Recorder:
    """A listener that keeps what it hears, and may do something on the way."""

    def __init__(self, react: Callable[[str, tuple[Any, ...]], None] | None = None) -> None:
        self.events: list[tuple[str, tuple[Any, ...]]] = []
        self._react = react

    def __getattr__(self, event: str) -> Callable[..., None]:
        def hear(*details: Any) -> None:
            self.events.append((event, details))
            if self._react:
                self._react(event, details)

        return hear

    def names(self) -> list[str]:
        return [name for name, _ in self.events]

    def of(self, event: str) -> list[tuple[Any, ...]]:
        return [details for name, details in self.events if name == event]


@pytest.fixture
def recorder() -> type[Recorder]:
    """Makes listeners that record."""
    return Recorder

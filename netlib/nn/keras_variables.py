"""A module's variables as Keras's own: for each `tf.Variable` the one `keras.Variable` that shares it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from weakref import WeakValueDictionary

import keras
import tensorflow as tf

from netlib.nn import calls
from netlib.nn.layer import Layer
from netlib.nn.random import fresh_state
from netlib.nn.tree import Entry, Tree
from netlib.spec.errors import UsageError

_faces: WeakValueDictionary[int, Any] = WeakValueDictionary()
"""By the id of its `tf.Variable`, which it keeps alive: a variable in two wrapped modules is one to Keras's optimizers too."""


class KerasVariables:
    """The variables of a module as Keras sees them.

    Those of Keras layers inside are their own ones, so that a layer that is also used elsewhere is not counted twice.

    Attributes:
        own: those that no Keras layer inside counts among its weights, by path.
        keras_layers: the Keras layers inside, not those inside of them.
    """

    def __init__(self, module: tf.Module) -> None:
        self.module = module
        tree = Tree(module)
        self.keras_layers = [entry.value for entry in tree.modules if _is_keras(entry) and not _in_keras(entry)]
        theirs = {id(v.value): v for layer in self.keras_layers for v in layer.variables}
        weights = {id(v.value) for layer in self.keras_layers for v in layer.weights}
        self.own = {
            entry.path: theirs[id(entry.value)] if id(entry.value) in theirs else _face(entry)
            for entry in tree.variables
            if id(entry.value) not in weights
        }
        self._made = {path for path, face in self.own.items() if id(face.value) not in theirs}
        self._known = {id(entry.value) for entry in tree.variables}
        self._set_penalties(tree)

    @property
    def number(self) -> int:
        """How many variables there are."""
        return len(self._known)

    def _set_penalties(self, tree: Tree) -> None:
        layers = [entry.value for entry in tree.modules if isinstance(entry.value, Layer)]
        penalties = {id(variable): penalty for layer in layers for variable, penalty in layer.regularized}
        for entry in tree.variables:
            if entry.path in self._made:
                self.own[entry.path].regularizer = _penalty(penalties.get(id(entry.value)))

    def update_flags(self, trainable: bool) -> None:
        """Tells Keras which variables are trained: those that are not frozen in the module, if `trainable`.

        Raises:
            UsageError: the module has got variables since Keras built it.
        """
        for entry in Tree(self.module).variables:
            if id(entry.value) not in self._known:
                raise UsageError(
                    f"{self.module.name} has got a variable '{entry.path}' since Keras built it, which Keras would not"
                    f" train; make all variables first, then call as_keras again"
                )
            if entry.path in self._made:
                self.own[entry.path].trainable = trainable and entry.trainable

    def unknown(self, used: Iterable[tf.Variable]) -> list[str]:
        """Name and shape of the variables that a call uses and that are in no tree."""
        theirs = (variable.value for layer in self.keras_layers for variable in layer.metrics_variables)
        known = self._known | {id(variable) for variable in (*theirs, fresh_state())}
        return [f"'{v.name.partition(':')[0]}' {tuple(v.shape)}" for v in used if id(v) not in known]

    def refuse_unknown(self, used: Iterable[tf.Variable]) -> None:
        """Refuses a variable that a call uses and that is in no tree.

        Raises:
            UsageError: there is one.
        """
        if unknown := self.unknown(used):
            raise UsageError(
                f"{self.module.name} uses variables that none of its attributes leads to, so that Keras would neither train"
                f" nor save them: {', '.join(unknown)}; make them attributes of the module that uses them"
            )

    def refuse_other_values(self) -> None:
        """Refuses to compute with values that are not those of the variables, as Keras's `stateless_call` asks.

        Raises:
            UsageError: Keras has put others in their place.
        """
        for path, face in self.own.items():
            if path in self._made and face.value is not face._value:
                raise UsageError(
                    f"{self.module.name} computes with the value of its own '{path}' and cannot take another one, so"
                    f" stateless_call does not work; call it as usual"
                )

    def save(self, store: Any, random: Any) -> None:
        """Puts every own variable into Keras's store, by path, and the state of the seed generator, if there is one."""
        for key, variable in self._stored(random).items():
            store[key] = variable

    def load(self, store: Any, random: Any) -> None:
        """Sets the variables to what the store has.

        Raises:
            UsageError: it lacks some, has others, or has other shapes; nothing is changed then.
        """
        variables = self._stored(random)
        values = {key: store[key] for key in store.keys()}  # noqa: SIM118  # it is no mapping
        shapes = {key: tuple(variable.shape) for key, variable in variables.items()}
        faults = {
            "missing": [key for key in variables if key not in values],
            "unexpected": [key for key in values if key not in variables],
            "mismatched": [
                f"{key} is {shapes[key]}, got {tuple(value.shape)}"
                for key, value in values.items()
                if key in shapes and tuple(value.shape) != shapes[key]
            ],
        }
        if any(faults.values()):
            listed = "; ".join(f"{word}: {', '.join(keys)}" for word, keys in faults.items() if keys)
            raise UsageError(f"the saved weights do not fit {self.module.name}: {listed}")
        for key, value in values.items():
            variables[key].assign(value)

    def _stored(self, random: Any) -> dict[str, Any]:
        stored = {_key(path): face for path, face in self.own.items()}
        return stored if random is None else {**stored, _RANDOM: random.state}


_RANDOM = ":random"
"""No path begins like this."""


def _face(entry: Entry) -> Any:
    """The Keras variable of a `tf.Variable`. It has no value of its own: Keras adopts the variable that it is given."""
    variable = entry.value
    if id(variable) not in _faces:
        face = keras.Variable(
            variable, trainable=entry.trainable, autocast=False, name=_NOT_IN_A_NAME.sub("_", entry.path)
        )
        face.constraint = getattr(variable, "constraint", None)
        _faces[id(variable)] = face
    return _faces[id(variable)]


def _penalty(penalty: Any) -> Any:
    """The same for Keras; nothing where a module of ours is around, which counts it itself."""
    return penalty and (lambda variable: penalty(variable) if calls.current() is None else tf.zeros([]))


_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9_.-]")
"""What TensorFlow refuses in a scope's name, as Keras's optimizers make one; a slash would begin a folder."""


def _key(path: str) -> str:
    """A path as Keras's store takes it: a slash, in the key of a dict, would begin a folder."""
    return path.replace("/", ":")


def _is_keras(entry: Entry) -> bool:
    return isinstance(entry.value, keras.layers.Layer)


def _in_keras(entry: Entry) -> bool:
    """Whether it is inside of a Keras layer."""
    return any(map(_is_keras, entry.around()))

"""`Module`: an object whose variables and children are found, and named by path, however they are nested."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import Any, NamedTuple, Self

import numpy as np
import tensorflow as tf

from netlib.nn import freezing, state
from netlib.nn.contents import Parent, attributes
from netlib.nn.copying import deep_copy
from netlib.nn.drawing import drawn
from netlib.nn.state import LoadReport, StateError
from netlib.nn.tracking import tracked
from netlib.nn.tree import Tree
from netlib.spec.errors import UsageError, did_you_mean

__all__ = ["LoadReport", "Module", "NamedVariable", "StateError"]


class NamedVariable(NamedTuple):
    """A variable with its path, and whether it is to be trained: its own flag, and nothing around it is frozen.

    `aliases` are the further paths that lead to it, where it is shared.
    """

    path: str
    variable: tf.Variable
    trainable: bool
    aliases: tuple[str, ...] = ()


def gradients_by_path(
    tape: tf.GradientTape, value: tf.Tensor, named: Sequence[NamedVariable]
) -> dict[str, tf.Tensor | None]:
    """The dense gradient of a value for each variable by path; None where the value does not depend on it."""
    gradients = tape.gradient(value, [each.variable for each in named])
    dense = [None if gradient is None else tf.convert_to_tensor(gradient) for gradient in gradients]
    return {each.path: gradient for each, gradient in zip(named, dense, strict=True)}


class Module(tf.Module, Parent):
    """A `tf.Module` that finds its variables in any nesting of attributes, lists, dicts, dataclasses, modules and Keras layers.

    Every variable has one path, the dotted names and indices that lead to it. What is reachable in two ways is listed once, under
    the first path. It has no opinion on what a module computes: define `__call__`, or derive from `Layer`.

    >>> class Linear(Module):
    ...     def __init__(self, inputs, outputs):
    ...         super().__init__()
    ...         self.weights = {"kernel": tf.Variable(tf.ones([inputs, outputs])), "bias": tf.Variable(tf.zeros([outputs]))}
    ...     def __call__(self, x):
    ...         return x @ self.weights["kernel"] + self.weights["bias"]
    >>> linear = Linear(3, 2)
    >>> [named.path for named in linear.named_variables()]
    ['weights.kernel', 'weights.bias']
    >>> linear(tf.ones([1, 3])).numpy()
    array([[3., 3.]], dtype=float32)
    """

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        """Has a name and nothing frozen, also in a subclass, such as a dataclass, whose `__init__` does not call this one's."""
        if cls.__hash__ is None:
            raise UsageError(
                f"{cls.__name__} compares by value, and a module is itself alone: write @dataclass(eq=False)"
            )
        made: Self = super().__new__(cls)
        tf.Module.__init__(made)
        made.__dict__["frozen_names"] = set()
        return made

    def __init__(self, name: str | None = None) -> None:
        if name is not None and not name.isidentifier():
            raise UsageError(f"the name of a module is an identifier, such as 'encoder_1', got '{name}'")
        super().__init__(name=name)

    def children(self) -> Iterator[tuple[str, Any]]:
        """Name and value of everything that may hold variables, in the order of definition."""
        return ((name, value) for name, value in attributes(self) if name not in _ABOUT_ITSELF)

    @property
    def trainable(self) -> bool:
        """Whether any weight in it is trained; while it has none, whether those that it gets will be.

        Setting it freezes or unfreezes everything below, whatever was done to parts of it before by `freeze`, `unfreeze` or
        flags of their own.
        """
        return freezing.is_trained(self)

    @trainable.setter
    def trainable(self, value: bool) -> None:
        freezing.set_all(self, trained=bool(value))

    def __setattr__(self, name: str, value: Any) -> None:
        """TensorFlow skips an assignment of what an attribute says already; `trainable` changes what is below."""
        if name == "trainable":
            object.__setattr__(self, name, value)
        else:
            super().__setattr__(name, value)

    def named_modules(self) -> Iterator[tuple[str, Any]]:
        """Path and object of every module and Keras layer of the tree, this one first under the empty path.

        What `Foreign` wraps has no path of its own, and is left out.
        """
        return ((entry.path, entry.value) for entry in self._tree().modules if not entry.is_wrapped)

    def named_children(self) -> Iterator[tuple[str, Any]]:
        """Path and object of the modules and Keras layers directly inside, not those inside of them."""
        return iter(self._tree().held())

    def named_variables(self) -> Iterator[NamedVariable]:
        """Every variable with its path, in the order of definition.

        Raises:
            UsageError: a module holds one that it is inside of; or two variables have one path, because of a dot in a dict's key.
        """
        paths = set()
        for entry in self._tree().variables:
            if entry.path in paths:
                raise UsageError(
                    f"{self.name} has two variables with the path '{entry.path}'; rename what holds one of them"
                )
            paths.add(entry.path)
            yield NamedVariable(entry.path, entry.value, entry.trainable, tuple(entry.aliases))

    @property
    def submodules(self) -> tuple[Any, ...]:
        """Every module and Keras layer below this one."""
        return tuple(module for path, module in self.named_modules() if path)

    @property
    def variables(self) -> tuple[tf.Variable, ...]:
        """All variables, in the order of definition."""
        return tuple(named.variable for named in self.named_variables())

    @property
    def trainable_variables(self) -> tuple[tf.Variable, ...]:
        """The variables to train: frozen ones left out."""
        return tuple(named.variable for named in self.named_variables() if named.trainable)

    @property
    def non_trainable_variables(self) -> tuple[tf.Variable, ...]:
        """The others: statistics, constants, and all that is frozen."""
        return tuple(named.variable for named in self.named_variables() if not named.trainable)

    def num_parameters(self, *, trainable_only: bool = False) -> int:
        """Number of elements in all variables, or in those to train; a shared one counts once."""
        chosen = self.trainable_variables if trainable_only else self.variables
        return sum(int(np.prod(variable.shape)) for variable in chosen)

    def state_dict(self) -> dict[str, np.ndarray]:
        """The value of every variable by path, a shared one under its first path."""
        return {named.path: named.variable.numpy() for named in self.named_variables()}

    def load_state_dict(
        self, values: Mapping[str, Any], *, strict: bool = True, rename: Mapping[str, str] | None = None
    ) -> LoadReport:
        """Sets the variables to the values of a state dict.

        Args:
            values: an array for each path.
            strict: whether anything missing, too many, or of another shape or dtype is an error; else it is only reported.
            rename: from selectors of the state's paths to those of this module: `{"old.**": "new.**"}`.

        Raises:
            StateError: with `strict`, the state does not fit; nothing is changed then.
            SpecError: `rename` does not fit the state.
        """
        variables = {named.path: named.variable for named in self.named_variables()}
        return state.load(variables, values, strict=strict, rename=rename, name=self.name)

    def freeze(self, selectors: str | Iterable[str] = "**") -> list[str]:
        """Takes variables out of training, and returns their paths.

        A selected module that has no variables yet gets none that are trained. `trainable` says False of a module once nothing
        in it is trained, and setting it to True undoes all freezing below.

        Args:
            selectors: globs over paths (`"encoder.**"`, `"**.bias"`) of variables, or of modules with all that they hold.
                BatchNormalization keeps its moving statistics as they are where these, or all of it, are selected.

        Raises:
            SpecError: a selector matches nothing.
        """
        return freezing.set_trained(self, selectors, trained=False)

    def unfreeze(self, selectors: str | Iterable[str] = "**") -> list[str]:
        """Puts variables back into training, inside frozen modules too, and returns their paths.

        What else is in a frozen module stays frozen; `trainable` says True of the module from then on. Setting that to False
        freezes all of it again.

        Raises:
            SpecError: a selector matches nothing.
        """
        return freezing.set_trained(self, selectors, trained=True)

    def apply(self, function: Callable[[Any], Any]) -> Self:
        """Calls a function with every module and Keras layer of the tree, inner ones first, and at last with this one."""
        for entry in reversed(self._tree().modules):
            function(entry.value)
        return self

    def gradients(self, x: Any, y: Any, loss: Any, *, training: bool = False) -> dict[str, tf.Tensor | None]:
        """The gradient of `loss(y, self(x))` for every trainable variable by path; None where the loss does not depend on it.

        Args:
            x: what the module is called with.
            y: the targets.
            loss: a function of targets and outputs, such as `keras.losses.MeanSquaredError()`; its mean is derived.
            training: given to the call where it takes that.
        """
        named = [each for each in self.named_variables() if each.trainable]
        with tf.GradientTape() as tape:
            outputs = self(x, training=True) if training else self(x)
            value = tf.reduce_mean(loss(y, outputs)) + sum(getattr(self, "losses", []))
        return gradients_by_path(tape, value, named)

    def __getitem__(self, path: str) -> Any:
        """The variable or module at a dotted path; an alias will do.

        Raises:
            UsageError: there is none.
        """
        tree = self._tree()
        found = tree.find(path) if isinstance(path, str) else None
        if found is None:
            known = [each for entry in tree.entries for each in entry.paths]
            raise UsageError(f"{self.name} has nothing at '{path}'{did_you_mean(str(path), known)}")
        return found.value

    __iter__: Any = None
    """A module is no sequence, though it can be asked for what is at a path."""

    def __repr__(self) -> str:
        """The tree: a line for each module, with its variables."""
        return drawn(Tree(self))

    def _repr_html_(self) -> str:
        """The same, for a notebook."""
        return f"<pre>{escape(repr(self))}</pre>"

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """A copy with variables of its own."""
        made: Self = deep_copy(self, memo)
        return made

    def __copy__(self) -> Self:
        """Refused: it would have the same variables."""
        raise UsageError(f"a shallow copy of {self.name} would share its variables: use copy.deepcopy")

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Pickle is refused: loading one can run code."""
        raise UsageError(
            f"{type(self).__name__} cannot be pickled; keep its weights with state_dict(), or a Model with save()"
        )

    def _trackable_children(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """What SavedModel and Checkpoint look into: what TensorFlow tracks, and besides what only the tree of ours finds."""
        return tracked(self, super()._trackable_children(*args, **kwargs))

    def _tree(self) -> Tree:
        tree = Tree(self)
        for path, around in tree.cycles:
            inside = f"'{around}'" if around else "the whole"
            raise UsageError(
                f"{self.name} goes round in circles: '{path}' is the module that it is inside of ({inside});"
                f" hold a child, or the parent, but not both"
            )
        return tree


_ABOUT_ITSELF = ("frozen_names", "_trainable")
"""Attributes that are no part of the tree."""

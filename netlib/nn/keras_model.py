"""`as_keras`: a module as a `keras.Model`, which Keras's layers, `fit`, `save` and optimizers take for one of their own.

How its variables become Keras's is in `netlib.nn.keras_variables`, how it is rebuilt from a config in `netlib.nn.keras_config`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import Context
from typing import Any

import keras
import tensorflow as tf
from keras.src.backend.common import global_state
from keras.src.utils.naming import auto_name

from netlib.nn import calls
from netlib.nn.contents import Parent
from netlib.nn.foreign import Foreign
from netlib.nn.keras_calls import keeps_masks, output_mask, plain, run, zipped
from netlib.nn.keras_config import module_config, module_from_config
from netlib.nn.keras_variables import KerasVariables
from netlib.nn.layer import Layer
from netlib.nn.network import Network
from netlib.nn.random import forward_pass
from netlib.nn.tree import Tree, joined
from netlib.nn.wrappers import Wrapper
from netlib.spec.errors import UsageError


def as_keras(module: tf.Module, name: str | None = None) -> KerasModel:
    """A module as a `keras.Model`, and so as a Keras layer too.

    It can be called, put into a `keras.Sequential` or a functional model, compiled, fitted, evaluated and saved by Keras. The
    weights are shared, not copied: what either side trains, loads or freezes, the other one sees. As with any Keras layer, call
    `compile` again after freezing. Random layers of ours draw from a Keras seed generator (`keras.utils.set_random_seed`).

    `model.save("x.keras")` works for layers of the catalogue, for networks from nodes, and for classes of your own that have
    `get_config` and are registered with `keras.saving.register_keras_serializable`; `model.save_weights` works for everything.
    Import this function before `keras.saving.load_model`.

    Args:
        module: a `Module`, `Layer`, `Network` or `Model` of netlab, or any `tf.Module` with a `__call__`. Several inputs are
            given as a list, or to a network also as a mapping by name. `training` and `mask` are passed on if `__call__` names
            them.
        name: Keras's name of it; that of the module by default, with a number where Keras has had it already.

    Raises:
        UsageError: it cannot be called, or is a Keras object already.

    >>> import keras, numpy as np
    >>> from netlib import nn
    >>> dense = nn.Dense(1, seed=0)
    >>> model = keras.Sequential([keras.Input([3]), nn.as_keras(dense, "head")])
    >>> model.compile("sgd", "mse")
    >>> history = model.fit(np.ones([8, 3]), np.ones([8, 1]), shuffle=False, verbose=0)
    >>> [variable.name for variable in model.trainable_variables], model.trainable_variables[0].value is dense.kernel
    (['kernel', 'bias'], True)
    """
    if isinstance(module, keras.layers.Layer):
        raise UsageError(f"as_keras takes a module of netlab or TensorFlow; '{module.name}' is a Keras layer already")
    if not isinstance(module, tf.Module) or not callable(module):
        raise UsageError(f"as_keras takes a tf.Module that has __call__, got a {type(module).__name__}")
    return KerasModel(module, name=name)


@keras.saving.register_keras_serializable(package="netlab")
class KerasModel(keras.Model):
    """What `as_keras` gives.

    Attributes:
        module: the module inside.
    """

    def __init__(self, module: tf.Module, name: str | None = None, frozen: list[str] | None = None) -> None:
        policy = module.dtype if isinstance(module, Layer) else keras.config.floatx()
        super().__init__(name=name or _name(module), dtype=policy, trainable=bool(getattr(module, "trainable", True)))
        self.module = module
        self.supports_masking = keeps_masks(module)
        self._frozen_at_build = list(frozen or [])
        self._input_dtypes: Any = None
        self._faces: KerasVariables | None = None
        self._random: Any = None
        if isinstance(module, Network) and module.built and not isinstance(module, Wrapper):
            self._build_from_graph(module)

    def _build_from_graph(self, network: Network) -> None:
        tensors = network.graph.inputs
        shapes: Any = {name: tensor.shape for name, tensor in tensors.items()}
        self._input_dtypes = {name: tensor.dtype for name, tensor in tensors.items()}
        if len(tensors) == 1:
            (shapes,), (self._input_dtypes,) = shapes.values(), self._input_dtypes.values()
        self.build(shapes)

    # How Keras comes to the variables.

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Computes the outputs; the first call builds."""
        if not self.built:  # Keras tells `build` the shapes alone
            self._input_dtypes = keras.tree.map_structure(self._dtype_of, inputs)
        return super().__call__(inputs, *args, **kwargs)

    def _dtype_of(self, value: Any) -> str:
        dtype: str = keras.backend.standardize_dtype(getattr(value, "dtype", self.compute_dtype))
        return self.compute_dtype if "float" in dtype else dtype

    def build(self, input_shape: Any) -> None:
        """Makes the module's variables, and shows them to Keras.

        Raises:
            UsageError: the module uses a variable that none of its attributes leads to.
        """
        if self._input_dtypes is None:
            self._input_dtypes = keras.tree.map_shape_structure(lambda _: self.compute_dtype, input_shape)
        specs = zipped(tf.TensorSpec, input_shape, self._input_dtypes)
        with _real_variables(), tf.init_scope():
            self._make_variables(specs)

    def _make_variables(self, specs: Any) -> None:
        before = KerasVariables(self.module)
        used, draws = Context().run(self._tried_out, specs)  # as if no call of ours were under way
        faces = KerasVariables(self.module)
        if faces.number > before.number:  # what was only tried out while it was built is not used again
            used, draws = Context().run(self._tried_out, specs)
        faces.refuse_unknown(used())
        self.shared_variables = list(faces.own.values())  # Keras finds variables and layers by such attributes
        self.keras_layers = faces.keras_layers
        if draws:
            self._random = keras.random.SeedGenerator()
        if self._frozen_at_build:
            self.module.freeze(self._frozen_at_build)
        self._faces = faces
        self._update_flags()

    def _tried_out(self, specs: Any) -> tuple[Callable[[], Any], bool]:
        """Runs the module without values, which builds it: the variables that it uses, and whether it draws random numbers."""
        traced = tf.function(lambda inputs: run(self.module, inputs, True, None), autograph=False)
        with forward_pass(0, 0) as drawn:
            concrete = traced.get_concrete_function(specs)
        return lambda: concrete.graph.variables, bool(drawn.calls)

    def get_build_config(self) -> dict[str, Any] | None:
        """Shapes and dtypes of the inputs."""
        config: dict[str, Any] | None = super().get_build_config()
        if config is None:
            return None
        return {"input_shape": plain(config["input_shape"]), "input_dtype": plain(self._input_dtypes)}

    def build_from_config(self, config: Mapping[str, Any]) -> None:
        """Builds for the inputs of `get_build_config`."""
        self._input_dtypes = config["input_dtype"]
        self.build(config["input_shape"])

    # What is trained.

    @property
    def trainable(self) -> bool:
        """Whether its weights may be trained. Setting it sets it for everything inside, as Keras does."""
        return bool(getattr(vars(self).get("module"), "trainable", self._trainable))

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = bool(value)
        for entry in Tree(self.module).modules:
            if hasattr(entry.value, "trainable"):
                entry.value.trainable = bool(value)
        self._update_flags()

    def _update_flags(self) -> None:
        if self._faces is not None:
            self._faces.update_flags(self.trainable)

    @property
    def variables(self) -> list[Any]:
        """All state, as Keras variables."""
        self._update_flags()
        return list(super().variables)

    @property
    def weights(self) -> list[Any]:
        """All weights, as Keras variables."""
        self._update_flags()
        return list(super().weights)

    # How it computes.

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        """What the module computes."""
        if self._faces is not None:
            self._faces.refuse_other_values()
        if calls.current() is not None:  # a module of ours is around, and collects what is added
            return run(self.module, inputs, training, mask)
        with calls.entered(self, bool(training)), self._random_numbers():
            outputs = run(self.module, inputs, bool(training), mask)
        for layer, loss in calls.last(self).losses:
            if not isinstance(
                layer(), Foreign | keras.layers.Layer
            ):  # those of Keras layers inside are Keras's to collect
                self.add_loss(loss)
        return outputs

    @contextmanager
    def _random_numbers(self) -> Iterator[None]:
        """Inside, random layers of ours draw for a number from Keras's generator, whose state is saved."""
        if self._random is None:
            yield
            return
        seed, count = tf.unstack(tf.cast(self._random.next(), tf.uint32))
        with forward_pass(0, seed + count):
            yield

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Shapes and dtypes of the outputs, found by running it without values."""
        return Context().run(keras.Operation.compute_output_spec, self, *args, **kwargs)  # no call of ours is under way

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Shapes of the outputs."""
        if not self.built:
            self.build(input_shape)
        tensors = zipped(keras.KerasTensor, input_shape, self._input_dtypes)
        return keras.tree.map_structure(lambda tensor: tensor.shape, self.compute_output_spec(tensors))

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """The mask of the outputs, as a layer of ours says; none of other modules."""
        return output_mask(self.module, inputs, previous_mask)

    # How it is saved.

    def get_config(self) -> dict[str, Any]:
        """What `from_config` rebuilds it from.

        Raises:
            UsageError: the module cannot be rebuilt; the message says what to do.
        """
        return {"name": self.name, "module": module_config(self.module), "frozen": _frozen(self.module)}

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Any = None) -> KerasModel:
        """The model that `get_config` described, with fresh weights."""
        return cls(module_from_config(config["module"]), config["name"], config["frozen"])

    def save_own_variables(self, store: Any) -> None:
        """Puts what no Keras layer inside saves into the store, by path."""
        if self._faces is not None:
            self._faces.save(store, self._random)

    def load_own_variables(self, store: Any) -> None:
        """Takes it from the store.

        Raises:
            UsageError: it does not fit; nothing is changed then.
        """
        if self._faces is not None:
            self._faces.load(store, self._random)
        elif list(store.keys()):
            raise UsageError(f"'{self.name}' has no weights yet to load into; call it once on data, or build it")


def _name(module: Any) -> str:
    """Its own, if somebody gave it one, else one that no Keras layer has yet."""
    return str(module.name if getattr(module, "named", False) else auto_name(module.name))


def _frozen(module: tf.Module) -> list[str]:
    """Paths of what is frozen by itself."""
    parents = ((entry.path, entry.value) for entry in Tree(module).modules if isinstance(entry.value, Parent))
    return sorted(joined(path, name) for path, parent in parents for name in parent.frozen_names)


@contextmanager
def _real_variables() -> Iterator[None]:
    """Inside, variables are made for good, also where Keras only tries a model out and puts off making them."""
    outside = global_state.get_global_attribute("stateless_scope")
    global_state.set_global_attribute("stateless_scope", None)
    try:
        yield
    finally:
        global_state.set_global_attribute("stateless_scope", outside)

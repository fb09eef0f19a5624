"""JAX: the whole epoch in one `lax.scan`, with Flax and Optax."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import linen as nn

Epoch = Callable[[], None]


class _Mlp(nn.Module):
    units: tuple[int, ...]

    @nn.compact
    def __call__(self, x: Any) -> Any:
        for units in self.units[:-1]:
            x = nn.relu(nn.Dense(units)(x))
        return nn.Dense(self.units[-1])(x)


class _Cnn(nn.Module):
    @nn.compact
    def __call__(self, x: Any) -> Any:
        for filters in (32, 64):
            x = nn.relu(nn.Conv(filters, (3, 3), padding="VALID")(x))
            x = nn.max_pool(x, (2, 2), (2, 2))
        return nn.Dense(10)(x.reshape(len(x), -1))


class _Last(nn.Module):
    cell: Callable[[], Any]

    @nn.compact
    def __call__(self, x: Any) -> Any:
        return nn.Dense(10)(nn.RNN(self.cell())(x)[:, -1])


class _Language(nn.Module):
    vocabulary: int = 1000
    width: int = 128

    @nn.compact
    def __call__(self, tokens: Any) -> Any:
        length = tokens.shape[1]
        places = self.param("places", nn.initializers.zeros, (length, self.width))
        x = nn.Embed(self.vocabulary, self.width)(tokens) + places
        mask = nn.make_causal_mask(tokens)
        for _ in range(2):
            x = x + nn.SelfAttention(4)(nn.LayerNorm()(x), mask)
            x = x + nn.Dense(self.width)(nn.gelu(nn.Dense(512)(nn.LayerNorm()(x))))
        return nn.Dense(self.vocabulary)(nn.LayerNorm()(x))


NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "tiny_mlp": lambda: _Mlp((32, 10)),
    "mlp": lambda: _Mlp((256, 128, 10)),
    "cnn": _Cnn,
    "lstm": lambda: _Last(lambda: nn.OptimizedLSTMCell(64)),
    "gru": lambda: _Last(lambda: nn.GRUCell(64)),
    "transformer_lm": _Language,
}


def scan(name: str, x: np.ndarray, y: np.ndarray, batch: int) -> Epoch:
    """An epoch is one compiled call."""
    network, optimizer = NETWORKS[name](), optax.adam(1e-3)
    inputs, targets = jnp.asarray(x), jnp.asarray(y)
    parameters = network.init(jax.random.key(0), inputs[:2])
    steps = len(x) // batch

    def loss_of(parameters: Any, chosen: Any) -> Any:
        outputs = network.apply(parameters, inputs[chosen])
        return optax.softmax_cross_entropy_with_integer_labels(outputs, targets[chosen]).mean()

    def step(state: Any, chosen: Any) -> Any:
        parameters, slots = state
        loss, gradients = jax.value_and_grad(loss_of)(parameters, chosen)
        updates, slots = optimizer.update(gradients, slots)
        return (optax.apply_updates(parameters, updates), slots), loss

    run = jax.jit(lambda state, order: jax.lax.scan(step, state, order))
    state = (parameters, optimizer.init(parameters))
    random = np.random.default_rng(0)

    def epoch() -> None:
        nonlocal state
        order = random.permutation(len(x))[: steps * batch].reshape(steps, batch)
        state, losses = run(state, jnp.asarray(order))
        losses.block_until_ready()

    return epoch


LOOPS = {"JAX scan": scan}


def start(threads: int) -> str:
    """The version; XLA takes all cores that the process may use."""
    del threads
    return f"jax {jax.__version__}"

from __future__ import annotations

import math
import time

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from netlib.nn.tensor_expressions import COMPUTATIONS, compute
from netlib.spec.errors import SpecError
from netlib.spec.tensor_expressions import FUNCTION_NAMES, TensorExpression
from netlib.spec.tensor_functions.catalogue import RULES
from netlib.spec.tensors import TensorSpec

BATCHED = ("x", "y", "z", "q", "label", "image", "flag", "i", "p")


def arrays(batch: int) -> dict[str, np.ndarray]:
    """Values of many kinds; those named in BATCHED have the batch in front."""
    draw = np.random.default_rng(batch)

    def normal(*shape: int) -> np.ndarray:
        return draw.normal(size=shape).astype("float32")

    return {
        "x": normal(batch, 4, 6),
        "y": normal(batch, 4, 6),
        "z": normal(batch, 6),
        "q": normal(batch, 2, 3, 4),
        "p": np.abs(normal(batch, 4, 6)) + 0.5,
        "label": draw.integers(0, 4, size=(batch,)).astype("int64"),
        "i": draw.integers(-3, 4, size=(batch, 4, 6)).astype("int32"),
        "image": draw.integers(0, 256, size=(batch, 2, 3)).astype("uint8"),
        "flag": draw.integers(0, 2, size=(batch, 4, 6)).astype("bool"),
        "w": normal(6, 3),
        "v": normal(6),
        "table": normal(5, 3),
        "nest.A.0": normal(6),
        "nest.A.1": normal(6),
        "n": np.arange(6, dtype="int32") + 1,
    }


def specs(values: dict[str, np.ndarray]) -> dict[str, TensorSpec]:
    """The batch is not known."""
    return {
        name: TensorSpec((None, *value.shape[1:]) if name in BATCHED else value.shape, value.dtype.name)
        for name, value in values.items()
    }


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softmax(x, axis=-1):
    e = np.exp(x - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


def softplus(x):
    return np.log1p(np.exp(x))


def elu(x, alpha=1.0):
    return np.where(x > 0, x, alpha * np.expm1(x))


erf = np.vectorize(math.erf, otypes=["float32"])
SELU = (1.0507009873554805, 1.6732632423543772)

# Text of an expression -> what NumPy makes of the same values, given as a mapping.
CASES = {
    # operators
    "x + y * 2 - v": lambda a: a.x + a.y * 2 - a.v,
    "-x / 3": lambda a: -a.x / 3,
    "+x": lambda a: a.x,
    "x / v": lambda a: a.x / a.v,
    "p ** 2 + p ** 0.5 + 2 ** x": lambda a: a.p**2 + a.p**0.5 + 2**a.x,
    "x // 0.5 + x % 0.7": lambda a: a.x // 0.5 + a.x % 0.7,
    "i // n + i % n": lambda a: a.i // a.n + a.i % a.n,
    "i / n": lambda a: (a.i / a.n).astype("float32"),
    "i ** 2": lambda a: a.i**2,
    "n ** -1": lambda a: (1 / a.n).astype("float32"),
    "i * 2.5": lambda a: (a.i * 2.5).astype("float32"),
    "i + x": lambda a: a.i.astype("float32") + a.x,
    "i + label[:, null, null]": lambda a: a.i + a.label[:, None, None],
    "flag + flag": lambda a: a.flag.astype("int32") * 2,
    "flag * x": lambda a: a.flag * a.x,
    "image + 1": lambda a: a.image + np.uint8(1),
    "image * 0.5": lambda a: a.image * np.float32(0.5),
    "-image": lambda a: -a.image,
    "image ** 2": lambda a: a.image**2,
    "image // 7 + image % 7": lambda a: a.image // 7 + a.image % 7,
    "x @ w": lambda a: a.x @ a.w,
    "z @ w": lambda a: a.z @ a.w,
    "x @ v": lambda a: a.x @ a.v,
    "v @ w": lambda a: a.v @ a.w,
    "v @ v": lambda a: a.v @ a.v,
    "v @ swapaxes(x, 1, 2)": lambda a: a.v @ a.x.swapaxes(1, 2),
    "x @ transpose(y, [0, 2, 1])": lambda a: a.x @ a.y.swapaxes(1, 2),
    "transpose(z) @ z": lambda a: a.z.T @ a.z,
    "z @ transpose(z)": lambda a: a.z @ a.z.T,
    "x > y": lambda a: a.x > a.y,
    "0 <= x < 1": lambda a: (a.x >= 0) & (a.x < 1),
    "x > 0 and not flag or i == 1": lambda a: ((a.x > 0) & ~a.flag) | (a.i == 1),
    "i != 0 or label[:, None, None] >= 2": lambda a: (a.i != 0) | (a.label[:, None, None] >= 2),
    "flag < (i > 0)": lambda a: a.flag < (a.i > 0),
    "flag <= (i > 0)": lambda a: a.flag <= (a.i > 0),
    "flag > (i > 0)": lambda a: a.flag > (a.i > 0),
    "flag >= (i > 0)": lambda a: a.flag >= (a.i > 0),
    "flag == (i > 0)": lambda a: a.flag == (a.i > 0),
    "image <= 100": lambda a: a.image <= 100,
    "x if x > 0 else 0.1 * x": lambda a: np.where(a.x > 0, a.x, np.float32(0.1) * a.x),
    "1 if flag else -1": lambda a: np.where(a.flag, 1, -1).astype("int32"),
    "x if 2 > 1 else y": lambda a: a.x,
    "[1, 2, 3] * w": lambda a: a.w * np.array([1, 2, 3], "float32"),
    "x * pi": lambda a: a.x * np.float32(np.pi),
    "x * sqrt(2) / exp(1)": lambda a: a.x * np.float32(math.sqrt(2) / math.e),
    "minimum(x, inf)": lambda a: a.x,
    # indexing
    "x[:, 0]": lambda a: a.x[:, 0],
    "x[:, -1, 1:-1]": lambda a: a.x[:, -1, 1:-1],
    "x[..., ::2]": lambda a: a.x[..., ::2],
    "x[:, ::-1]": lambda a: a.x[:, ::-1],
    "x[:, null, ..., 9:]": lambda a: a.x[:, None, ..., 9:],
    "x[0]": lambda a: a.x[0],
    "x[0][1]": lambda a: a.x[0][1],
    "x[-1, 0, 0]": lambda a: a.x[-1, 0, 0],
    "x[:1]": lambda a: a.x[:1],
    "x[::-1]": lambda a: a.x[::-1],
    "z[:, None] - z[None]": lambda a: a.z[:, None] - a.z[None],
    "nest.A[0] + nest.A[1] * x": lambda a: a["nest.A.0"] + a["nest.A.1"] * a.x,
    "nest.A[-1]": lambda a: a["nest.A.1"],
    "stack(nest.A, axis=0)": lambda a: np.stack([a["nest.A.0"], a["nest.A.1"]]),
    # elements
    "exp(x)": lambda a: np.exp(a.x),
    "expm1(x)": lambda a: np.expm1(a.x),
    "log(p)": lambda a: np.log(a.p),
    "log1p(p)": lambda a: np.log1p(a.p),
    "sqrt(p)": lambda a: np.sqrt(a.p),
    "rsqrt(p)": lambda a: 1 / np.sqrt(a.p),
    "reciprocal(p)": lambda a: 1 / a.p,
    "sin(x)": lambda a: np.sin(a.x),
    "cos(x)": lambda a: np.cos(a.x),
    "tan(x)": lambda a: np.tan(a.x),
    "tanh(x)": lambda a: np.tanh(a.x),
    "erf(x)": lambda a: erf(a.x),
    "floor(x)": lambda a: np.floor(a.x),
    "ceil(x)": lambda a: np.ceil(a.x),
    "round(i / 2)": lambda a: np.round(a.i / 2).astype("float32"),
    "sigmoid(x)": lambda a: sigmoid(a.x),
    "sigmoid(i)": lambda a: sigmoid(a.i).astype("float32"),
    "log_sigmoid(x)": lambda a: np.log(sigmoid(a.x)),
    "hard_sigmoid(x * 4)": lambda a: np.clip(a.x * 4 / 6 + 0.5, 0, 1),
    "silu(x)": lambda a: a.x * sigmoid(a.x),
    "mish(x)": lambda a: a.x * np.tanh(softplus(a.x)),
    "selu(x)": lambda a: np.float32(SELU[0]) * elu(a.x, np.float32(SELU[1])),
    "softplus(x)": lambda a: softplus(a.x),
    "softsign(x)": lambda a: a.x / (1 + np.abs(a.x)),
    "abs(i[:, :1, :1]) + abs(image)": lambda a: np.abs(a.i[:, :1, :1]) + a.image,
    "sign(i)": lambda a: np.sign(a.i),
    "sign(image)": lambda a: np.sign(a.image),
    "square(i) + square(flag)": lambda a: a.i**2 + a.flag,
    "relu(x)": lambda a: np.maximum(a.x, 0),
    "relu(i)": lambda a: np.maximum(a.i, 0),
    "relu(image)": lambda a: a.image,
    "relu6(x * 9)": lambda a: np.clip(a.x * 9, 0, 6),
    "is_finite(x / (i * x))": lambda a: a.i != 0,
    "is_nan(x * 0 / i)": lambda a: a.i == 0,
    "maximum(x, 0) + minimum(x, y)": lambda a: np.maximum(a.x, 0) + np.minimum(a.x, a.y),
    "maximum(i, 1.5)": lambda a: np.maximum(a.i, np.float32(1.5)).astype("float32"),
    "equal(i, 1) == not_equal(i, 1)": lambda a: np.zeros_like(a.flag),
    "logical_xor(less(x, y), less_equal(x, y))": lambda a: np.zeros_like(a.flag),
    "logical_and(greater(x, 0), greater_equal(y, 0))": lambda a: (a.x > 0) & (a.y >= 0),
    "logical_or(flag, logical_not(flag))": lambda a: np.ones_like(a.flag),
    "gelu(x)": lambda a: a.x * 0.5 * (1 + erf(a.x / np.sqrt(2))),
    "gelu(x, approximate=true)": lambda a: 0.5 * a.x * (1 + np.tanh(math.sqrt(2 / math.pi) * (a.x + 0.044715 * a.x**3))),
    "elu(x, 0.5)": lambda a: elu(a.x, np.float32(0.5)),
    "leaky_relu(x)": lambda a: np.where(a.x > 0, a.x, np.float32(0.2) * a.x),
    "clip(x, -0.5, 0.5)": lambda a: np.clip(a.x, -0.5, 0.5),
    "clip(i, -1, 1)": lambda a: np.clip(a.i, -1, 1),
    "where(flag, x, 0)": lambda a: np.where(a.flag, a.x, np.float32(0)),
    "where(flag, [1, 2, 3, 4, 5, 6], i)": lambda a: np.where(a.flag, np.arange(1, 7, dtype="int32"), a.i),
    # along axes
    "sum(x)": lambda a: a.x.sum(),
    "sum(x, axis=[1, 2])": lambda a: a.x.sum((1, 2)),
    "sum(x, -1, true)": lambda a: a.x.sum(-1, keepdims=True),
    "sum(image, axis=1)": lambda a: a.image.sum(1, dtype="int32"),
    "sum(flag, axis=1)": lambda a: a.flag.sum(1, dtype="int32"),
    "prod(p, axis=1)": lambda a: a.p.prod(1),
    "mean(x, axis=0)": lambda a: a.x.mean(0),
    "mean(i, axis=1)": lambda a: a.i.mean(1).astype("float32"),
    "max(x, axis=1) + min(x, axis=1)": lambda a: a.x.max(1) + a.x.min(1),
    "any(flag, axis=1)": lambda a: a.flag.any(1),
    "all(flag, axis=[1], keepdims=true)": lambda a: a.flag.all(1, keepdims=True),
    "variance(x, axis=-1)": lambda a: a.x.var(-1),
    "std(x, axis=-1)": lambda a: a.x.std(-1),
    "logsumexp(x, axis=-1)": lambda a: np.log(np.exp(a.x).sum(-1)),
    "norm(x, axis=-1)": lambda a: np.linalg.norm(a.x, axis=-1),
    "norm(x, axis=-1, ord=1, keepdims=true)": lambda a: np.linalg.norm(a.x, axis=-1, ord=1, keepdims=True),
    "norm(x, axis=-1, ord=inf)": lambda a: np.linalg.norm(a.x, axis=-1, ord=np.inf),
    "norm(x)": lambda a: np.sqrt((a.x**2).sum(axis=(1, 2))),
    "norm(v)": lambda a: np.sqrt((a.v**2).sum()),
    "norm(x, axis=[0, 1])": lambda a: np.sqrt((a.x**2).sum(axis=(0, 1))),
    "argmax(x) + argmin(x, axis=-1)": lambda a: (a.x.argmax(-1) + a.x.argmin(-1)).astype("int32"),
    "argmax(x, axis=1, keepdims=true)": lambda a: a.x.argmax(1, keepdims=True).astype("int32"),
    "count_nonzero(i, axis=1)": lambda a: np.count_nonzero(a.i, axis=1).astype("int32"),
    "softmax(x)": lambda a: softmax(a.x),
    "softmax(x, axis=1)": lambda a: softmax(a.x, 1),
    "log_softmax(x)": lambda a: np.log(softmax(a.x)),
    "cumsum(x, axis=1)": lambda a: a.x.cumsum(1),
    "cumprod(p, axis=1)": lambda a: a.p.cumprod(1),
    "l2_normalize(x)": lambda a: a.x / np.linalg.norm(a.x, axis=-1, keepdims=True),
    "moments(x, axis=1)": lambda a: [a.x.mean(1), a.x.var(1)],
    "moments(x, axis=[1, 2], keepdims=true)": lambda a: [a.x.mean((1, 2), keepdims=True), a.x.var((1, 2), keepdims=True)],
    "sort(x)": lambda a: np.sort(a.x),
    "sort(x, axis=1, descending=true)": lambda a: -np.sort(-a.x, axis=1),
    "argsort(i, axis=1)": lambda a: np.argsort(a.i, axis=1, kind="stable").astype("int32"),
    "top_k(x, 2)": lambda a: [-np.sort(-a.x)[..., :2], np.argsort(-a.x)[..., :2].astype("int32")],
    # products
    "matmul(x, w)": lambda a: a.x @ a.w,
    "einsum('bij,jk->bki', x, w)": lambda a: np.einsum("bij,jk->bki", a.x, a.w),
    "einsum('bij, bij -> b', x, y)": lambda a: np.einsum("bij,bij->b", a.x, a.y),
    "einsum('bij,bkj,k->bi', x, y, v[:4])": lambda a: np.einsum("bij,bkj,k->bi", a.x, a.y, a.v[:4]),
    "einsum('bij->bji', x)": lambda a: np.einsum("bij->bji", a.x),
    "dot(x, w)": lambda a: np.dot(a.x, a.w),
    "dot(w, v[:3])": lambda a: np.dot(a.w, a.v[:3]),
    "dot(z, swapaxes(w @ transpose(w), 0, 1))": lambda a: a.z @ (a.w @ a.w.T),
    "outer(v, v)": lambda a: np.outer(a.v, a.v),
    "outer(z, z)": lambda a: a.z[:, :, None] * a.z[:, None],
    # shapes
    "reshape(x, [-1, 24])": lambda a: a.x.reshape(-1, 24),
    "reshape(x, [null, -1])": lambda a: a.x.reshape(len(a.x), -1),
    "reshape(x, [null, 3, 8])": lambda a: a.x.reshape(-1, 3, 8),
    "reshape(x, [-1, 6])": lambda a: a.x.reshape(-1, 6),
    "reshape(x, [4, -1])": lambda a: a.x.reshape(4, -1),
    "reshape(v, [2, 3]) + reshape(v, [-1, 3])": lambda a: 2 * a.v.reshape(2, 3),
    "reshape(w, [-1])": lambda a: a.w.reshape(-1),
    "transpose(x)": lambda a: a.x.T,
    "transpose(x, [0, -1, 1])": lambda a: a.x.transpose(0, 2, 1),
    "swapaxes(x, -1, 1)": lambda a: a.x.swapaxes(1, 2),
    "expand_dims(x, 1) * expand_dims(x, -2)": lambda a: a.x[:, None] * a.x[:, :, None],
    "squeeze(expand_dims(x, 1), 1)": lambda a: a.x,
    "squeeze(x[:, null, :1], [1, 2])": lambda a: a.x[:, 0],
    "concatenate([x, y])": lambda a: np.concatenate([a.x, a.y], -1),
    "concatenate([x, i], axis=1)": lambda a: np.concatenate([a.x, a.i.astype("float32")], 1),
    "concatenate([x, y], axis=0)": lambda a: np.concatenate([a.x, a.y], 0),
    "stack([x, y], axis=1)": lambda a: np.stack([a.x, a.y], 1),
    "stack([x, y], axis=-1)": lambda a: np.stack([a.x, a.y], -1),
    "split(x, 3)": lambda a: np.split(a.x, 3, -1),
    "split(x, [1, 3], axis=1)": lambda a: np.split(a.x, [1, 3], 1),
    "unstack(x, axis=1)": lambda a: [a.x[:, k] for k in range(4)],
    "tile(x, [1, 2, 3])": lambda a: np.tile(a.x, [1, 2, 3]),
    "tile(z, [2, 1])": lambda a: np.tile(a.z, [2, 1]),
    "repeat(x, 2, axis=1)": lambda a: np.repeat(a.x, 2, 1),
    "repeat(z, 2, axis=0)": lambda a: np.repeat(a.z, 2, 0),
    "broadcast_to(v, [2, 6])": lambda a: np.broadcast_to(a.v, [2, 6]),
    "broadcast_to(z[:, null], [null, 3, null])": lambda a: np.broadcast_to(a.z[:, None], [len(a.z), 3, 6]),
    "pad(x, [[0, 0], [1, 2], [0, 0]])": lambda a: np.pad(a.x, [[0, 0], [1, 2], [0, 0]]),
    "pad(x, [[0, 0], [1, 2], [0, 3]], value=7)": lambda a: np.pad(a.x, [[0, 0], [1, 2], [0, 3]], constant_values=7),
    "pad(i, [[0, 0], [1, 2], [3, 3]], 'reflect')": lambda a: np.pad(a.i, [[0, 0], [1, 2], [3, 3]], "reflect"),
    "pad(x, [[0, 0], [0, 0], [2, 6]], mode='symmetric')": lambda a: np.pad(a.x, [[0, 0], [0, 0], [2, 6]], "symmetric"),
    "roll(x, 2, axis=1)": lambda a: np.roll(a.x, 2, 1),
    "roll(z, 1, axis=0)": lambda a: np.roll(a.z, 1, 0),
    "flip(x, axis=-1)": lambda a: np.flip(a.x, -1),
    "triu(x)": lambda a: np.triu(a.x),
    "tril(x, 1)": lambda a: np.tril(a.x, 1),
    "triu(w, -1)": lambda a: np.triu(a.w, -1),
    # choosing
    "take(table, label)": lambda a: a.table[a.label],
    "take(x, [0, 2], axis=1)": lambda a: a.x[:, [0, 2]],
    "take(x, 1, axis=-1)": lambda a: a.x[..., 1],
    "take(v, clip(i, 0, 5))": lambda a: a.v[np.clip(a.i, 0, 5)],
    "take_along_axis(x, argsort(x, axis=1), axis=1)": lambda a: np.sort(a.x, axis=1),
    "take_along_axis(x, label[:, null, null] * ones([4, 1], 'int32'))": lambda a: np.take_along_axis(
        a.x, a.label[:, None, None] * np.ones([4, 1], "int64"), -1
    ),
    "one_hot(label, 4)": lambda a: np.eye(4, dtype="float32")[a.label],
    "one_hot(image, 256, dtype='int32')": lambda a: np.eye(256, dtype="int32")[a.image],
    # making
    "zeros([2, 3]) + ones([3])": lambda a: np.ones([2, 3], "float32"),
    "zeros([2], 'int64')": lambda a: np.zeros([2], "int64"),
    "full([2, 2], 1.5)": lambda a: np.full([2, 2], 1.5, "float32"),
    "eye(3)": lambda a: np.eye(3, dtype="float32"),
    "eye(size(w, 0), 3) * w": lambda a: np.eye(6, 3, dtype="float32") * a.w,
    "range(size(x, -1)) * v": lambda a: np.arange(6, dtype="float32") * a.v,
    "range(5, -1, -2)": lambda a: np.arange(5, -1, -2, dtype="int32"),
    "range(5, 1)": lambda a: np.arange(5, 1, dtype="int32"),
    "zeros_like(i) + ones_like(i)": lambda a: np.ones_like(a.i),
    "like(v, x)": lambda a: np.tile(a.v, [len(a.x), 1]),
    "stop_gradient(x)": lambda a: a.x,
    "cast(x, 'int64')": lambda a: a.x.astype("int64"),
    "cast(flag, 'uint8')": lambda a: a.flag.astype("uint8"),
    "float(i) + float(flag)": lambda a: (a.i + a.flag).astype("float32"),
    "int(x * 3)": lambda a: (a.x * 3).astype("int32"),
    "bool(i)": lambda a: a.i != 0,
    # several results
    "[x, z]": lambda a: [a.x, a.z],
    "x + 1, [z, 3], true": lambda a: [a.x + 1, a.z, np.int32(3), np.bool_(True)],
    "2.5": lambda a: np.float32(2.5),
    "3000000000": lambda a: np.int64(3000000000),
}  # fmt: skip


class Named(dict):
    __getattr__ = dict.__getitem__


def test_every_function_has_a_computation_and_a_case():
    assert set(COMPUTATIONS) == set(RULES)
    called = {name for name in FUNCTION_NAMES if any(f"{name}(" in text for text in CASES)}
    assert called == FUNCTION_NAMES


def check(texts, batch, results):
    """What TensorFlow computed has the shapes and dtypes that were inferred with an unknown batch, and NumPy's values."""
    values = arrays(batch)
    for text, found in zip(texts, results, strict=True):
        inferred = TensorExpression.parse(text).infer(specs(values)).outputs
        wanted = CASES[text](Named(values))
        wanted = wanted if isinstance(wanted, list) else [wanted]
        assert len(found) == len(inferred) == len(wanted), text
        for one, spec, array in zip(found, inferred, wanted, strict=True):
            assert one.dtype.name == spec.dtype == array.dtype.name, text
            assert one.shape.rank == len(spec.shape), text
            assert all(known in (None, size) for known, size in zip(spec.shape, one.shape, strict=True)), text
            np.testing.assert_allclose(one.numpy(), array, rtol=2e-5, atol=2e-5, err_msg=text)


def test_the_computations_are_numpys_eagerly():
    for batch in (1, 5):
        tensors = {name: tf.constant(value) for name, value in arrays(batch).items()}
        check(CASES, batch, [compute(TensorExpression.parse(text), tensors) for text in CASES])


@pytest.mark.slow
@pytest.mark.parametrize("xla", [False, True], ids=["graph", "xla"])
def test_the_computations_are_numpys_with_an_unknown_batch(xla):
    signature = [{name: tf.TensorSpec(spec.shape, spec.dtype, name=name) for name, spec in specs(arrays(5)).items()}]

    @tf.function(input_signature=signature, jit_compile=xla, autograph=False)
    def everything(tensors):
        return [compute(TensorExpression.parse(text), tensors) for text in CASES]

    for batch in (1, 5):
        tensors = {name: tf.constant(value) for name, value in arrays(batch).items()}
        check(CASES, batch, everything(tensors))


# One slot for each piece of an expression, {k} for an axis.
PIECES = (
    "-({})", "abs({})", "tanh({})", "({}) * 2.5", "({}) // 2", "({}) > 0", "bool({})", "int({})", "float({})",
    "cast({}, 'float16')",
    "softmax({}, axis={k})", "cumsum({}, axis={k})", "sort({}, axis={k})", "flip({}, axis={k})", "roll({}, 1, axis={k})",
    "sum({}, axis={k})", "sum({}, axis=[0, {k}])", "mean({})", "max({}, axis={k}, keepdims=true)", "argmax({}, axis={k})",
    "norm({}, axis={k})", "l2_normalize({}, axis={k})", "any(({}) > 0, axis={k}, keepdims=true)", "top_k({}, 1)[0]",
    "transpose({})", "swapaxes({}, 0, {k})", "swapaxes({}, 1, {k})", "expand_dims({}, {k})", "squeeze({}, {k})", "triu({})",
    "reshape({}, [-1, 4])", "reshape({}, [null, -1])", "reshape({}, [-1, 2, 2])", "reshape({}, [-1])", "reshape({}, [2, -1])",
    "({})[0]", "({})[:, 0]", "({})[..., null]", "({})[null]", "({})[:, 1:]", "({})[..., ::-1]", "({})[:1]", "({})[:, null]",
    "repeat({}, 2, axis={k})", "tile({}, [1, 2])", "pad({}, [[0, 0], [1, 2]])", "split({}, 2, axis={k})[1]",
    "unstack({}, {k})[0]",
    "one_hot(int(clip({}, 0, 3)), 4)",
    "broadcast_to({}, [2, null, null])", "zeros_like({})", "argsort({}, axis={k})",
    "({}) + ({})", "({}) * ({})", "({}) - ({})", "({}) == ({})", "maximum({}, {})", "({}) @ ({})", "outer({}, {})", "dot({}, {})",
    "where(({}) > 0, {}, {})", "({}) if ({}) > 0 else 1", "concatenate([{}, {}], axis={k})", "stack([{}, {}], axis={k})",
    "like({}, {})", "take({}, int(clip({}, 0, 0)), axis={k})",
    "take_along_axis({}, int(clip({}, 0, 0)), axis={k})",
    "einsum('bi,bi->b', {}, {})", "einsum('bij,bkj->bik', {}, {})", "einsum('bi,ij->bj', {}, {})", "einsum('ab,cb->ac', {}, {})",
)  # fmt: skip
FEW = (Phase.explicit, Phase.reuse, Phase.generate)  # to shrink a compiled example takes minutes
LEAVES = ("x", "s", "u", "z", "i", "b", "v", "w", "c")
ROWS = {"x": (4,), "s": (3, 4), "z": (1,), "u": (3, 4), "i": (4,), "b": (3, 4)}
STATIC = {
    "x": TensorSpec((None, 4)),
    "s": TensorSpec((None, 3, 4)),
    "u": TensorSpec((None, None, 4)),
    "z": TensorSpec((None, 1)),
    "i": TensorSpec((None, 4), "int32"),
    "b": TensorSpec((None, 3, 4), "bool"),
    "v": TensorSpec((4,)),
    "w": TensorSpec((4, 4)),
    "c": TensorSpec(()),
}


def random_values(batch):
    draw = np.random.default_rng(7)
    values = {name: draw.normal(size=(5, *shape))[:batch].astype("float32") for name, shape in ROWS.items()}
    values |= {"v": draw.normal(size=4), "w": draw.normal(size=(4, 4)), "c": draw.normal()}
    return {name: tf.cast(tf.constant(value * 3), STATIC[name].dtype) for name, value in values.items()}


@st.composite
def expressions(draw):
    pieces = [draw(st.sampled_from(LEAVES)) for _ in range(3)]
    for _ in range(draw(st.integers(1, 4))):
        template = draw(st.sampled_from(PIECES))
        slots = template.count("{}")
        chosen = [draw(st.sampled_from(pieces)) for _ in range(slots)]
        pieces.append(template.replace("{k}", str(draw(st.integers(-3, 2)))).replace("{}", "%s") % tuple(chosen))
    return pieces[-1]


def inferred_or_none(text):
    try:
        return TensorExpression.parse(text).infer(STATIC)
    except SpecError:
        return None


def computable(text):
    """Inferred, and not of an unknown length that turns out not to fit."""
    if inferred_or_none(text) is None:
        return False
    try:
        compute(TensorExpression.parse(text), random_values(5))
    except tf.errors.InvalidArgumentError:
        return False
    return True


def agrees(text, inferred, results):
    for spec, found in zip(inferred.outputs, results, strict=True):
        assert found.dtype.name == spec.dtype, text
        assert found.shape.rank == len(spec.shape), (text, spec, found.shape)
        assert all(known in (None, size) for known, size in zip(spec.shape, found.shape, strict=True)), (
            text,
            spec,
            found.shape,
        )


@settings(max_examples=100, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(expressions())
def test_random_expressions_have_the_inferred_shapes_and_independent_rows(text):
    inferred = inferred_or_none(text)
    assume(inferred is not None)
    expression = TensorExpression.parse(text)
    try:
        five = compute(expression, random_values(5))
    except tf.errors.InvalidArgumentError:
        # An unknown axis, that of `u` or one made of rows, may meet another length.
        assume("u" not in text.replace("unstack", "") and not inferred.couples_rows)
        raise
    agrees(text, inferred, five)
    agrees(text, inferred, compute(expression, random_values(1)))
    if inferred.couples_rows:
        return
    rows = [{k: v[r : r + 1] if k in ROWS else v for k, v in random_values(5).items()} for r in range(5)]
    alone = [compute(expression, row) for row in rows]
    for k, spec in enumerate(inferred.outputs):
        if spec.shape and spec.shape[0] is None:
            together = np.concatenate([result[k].numpy() for result in alone])
            np.testing.assert_allclose(
                five[k].numpy().astype("float64"), together.astype("float64"), 1e-2, 1e-2, err_msg=text
            )


@pytest.mark.slow
@pytest.mark.parametrize("xla", [False, True], ids=["graph", "xla"])
@settings(max_examples=5, phases=FEW, suppress_health_check=list(HealthCheck))
@given(texts=st.lists(expressions().filter(computable), min_size=5, max_size=20))
def test_random_expressions_in_graphs_have_the_inferred_shapes(xla, texts):
    signature = [{name: tf.TensorSpec(spec.shape, spec.dtype) for name, spec in STATIC.items()}]

    @tf.function(input_signature=signature, jit_compile=xla, autograph=False)
    def everything(tensors):
        return [compute(TensorExpression.parse(text), tensors) for text in texts]

    for batch in (1, 5):
        values = random_values(batch)
        for text, found in zip(texts, everything(values), strict=True):
            agrees(text, inferred_or_none(text), found)
            for one, other in zip(found, compute(TensorExpression.parse(text), values), strict=True):
                np.testing.assert_allclose(
                    one.numpy().astype("float64"), other.numpy().astype("float64"), 2e-2, 2e-2, err_msg=text
                )


SMOOTH = [
    "relu(x @ w + 1)", "softmax(x)", "norm(x, axis=-1)", "gelu(x)", "elu(x)", "mish(x)", "std(x, axis=1)", "logsumexp(x, axis=1)",
    "sort(x)", "top_k(x, 2)", "take(x, [0, 2], axis=1)", "einsum('bij,bkj->bik', x, y)", "concatenate([x, y])", "clip(x, -9, 9)",
    "where(x > 0, x, y)", "x if x > 0 else y", "moments(x, axis=1)", "take_along_axis(x, argsort(x))",
    "pad(x, [[0, 0], [1, 1], [0, 0]])",

    "like(sum(x, axis=[0, 1]), x)", "tril(x)", "x ** 2", "cumsum(x)", "l2_normalize(x)", "reshape(x, [null, -1])", "x[:, 1:]",
    "dot(x, w)", "outer(x, y)", "cast(x, 'float64')", "float(x)", "roll(x, 1, axis=1)", "x[..., 0]", "prod(x, axis=-1)",
]  # fmt: skip


@pytest.mark.parametrize("text", SMOOTH)
def test_gradients_flow(text):
    tensors = {name: tf.constant(value) for name, value in arrays(2).items()}
    with tf.GradientTape() as tape:
        tape.watch(tensors["x"])
        results = compute(TensorExpression.parse(text), tensors)
    gradient = tape.gradient(results, tensors["x"])
    assert gradient is not None
    assert np.isfinite(gradient.numpy()).all()
    assert np.abs(gradient.numpy()).max() > 0


def test_no_gradient_flows_through_stop_gradient():
    x = tf.constant([2.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        (result,) = compute(TensorExpression.parse("stop_gradient(x) * x"), {"x": x})
    assert tape.gradient(result, x).numpy() == [2.0]


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
def test_other_dtypes(dtype):
    texts = [text for text in CASES if "'float" not in text]
    values = {k: v if v.dtype != "float32" else tf.cast(v, dtype) for k, v in arrays(5).items()}
    tensors = {name: tf.convert_to_tensor(value) for name, value in values.items()}
    known = {
        name: TensorSpec((None, *tensor.shape[1:]) if name in BATCHED else tuple(tensor.shape), tensor.dtype.name)
        for name, tensor in tensors.items()
    }
    for text in texts:
        expression = TensorExpression.parse(text)
        inferred = expression.infer(known, dtype)
        results = compute(expression, tensors, dtype)
        for spec, found in zip(inferred.outputs, results, strict=True):
            assert found.dtype.name == spec.dtype, text
            assert "float" not in spec.dtype or spec.dtype == dtype, text


def test_what_infer_refuses_of_arguments_is_refused_here_too():
    with pytest.raises(SpecError, match=r"in 'sum\(x, axis='a'\)': 'axis' takes an integer, got 'a'"):
        compute(TensorExpression.parse("sum(x, axis='a')"), {"x": tf.ones([2, 2])})
    with pytest.raises(SpecError, match="there is no value 'y' here"):
        compute(TensorExpression.parse("y"), {"x": tf.ones([2, 2])})


def test_a_typical_expression_costs_little_beside_its_operations():
    expression, x = TensorExpression.parse("relu(x + 1) * 2"), {"x": tf.ones([2, 2])}
    compute(expression, x)
    start = time.perf_counter()
    for _ in range(50):
        compute(expression, x)
    assert (time.perf_counter() - start) / 50 < 0.02

"""The known answers are those of the Random123 library (`kat_vectors`, threefry2x32 with 20 rounds)."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from hashlib import blake2b
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from netlib.nn.random import folded, forward_pass, in_round, loop_begun, normal, stable_hash, threefry, uniform

SHAPE = (6, 5, 3)
ONES = 0xFFFFFFFF


@pytest.mark.parametrize(
    ("key", "counter", "words"),
    [
        ((0, 0), (0, 0), (0x6B200159, 0x99BA4EFE)),
        ((ONES, ONES), (ONES, ONES), (0x1CB996FC, 0xBB002BE7)),
        ((0x13198A2E, 0x03707344), (0x243F6A88, 0x85A308D3), (0xC4923A9C, 0x483DF7A0)),
    ],
)
def test_threefry_gives_the_known_answers(
    key: tuple[int, int], counter: tuple[int, int], words: tuple[int, int]
) -> None:
    given = [tf.constant(word, tf.uint32) for word in (*key, *counter)]
    assert tuple(int(word) for word in threefry(*given)) == words


def draw(shape: Any = SHAPE, *, seed: int = 3, step: Any = 7, row: Any = 0, purpose: str = "p", path: str = "a") -> Any:
    with forward_pass(seed, step, row):
        return uniform(purpose, path, shape)


def in_graph(shape: tuple[int, ...]) -> tf.Tensor:
    return tf.function(lambda: draw(shape), autograph=False)()


def in_xla(shape: tuple[int, ...]) -> tf.Tensor:
    return tf.function(lambda: draw(shape), autograph=False, jit_compile=True)()


def with_a_step_on_the_device(shape: tuple[int, ...]) -> tf.Tensor:
    step = tf.constant(7, tf.int64)
    return tf.function(lambda step: draw(shape, step=step), autograph=False, jit_compile=True)(step)


def with_a_dynamic_shape(shape: tuple[int, ...]) -> tf.Tensor:
    signature = [tf.TensorSpec([None, *shape[1:]])]
    return tf.function(lambda x: draw(tf.shape(x)), autograph=False, input_signature=signature)(tf.zeros(shape))


def in_a_graph_loop(shape: tuple[int, ...]) -> tf.Tensor:
    def body(index: tf.Tensor, _: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return index + 1, draw(shape, step=index)

    loop = tf.function(lambda end: tf.while_loop(lambda i, _: i < end, body, (tf.constant(0), tf.zeros(shape))))
    return loop(tf.constant(8))[1]


@pytest.mark.parametrize(
    "compute", [in_graph, in_xla, with_a_step_on_the_device, with_a_dynamic_shape, in_a_graph_loop]
)
def test_every_way_to_run_draws_the_same_bits(compute: Callable[[tuple[int, ...]], tf.Tensor]) -> None:
    np.testing.assert_array_equal(compute(SHAPE), draw())


@pytest.mark.slow
def test_another_process_draws_the_same_bits_and_anew_outside_though_determinism_is_on() -> None:
    lines = """
import tensorflow as tf
from netlib.nn.random import forward_pass, uniform
tf.config.experimental.enable_op_determinism()
with forward_pass(3, 7):
    print(uniform("p", "a", (2, 2)).numpy().tolist())
print(uniform("p", "a", (2, 2)).numpy().tolist())
"""
    printed = subprocess.run([sys.executable, "-c", lines], capture_output=True, text=True, check=True).stdout
    inside, outside = printed.splitlines()
    assert inside == str(draw((2, 2)).numpy().tolist())
    assert outside != inside


@pytest.mark.parametrize("first", [1, 4, tf.constant(2), tf.constant(5, tf.int64)])
def test_a_part_of_the_batch_draws_its_rows_of_the_whole(first: Any) -> None:
    row = int(first)
    np.testing.assert_array_equal(draw((6 - row, 5, 3), row=first), draw()[row:])


def test_steps_beyond_31_bits_are_steps_of_their_own() -> None:
    assert not np.array_equal(draw(step=2**31 + 5), draw(step=5))


@pytest.mark.parametrize(
    "other", [{"seed": 4}, {"step": 8}, {"purpose": "q"}, {"path": "b"}, {"row": 6}, {"path": "a.a"}]
)
def test_anything_else_makes_other_numbers(other: dict[str, Any]) -> None:
    assert not np.intersect1d(draw(), draw(**other)).size


def test_each_call_of_a_layer_in_a_forward_pass_draws_anew_and_repeatably() -> None:
    def calls() -> list[np.ndarray]:
        with forward_pass(3, 7):
            return [uniform("p", "a", SHAPE).numpy() for _ in range(3)]

    first, again = calls(), calls()
    np.testing.assert_array_equal(first, again)
    assert len(np.unique(first)) > 0.99 * np.size(first)


def test_calls_of_one_layer_do_not_shift_those_of_another() -> None:
    with forward_pass(3, 7):
        uniform("p", "other", SHAPE)
        np.testing.assert_array_equal(uniform("p", "a", SHAPE), draw())


def test_passes_nest() -> None:
    with forward_pass(3, 7):
        with forward_pass(9, 9):
            uniform("p", "a", SHAPE)
        np.testing.assert_array_equal(uniform("p", "a", SHAPE), draw())


def test_one_number_for_each_sample() -> None:
    assert draw((4,)).shape == (4,)
    assert draw((4, 0)).shape == (4, 0)


def test_numbers_are_uniform_and_independent_between_neighbours() -> None:
    numbers = draw((1000, 100)).numpy()
    assert numbers.dtype == np.float32
    assert numbers.min() >= 0
    assert numbers.max() < 1
    counts, _ = np.histogram(numbers, bins=100, range=(0, 1))
    chi_square = np.sum((counts - 1000) ** 2 / 1000)
    assert 50 < chi_square < 160  # 99 degrees of freedom: about one in 10,000 lies outside
    for shifted in (numbers[1:], numbers[:, 1:]):
        pair = numbers[: shifted.shape[0], : shifted.shape[1]]
        assert abs(np.corrcoef(pair.ravel(), shifted.ravel())[0, 1]) < 0.015


def outside(jit: bool | None) -> np.ndarray:
    if jit is None:
        return uniform("p", "a", SHAPE).numpy()  # type: ignore[no-any-return]
    compute = tf.function(lambda: tf.stack([uniform("p", "a", SHAPE) for _ in range(2)]), jit_compile=jit)
    return np.concatenate([compute(), compute()])


@pytest.mark.parametrize("jit", [None, False, True])
def test_outside_of_a_forward_pass_each_call_draws_anew(jit: bool | None) -> None:
    first, second = outside(jit), outside(jit)
    assert not np.intersect1d(first, second).size
    assert len(np.unique(first)) > 0.99 * first.size


def test_stable_hash_is_one_number_for_ever() -> None:
    assert stable_hash(1, "a") == stable_hash(1, "a") != stable_hash("1a")
    assert stable_hash("ab", "c") != stable_hash("a", "bc")
    assert stable_hash(7, "initial", "hidden.kernel", bits=31) == stable_hash(7, "initial", "hidden.kernel") % 2**31
    assert stable_hash(0) == int.from_bytes(blake2b(b"0", digest_size=8).digest(), "little")


def draw_normal(shape: Any = SHAPE, *, step: Any = 7, row: Any = 0, path: str = "a") -> Any:
    with forward_pass(3, step, row):
        return normal("p", path, shape)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_normal_numbers_are_the_same_bits_however_they_are_drawn(jit_compile: bool) -> None:
    expected = draw_normal()
    ways = [
        lambda step: draw_normal(),
        lambda step: draw_normal(step=step),
        lambda step: draw_normal(step=step, row=step * 0),
    ]
    for way in ways:
        compiled = tf.function(way, autograph=False, jit_compile=jit_compile)
        np.testing.assert_array_equal(compiled(tf.constant(7)), expected)
    np.testing.assert_array_equal(draw_normal((2, *SHAPE[1:]), row=2), expected[2:4])


def test_normal_numbers_depend_on_all_that_uniform_ones_do() -> None:
    drawn = [draw_normal(), draw_normal(step=8), draw_normal(path="b"), draw_normal(row=6)]
    assert len(np.unique(np.stack(drawn))) == 4 * np.prod(SHAPE)


def test_folded_rows_begin_where_their_samples_do() -> None:
    def drawn(first: int, rows: int) -> Any:
        with forward_pass(3, 7, first), folded(tf.constant(4)):
            return uniform("p", "a", (4 * rows, 2))

    whole = drawn(0, 3)
    np.testing.assert_array_equal(drawn(1, 2), whole[4:])
    assert len(np.unique(whole)) == 24
    with folded(4):  # outside of a forward pass there is nothing to hold to
        assert uniform("p", "a", (8,)).shape == (8,)


def loop_of(rounds: int, runs: int = 1, inner: int = 0) -> list[Any]:
    """What is drawn in each round of loops in Python."""
    found = []
    with forward_pass(3, 7):
        for _ in range(runs):
            loop = loop_begun("loop")
            for number in range(rounds):
                with in_round(loop, number, rounds):
                    found.append(uniform("p", "a", (2, 2)))
                    nested = loop_begun("inner")
                    for each in range(inner):
                        with in_round(nested, each, inner):
                            found.append(uniform("p", "a", (2, 2)))
        found.append(uniform("p", "a", (2, 2)))
    return found


def test_every_round_of_every_loop_draws_its_own() -> None:
    drawn = loop_of(3, runs=2, inner=2)
    assert len(np.unique(np.stack(drawn))) == 4 * len(drawn) == 4 * (2 * 3 * 3 + 1)
    np.testing.assert_array_equal(drawn[-1], draw((2, 2)))  # what comes after does not depend on how often it ran
    np.testing.assert_array_equal(loop_of(0)[-1], draw((2, 2)))


@pytest.mark.parametrize("jit_compile", [False, True])
def test_a_loop_that_is_traced_once_draws_what_one_in_python_does(jit_compile: bool) -> None:
    def run() -> Any:
        with forward_pass(3, 7):
            loop = loop_begun("loop")

            def body(number: tf.Tensor, drawn: tf.TensorArray) -> Any:
                with in_round(loop, number, 3):
                    return number + 1, drawn.write(number, uniform("p", "a", (2, 2)))

            begin = (tf.constant(0), tf.TensorArray(tf.float32, 3))
            return tf.while_loop(lambda number, _: number < 3, body, begin, maximum_iterations=3)[1].stack()

    compiled = tf.function(run, autograph=False, jit_compile=jit_compile)()
    np.testing.assert_array_equal(compiled, loop_of(3)[:3])

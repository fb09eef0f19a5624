from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from netlib import nn


@st.composite
def equations(draw: st.DrawFn) -> tuple[str, list[int], str | None, list[int]]:
    """An equation with lengths for its output, axes of a bias, and a shape of an input."""
    form = draw(st.sampled_from(["", "front", "behind"]))
    letters = "bcdefg"
    kept = letters[: draw(st.integers(0, 2))]
    shared = letters[2 : 2 + draw(st.integers(0, 1))]
    summed = letters[3 : 3 + draw(st.integers(0 if shared else 1, 1))]
    new = letters[4 : 4 + draw(st.integers(1, 2))]
    lengths = {letter: draw(st.integers(1, 3)) for letter in letters}
    given_letters = "".join(draw(st.permutations(kept + shared + summed)))
    kernel = "".join(draw(st.permutations(shared + summed + new)))
    output = "".join(draw(st.permutations(kept + shared + new)))
    bias = "".join(draw(st.permutations(output))[: draw(st.integers(0, len(output)))]) or None
    stated = [lengths[letter] for letter in output]
    known = [lengths[letter] for letter in given_letters]
    if form == "front":
        return f"...{given_letters},{kernel}->...{output}", stated, bias, [5, *[2] * draw(st.integers(0, 2)), *known]
    dots, behind = ("...", [2] * draw(st.integers(0, 2))) if form == "behind" else ("", [])
    return f"a{given_letters}{dots},{kernel}->a{output}{dots}", stated, bias, [5, *known, *behind]


@given(equations())
@settings(max_examples=30)
def test_random_equations_have_keras_s_weights_and_numpy_s_result(
    drawn: tuple[str, list[int], str | None, list[int]],
) -> None:
    """Not Keras's result: it adds a bias along the wrong axis where an axis before the last is as long as that (`ops.add`)."""
    equation, output_dim, bias_axes, shape = drawn
    ours = nn.EinsumDense(equation, output_dim, bias_axes=bias_axes)
    theirs = keras.layers.EinsumDense(equation, output_dim, bias_axes=bias_axes)
    rng = np.random.default_rng(len(equation))
    values = tf.constant(rng.normal(size=shape), tf.float32)
    theirs.build(shape)
    ours(values)
    assert [(v.name, tuple(v.shape)) for v in theirs.weights] == [
        (path, tuple(v.shape)) for path, v, *_ in ours.named_variables()
    ]
    for variable in ours.variables:
        variable.assign(rng.normal(size=variable.shape))
    expected = np.einsum(equation, values, ours.kernel) + (np.asarray(ours.bias) if bias_axes else 0)
    assert ours.output_shape((None, *shape[1:])) == (None, *expected.shape[1:])
    np.testing.assert_allclose(ours(values), expected, atol=1e-5)


def test_it_begins_as_keras_s_does() -> None:
    """The width of the distribution follows from the lengths that are summed over and those that are new."""
    heads = nn.EinsumDense("abc,cde->abde", output_dim=[None, 40, 50], seed=1)
    heads(tf.ones([1, 2, 30]))
    assert np.max(np.abs(heads.kernel)) <= (limit := np.sqrt(6 / (30 + 40 * 50)))
    assert np.max(np.abs(heads.kernel)) > 0.99 * limit


def test_the_mask_holds_where_the_axis_after_the_batch_stays() -> None:
    mask = tf.constant([[True, False, True]])
    values = tf.ones([1, 3, 4])
    for equation, output_dim, kept in [("abc,cd->abd", [None, 2], True), ("abc,cd->adb", [2, None], False)]:
        layer = nn.EinsumDense(equation, output_dim)
        made = layer.compute_mask(values, mask=mask)
        assert (made is mask) == kept
    assert nn.EinsumDense("...c,cd->...d", 2).compute_mask(values, mask=mask) is mask

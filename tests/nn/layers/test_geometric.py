from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from netlib.nn.layers.geometric import RandomCrop, RandomFlip, RandomRotation, RandomTranslation, RandomZoom
from netlib.nn.random import forward_pass, uniform

IMAGES = tf.constant(np.random.default_rng(5).normal(size=(40, 6, 8, 2)), tf.float32)
SQUARES = IMAGES[:, :, :6]


def trained(layer: Any, images: tf.Tensor, first_row: int = 0, seed: int = 3) -> np.ndarray:
    with forward_pass(seed, 11, first_row):
        return layer(images, training=True).numpy()


def drawn(layer: Any, samples: int) -> np.ndarray:
    """The numbers that `trained` draws for the layer."""
    with forward_pass(3, 11):
        return uniform("augmentation", layer.path, (samples, layer.draws)).numpy()


LAYERS = [
    RandomFlip(),
    RandomCrop(4, 5),
    RandomTranslation(0.3, 0.3),
    RandomRotation(0.3),
    RandomZoom(0.3),
]


@pytest.mark.parametrize("layer", LAYERS, ids=[type(layer).__name__ for layer in LAYERS])
def test_each_sample_draws_its_own_whatever_batch_it_is_in(layer: Any) -> None:
    same = tf.repeat(IMAGES[:1], 40, axis=0)
    whole = trained(layer, same)
    assert len(np.unique(whole.reshape(40, -1), axis=0)) >= 4
    parts = [trained(layer, same[:13]), trained(layer, same[13:], first_row=13)]
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    assert not np.array_equal(trained(layer, same, seed=4), whole)


@pytest.mark.parametrize("layer", LAYERS[:1] + LAYERS[2:], ids=lambda layer: type(layer).__name__)
def test_inference_changes_nothing(layer: Any) -> None:
    np.testing.assert_array_equal(layer(IMAGES), IMAGES)


# RandomFlip.


@pytest.mark.parametrize(
    ("mode", "axes"), [("horizontal", [(), (2,)]), ("vertical", [(), (1,)]), (None, [(), (1,), (2,), (1, 2)])]
)
def test_a_flip_is_the_image_or_its_mirror(mode: str | None, axes: list[tuple[int, ...]]) -> None:
    images = tf.constant(np.random.default_rng(6).normal(size=(2000, 2, 3, 1)), tf.float32)
    flipped = trained(RandomFlip(mode) if mode else RandomFlip(), images)
    kinds = [(flipped == np.flip(images.numpy(), which)).all(axis=(1, 2, 3)) for which in axes]
    assert (sum(map(np.asarray, kinds)) == 1).all()
    share = 1 / len(axes)
    for kind in kinds:  # within five standard deviations
        assert abs(kind.mean() - share) < 5 * np.sqrt(share * (1 - share) / 2000)


def test_a_flip_keeps_integers() -> None:
    images = tf.reshape(tf.range(12, dtype=tf.int32), (1, 3, 4, 1))
    assert RandomFlip()(images, training=True).dtype == tf.int32


# RandomCrop.


def test_a_crop_is_a_part_of_the_image_at_every_place() -> None:
    images = tf.repeat(IMAGES[:1], 2000, axis=0)
    crops = trained(RandomCrop(4, 5), images)
    places = np.zeros((3, 4), int)
    for down in range(3):
        for right in range(4):
            part = IMAGES.numpy()[0, down : down + 4, right : right + 5]
            places[down, right] = (crops == part).all(axis=(1, 2, 3)).sum()
    assert places.sum() == 2000
    expected = 2000 / 12
    assert ((places - expected) ** 2 / expected).sum() < 40  # chi-squared with 11 degrees of freedom: 3e-5


@pytest.mark.parametrize("size", [(6, 8), (6, 5), (4, 8)])
def test_a_crop_may_take_a_whole_axis(size: tuple[int, int]) -> None:
    crops = trained(RandomCrop(*size), IMAGES)
    assert crops.shape == (40, *size, 2)
    if size == (6, 8):
        np.testing.assert_array_equal(crops, IMAGES)


@settings(max_examples=25)
@given(height=st.integers(1, 14), width=st.integers(1, 14), rows=st.integers(1, 12), columns=st.integers(1, 12))
def test_without_a_draw_it_is_the_middle_resized(height: int, width: int, rows: int, columns: int) -> None:
    images = tf.constant(np.random.default_rng(1).normal(size=(2, rows, columns, 1)), tf.float32)
    expected = keras.ops.image.resize(images, (height, width), crop_to_aspect_ratio=True)
    layer = RandomCrop(height, width)
    np.testing.assert_allclose(layer(images), expected, atol=2e-5)
    if rows < height or columns < width:
        np.testing.assert_allclose(trained(layer, images), expected, atol=2e-5)


@pytest.mark.parametrize("size", [(6, 8), (4, 8), (3, 3)])
def test_a_crop_of_images_of_unknown_size(size: tuple[int, int]) -> None:
    layer = RandomCrop(4, 5)
    signature = [tf.TensorSpec((None, None, None, 2), tf.float32)]

    @tf.function(input_signature=signature, autograph=False)
    def run(images: tf.Tensor) -> tf.Tensor:
        with forward_pass(3, 11):
            return layer(images, training=True)

    images = IMAGES[:, : size[0], : size[1]]
    np.testing.assert_array_equal(run(images), trained(layer, images))


# Where the layers that warp read.


def keras_matrix(layer: keras.layers.Layer, angles: np.ndarray, height: int, width: int) -> Any:
    zeros, ones = np.zeros(len(angles), "float32"), np.ones(len(angles), "float32")
    return layer._compute_affine_matrix(
        center_x=0.5, center_y=0.5, angle=angles, translate_x=zeros, translate_y=zeros, scale=ones, shear_x=zeros,
        shear_y=zeros, height=height, width=width,
    )  # fmt: skip


FACTORS = st.tuples(st.floats(-0.9375, 1, width=32), st.floats(-0.9375, 1, width=32)).map(sorted)


@settings(max_examples=15)
@given(factor=FACTORS, mode=st.sampled_from(["reflect", "nearest", "constant"]))
def test_a_rotation_is_that_of_keras_by_the_angles_drawn(factor: list[float], mode: str) -> None:
    layer, theirs = RandomRotation(factor, mode, path="r"), keras.layers.RandomRotation(factor, mode)
    angles = (factor[0] + (factor[1] - factor[0]) * drawn(layer, 40)[:, 0]) * 360
    assert (angles >= factor[0] * 360 - 1e-4).all()
    assert (angles <= factor[1] * 360 + 1e-4).all()
    transformation = {"rotation_matrix": keras_matrix(theirs, angles, 6, 8)}
    expected = theirs.transform_images(IMAGES, transformation)
    np.testing.assert_allclose(trained(layer, IMAGES), expected, atol=2e-5)


@settings(max_examples=15)
@given(height=FACTORS, width=FACTORS, mode=st.sampled_from(["reflect", "nearest", "constant"]))
def test_a_translation_is_that_of_keras_by_the_shares_drawn(height: list[float], width: list[float], mode: str) -> None:
    layer, theirs = (
        RandomTranslation(height, width, mode, path="t"),
        keras.layers.RandomTranslation(height, width, mode),
    )
    numbers = drawn(layer, 40)
    down, right = (low + (high - low) * numbers[:, i] for i, (low, high) in enumerate((height, width)))
    transformation = {"translations": np.stack([right * 8, down * 6], 1).astype("float32"), "input_shape": IMAGES.shape}
    expected = theirs.transform_images(IMAGES, transformation)
    np.testing.assert_allclose(trained(layer, IMAGES), expected, atol=2e-5)


@settings(max_examples=15)
@given(height=FACTORS, width=st.none() | FACTORS, mode=st.sampled_from(["reflect", "nearest", "constant"]))
def test_a_zoom_is_that_of_keras_by_the_factors_drawn(
    height: list[float], width: list[float] | None, mode: str
) -> None:
    layer, theirs = RandomZoom(height, width, mode, path="z"), keras.layers.RandomZoom(height, width, mode)
    numbers = drawn(layer, 40)
    bounds = (height, width or height)
    zooms = [1 + low + (high - low) * numbers[:, i if width else 0, None] for i, (low, high) in enumerate(bounds)]
    transformation = {"height_zoom": zooms[0], "width_zoom": zooms[1], "input_shape": IMAGES.shape}
    expected = theirs.transform_images(IMAGES, transformation)
    np.testing.assert_allclose(trained(layer, IMAGES), expected, atol=2e-5)


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear"])
@pytest.mark.parametrize("mode", ["wrap", "constant"])
def test_a_translation_by_whole_pixels(mode: str, interpolation: str) -> None:
    layer = RandomTranslation([0.5, 0.5], [-0.25, -0.25], mode, interpolation, 7.0)
    expected = np.roll(IMAGES.numpy(), (3, -2), (1, 2))
    if mode == "constant":
        expected[:, :3] = expected[:, :, -2:] = 7
    np.testing.assert_allclose(trained(layer, IMAGES), expected, atol=1e-6)


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear"])
@pytest.mark.parametrize(("factor", "quarters"), [(0.25, 1), (-0.25, -1), (0.5, 2), (1, 0)])
def test_a_rotation_by_quarters_is_counterclockwise(factor: float, quarters: int, interpolation: str) -> None:
    layer = RandomRotation([factor, factor], interpolation=interpolation)
    expected = np.rot90(SQUARES.numpy(), quarters, (1, 2))
    np.testing.assert_allclose(trained(layer, SQUARES), expected, atol=1e-6)


@pytest.mark.parametrize("layer", [RandomZoom(0), RandomRotation(0), RandomTranslation(0, 0)], ids=["z", "r", "t"])
def test_a_factor_of_zero_is_the_identity(layer: Any) -> None:
    np.testing.assert_array_equal(trained(layer, IMAGES), IMAGES)


def test_a_zoom_out_by_two_shows_every_other_pixel_in_the_middle() -> None:
    layer = RandomZoom([1, 1], fill_mode="constant", fill_value=-9)
    images = tf.reshape(tf.range(5, dtype=tf.float32), (1, 1, 5, 1))
    np.testing.assert_array_equal(trained(layer, images).ravel(), [-9, 0, 2, 4, -9])


def test_images_of_low_precision_are_read_at_exact_places() -> None:
    """In bfloat16 a place beyond 256 would be off by a pixel."""
    images = tf.reshape(tf.range(600) % 2, (1, 1, 600, 1))
    layer = RandomTranslation(0, [0.5, 0.5], "wrap", dtype="mixed_bfloat16")
    moved = trained(layer, tf.cast(images, tf.bfloat16))
    np.testing.assert_array_equal(moved, np.roll(images.numpy(), 300, 2))

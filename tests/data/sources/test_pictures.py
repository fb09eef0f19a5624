"""Pictures: shapes of the right area at the right place, and views of which each target can be learnt."""

from __future__ import annotations

import numpy as np
import pytest

from netlib.data.sources.generators import read
from netlib.data.sources.pictures import Outlines
from netlib.spec.sources.pictures import SHAPES, Shapes, Views

AREAS = {"circle": np.pi, "square": 2.0, "triangle": 3 * np.sqrt(3) / 4}
"""Of a shape with its corners on a circle of radius 1."""


def drawn(spec, seed=0):
    arrays = read(spec, seed)
    (target,) = arrays.targets.values()
    return arrays.inputs["image"], target


@pytest.mark.parametrize("shape", SHAPES)
def test_an_outline_has_its_area_and_centre(shape):
    angles = np.linspace(0, 6, 5, dtype=np.float32)
    label = np.full(5, SHAPES.index(shape))
    centre = np.tile(np.array([[0.4, 0.6]], np.float32), (5, 1))
    inside = Outlines(label, centre, np.full(5, 0.35, np.float32), angles).inside(400)
    np.testing.assert_allclose(inside.mean(axis=(1, 2)), AREAS[shape] * 0.35**2, rtol=0.01)
    rows, columns = (np.arange(400) + 0.5)[:, None] / 400, (np.arange(400) + 0.5)[None, :] / 400
    for each in inside:
        np.testing.assert_allclose(
            ((each * columns).sum() / each.sum(), (each * rows).sum() / each.sum()), (0.4, 0.6), atol=0.003
        )


@pytest.mark.parametrize("shape", ["square", "triangle"])
def test_corners_lie_on_the_circle_half_way_between_the_normals(shape):
    sides = {"square": 4, "triangle": 3}[shape]
    outline = Outlines(np.array([SHAPES.index(shape)]), np.float32([[0.5, 0.5]]), np.float32([0.4]), np.float32([0.3]))
    (inside,) = outline.inside(300)
    corners = 0.3 + np.pi / sides * (2 * np.arange(sides) + 1)
    for share, expected in ((0.95, True), (1.05, False)):
        x, y = 0.5 + 0.4 * share * np.cos(corners), 0.5 + 0.4 * share * np.sin(corners)
        assert (inside[(y * 300).astype(int), (x * 300).astype(int)] == expected).all()


@pytest.mark.parametrize("channels", [1, 3])
def test_label_and_mask_are_of_the_same_pictures(channels):
    image, label = drawn(Shapes(samples=50, channels=channels))
    again, mask = drawn(Shapes(samples=50, channels=channels, target="mask"))
    np.testing.assert_array_equal(image, again)
    assert set(np.unique(mask)) == {0, 1}
    assert np.bincount(label).tolist() == [17, 17, 16]


def test_no_mask_is_empty_or_cut_off():
    _, mask = drawn(Shapes(samples=3000, size=8, target="mask"))
    assert mask.sum(axis=(1, 2, 3)).min() >= 1
    _, mask = drawn(Shapes(samples=3000, size=64, target="mask"), 1)
    _, label = drawn(Shapes(samples=3000, size=64), 1)
    share = mask.mean(axis=(1, 2, 3))
    for number, shape in enumerate(SHAPES):  # radii from 0.2 to 0.4
        least, most = share[label == number].min(), share[label == number].max()
        np.testing.assert_allclose((least, most), np.array([0.04, 0.16]) * AREAS[shape], rtol=0.12)


def test_the_masks_tell_the_label():
    """Area by the square of the greatest distance from the centre of mass: pi, 2, and 1.3."""
    spec = {"samples": 600, "size": 64}
    _, mask = drawn(Shapes(**spec, target="mask"))
    _, label = drawn(Shapes(**spec))
    y, x = np.indices((64, 64)) + 0.5
    found = []
    for each in mask[..., 0]:
        area = each.sum()
        distances = np.hypot(x - (x * each).sum() / area, y - (y * each).sum() / area)
        ratio = area / distances[each > 0].max() ** 2
        found.append(np.abs(np.array([AREAS[shape] for shape in SHAPES]) - ratio).argmin())
    assert (np.array(found) == label).mean() > 0.97


def test_shape_and_background_differ_by_a_level_that_may_be_above_or_below():
    image, mask = (drawn(Shapes(samples=400, channels=2, noise=0.0, target="mask"))[i] for i in (0, 1))
    inside, outside = np.where(mask > 0, image, np.nan), np.where(mask > 0, np.nan, image)
    assert np.nanmax(np.nanmax(inside, (1, 2)) - np.nanmin(inside, (1, 2))) == 0
    assert np.nanmax(np.nanmax(outside, (1, 2)) - np.nanmin(outside, (1, 2))) == 0
    contrast = np.nanmean(inside, (1, 2)) - np.nanmean(outside, (1, 2))
    assert np.abs(contrast).min() >= 0.35 - 1e-5
    assert np.abs(contrast).max() <= 0.65 + 1e-5
    assert 0.4 < (contrast > 0).mean() < 0.6


def test_noise_of_shapes():
    spec = {"samples": 300, "size": 32, "target": "mask"}
    image, _ = drawn(Shapes(**spec, noise=0.1))
    exact, _ = drawn(Shapes(**spec, noise=0.0))
    middle = (exact > 0.4) & (exact < 0.6)  # where nothing is cut off
    assert (image - exact)[middle].std() == pytest.approx(0.1, rel=0.02)


def test_the_kind_of_a_view_is_the_nearest_pattern():
    arrays = read(Views(samples=2000), 0)
    image, kind = arrays.inputs["image"].reshape(2000, -1), arrays.targets["kind"]
    patterns = np.stack([image[:1000][kind[:1000] == number].mean(axis=0) for number in range(10)])
    distances = ((image[1000:, None] - patterns) ** 2).sum(axis=-1)
    assert (distances.argmin(axis=1) == kind[1000:]).mean() > 0.99
    assert np.bincount(kind).tolist() == [200] * 10


def test_the_position_of_a_view_needs_the_kind():
    arrays = read(Views(samples=4000), 0)
    features, kind, position = arrays.inputs["features"], arrays.targets["kind"], arrays.targets["position"][:, 0]

    def explained(columns):
        weights, *_ = np.linalg.lstsq(columns[:2000], position[:2000], rcond=None)
        return 1 - ((columns[2000:] @ weights - position[2000:]) ** 2).mean() / position[2000:].var()

    known = (kind[:, None, None] == np.arange(10)[None, :, None]) * features[:, None, :]
    assert explained(known.reshape(4000, -1)) > 0.95
    assert explained(features) < 0.02
    assert explained(np.hstack([features, features**2, features**3, np.ones((4000, 1))])) < 0.02
    assert np.abs(np.corrcoef(kind, position)[0, 1]) < 0.05


def test_noise_of_views():
    noisy, exact = (read(Views(samples=2000, noise=noise), 0) for noise in (0.3, 0.0))
    assert (noisy.inputs["image"] - exact.inputs["image"]).std() == pytest.approx(0.3, rel=0.02)
    features = noisy.inputs["features"] - exact.inputs["features"]
    assert features.std() == pytest.approx(0.3, rel=0.05)


@pytest.mark.parametrize("classes", [2, 7, 10])
def test_every_second_kind_measures_the_other_way_round(classes):
    arrays = read(Views(samples=1000, classes=classes, noise=0.0, features=5), 2)
    measured = arrays.inputs["features"] / arrays.targets["position"]
    signs = np.stack([measured[arrays.targets["kind"] == number][0] for number in range(classes)])
    np.testing.assert_allclose(measured, signs[arrays.targets["kind"]], atol=1e-3)
    np.testing.assert_allclose(np.abs(signs), 1, atol=1e-3)
    paired = classes - classes % 2
    np.testing.assert_allclose(signs[1:paired:2], -signs[0:paired:2], atol=1e-3)

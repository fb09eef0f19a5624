"""What becomes of an image's pixels, and what is said of a file that has none that can be read."""

from __future__ import annotations

import io
import os
import re
import threading
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from netlib.data.sources import images as reading
from netlib.data.sources.images import decoded
from netlib.spec.errors import SpecError
from netlib.spec.sources.image_folder import ImageFolder
from netlib.spec.sources.images import UnreadableImage

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (5, 4), dtype=np.uint8)
COLOUR = RNG.integers(0, 256, (5, 4, 3), dtype=np.uint8)
CLEAR = RNG.integers(0, 256, (5, 4, 4), dtype=np.uint8)


def spec(**parameters: object) -> ImageFolder:
    return ImageFolder.parse({"path": "unused", **parameters})


def read(file: Path, **parameters: object) -> np.ndarray:
    """The one image of a file."""
    return decoded(spec(**parameters), [file]).images[0]


def saved(file: Path, image: object, **options: object) -> Path:
    (image if isinstance(image, Image.Image) else Image.fromarray(np.asarray(image))).save(file, **options)
    return file


def luma(colour: np.ndarray) -> np.ndarray:
    return colour.astype(float) @ [0.299, 0.587, 0.114]


@pytest.mark.parametrize("suffix", ["png", "bmp", "gif", "webp"])
def test_formats_without_loss(tmp_path, suffix):
    options = {"lossless": True} if suffix == "webp" else {}
    values = read(saved(tmp_path / f"a.{suffix}", np.repeat(GREY[..., None], 3, axis=2), **options), channels=3)
    assert (values.dtype, values.shape) == (np.uint8, (5, 4, 3))
    np.testing.assert_array_equal(values, np.repeat(GREY[..., None], 3, axis=2))


def test_a_jpeg_is_what_it_was_to_within_what_compression_takes(tmp_path):
    smooth = np.add.outer(np.arange(16) * 8, np.arange(24) * 4).astype(np.uint8)
    values = read(saved(tmp_path / "a.jpg", smooth, quality=95), channels=1)
    np.testing.assert_allclose(values[..., 0], smooth, atol=3)


def test_grey_and_colour(tmp_path):
    grey, colour = saved(tmp_path / "grey.png", GREY), saved(tmp_path / "colour.png", COLOUR)
    np.testing.assert_array_equal(read(grey, channels=1), GREY[..., None])
    np.testing.assert_array_equal(read(grey), np.repeat(GREY[..., None], 3, axis=2))
    np.testing.assert_array_equal(read(colour), COLOUR)
    np.testing.assert_allclose(read(colour, channels=1)[..., 0], luma(COLOUR), atol=0.51)
    np.testing.assert_array_equal(read(colour, channels=4)[..., :3], COLOUR)
    assert (read(colour, channels=4)[..., 3] == 255).all()


@pytest.mark.parametrize("background", [0, 200, 255])
def test_what_is_transparent_is_laid_over_the_background(tmp_path, background):
    file = saved(tmp_path / "a.png", CLEAR)
    opacity = CLEAR[..., 3:] / 255
    expected = CLEAR[..., :3] * opacity + background * (1 - opacity)
    np.testing.assert_allclose(read(file, background=background), expected, atol=1)
    np.testing.assert_allclose(read(file, background=background, channels=1)[..., 0], luma(expected), atol=1.5)
    np.testing.assert_array_equal(read(file, channels=4), CLEAR)


def test_grey_with_opacity_and_a_grey_that_is_transparent(tmp_path):
    pair = Image.merge("LA", [Image.fromarray(GREY), Image.fromarray(CLEAR[..., 3])])
    expected = GREY * (CLEAR[..., 3] / 255)
    np.testing.assert_allclose(read(saved(tmp_path / "a.png", pair), channels=1)[..., 0], expected, atol=1)
    keyed = saved(tmp_path / "b.png", GREY, transparency=int(GREY[1, 2]))
    expected = np.where(GREY[1, 2] == GREY, 255, GREY)
    np.testing.assert_array_equal(read(keyed, channels=1, background=255)[..., 0], expected)


def test_a_palette_is_looked_up(tmp_path):
    image = Image.fromarray(GREY % 3, "P")
    palette = np.array([[10, 20, 30], [200, 100, 0], [1, 2, 3]], np.uint8)
    image.putpalette(palette.tobytes())
    np.testing.assert_array_equal(read(saved(tmp_path / "a.png", image)), palette[GREY % 3])
    clear = read(saved(tmp_path / "b.png", image, transparency=1), background=50)
    np.testing.assert_array_equal(clear, np.where(GREY[..., None] % 3 == 1, 50, palette[GREY % 3]))


def test_one_bit_a_pixel(tmp_path):
    file = saved(tmp_path / "a.png", Image.fromarray(GREY > 100))
    np.testing.assert_array_equal(read(file, channels=1)[..., 0], np.where(GREY > 100, 255, 0))


def test_of_sixteen_bits_the_upper_eight(tmp_path):
    wide = RNG.integers(0, 2**16, (5, 4), dtype=np.uint16)
    wide[0, :3] = [0, 255, 65535]
    file = saved(tmp_path / "a.png", Image.fromarray(wide))
    np.testing.assert_array_equal(read(file, channels=1)[..., 0], wide // 256)
    np.testing.assert_array_equal(read(file), np.repeat((wide // 256)[..., None], 3, axis=2))


def test_the_first_frame(tmp_path):
    frames = [Image.new("L", (4, 5), grey) for grey in (10, 200)]
    file = saved(tmp_path / "a.gif", frames[0], save_all=True, append_images=frames[1:])
    assert (read(file, channels=1) == 10).all()


def test_cmyk_becomes_rgb(tmp_path):
    file = saved(tmp_path / "a.jpg", Image.new("CMYK", (8, 8), (0, 255, 255, 0)), quality=95)
    np.testing.assert_allclose(read(file), np.broadcast_to([255, 0, 0], (8, 8, 3)), atol=4)


@pytest.mark.parametrize(
    ("orientation", "upright"),
    [
        (1, lambda a: a),
        (2, lambda a: a[:, ::-1]),
        (3, lambda a: a[::-1, ::-1]),
        (4, lambda a: a[::-1]),
        (5, lambda a: a.swapaxes(0, 1)),
        (6, lambda a: np.rot90(a, -1)),
        (7, lambda a: a[::-1, ::-1].swapaxes(0, 1)),
        (8, lambda a: np.rot90(a)),
    ],
)
@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_turned_upright_as_exif_says(tmp_path, orientation, upright, suffix):
    exif = Image.Exif()
    exif[0x0112] = orientation
    blocks = np.kron(np.array([[0, 100, 200], [50, 150, 250]], np.uint8), np.ones((8, 8), np.uint8))
    file = saved(tmp_path / f"a.{suffix}", blocks, exif=exif)
    np.testing.assert_allclose(read(file, channels=1)[..., 0], upright(blocks), atol=0 if suffix == "png" else 4)


def test_stretched_to_the_size(tmp_path):
    halves = np.kron(np.array([[0, 200]], np.uint8), np.ones((10, 20), np.uint8))
    values = read(saved(tmp_path / "a.png", halves), channels=1, size=[5, 8])
    beyond = 200 * (0.4 + 0.2) / 5  # of weights 1, twice 0.8, 0.6, 0.4 and 0.2, the last two of one side
    np.testing.assert_allclose(values[0, :, 0], [0, 0, 0, beyond, 200 - beyond, 200, 200, 200], atol=0.5)
    np.testing.assert_array_equal(values, np.broadcast_to(values[:1], values.shape))


def test_a_smaller_image_has_the_mean_of_what_it_was(tmp_path):
    checks = np.indices((40, 40)).sum(axis=0) % 2 * np.uint8(255)
    values = read(saved(tmp_path / "a.png", checks.astype(np.uint8)), channels=1, size=10)
    np.testing.assert_allclose(values, 127.5, atol=8)


def test_cropped_to_the_middle(tmp_path):
    stripes = np.kron(np.array([[10, 80, 90, 200]], np.uint8), np.ones((20, 10), np.uint8))
    wide = read(saved(tmp_path / "a.png", stripes), channels=1, size=[4, 4], fit="crop")
    np.testing.assert_array_equal(wide[:, 0, 0], 80)
    np.testing.assert_array_equal(wide[:, -1, 0], 90)
    high = read(saved(tmp_path / "b.png", stripes.T), channels=1, size=[4, 4], fit="crop")
    np.testing.assert_array_equal(high[..., 0], wide[..., 0].T)


@pytest.mark.parametrize(("channels", "around"), [(1, [70]), (3, [70, 70, 70]), (4, [70, 70, 70, 0])])
def test_padded_on_both_sides(tmp_path, channels, around):
    file = saved(tmp_path / "a.png", np.full((10, 40, 3), 200, np.uint8))
    values = read(file, channels=channels, size=[8, 8], fit="pad", background=70)
    assert (values[3:5] == [200, 200, 200, 255][: channels if channels != 1 else 1]).all()
    assert (values[:3] == around).all()
    assert (values[5:] == around).all()


@pytest.mark.parametrize("fit", ["stretch", "crop", "pad"])
@pytest.mark.parametrize("shape", [(1, 300), (300, 1), (1, 1)])
def test_extreme_proportions(tmp_path, fit, shape):
    values = read(
        saved(tmp_path / "a.png", np.full(shape, 9, np.uint8)), channels=1, size=[3, 4], fit=fit, background=9
    )
    np.testing.assert_array_equal(values, np.full((3, 4, 1), 9))


@pytest.mark.parametrize("fit", ["stretch", "crop", "pad"])
def test_an_image_of_the_size_is_left_as_it_is(tmp_path, fit):
    np.testing.assert_array_equal(read(saved(tmp_path / "a.png", COLOUR), size=[5, 4], fit=fit), COLOUR)


def test_many_files_keep_their_order_whoever_reads_them(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "TOGETHER", 3)
    files = [saved(tmp_path / f"{i}.png", np.full((2, 2), i, np.uint8)) for i in range(50)]
    for threads in (1, 4):
        images = decoded(spec(channels=1), files, threads).images
        np.testing.assert_array_equal(images[:, 0, 0, 0], np.arange(50))


def test_threads_do_share_the_work(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "TOGETHER", 1)
    both = threading.Barrier(2, timeout=30)
    pixels = reading.pixels

    def waits_for_the_other(*given):
        both.wait()
        return pixels(*given)

    monkeypatch.setattr(reading, "pixels", waits_for_the_other)
    files = [saved(tmp_path / f"{i}.png", GREY) for i in range(2)]
    assert len(decoded(spec(channels=1), files, threads=2).rows) == 2


def truncated(tmp_path: Path, suffix: str) -> Path:
    file = saved(tmp_path / f"a.{suffix}", RNG.integers(0, 256, (64, 64, 3), dtype=np.uint8))
    file.write_bytes(file.read_bytes()[:1000])
    return file


def a_directory(tmp_path: Path) -> Path:
    (tmp_path / "a.png").mkdir()
    return tmp_path / "a.png"


def a_text(tmp_path: Path, text: str = "not an image") -> Path:
    (tmp_path / "a.png").write_text(text)
    return tmp_path / "a.png"


def a_loop(tmp_path: Path) -> Path:
    (tmp_path / "a.png").symlink_to(tmp_path / "a.png")
    return tmp_path / "a.png"


def a_tiff(tmp_path: Path) -> Path:
    return saved(tmp_path / "a.png", GREY, format="TIFF")


@pytest.mark.parametrize(
    ("file", "message"),
    [
        (lambda at: truncated(at, "png"), r"a\.png is damaged: image file is truncated"),
        (lambda at: truncated(at, "jpg"), r"a\.jpg is damaged: image file is truncated"),
        (lambda at: truncated(at, "webp"), r"a\.webp is damaged: "),
        (lambda at: a_text(at, ""), r"a\.png is empty"),
        (a_text, r"a\.png is no image of a kind that is read \(PNG, JPEG, GIF, BMP or WebP\)"),
        (a_tiff, r"a\.png is no image of a kind that is read"),
        (a_directory, r"a\.png cannot be read: Is a directory"),
        (a_loop, r"a\.png cannot be read: Too many levels of symbolic links"),
        (lambda at: at / "gone.png", r"gone\.png cannot be read: No such file"),
    ],
)
def test_no_readable_image(tmp_path, file, message):
    path = file(tmp_path)
    for size in (None, [8, 8]):
        with pytest.raises(UnreadableImage, match=message) as caught:
            read(path, size=size)
        assert caught.value.exit_code == 1
    good = saved(tmp_path / "b.png", GREY)
    found = decoded(spec(channels=1, on_error="skip", size=[5, 4]), [path, good])
    assert [*found.failures] == [0]
    assert found.rows.tolist() == [1]
    np.testing.assert_array_equal(found.images[1, ..., 0], GREY)
    what, why = found.notes()
    assert what == "1 of 2 images are left out (on_error: skip)"
    assert re.match("left out: .*" + message, why)
    assert decoded(spec(on_error="skip"), [good]).notes() == ()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="who may read everything is never refused")
def test_a_file_that_may_not_be_read(tmp_path):
    file = saved(tmp_path / "a.png", GREY)
    file.chmod(0)
    with pytest.raises(UnreadableImage, match=r"a\.png cannot be read: Permission denied"):
        read(file)


@pytest.mark.parametrize("factor", [0.9, 0.4])  # above the limit Pillow warns, above twice the limit it refuses
def test_a_decompression_bomb(tmp_path, monkeypatch, factor, recwarn):
    file = saved(tmp_path / "a.png", np.zeros((10, 10), np.uint8))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", int(100 * factor))
    for size in (None, [2, 2]):
        with pytest.raises(UnreadableImage, match=rf"a\.png declares more than {int(100 * factor)} pixels"):
            read(file, size=size)
    assert not recwarn.list


def test_nothing_is_left_of_files_that_are_all_unreadable(tmp_path):
    file = a_text(tmp_path)
    with pytest.raises(UnreadableImage, match=r"a\.png is no image"):
        decoded(spec(on_error="skip"), [file])
    found = decoded(spec(on_error="skip", size=[2, 2]), [file] * 15)
    assert found.rows.tolist() == []
    assert len(found.notes()) == 12
    assert found.notes()[-1] == "left out: 5 more"


@pytest.mark.parametrize("on_error", ["fail", "skip"])
def test_sizes_that_differ(tmp_path, on_error):
    files = [saved(tmp_path / "a.png", GREY), saved(tmp_path / "b.png", GREY.T)]
    message = r"size: .*b\.png has 4 x 5 pixels \(height x width\), .*a\.png has 5 x 4; .* for example size: \[5, 4\]"
    with pytest.raises(SpecError, match=message) as caught:
        decoded(spec(on_error=on_error), files)
    assert [problem.loc for problem in caught.value.problems] == [("size",)]
    assert decoded(spec(size=[5, 4]), files).images.shape == (2, 5, 4, 3)


def test_a_turned_image_has_the_size_that_it_has_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    files = [saved(tmp_path / "a.jpg", GREY), saved(tmp_path / "b.jpg", GREY.T.copy(), exif=exif)]
    assert decoded(spec(), files).images.shape == (2, 5, 4, 3)


def test_of_several_errors_it_is_the_first_in_the_order_of_the_files(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "TOGETHER", 2)
    files = [saved(tmp_path / f"{i}.png", GREY) for i in range(12)]
    for bad in (5, 9, 11):
        files[bad].write_bytes(b"")
    for _ in range(5):
        with pytest.raises(UnreadableImage, match=r"5\.png is empty"):
            decoded(spec(), files, threads=4)


def test_a_name_that_is_no_text_can_be_said(tmp_path):
    file = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.png"))
    with suppress(OSError):  # of systems that take no such name
        file.write_bytes(b"")
    with pytest.raises(UnreadableImage, match=r"\\xff\.png") as caught:
        read(file)
    assert str(caught.value).encode()


@settings(max_examples=300)
@given(st.data())
def test_no_damage_gives_anything_but_a_message_or_an_image(tmp_path_factory, data):
    buffer = io.BytesIO()
    image = data.draw(st.sampled_from([GREY, COLOUR, CLEAR]))
    kinds = ["PNG", "GIF", "BMP", "WEBP"] + (["JPEG"] if image.shape[-1] != 4 else [])
    Image.fromarray(image).save(buffer, data.draw(st.sampled_from(kinds)))
    contents = bytearray(buffer.getvalue())
    for place in data.draw(st.lists(st.integers(0, len(contents) - 1), min_size=1, max_size=4)):
        contents[place] = data.draw(st.integers(0, 255))
    file = tmp_path_factory.mktemp("images") / "a"
    file.write_bytes(contents)
    with suppress(UnreadableImage):
        assert read(file, size=[3, 3]).shape == (3, 3, 3)


@settings(max_examples=100)
@given(place=st.integers(0, 10**6), bit=st.integers(0, 7))
def test_a_png_with_a_changed_bit_is_never_another_image(tmp_path_factory, place, bit):
    file = saved(tmp_path_factory.mktemp("images") / "a.png", COLOUR)
    contents = bytearray(file.read_bytes())
    contents[place % len(contents)] ^= 1 << bit
    file.write_bytes(contents)
    with suppress(UnreadableImage):
        np.testing.assert_array_equal(read(file), COLOUR)

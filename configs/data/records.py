"""Makes the records of the example in this folder: `python configs/data/records.py` writes them again, to the bit.

They are the hundred images of `digits_png`, one after the other as their files have them, with their classes.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import tensorflow as tf

FOLDER = Path(__file__).parent


def examples() -> Iterator[tf.train.Example]:
    """An image, as the bytes of its PNG file, and the number that is its class; classes take turns."""
    for file in sorted((FOLDER / "digits_png").rglob("*.png"), key=lambda file: (file.name, file.parent.name)):
        image = tf.train.Feature(bytes_list=tf.train.BytesList(value=[file.read_bytes()]))
        label = tf.train.Feature(int64_list=tf.train.Int64List(value=[int(file.parent.name)]))
        yield tf.train.Example(features=tf.train.Features(feature={"image": image, "label": label}))


def write(path: Path) -> None:
    """All of them to a TFRecord file."""
    with tf.io.TFRecordWriter(str(path)) as writer:
        for example in examples():
            writer.write(example.SerializeToString(deterministic=True))


if __name__ == "__main__":
    write(FOLDER / "digits.tfrecord")

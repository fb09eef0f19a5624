"""`EventFile`: what TensorBoard reads, written without its package: scalars, histograms, pictures and text, by step."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from netlib.data.arrays import Array
from netlib.runs import atomic

VERSION = "brain.Event:2"
"""From this version on a `START` event takes back what an earlier file has of later steps."""
BUCKETS = 30
"""Of a histogram, as many as TensorBoard itself makes."""


class EventFile:
    """A new file in a folder, which is made; what earlier files of the folder have from step `first` on is taken back.

    Raises:
        NetlabError: the system refuses.
    """

    def __init__(self, folder: Path, first: int) -> None:
        with atomic.explained(folder, "make"):
            folder.mkdir(parents=True, exist_ok=True)
        # TensorBoard reads a folder's files in the order of their names.
        self._file = tf.io.TFRecordWriter(str(folder / f"events.out.tfevents.{time.time_ns()}.netlab"))
        start = tf.compat.v1.SessionLog(status=tf.compat.v1.SessionLog.START)
        self._put(file_version=VERSION)
        self._put(session_log=start, step=first)

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Numbers by name."""
        self._summary(step, [{"tag": name, "simple_value": value} for name, value in values.items()])

    def histograms(self, step: int, values: Mapping[str, Array]) -> None:
        """How the values of arrays are spread, by name; those that are not finite are left out."""
        self._summary(step, [{"tag": name, "histo": histogram(array)} for name, array in values.items()])

    def picture(self, step: int, name: str, png: bytes, height: int, width: int) -> None:
        """A picture as the bytes of a PNG file."""
        image = tf.compat.v1.Summary.Image(height=height, width=width, colorspace=4, encoded_image_string=png)
        self._summary(step, [{"tag": name, "image": image}])

    def text(self, step: int, name: str, markdown: str) -> None:
        """A text, which is shown as Markdown."""
        metadata = tf.compat.v1.SummaryMetadata()
        metadata.plugin_data.plugin_name = "text"
        tensor = tf.make_tensor_proto([markdown.encode()], dtype=tf.string)
        self._summary(step, [{"tag": name, "tensor": tensor, "metadata": metadata}])

    def close(self) -> None:
        """Closes it."""
        self._file.close()

    def _summary(self, step: int, values: list[dict[str, Any]]) -> None:
        made = [tf.compat.v1.Summary.Value(**value) for value in values]
        self._put(step=step, summary=tf.compat.v1.Summary(value=made))
        self._file.flush()

    def _put(self, **content: Any) -> None:
        self._file.write(tf.compat.v1.Event(wall_time=time.time(), **content).SerializeToString())


def histogram(array: Array) -> Any:
    """The message of TensorBoard for an array: limits of buckets of one width, and how many values are below each."""
    values = array.astype(np.float64).ravel()
    values = values[np.isfinite(values)]
    if not values.size:
        return tf.compat.v1.HistogramProto()
    counts, edges = np.histogram(values, BUCKETS)
    return tf.compat.v1.HistogramProto(
        min=values.min(),
        max=values.max(),
        num=values.size,
        sum=values.sum(),
        sum_squares=np.square(values).sum(),
        bucket_limit=edges[1:].tolist(),
        bucket=counts.tolist(),
    )

"""What of the process decides the bits: threads and TensorFlow's determinism, set before it computes anything; and devices."""

from __future__ import annotations

import tensorflow as tf

from netlib.spec.cores import available_cores
from netlib.spec.errors import UsageError


def configure(threads: int | None) -> int:
    """Makes computations repeatable to the bit, with that many intra-op threads; returns the number.

    None means the number that is set already, else all cores. Graph-mode convolutions end in other bits with another
    number of threads, so it is part of a run.

    Raises:
        UsageError: TensorFlow runs already with another number of threads.
    """
    tf.config.experimental.enable_op_determinism()
    current: int = tf.config.threading.get_intra_op_parallelism_threads()
    wanted = threads or intra_op_threads()
    if current != wanted:
        try:
            tf.config.threading.set_intra_op_parallelism_threads(wanted)
        except RuntimeError as error:
            if not current and wanted == available_cores():
                return wanted  # TensorFlow's own number is that of the cores
            shown = current or "its own number of"
            message = (
                f"this run needs threads: {wanted}, but TensorFlow runs already with {shown} threads; use a new process"
            )
            raise UsageError(message) from error
    return wanted


def devices() -> list[str]:
    """What TensorFlow computes on, the CPU apart: `GPU NVIDIA A100 (8.0)`, with the compute capability."""
    found = []
    for device in tf.config.list_physical_devices():
        if device.device_type != "CPU":
            details = tf.config.experimental.get_device_details(device)
            version = ".".join(map(str, details.get("compute_capability", ())))
            words = (device.device_type, details.get("device_name", ""), version and f"({version})")
            found.append(" ".join(filter(None, words)))
    return found


def intra_op_threads() -> int:
    """The threads inside an operation: those that were set, else one for each core."""
    current: int = tf.config.threading.get_intra_op_parallelism_threads()
    return current or available_cores()

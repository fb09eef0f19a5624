"""Runs what a user has written for TensorFlow: layers, losses and metrics of plug-ins."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import tensorflow as tf

from netlib.spec.errors import NetlabError
from netlib.spec.plugins.failures import frames_of, running
from netlib.spec.plugins.origin import Origin


@contextmanager
def users_code(origin: Origin) -> Iterator[None]:
    """Inside, code that is written there runs.

    Raises:
        NetlabError: it raised something; the message has its lines.
    """
    try:
        with running(str(origin)):
            yield
    except NetlabError as error:
        cause = error.__cause__
        if cause is None or (why := _explained(cause)) is None:
            raise
        raise NetlabError("\n".join([f"{origin} {why}", *frames_of(cause)])) from cause


def _explained(cause: BaseException) -> str | None:
    """What lies behind an exception of TensorFlow's that gives advice that is of no use here."""
    if isinstance(cause, tf.errors.OperatorNotAllowedInGraphError):
        why = "asks in Python for the value of a tensor, which is not known while a step is compiled"
        return f"{why}: use tf.where, tf.cond, tf.while_loop or tf.map_fn"
    if isinstance(cause, RuntimeError) and "determinism is enabled" in str(cause):
        why = "draws TensorFlow's random numbers, which nothing could repeat"
        return f"{why}: let `call` take `random`, and write random.normal(tf.shape(x))"
    return None

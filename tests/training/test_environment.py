from __future__ import annotations

import subprocess
import sys

import pytest

from netlib.spec.cores import available_cores


def in_new_process(lines: str) -> str:
    """What a fresh process prints."""
    head = (
        "import tensorflow as tf\nfrom netlib.spec.cores import available_cores\n"
        "from netlib.training.environment import configure\n"
    )
    done = subprocess.run([sys.executable, "-c", head + lines], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_available_cores_is_a_number_of_this_machine() -> None:
    assert available_cores() >= 1


@pytest.mark.slow
def test_sets_threads_and_determinism_before_tensorflow_runs() -> None:
    lines = """
print(configure(3), tf.config.threading.get_intra_op_parallelism_threads())
tf.ones([2, 2]) @ tf.ones([2, 2])
print(configure(None), configure(3))
try:
    tf.random.uniform([])
except RuntimeError as error:
    print("determinism" in str(error))
try:
    configure(1)
except Exception as error:
    print(type(error).__name__, error)
"""
    assert in_new_process(lines).splitlines() == [
        "3 3",
        "3 3",
        "True",
        "UsageError this run needs threads: 1, but TensorFlow runs already with 3 threads; use a new process",
    ]


@pytest.mark.slow
def test_tensorflow_that_runs_with_its_own_number_has_one_thread_for_each_core() -> None:
    lines = """
tf.ones([2, 2]) @ tf.ones([2, 2])
print(configure(None) == available_cores())
try:
    configure(available_cores() + 1)
except Exception as error:
    print(type(error).__name__, error)
"""
    expected = f"UsageError this run needs threads: {available_cores() + 1}, but TensorFlow runs already with its own"
    first, second = in_new_process(lines).splitlines()
    assert first == "True"
    assert second == f"{expected} number of threads; use a new process"

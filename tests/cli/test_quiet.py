from __future__ import annotations

import os
import subprocess
import sys

import pytest

from netlab.quiet import LOG_LEVEL, stderr_held_back

USE = "import tensorflow as tf; tf.config.list_physical_devices('GPU'); print(float(tf.constant(2.0) * 2))"


def python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {key: value for key, value in os.environ.items() if key != LOG_LEVEL}
    return subprocess.run(
        [sys.executable, "-c", code], env={**inherited, **environment}, capture_output=True, text=True, timeout=120
    )


@pytest.mark.slow
def test_tensorflow_is_quiet_and_whole():
    done = python(f"from netlab.quiet import hold_back_tensorflow as hold; hold(); {USE}; print(tf.__spec__.loader)")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("4.0\n")
    assert "netlab" not in done.stdout


@pytest.mark.slow
def test_a_log_level_of_the_users_own_is_left_alone():
    done = python(f"from netlab.quiet import hold_back_tensorflow as hold; hold(); {USE}", **{LOG_LEVEL: "0"})
    assert done.stdout == "4.0\n"
    assert "cpu_feature_guard" in done.stderr


def test_an_import_that_fails_shows_what_was_held_back(tmp_path):
    (tmp_path / "tensorflow.py").write_text("import os\nos.write(2, b'no such library')\nraise ImportError('broken')\n")
    done = python(
        "from netlab.quiet import hold_back_tensorflow as hold; hold(); import tensorflow", PYTHONPATH=str(tmp_path)
    )
    assert done.returncode == 1
    assert done.stderr.startswith("no such library")
    assert "ImportError: broken" in done.stderr


def test_stderr_is_held_back_from_c_too_and_comes_back():
    done = python(
        "import os, sys; from netlab.quiet import stderr_held_back as held\n"
        "with held(): os.write(2, b'noise'); print('more', file=sys.stderr)\n"
        "os.write(2, b'signal')"
    )
    assert (done.returncode, done.stderr) == (0, "signal")


def test_what_was_held_back_is_shown_if_it_fails(capfd):
    @stderr_held_back()
    def fails() -> None:
        os.write(2, b"why")
        raise OSError("lost")

    with pytest.raises(OSError, match="lost"):
        fails()
    assert capfd.readouterr().err == "why"


def test_a_closed_stderr_is_no_problem():
    code = "import os; os.close(2); from netlab.quiet import stderr_held_back as held\nwith held(): print('done')"
    assert python(code).stdout == "done\n"

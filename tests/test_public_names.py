from __future__ import annotations

import subprocess
import sys

import pytest

import netlib


def test_names_are_listed_before_they_are_loaded():
    code = "import netlib, sys; print(sorted(set(netlib.__all__) - set(dir(netlib))), 'netlib.config' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[] False\n"


def test_plain_names_are_loaded_without_tensorflow():
    code = "import netlib, sys; netlib.load_config, netlib.open_run; print('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"


@pytest.mark.slow
def test_every_name_is_what_its_room_has():
    from netlib.config.load import load
    from netlib.spec.sources.plugin import source
    from netlib.tasks.build import build
    from netlib.tasks.run import Run, open_run
    from netlib.tasks.train import train
    from netlib.training.model import Model

    assert (netlib.load_config, netlib.open_run, netlib.build, netlib.source) == (load, open_run, build, source)
    assert (netlib.train, netlib.Model, netlib.Run, netlib.nn) == (train, Model, Run, sys.modules["netlib.nn"])
    assert netlib.callbacks is sys.modules["netlib.training.callbacks"]
    assert all(getattr(netlib, name) is vars(netlib)[name] for name in netlib.__all__)  # the next use is no search


def test_an_unknown_name_says_what_there_is():
    with pytest.raises(
        AttributeError,
        match="module 'netlib' has no attribute 'modle'; it has Model, Run, build, callbacks, layer, ",
    ):
        netlib.modle  # noqa: B018

from __future__ import annotations

import json
import subprocess
import sys

from netlib.spec.language.nodes import CONTAINERS
from netlib.spec.registry import names

HEAVY = {"tensorflow", "keras", "numpy", "polars"}


def test_all_layers(netlab):
    done = netlab("layers")
    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout
    listed = [line.split()[0] for line in done.stdout.splitlines() if line.startswith("  ") and line[2] != " "]
    assert listed == [*names("layer"), *CONTAINERS]


def test_all_layers_as_json(netlab):
    found = json.loads(netlab("layers", "--json").stdout)
    assert [layer["name"] for layer in found] == [*names("layer"), *CONTAINERS]
    assert all(layer["description"] for layer in found)


def test_one_layer(netlab):
    done = netlab("layers", "Conv2D")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Conv2D: layer\n\nCross-correlation of an image")
    assert "\n  filters: positive integer; required\n    Number of output channels.\n" in done.stdout
    assert "\n  - Conv2D: {filters: 32, kernel_size: 3}\n" in done.stdout
    assert "\n  of (batch, 16, 16, 3) float32 makes (batch, 14, 14, 32) float32\n" in done.stdout


def test_one_layer_as_json(netlab):
    found = json.loads(netlab("layers", "Conv2D", "--json").stdout)
    assert found["parameters"][0]["name"] == "filters"
    assert found["example"]["outputs"]["output"]["shape"] == [None, 14, 14, 32]


def test_a_type_of_another_kind_and_all_of_that_kind(netlab):
    assert netlab("layers", "Adam").stdout.startswith("Adam: optimizer\n")
    listed = netlab("layers", "optimizer", "--json").stdout
    assert [found["name"] for found in json.loads(listed)] == names("optimizer")


def test_an_unknown_name_is_refused_with_a_suggestion(netlab):
    done = netlab("layers", "Conv2d")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: there is no layer 'Conv2d', nor anything else of that name; did you mean 'Conv2D'?\n"


def test_nothing_heavy_is_imported():
    code = (
        "import sys\nfrom netlib.tasks.describe import catalogue, describe\n"
        f"catalogue(); describe('Conv2D')\nassert not {HEAVY} & set(sys.modules), {HEAVY} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr

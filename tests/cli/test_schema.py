from __future__ import annotations

import json
import subprocess
import sys

from jsonschema import Draft202012Validator

from netlib.config.reader import read_tree
from netlib.config.sources import open_source
from netlib.tasks.schema import config_schema

HEAVY = {"tensorflow", "keras", "numpy", "polars"}


def test_it_prints_the_schema(netlab, config):
    done = netlab("schema")
    assert (done.returncode, done.stderr) == (0, "")
    schema = json.loads(done.stdout)
    assert schema == json.loads(json.dumps(config_schema()))
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(schema)
    tree, _ = read_tree(open_source(str(config), "file"))
    Draft202012Validator(schema).validate(tree.plain())


def test_it_is_readable_and_below_a_megabyte(netlab):
    text = netlab("schema").stdout
    assert len(text) < 1_000_000
    assert max(map(len, text.splitlines())) < 1_000


def test_nothing_heavy_is_imported():
    code = (
        "import sys\nfrom netlib.tasks.schema import config_schema\nconfig_schema()\n"
        f"assert not {HEAVY} & set(sys.modules), {HEAVY} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr

"""The table of the layers: `layer_cases/`, a file for each file of specs.

A row has parameters and inputs over which `test_layers.py` and `test_against_keras.py` hold a layer, and the other tests here to
what every class of `netlib.nn` does (copies, configs, files, masks, freezing, precision, ...). What does not depend on parameters
is tested over a layer's first row; what takes seconds, as compiling does, over that and the rows that are `compiled`. Its keys:

- `parameters`: as a config writes them
- `inputs`: their shapes without the batch; null is unknown
- `dtype`: of the inputs, float32 by default; a list where they differ
- `below`: integers are drawn from 0 up to this
- `macs`: multiply-accumulates for one sample in closed form: products and sums of numbers, 5 for an unknown axis; 0 by default
- `tolerance`: of results against Keras's and of compiled ones, in parts of the largest; 2e-6 by default (the softmax of large
  scores loses digits)
- `random`: `always` where numbers are drawn outside of training too; `never` where these parameters draw none
- `compiled`: true where the row's graph of a training step has operations that those of the rows above have not, or ways of
  theirs (a stride, a dilation, a padding, a dtype); `test_layers.py` with `--every-row` says which, and compiles all
- `mask`: what becomes of a mask [batch, time]: `kept`, `dropped`, `first` (that of the first input is), `joined` (those of the
  inputs one behind the other), `carried` (to where the layer would move it, were it a feature), or `made` (without being given
  one); by default as the spec's `supports_masking` says
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from netlib.spec.tensors import TensorSpec


def _read() -> dict[str, list[dict[str, Any]]]:
    table: dict[str, list[dict[str, Any]]] = {}
    for path in sorted(Path(__file__).with_name("layer_cases").glob("*.yaml")):
        rows = yaml.safe_load(path.read_text(encoding="utf-8"))
        twice = table.keys() & rows.keys()
        assert not twice, f"{path.name} has rows of {twice}, as another file has"
        table |= rows
    return table


TABLE = _read()
"""The rows of every layer."""


def is_compiled(name: str, index: int) -> bool:
    """Whether that row of a layer is among those over which what takes seconds is tested."""
    return index == 0 or TABLE[name][index].get("compiled", False)


def tensors_of(row: Mapping[str, Any]) -> list[TensorSpec]:
    """What a row's layer reads."""
    dtypes = row.get("dtype", "float32")
    dtypes = dtypes if isinstance(dtypes, list) else [dtypes] * len(row["inputs"])
    return [TensorSpec((None, *axes), dtype) for axes, dtype in zip(row["inputs"], dtypes, strict=True)]

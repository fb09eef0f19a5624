"""For all tests: TensorFlow says only what is an error."""

from __future__ import annotations

from netlab.quiet import hold_back_tensorflow

hold_back_tensorflow()

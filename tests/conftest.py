"""For all tests: TensorFlow says only what is an error. It reads this when it is imported."""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

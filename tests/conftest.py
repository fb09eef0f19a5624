"""For all tests: TensorFlow says only what is an error, and Hypothesis draws the same examples each time.

`pytest --hypothesis-profile=explore` draws new ones.
"""

from __future__ import annotations

from hypothesis import settings

from netlab.quiet import hold_back_tensorflow

hold_back_tensorflow()

settings.register_profile("repeatable", derandomize=True)
settings.register_profile("explore", derandomize=False)
settings.load_profile("repeatable")

"""Attributes that a trial has in its study besides those of Optuna."""

from __future__ import annotations

RUN = "netlab:run"
"""The path of its run directory, on the machine that trains it."""
WHY = "netlab:why"
"""Why it failed or was pruned."""
EPOCHS = "netlab:epochs"
"""How many it has complete."""
STARTS = "netlab:starts"
"""The step at which its run stood each time that it was begun and not given back."""
WORKER = "netlab:worker"
"""Who works on it, as `netlib.tasks.sweep.liveness.me` says; None, or none, while nobody does."""
BEAT = "netlab:beat"
"""A sign of life of who works on it, which is another one each time."""

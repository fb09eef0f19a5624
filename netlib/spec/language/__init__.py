"""The graph language: from what a config writes under `model` and `blocks` to the static graph."""

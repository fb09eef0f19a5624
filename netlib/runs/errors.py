"""What can be wrong with a file that is read back from a run."""

from __future__ import annotations

from netlib.spec.errors import NetlabError


class TensorFileError(NetlabError):
    """A `.safetensors` file that is missing, damaged, or holds what this netlab cannot read."""


class CheckpointError(NetlabError):
    """A checkpoint that is incomplete, damaged, or of a newer format."""


class HistoryError(NetlabError):
    """A metrics log with a line that cannot be read."""

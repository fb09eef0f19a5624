"""`Cluster`: the processes that train one network together. How they are told who they are is in `netlib.config.cluster`."""

from __future__ import annotations

import json
from dataclasses import dataclass

VARIABLE = "TF_CONFIG"
"""The environment variable by which TensorFlow, and who starts its processes, say who the workers are."""
LOCAL = "127.0.0.1"


@dataclass(frozen=True)
class Cluster:
    """The workers' addresses, `host:port`, in their order, and which of them this process is."""

    workers: tuple[str, ...]
    index: int
    source: str = VARIABLE

    @property
    def is_chief(self) -> bool:
        """Whether this is worker 0, which alone writes what is to be kept."""
        return self.index == 0

    @property
    def address(self) -> str:
        """This worker's own."""
        return self.workers[self.index]

    @property
    def others(self) -> dict[int, str]:
        """Number and address of each of the others."""
        return {number: address for number, address in enumerate(self.workers) if number != self.index}

    def as_tf_config(self, index: int | None = None) -> str:
        """What TF_CONFIG says to this worker, or to another."""
        task = {"type": "worker", "index": self.index if index is None else index}
        return json.dumps({"cluster": {"worker": list(self.workers)}, "task": task})


def host_and_port(address: str) -> tuple[str, int]:
    """`10.0.0.2:2222` and `[::1]:2222` in two parts."""
    host, _, port = address.rpartition(":")
    return host.removeprefix("[").removesuffix("]"), int(port)

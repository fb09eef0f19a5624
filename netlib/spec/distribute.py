"""`train.distribute`: over which devices or processes a training is spread, as a config names it.

A replica is a copy of the network that computes on its share of every batch. How they are kept alike is in
`netlib.training.replicas`; who the workers are, in `netlib.spec.cluster`.
"""

from __future__ import annotations

from math import sqrt
from typing import ClassVar, Literal, Self

from pydantic import Field

from netlib.spec.base import Spec
from netlib.spec.callbacks import Seconds
from netlib.spec.registry import snake_case
from netlib.spec.types import PositiveInt

BatchOf = Literal["global", "per_replica"]
Scaling = Literal["none", "linear", "sqrt"]


class Distribution(Spec):
    """Base of the ways to spread a training."""

    kind = "distribution"
    refused: ClassVar[dict[str, str]] = {
        "strategy": "mirrored and multi_worker are the two strategies; write one of them as the key",
        "batch_size": "data.batch_size says it; batch says of what it is: global or per_replica",
    }
    processes: ClassVar[bool] = False
    """Whether replicas are other processes, too, which the environment names."""
    batch: BatchOf = Field(
        "global",
        description="What data.batch_size is: of a step of all replicas together, which they divide, or of each replica.",
    )
    scale_learning_rate: Scaling = Field(
        "none",
        description="By what learning rates are multiplied: nothing, the number of replicas (linear) or its square root.",
    )
    synchronized: bool = Field(
        False,
        description="Whether BatchNormalization takes its statistics of the whole batch, in place of the replica's own rows;"
        " execution is then graph.",
    )

    @classmethod
    def type_name(cls) -> str:
        """As a config writes it."""
        return snake_case(cls.__name__)

    @property
    def replicas(self) -> int | None:
        """How many there are, as far as the config says."""
        return None

    def rate_factor(self, replicas: int) -> float:
        """What learning rates are multiplied by."""
        factors = {"none": 1.0, "linear": float(replicas), "sqrt": sqrt(replicas)}
        return factors[self.scale_learning_rate]

    def rows(self, batch_size: int, replicas: int) -> int:
        """Of a step of all replicas together, where `data.batch_size` is that."""
        return batch_size * replicas if self.batch == "per_replica" else batch_size

    def applied(self) -> Self:
        """The same where the batch is that of all replicas already, and the learning rates are scaled."""
        return self.model_copy(update={"batch": "global", "scale_learning_rate": "none"})


class Mirrored(Distribution):
    """Trains on several devices of one machine: its GPUs, or parts of the CPU, for a try.

    Each device has a copy of the network and computes on its share of every batch; what they found is added up before the
    weights are changed, so that all stay the same.
    """

    shorthand = "devices"
    devices: PositiveInt | None = Field(
        None, description="How many devices; all GPUs if null. Without a GPU the CPU is divided into so many."
    )

    @property
    def replicas(self) -> int | None:
        """A replica for each device."""
        return self.devices


class MultiWorker(Distribution):
    """Trains in several processes, workers, on one or many machines, each with a replica for each GPU that it sees, or one.

    Who they are is read from the environment: TF_CONFIG, as Kubernetes operators set it, or what Slurm's srun sets. On one
    machine `netlab launch --workers 2 CONFIG` starts them.
    """

    processes = True
    timeout: Seconds = Field(
        300.0,
        description="Most seconds for which the other workers are waited for at the start, or a time such as 10m.",
    )

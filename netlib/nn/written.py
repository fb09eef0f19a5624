"""`Written`: the `call` of a network whose class defines one, as the only layer of its graph."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from netlib.nn.control_flow import traceable
from netlib.nn.layer import Layer


class Written(Layer[Any]):
    """Runs the network's own `call`; what it holds is what the network has as attributes.

    Several inputs reach `call` as a mapping by their names.
    """

    def __init__(self, network: Any) -> None:
        super().__init__()
        self._network = network

    def children(self) -> Iterator[tuple[str, Any]]:
        """The network's attributes."""
        yield from self._network.attributes()

    def type_name(self) -> str:
        """The network's class."""
        return type(self._network).__name__

    def call(self, *inputs: Any, training: Any = False, mask: Any = None) -> Any:
        """What the network's `call` gives, with `training` and `mask` where it names them."""
        network, values = self._network, inputs[0]
        if len(inputs) > 1:
            values = dict(zip(network.input_names, inputs, strict=True))
        options = {"training": training, "mask": mask}
        taken = {name: value for name, value in options.items() if name in type(network).call_takes}
        return traceable(network.call)(values, **taken)

    @property
    def prefix(self) -> str:
        """That of the network: what the network holds stands in it, not in a node of its own."""
        return str(self._network.prefix)

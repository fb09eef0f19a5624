"""`Sequential`: a chain of layers, which indexes, slices and grows like a list."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from netlib.nn.chain import chained
from netlib.nn.network import Network


class Sequential(Network):
    """A chain: each layer reads the one before.

    Args:
        nodes: layers; nodes as a config writes them; Keras layers, modules and functions. The first may be a `nn.Input`: then
            the chain is built at once, else by the first call.
        options: those of every layer: `name`, `trainable`, `dtype`, `seed`, `path`.

    >>> from netlib import nn
    >>> chain = Sequential([nn.Input([8]), nn.Dense(4), {"Dense": 2, "name": "head"}], seed=1)
    >>> chain.append(nn.Activation("softmax"))
    >>> [named.path for named in chain[:2].named_variables()]
    ['dense.kernel', 'dense.bias', 'head.kernel', 'head.bias']
    """

    is_chain = True

    def append(self, item: Any) -> None:
        """Puts a layer, or whatever else the constructor takes, at the end.

        Raises:
            SpecError: it is no valid node, or cannot take what the chain gives so far; the chain is then as it was.
        """
        self.insert(len(self), item)

    def insert(self, index: int, item: Any) -> None:
        """Puts a layer, or whatever else the constructor takes, in front of the one at `index`. Those that are there keep their
        names, and so their paths.

        Raises:
            SpecError: it is no valid node, or the chain does not fit together with it; the chain is then as it was.
        """
        items = self.in_order()
        items.insert(index, item)
        if not self.built:
            self._section["nodes"] = items
            return
        start = next(iter(self.graph.inputs.items()))
        self._assemble(*chained(items, start, self.name, self._nodes_prefix, self._layers))

    def __len__(self) -> int:
        return len(self.in_order())

    def __bool__(self) -> bool:
        """A chain is there, though it may be empty."""
        return True

    def __iter__(self) -> Iterator[Any]:
        return iter(self.in_order())

    def __getitem__(self, key: Any) -> Any:
        """A layer by its place or path; by a slice, a chain of the same layers."""
        if isinstance(key, slice):
            chosen = Sequential(list(self)[key])
            if self.built and len(chosen):
                first = self.graph.nodes[range(len(self))[key][0]]
                chosen.ensure_built(*(self.graph.tensor(ref) for ref in first.reads.values()))
            return chosen
        return super().__getitem__(key)

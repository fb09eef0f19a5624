"""What a name of a scope stands for: the ports of one node, what a node that was left out stands for, or copies of a node."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from netlib.spec.errors import did_you_mean, one_of
from netlib.spec.graph import Ref
from netlib.spec.tensors import TensorSpec

Ports = dict[str, TensorSpec]
Selection = tuple[dict[str, Ref], bool]
"""References by what they are called behind the name, and whether they are a list."""


@dataclass(frozen=True)
class Single:
    """The ports of one node, the first one being what its bare name reads; or what a node that was left out stands for."""

    ports: Mapping[str, Ref]
    left_out: bool = False
    copied: bool = False
    """Whether it is left out since no copy of it was asked for."""

    def select(self, rest: list[str]) -> Selection:
        """What the parts behind the name choose.

        Raises:
            LookupError: nothing; says why, to be read behind the name.
        """
        if self.copied and rest == ["*"]:
            return {}, True
        if self.copied and rest:
            raise LookupError(f"has no copies here, so there is no '{'.'.join(rest)}' of it")
        if not rest:
            if not self.ports:
                nothing = "is left out here, and reads nothing for which it could stand"
                raise LookupError(nothing if self.left_out else "gives nothing that could be read")
            return {"": next(iter(self.ports.values()))}, False
        port = ".".join(rest)
        if port in self.ports and not self.left_out:
            return {"": self.ports[port]}, False
        below = {name.removeprefix(f"{port}."): ref for name, ref in self.ports.items() if name.startswith(f"{port}.")}
        if below:
            return below, True
        if self.left_out:
            raise LookupError(f"is left out here, so it has no port '{port}'")
        hint = did_you_mean(port, self.ports) or f"; it has {one_of(self.ports)}"
        raise LookupError(f"has no port '{port}'{hint}")

    def node(self, rest: list[str]) -> str | None:
        """The name of the node in the graph, if it is one."""
        first = next(iter(self.ports.values()), None)
        return first.node if first and not rest and not self.left_out else None

    def unshared(self, name: str, rest: list[str]) -> str:
        """Why what it is called, and the parts behind the name, cannot be shared: to be read behind them."""
        if self.left_out:
            return f"{'has no copies' if self.copied else 'is left out'} here, so there are no weights to share"
        return f"is a port, and it is nodes that are shared: write {name}" if rest else "has no weights to share"


@dataclass(frozen=True)
class Copies:
    """Copies by what they are called: `chained`, each reading the one before, or side by side."""

    copies: dict[str, Single]
    chained: bool

    def select(self, rest: list[str]) -> Selection:
        """What the parts behind the name choose: a copy, all of them (`*`), or the last one of a chain.

        Raises:
            LookupError: nothing; says why, to be read behind the name.
        """
        if rest and rest[0] == "*":
            chosen = {key: copy.select(rest[1:])[0] for key, copy in self.copies.items()}
            named = (
                (f"{key}.{name}" if name else key, ref) for key, refs in chosen.items() for name, ref in refs.items()
            )
            return dict(named), True
        if rest and rest[0] in self.copies:
            return self.copies[rest[0]].select(rest[1:])
        if not self.chained:
            found = f"; there is no copy '{rest[0]}'" if rest else ""
            raise LookupError(f"has copies side by side{found}: read one of {self._listed()}, or all with '.*'")
        if rest and rest[0].isdigit():
            raise LookupError(f"has no copy '{rest[0]}'; it has {self._listed()}")
        try:
            return self._last.select(rest)
        except LookupError as error:
            raise LookupError(f"{error.args[0]} (its copies: {self._listed()})" if rest else error.args[0]) from None

    def node(self, rest: list[str]) -> str | None:
        """The name of a copy's node in the graph, of the last one of a chain by default."""
        if rest:
            return self.copies[rest[0]].node(rest[1:]) if rest[0] in self.copies else None
        return self._last.node([]) if self.chained else None

    def unshared(self, name: str, rest: list[str]) -> str:
        """Why what it is called, and the parts behind the name, cannot be shared: to be read behind them."""
        if rest and rest[0] in self.copies:
            return self.copies[rest[0]].unshared(f"{name}.{rest[0]}", rest[1:])
        if not rest and self.chained:
            return self._last.unshared(name, [])
        what = "is no node" if rest else "has copies side by side"
        return f"{what}: name one of its copies, such as {name}.{next(iter(self.copies))}"

    @property
    def _last(self) -> Single:
        return self.copies[next(reversed(self.copies))]

    def _listed(self) -> str:
        keys = list(self.copies)
        return one_of(keys) if len(keys) <= 6 else f"'{keys[0]}' to '{keys[-1]}'"


Entry = Single | Copies

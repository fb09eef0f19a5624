"""The sections of a merged config, each checked by its own spec, and then against one another."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from netlib.config.blocks import Blocks
from netlib.config.experiment import Experiment, Header, default_name
from netlib.config.interpolate import Variables, resolve_variables
from netlib.config.placing import placed
from netlib.config.problems import PlacedProblem
from netlib.config.schema import type_key, types_with
from netlib.config.tree import Source, Value
from netlib.spec.errors import Loc, NetlabError, Problem, SpecError
from netlib.spec.expressions import substitute

if TYPE_CHECKING:
    from netlib.spec.data import DataSignature, DataSpec
    from netlib.spec.graph import Graph
    from netlib.spec.language.state import Ask
    from netlib.spec.tensors import TensorSpec
    from netlib.spec.training import TrainSpec

Measure = Callable[["DataSpec", int], "DataSignature"]
"""What tells, of a data section and a seed, the signature that only the fitted preprocessing knows."""


class Sections:
    """Checks them in the order in which they depend on one another.

    `damage` is the error of a data file that is there and cannot be read: no mistake of the config. Where a block has no
    definition because its file could not be read, the network is not looked at. `ask` tells what layers of Keras's are, `measure`
    what is known of the data only when its preprocessing is fitted; by default the data is read for that. `recalled` is what the
    source gave before, if that is known.
    """

    def __init__(
        self,
        tree: Value,
        file: str,
        open_data: bool,
        *,
        blocks_are_known: bool = True,
        ask: Ask | None = None,
        measure: Measure | None = None,
        recalled: DataSignature | None = None,
    ) -> None:
        self.tree = tree
        self.recalled = recalled
        self.ask = ask
        self.measure = measure
        self.open_data = open_data
        self.plain: dict[Any, Any] = tree.plain()
        self.damage: NetlabError | None = None
        self._problems: list[Problem] = []
        self._damaged: list[Loc] = []
        self.variables: Variables = resolve_variables(self.plain.get("vars"))
        self.blocks = Blocks(self.plain.get("blocks"))
        self._report([*self.variables.problems, *self.blocks.problems])
        self.header = self._header(file)
        self.data = self._data() if "data" in self.plain else None
        self.train = self._train() if "train" in self.plain else None
        self.signature = self._signature(self.data) if self.data else None
        self.graph = self._frozen(self._graph()) if blocks_are_known else None
        self._distribution()
        self._contract()

    def placed_problems(self) -> list[PlacedProblem]:
        """Everything found, each with its place."""
        return [self._placed(problem) for problem in self._problems]

    def experiment(self, sources: Sequence[Source], warnings: Sequence[PlacedProblem]) -> Experiment:
        """What the sections come to when they have no mistake."""
        assert self.header is not None
        return Experiment(
            name=self.header.name,
            seed=self.header.seed,
            variables=self.variables.values,
            data=self.data,
            blocks=self.blocks.values or {},
            model=self.plain.get("model"),
            graph=self.graph,
            train=self.train,
            signature=self.signature,
            text=sources[0].text,
            tree=self.tree,
            sources=tuple(sources),
            warnings=tuple(warnings),
        )

    def _header(self, file: str) -> Header | None:
        values = {"name": default_name(file), **self.plain}
        for key in ("format", "name", "seed"):
            if key in values:
                values[key] = self._substituted(values[key], (key,))
        try:
            return Header.parse(values)
        except SpecError as error:
            self._report(error.problems)
            return None

    def _data(self) -> DataSpec | None:
        from netlib.spec.data import DataSpec

        written = self.plain["data"]
        values = written
        if isinstance(written, Mapping):
            source = {"source": self._substituted(written["source"], ("data", "source"))} if "source" in written else {}
            literal = DataSpec.path_keys({**written, **source})
            values = {
                key: self._absolute(value, "data", key) if key in literal else self._substituted(value, ("data", key))
                for key, value in {**written, **source}.items()
            }
        try:
            data = DataSpec.parse(values).seeded(self.header.seed if self.header else 0)
            return data.recalling(self.recalled) if self.recalled else data
        except SpecError as error:
            self._report(problem.under(("data",)) for problem in error.problems)
            return None

    def _absolute(self, paths: Any, *keys: Any) -> Any:
        """A path, or a list or mapping of paths, as seen from the folder of the file that has each."""
        if isinstance(paths, Mapping):
            return {key: self._absolute(path, *keys, key) for key, path in paths.items()}
        if isinstance(paths, list):
            return [self._absolute(path, *keys, number) for number, path in enumerate(paths)]
        if not isinstance(paths, str) or not paths:
            return paths
        found, _ = self.tree.find(keys)
        return os.path.normpath(found.place.source.folder / paths)

    def _train(self) -> TrainSpec | None:
        from netlib.spec.training import TrainSpec

        written = self.plain["train"]
        load = {"load": self._load(written["load"])} if isinstance(written, Mapping) and "load" in written else {}
        rest = {key: value for key, value in written.items() if key not in load} if load else written
        values = self._substituted(rest, ("train",))
        try:
            return TrainSpec.parse({**values, **load} if load else values)
        except SpecError as error:
            self._report(problem.under(("train",)) for problem in error.problems)
            return None

    def _load(self, written: Any) -> Any:
        """`train.load` with the path as seen from its file; names of weights and paths take no `$`."""
        if isinstance(written, Mapping):
            return {
                key: self._absolute(each, "train", "load", key) if key == "from" else each
                for key, each in written.items()
            }
        return self._absolute(written, "train", "load")

    def _declares_inputs(self) -> bool:
        model = self.plain.get("model")
        return isinstance(model, Mapping) and model.get("inputs") is not None

    def _signature(self, data: DataSpec) -> DataSignature | None:
        from netlib.spec.data import MissingFileError

        if self._declares_inputs() and not (self.open_data or _asks_data(self.plain)):
            return None
        try:
            known = data.signature()
            return known if known.settled else self._measured(data)
        except MissingFileError as error:
            problems = [problem.under(("data",)) for problem in error.problems]
            if self._declares_inputs():
                problems = [replace(problem, severity="warning") for problem in problems]
            self._report(problems)
        except SpecError as error:
            self._report(problem.under(("data",)) for problem in error.problems)
        except NetlabError as error:
            self.damage = error
        return None

    def _measured(self, data: DataSpec) -> DataSignature:
        """What only the values tell: how many categories a column has, and so how wide an input is."""
        if self.measure is None:
            from netlib.data.measure import measured

            self.measure = measured
        return self.measure(data, self.header.seed if self.header else 0)

    def _graph(self) -> Graph | None:
        graph, in_use = self._network() if "model" in self.plain else (None, [])
        if self.blocks.values is not None:
            from netlib.spec.language.analysis import check_blocks

            known = {(problem.loc, problem.at) for problem in in_use if problem.severity == "error"}  # which says more
            alone = check_blocks(self.blocks.values, self.variables.values, loc=("blocks",))
            self._report(problem for problem in alone if (problem.loc, problem.at) not in known)
        self._report(in_use)
        return graph

    def _network(self, inputs: Mapping[str, TensorSpec] | None = None) -> tuple[Graph | None, list[Problem]]:
        """The graph of the model, for the inputs of the data or for others, and what is wrong with it and with the blocks that it
        uses."""
        from netlib.spec.language.analysis import NO_INPUTS, analyse
        from netlib.spec.precision import compute_of

        model = self.plain["model"]
        if inputs is not None and isinstance(model, Mapping):
            model = {key: value for key, value in model.items() if key != "inputs"}
        if inputs is None and self.signature:
            inputs = {name: feature.read for name, feature in self.signature.inputs.items()}
        graph, problems = analyse(
            model,
            inputs,
            self.variables.values,
            ("model",),
            compute_of(self.train),
            blocks=self.blocks.values,
            ask=self.ask,
        )
        if "data" in self.plain:  # what is wrong there is reported there
            problems = [problem for problem in problems if problem.message != NO_INPUTS]
        return graph, problems

    def _frozen(self, graph: Graph | None) -> Graph | None:
        """The network in which what `train.freeze` chooses is never trained; what is trained after some epochs is."""
        if graph is None or not (self.train and self.train.freeze):
            return graph
        try:
            chosen = self.train.freezing.applied(graph)
        except SpecError as error:
            if graph.known:  # else a weight of a layer of Keras's may be meant
                self._report(problem.under(("train", "freeze")) for problem in error.problems)
            return graph
        if chosen.known:
            self._report(problem.under(("train",)) for problem in self.train.freezing.check(chosen, self.train))
        return chosen

    def _distribution(self) -> None:
        """How many workers there are is no affair of the config's: whoever starts a training asks the environment."""
        if self.train is None or self.train.distribution is None:
            return
        from netlib.spec.contract_replicas import check_replicas

        self._report(check_replicas(self.graph, self.train, self.data, self.train.distribution.replicas))

    def _contract(self) -> None:
        if not (self.train and self.graph):
            return
        from netlib.spec.contract import check, check_without_data
        from netlib.spec.contract_classes import check_class_weights
        from netlib.spec.contract_states import check_states

        if "data" not in self.plain:
            self._report(check_without_data(self.graph, self.train))
        if self.data:
            samples = self.signature.samples if self.signature else None
            self._report(check_states(self.graph, self.train, self.data, samples))
        if self.graph.known:  # else a weight of a layer of Keras's may be meant
            found = [*self.train.groups.check(self.graph), *self.train.players.check(self.graph)]
            found += self.train.check_callbacks(self.graph, self.data is None or self.data.has("validation"))
            self._report(problem.under(("train",)) for problem in found)
        if not (self.data and self.signature):
            return
        batches = _batches(self.data, self.signature, whole=self.data.drop_remainder or bool(self.train.phases))
        validation = self.data.has("validation")
        self._report(check(self.graph, self.train, self.signature, validation=validation, batches=batches))
        if self.data.buckets is not None and (cut := self.data.bucketed()) and self.graph.known:
            from netlib.spec.contract_buckets import check_buckets

            self._report(check_buckets(self.data.buckets, cut, self.graph, self.train, self.signature, self._network))
        self._report(check_class_weights(self.data.class_weights, self.graph, self.train, self.signature))

    def _substituted(self, value: Any, loc: Loc) -> Any:
        try:
            return substitute(value, self.variables.values)
        except SpecError as error:
            problems = [problem.under(loc) for problem in error.problems]
            self._report(problems)
            self._damaged += (problem.loc for problem in problems)
            return value

    def _report(self, problems: Iterable[Problem]) -> None:
        """Keeps the problems that do not follow from others."""
        self._problems += (problem for problem in problems if problem.at == "key" or not self._follows(problem.loc))

    def _follows(self, loc: Loc) -> bool:
        """Whether what stands at `loc` has no value, because of a mistake that is reported already."""
        written, _ = self.tree.find(loc)
        if isinstance(written.content, str):
            variables = self.blocks.variables_at(loc) or self.variables
            if variables.hide(written.content):
                return True
        return any(loc[: len(damaged)] == damaged for damaged in self._damaged)

    def _placed(self, problem: Problem) -> PlacedProblem:
        found = placed(self.tree, problem)
        if found.place and found.place.source.origin == "command line" and problem.at == "key":
            return replace(found, message=found.message + _other_type(self.tree, problem.loc))
        return found


def _asks_data(plain: Any) -> bool:
    """Whether a table in it is as long as the data says: an Embedding without `input_dim`."""
    if isinstance(plain, Mapping):
        table = plain.get("Embedding")
        return (isinstance(table, Mapping) and "input_dim" not in table) or any(map(_asks_data, plain.values()))
    return isinstance(plain, list) and any(map(_asks_data, plain))


def _other_type(tree: Value, loc: Loc) -> str:
    """How to choose another type, for a parameter from the command line that the chosen type has not."""
    if len(loc) < 3 or loc[0] != "train":
        return ""
    choice, depth = tree.find(loc[:-2])
    if depth < len(loc) - 2 or not isinstance(choice.content, dict) or type_key(choice.content, loc[:-2]) != loc[-2]:
        return ""
    names = types_with(str(loc[-1]), loc[:-2]) or [str(loc[-2])]
    return f"; another type is chosen with {'.'.join(map(str, loc[:-2]))}={{{names[0]}: {{}}}}"


def _batches(data: DataSpec, signature: DataSignature, *, whole: bool) -> int | None:
    """Of training samples in an epoch; with `whole` without a smaller last one."""
    sizes = data.sizes(signature.samples)
    if sizes is None:
        return None
    samples = sizes["train"]
    return samples // data.batch_size if whole else -(-samples // data.batch_size)

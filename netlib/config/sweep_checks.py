"""From a sweep as it is written to a `Sweep`: every check, so that all mistakes are told at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from netlib.config.experiment import checked_name
from netlib.config.problems import ConfigError, in_file_order
from netlib.config.sweep import Sweep
from netlib.config.sweep_base import Base, base_of
from netlib.config.sweep_problems import hinted, moved
from netlib.config.sweep_trials import Trier
from netlib.config.sweep_written import Written
from netlib.spec.errors import Problem, SpecError
from netlib.spec.search_forms import parse_distribution
from netlib.spec.search_space import Distribution
from netlib.spec.sweep import MAX_POINTS, SweepSpec, sampler_problems, space_problems
from netlib.spec.training import Monitored

MONITOR_FORM = "'monitor: {metric: validation.loss, mode: min}'"


def checked(written: Written, name: str) -> Sweep:
    """The sweep that was written.

    Args:
        name: of the study, where none is written.

    Raises:
        ConfigError: with every problem, in file order.
    """
    spec, space = _spec(written), _space(written)
    name = _name(written, spec, name)
    among = [*_among(written, space)]
    written.report(*among)
    conditions = {problem.loc[1] for problem in among if "when" in problem.loc}
    tried = {key: each for key, each in space.items() if key not in conditions}
    base = base_of(written, tried)
    monitored = None
    if base:
        written.problems += (moved(problem, written, base) for problem in base.problems)
        written.problems += (hinted(problem, written) for problem in Trier(base, tried, written.tree).problems())
        monitored = _monitored(written, spec, base)
    if written.problems or spec is None or base is None or base.experiment is None or monitored is None:
        raise ConfigError(in_file_order(written.problems, written.sources))
    return Sweep(
        spec,
        name,
        written.path,
        Path(base.file),
        base.experiment,
        monitored,
        base.changes,
        base.folder,
        written.text,
        tuple(base.words(tried, base.context)),
        written.tree.place,
    )


def _spec(written: Written) -> SweepSpec | None:
    """The spec; None where it has mistakes, which are reported."""
    try:
        spec = SweepSpec.parse(written.tree.plain())
    except SpecError as error:
        written.report(*error.problems)
        return None
    written.report(*sampler_problems(spec.sampler, spec.space), *_points(spec))
    return spec


def _points(spec: SweepSpec) -> Iterator[Problem]:
    """What is wrong with the number of a grid's points."""
    if not spec.is_grid or any(each.count is None for each in spec.space.values()):
        return
    points = spec.num_points()
    if points > MAX_POINTS:
        yield Problem(
            ("space",), f"a grid has at most {MAX_POINTS:,} points; take fewer values, or the sampler 'random'", "key"
        )
    elif spec.trials is not None and spec.trials > points:
        yield Problem(("trials",), f"the grid has {points} points, and {spec.trials} trials are asked for")


def _space(written: Written) -> dict[str, Distribution]:
    """What is tried for each key, without those that have mistakes, which the spec reports."""
    found = {}
    for key, value in written.mapping("space").items():
        try:
            found[str(key)] = parse_distribution(value.plain())
        except SpecError:
            continue
    return found


def _among(written: Written, space: Mapping[str, Distribution]) -> Iterator[Problem]:
    """What is wrong among the keys."""
    damaged = {str(key) for key in written.mapping("space")} - space.keys()
    for problem in space_problems(space):
        if problem.loc[-1] not in damaged:
            yield problem.under(("space",))
    for key in written.mapping("set"):
        if key in space:
            yield Problem(
                ("set", key), f"'{key}' is in 'space', too, where each trial chooses it: leave it out here", "key"
            )


def _name(written: Written, spec: SweepSpec | None, otherwise: str) -> str:
    name = spec.name if spec and spec.name is not None else otherwise
    try:
        return checked_name(name)
    except ValueError as error:
        written.report(Problem(("name",), str(error)))
        return otherwise


def _monitored(written: Written, spec: SweepSpec | None, base: Base) -> Monitored | None:
    """What trials are compared by; None where that cannot be told."""
    experiment = base.experiment
    if experiment is None or spec is None:
        return None
    if experiment.train is None:
        written.report(Problem(("config",), f"'{base.file}' has no section 'train': there is nothing to try"))
        return None
    validation = experiment.data is None or experiment.data.has("validation")
    graph = experiment.graph
    added = [node.name for node in graph.walk() if node.type == "AddMetric"] if graph else []
    try:
        found = experiment.train.monitored(validation, added)
    except SpecError:  # which way is better is known only when the network is built
        message = f"which value tells how good a trial is cannot be told: name it, as in {MONITOR_FORM}"
        written.report(Problem(("config",), message))
        return None
    if spec.pruner is not None and found.split != "validation":
        why = (
            f"trials are compared by {found}"
            if validation
            else "the config validates on nothing: set 'data.validation'"
        )
        written.report(
            Problem(
                ("pruner",), f"a trial is pruned by what is validated in each epoch, and {why}; or leave 'pruner' out"
            )
        )
    return found

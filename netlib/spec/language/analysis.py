"""From the `model` section of a config to its static graph: expands it, infers shapes, finds every mistake."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from netlib.spec.errors import Loc, Problem
from netlib.spec.graph import Graph
from netlib.spec.language import alone
from netlib.spec.language.block_forms import parse_blocks
from netlib.spec.language.blocks import Library
from netlib.spec.language.expansion import Expansion
from netlib.spec.language.scope import Scope
from netlib.spec.language.section import Section, check_inputs, declared_inputs, output_sources, parse_section
from netlib.spec.language.state import Ask, State, TooLargeError
from netlib.spec.language.surroundings import Surroundings
from netlib.spec.language.untrained import untrained
from netlib.spec.tensors import TensorSpec, show

BLOCKS: Loc = ("blocks",)
NO_INPUTS = "the model's inputs are not known: give a `data` section, or declare `inputs` in the model"
"""What is wrong where neither data nor model tell the inputs."""


def analyse(
    section: Any,
    inputs: Mapping[str, TensorSpec] | None,
    variables: Mapping[str, Any] | None = None,
    loc: Loc = ("model",),
    compute: str = "float32",
    blocks: Any = None,
    ask: Ask | None = None,
) -> tuple[Graph | None, list[Problem]]:
    """The static graph of a `model` section: a list of nodes, or a mapping of `inputs`, `nodes` and `outputs`.

    Args:
        section: plain values, with `$` not yet replaced.
        inputs: what the data gives, by name; None if the section must declare its `inputs` itself.
        variables: values for `$name`.
        loc: the section's place.
        compute: the dtype in which layers compute.
        blocks: the `blocks` section, plain values; what is wrong with its form is `check_blocks`'s affair.
        ask: tells what a layer of Keras's gives, and which weights it has; without it that, and what follows, is unknown.

    Returns:
        The graph, None if it has mistakes; and these with the warnings, in no particular order.
    """
    state = State(ask=ask)
    library = Library(parse_blocks(blocks, BLOCKS, []), dict(variables or {}))
    try:
        known = _network(section, inputs, loc, compute, library, state)
    except TooLargeError as error:
        state.problems.append(error.problem)
        known = None
    failed = any(problem.severity == "error" for problem in state.problems)
    if known is not None and not failed and known.known:
        state.problems += untrained(known)
    return (None if failed else known), list(dict.fromkeys(state.problems))


def check_blocks(blocks: Any, variables: Mapping[str, Any] | None = None, loc: Loc = BLOCKS) -> list[Problem]:
    """What is wrong with a `blocks` section by itself, whether or not anything uses the blocks: form, names, and their nodes as
    far as they can be checked without shapes and parameters."""
    problems: list[Problem] = []
    library = Library(parse_blocks(blocks, loc, problems), dict(variables or {}))
    alone.check_blocks(library, problems)
    return list(dict.fromkeys(problems))


def _network(
    value: Any,
    given: Mapping[str, TensorSpec] | None,
    loc: Loc,
    compute: str,
    library: Library,
    state: State,
) -> Graph | None:
    """The whole model: its inputs, then everything that follows from them."""
    around = Surroundings(Scope({}), library.variables, library, compute)
    whole = around.or_reported(value, loc, state.problems, default=[]) if isinstance(value, str) else value
    section = parse_section(whole, loc, state.problems)
    well_formed = not state.problems
    inputs = given
    if section.inputs is not None:
        inputs = _declared(section, given, around, state) or given
    elif given is None:
        state.add(loc, NO_INPUTS)
    if inputs is None:
        alone.check_section(section, library, state.problems)
        return None
    around = Surroundings(Scope(inputs), library.variables, library, compute)
    if not well_formed:
        around.scope.lose_edges()
    graph = Expansion(state).graph(section, around)
    name = around.scope.last_given_name
    if section.outputs is None and name and graph.outputs:
        graph = replace(graph, outputs={name: graph.outputs["output"]})
    _check_outputs(graph, section, state)
    return graph


def _declared(
    section: Section, given: Mapping[str, TensorSpec] | None, around: Surroundings, state: State
) -> dict[str, TensorSpec] | None:
    written = around.or_reported(section.inputs, section.inputs_loc, state.problems)
    if written is None:
        return None
    declared = declared_inputs(written, given or {}, section.inputs_loc, state.problems)
    if declared and given is not None:
        check_inputs(declared, given, section.inputs_loc, state.problems)
        known = {name: given[name].maximum for name in declared if name in given}
        declared = {name: replace(tensor, maximum=known.get(name)) for name, tensor in declared.items()}
    return declared


def _check_outputs(graph: Graph, section: Section, state: State) -> None:
    """Refuses outputs that are not one for each sample."""
    if any(problem.severity == "error" for problem in state.problems):
        return
    written = [] if section.outputs is None else output_sources(section.outputs, section.outputs_loc, [])
    places = {source.key: source.loc for source in written}
    for name, tensor in graph.output_tensors().items():
        if tensor.known and not tensor.batched:
            message = f"output '{name}' has no batch axis, {show(tensor.shape)}: an output has a value for each sample"
            state.add(places.get(name, section.loc), message)

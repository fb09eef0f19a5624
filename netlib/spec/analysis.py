"""From the `model` section of a config to its static graph: expands `$`, infers shapes, finds every mistake."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from netlib.spec.base import shown
from netlib.spec.edges import Signature, Source, bind, follow, sources
from netlib.spec.errors import Loc, Problem, SpecError
from netlib.spec.expressions import references, substitute
from netlib.spec.graph import Graph, Node, Ref
from netlib.spec.layer import LayerSpec
from netlib.spec.nodes import CONTAINERS, NodeSyntax, check_name, is_type, parse_node
from netlib.spec.registry import names, spec_class
from netlib.spec.scope import FAILED, Scope
from netlib.spec.section import Section, check_inputs, declared_inputs, output_sources, parse_section
from netlib.spec.tensors import TensorSpec


def analyse(
    section: Any,
    inputs: Mapping[str, TensorSpec] | None,
    variables: Mapping[str, Any] | None = None,
    loc: Loc = ("model",),
    compute: str = "float32",
) -> tuple[Graph | None, list[Problem]]:
    """The static graph of a `model` section: a list of nodes, or a mapping of `inputs`, `nodes` and `outputs`.

    Args:
        section: plain values, with `$` not yet replaced.
        inputs: what the data gives, by name; None if the section must declare its `inputs` itself.
        variables: values for `$name`.
        loc: the section's place.
        compute: the dtype in which layers compute.

    Returns:
        The graph, None if it has mistakes; and all of them, in no particular order.
    """
    analysis = _Analysis(dict(variables or {}), compute)
    known = analysis.network(section, inputs, loc)
    return (None, analysis.problems) if analysis.problems else (known, [])


class _Analysis:
    """One pass over a section; `problems` collects what is wrong."""

    def __init__(self, variables: dict[str, Any], compute: str) -> None:
        self.variables = variables
        self.compute = compute
        self.problems: list[Problem] = []

    def network(self, value: Any, given: Mapping[str, TensorSpec] | None, loc: Loc) -> Graph | None:
        """The whole model: its inputs, then everything that follows from them."""
        section = parse_section(self._whole(value, loc), loc, self.problems)
        well_formed = not self.problems
        inputs = given
        if section.inputs is not None:
            inputs = self._declared(section, given) or given
        elif given is None:
            message = "the model's inputs are not known: give a `data` section, or declare `inputs` in the model"
            self._add(loc, message)
        if inputs is None:
            self._check_parameters(section)
            return None
        scope = Scope(inputs)
        if not well_formed:
            scope.lose_edges()
        return self._graph(section, scope, "", trainable=True)

    def _declared(self, section: Section, given: Mapping[str, TensorSpec] | None) -> dict[str, TensorSpec] | None:
        try:
            written = self._substituted(section.inputs, section.inputs_loc)
        except SpecError as error:
            self.problems += error.problems
            return None
        declared = declared_inputs(written, given or {}, section.inputs_loc, self.problems)
        if declared and given is not None:
            check_inputs(declared, given, section.inputs_loc, self.problems)
        return declared

    def _whole(self, value: Any, loc: Loc) -> Any:
        """A list of nodes or a section, which may be the value of one `$name`; an empty list if that has none."""
        try:
            return self._substituted(value, loc) if isinstance(value, str) else value
        except SpecError as error:
            self.problems += error.problems
            return []

    def _graph(self, section: Section, scope: Scope, path: str, *, trainable: bool) -> Graph:
        syntaxes = self._syntaxes(section)
        if not all(syntax.type for syntax in syntaxes):  # what an unreadable node reads is not known
            scope.lose_edges()
        scope.expect(syntax.type for syntax in syntaxes)
        made = [self._node(syntax, scope, path, trainable=trainable) for syntax in syntaxes]
        outputs = self._outputs(section, scope)
        if scope.complete:
            self._report_unread(syntaxes, scope)
        return Graph(scope.inputs, tuple(node for node in made if node), outputs)

    def _check_parameters(self, section: Section) -> None:
        """Without shapes: finds the mistakes that the nodes have in themselves."""
        for syntax in self._syntaxes(section):
            if syntax.type:
                self._check_alone(syntax)

    def _check_alone(self, syntax: NodeSyntax) -> None:
        if syntax.type in CONTAINERS:
            self._check_parameters(self._container_section(syntax))
        elif not self._needs_shapes(syntax.parameters):
            self._spec(syntax, {})

    def _needs_shapes(self, value: Any) -> bool:
        """Whether a `$` in it asks for a field of what is no variable: of an input."""
        if isinstance(value, str):
            return any(f"{name}." in value for name in references(value) - self.variables.keys())
        parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
        return any(map(self._needs_shapes, parts))

    def _syntaxes(self, section: Section) -> list[NodeSyntax]:
        """The nodes as written; one whose form is wrong has no type."""
        found = []
        for index, item in enumerate(section.nodes):
            loc = (*section.nodes_loc, index)
            try:
                found.append(parse_node(self._expanded(item, loc), loc))
            except SpecError as error:
                self.problems += error.problems
                self._check_type(item, loc)
                found.append(NodeSyntax(loc, "", None))
        return found

    def _check_type(self, item: Any, loc: Loc) -> None:
        """Of a node whose wiring is wrong: finds the mistakes that its parameters have besides."""
        types = [key for key in item if is_type(key)] if isinstance(item, Mapping) else []
        if len(types) == 1 and (types[0] in CONTAINERS or types[0] in names("layer")):
            self._check_alone(NodeSyntax(loc, types[0], item[types[0]]))

    def _expanded(self, item: Any, loc: Loc) -> Any:
        """A node with the `$` of its wiring replaced; those of its parameters wait for the shapes of what it reads."""
        if not isinstance(item, Mapping):
            return self._substituted(item, loc)
        wiring = {key: value for key, value in item.items() if not is_type(key)}
        return {**item, **self._substituted(wiring, loc)}

    def _node(self, syntax: NodeSyntax, scope: Scope, path: str, *, trainable: bool) -> Node | None:
        name = f"{FAILED}{syntax.loc[-1]}"
        if not syntax.type:
            scope.declare(name, None)
            return None
        try:
            name = scope.choose_name(syntax)
        except SpecError as error:
            self.problems += error.problems
        frame = Node(
            name=name,
            path=f"{path}.{name}" if path else name,
            loc=syntax.loc,
            type=syntax.type,
            reads={},
            outputs={},
            trainable=trainable and syntax.trainable,
        )
        make = self._container if syntax.type in CONTAINERS else self._layer
        node = make(syntax, frame, scope)
        scope.declare(name, node.outputs if node else None)
        return node

    def _layer(self, syntax: NodeSyntax, frame: Node, scope: Scope) -> Node | None:
        spec = self._spec(syntax, scope.values())
        refs = self._reads(syntax, scope, Signature.of(spec) if spec else None)
        if spec is None or refs is None:
            return None
        tensors = [scope.tensor(ref) for ref in refs.values()]
        shapes = [tensor.shape for tensor in tensors]
        try:
            outputs = spec.outputs(*tensors, compute=self.compute)
            weights = tuple(spec.weights(*shapes))
        except SpecError as error:
            self.problems += (Problem((*syntax.loc, syntax.type), p.message, at="key") for p in error.problems)
            return None
        return replace(frame, spec=spec, reads=refs, outputs=outputs, weights=weights, macs=spec.macs(*shapes))

    def _spec(self, syntax: NodeSyntax, shapes: Mapping[str, Any]) -> LayerSpec | None:
        """The layer's spec; `shapes` are what its `$` see besides the variables."""
        loc = (*syntax.loc, syntax.type)
        try:
            values = self._substituted(syntax.parameters, loc, shapes)
        except SpecError as error:
            self.problems += error.problems
            return None
        try:
            return cast(LayerSpec, spec_class("layer", syntax.type).parse(values))
        except SpecError as error:
            self.problems += (problem.under(loc) for problem in error.problems)
            return None

    def _container(self, syntax: NodeSyntax, frame: Node, scope: Scope) -> Node | None:
        before = len(self.problems)
        section = self._container_section(syntax)
        well_formed = len(self.problems) == before
        refs = self._reads(syntax, scope, self._container_signature(section, syntax))
        if refs is None:
            scope.lose_edges()
            self._check_parameters(section)
            return None
        inner = Scope({name: scope.tensor(ref) for name, ref in refs.items()}, scope)
        if not well_formed:
            inner.lose_edges()
        graph = self._graph(section, inner, frame.path, trainable=frame.trainable)
        if len(self.problems) > before:
            return None
        return replace(
            frame, body=graph, reads={**refs, **inner.captured}, outputs=graph.output_tensors(), macs=graph.macs()
        )

    def _container_section(self, syntax: NodeSyntax) -> Section:
        loc = (*syntax.loc, syntax.type)
        value = [] if syntax.parameters is None else self._whole(syntax.parameters, loc)
        if syntax.type == "Sequential" and not isinstance(value, list):
            self._add(loc, f"Sequential expects a list of nodes, got {shown(value)}")
            value = []
        return parse_section(value, loc, self.problems)

    def _container_signature(self, section: Section, syntax: NodeSyntax) -> Signature | None:
        """A container's inputs: as declared, or the keys of its `from`, or `input`."""
        names, loc = section.inputs, section.inputs_loc
        if names is None:
            if not isinstance(syntax.source, Mapping) or list(syntax.source) in ([], ["input"]):
                return Signature(("input",))
            names, loc = list(syntax.source), (*syntax.loc, "from")
        if not isinstance(names, list) or not names:
            self._add(loc, f"expected a list of the inputs' names, got {shown(names)}")
            return None
        before = len(self.problems)
        for index, name in enumerate(names):
            if section.inputs is None:
                self.problems += check_name(name, (*loc, name), at="key")
            else:
                self.problems += check_name(name, (*loc, index))
            if name in names[:index]:
                self._add((*loc, index), f"two inputs are called {shown(name)}")
        return None if len(self.problems) > before else Signature(tuple(names))

    def _reads(self, syntax: NodeSyntax, scope: Scope, signature: Signature | None) -> dict[str, Ref] | None:
        """What the node reads, by input name; None if something it reads failed, or `signature` is not known."""
        found = follow(sources(syntax), scope, self.problems)
        if signature is None:
            return None
        try:
            named = bind(syntax, found, signature)
        except SpecError as error:
            self.problems += error.problems
            return None
        known = {name: ref for name, ref in named.items() if ref is not None}
        return known if len(known) == len(named) else None

    def _outputs(self, section: Section, scope: Scope) -> dict[str, Ref]:
        if section.outputs is None:
            entries = [Source("output", "previous", section.loc)]
        else:
            try:
                written = self._substituted(section.outputs, section.outputs_loc)
            except SpecError as error:
                self.problems += error.problems
                scope.lose_edges()
                return {}
            entries = output_sources(written, section.outputs_loc, self.problems)
            if not entries:
                scope.lose_edges()
        return {port: ref for port, ref in follow(entries, scope, self.problems).items() if ref is not None}

    def _report_unread(self, syntaxes: list[NodeSyntax], scope: Scope) -> None:
        for name, syntax in zip(scope.declared, syntaxes, strict=True):
            if not name.startswith(FAILED) and name not in scope.read:
                self._add(
                    syntax.loc, f"nothing reads node '{name}', and it is no output; read it in a `from` or delete it"
                )

    def _substituted(self, value: Any, loc: Loc, shapes: Mapping[str, Any] | None = None) -> Any:
        """`value` with its `$` replaced.

        Raises:
            SpecError: with every `$` that has no value, at its place.
        """
        try:
            return substitute(value, {**self.variables, **(shapes or {})})
        except SpecError as error:
            raise SpecError(problem.under(loc) for problem in error.problems) from None

    def _add(self, loc: Loc, message: str) -> None:
        self.problems.append(Problem(loc, message))

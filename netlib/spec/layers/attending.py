"""What the layers that attend share: their inputs and ports, which shapes belong together, and those that do it in heads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from pydantic import Field

from netlib.spec.base import Spec
from netlib.spec.choice import Choice, Constraint, Initializer, Regularizer
from netlib.spec.errors import SpecError
from netlib.spec.fields import biased, limited, penalised, starts_as
from netlib.spec.layer import LayerSpec, Weight, need_axis, need_places, need_rank
from netlib.spec.tensors import Shape, known_product, show, sum_known
from netlib.spec.types import Fraction

InitializerOrNone = Annotated[Spec | None, Choice("initializer", optional=True)]


def may_be_causal() -> Any:
    """The field `use_causal_mask`, which Keras takes at each call."""
    return Field(False, description="Whether each place sees itself and the places before it alone.")


def drops_weights() -> Any:
    """The field `dropout`."""
    return Field(0.0, description="Probability that a weight of a place is made zero in training.")


class Attended(NamedTuple):
    """The shapes of what an attending layer reads."""

    query: Shape
    key: Shape
    value: Shape

    @property
    def places(self) -> dict[str, int | None]:
        """How many places each has; key and value have as many as each other."""
        answered = self.value[1] if self.value[1] is not None else self.key[1]
        return {"query": self.query[1], "key": answered, "value": answered, "output": self.query[1]}


class AttendingSpec(LayerSpec):
    """Base of what gives each place of the query (batch, time, features) a mean of the places of the value (batch, other time,
    features), weighed by how well the key at that place answers it. The key is the value unless it is given.

    Places that a mask leaves out are not weighed; where nothing is left to weigh, weights and mean are 0.
    """

    inputs = ("query", "value")
    optional_inputs = ("key",)
    ports = ("output", "scores")
    random = True
    supports_masking = True
    uses_mask = True
    if TYPE_CHECKING:  # fields of those that derive from it, each at its place in Keras's order
        dropout: Fraction
        use_causal_mask: bool

    def check_mask(self, mask: Shape, *shapes: Shape) -> None:
        """Refuses a mask that has not a value for each place of the value (batch, time), or for each place of the query each of
        the value (batch, the query's time, the value's time)."""
        places = self.attended(*shapes).places
        between = (places["query"],) if len(mask) == 3 else ()
        need_places(self, mask, (None, *between, places["value"]))

    def attended(self, query: Shape, value: Shape, key: Shape | None = None) -> Attended:
        """The shapes by name.

        Raises:
            SpecError: they are not three sequences of which value and key have the same places.
        """
        given = Attended(query, value if key is None else key, value)
        for shape in given:
            need_rank(self, shape, 3, "(batch, time, features)")
        if None not in (value[1], given.key[1]) and value[1] != given.key[1]:
            raise SpecError(
                f"{self.type_name()} needs a key for each place of the value, got a value {show(value)} and a key"
                f" {show(given.key)}"
            )
        for shape in given:
            need_axis(self, shape)
        return given


class HeadsSpec(AttendingSpec):
    """Base of what attends in several heads, each with projections of query, key and value of its own; what the heads give is
    projected once more."""

    dropout: Fraction = drops_weights()
    use_bias: bool = biased()
    kernel_initializer: Initializer = starts_as("glorot_uniform", "kernels")
    bias_initializer: Initializer = starts_as("zeros", "biases")
    kernel_regularizer: Regularizer = penalised("kernels")
    bias_regularizer: Regularizer = penalised("biases")
    kernel_constraint: Constraint = limited("kernels")
    bias_constraint: Constraint = limited("biases")
    use_causal_mask: bool = may_be_causal()
    output_initializer: InitializerOrNone = Field(
        None,
        description="How the output's kernel begins (GPT-2: with less, the deeper the network); as the others if null.",
    )

    @property
    def heads(self) -> dict[str, tuple[int, int]]:
        """How many heads there are of query, key and value, and how long each is."""
        raise NotImplementedError

    def output_length(self, query: Shape) -> int:
        """Length of the output's last axis."""
        return need_axis(self, query)

    def output_shape(self, query: Shape, value: Shape, key: Shape | None = None) -> dict[str, Shape]:
        """`output` (batch, the query's time, features); `scores`, the weights before dropout (batch, heads, the query's time, the
        value's time)."""
        places = self.attended(query, value, key).places
        scores = (query[0], self.heads["query"][0], places["query"], places["key"])
        return {"output": (query[0], query[1], self.output_length(query)), "scores": scores}

    def weights(self, query: Shape, value: Shape, key: Shape | None = None) -> list[Weight]:
        """`query_kernel`, `key_kernel`, `value_kernel` (features, heads, size of a head) and `output_kernel` (heads, size of a
        head, output), each with a bias."""
        given = self.attended(query, value, key)
        made = []
        for name, sizes in self.heads.items():
            made += self._projection(name, (need_axis(self, getattr(given, name)), *sizes), sizes)
        length = self.output_length(query)
        return made + self._projection("output", (self.heads["query"][0], self.heads["value"][1], length), (length,))

    def macs(self, query: Shape, value: Shape, key: Shape | None = None) -> int | None:
        """Those of the four projections, of each query with each key, and of the weights with the values."""
        places = self.attended(query, value, key).places
        kernels = [weight for weight in self.weights(query, value, key) if weight.name.endswith("_kernel")]
        parts = [known_product((places[weight.name.removesuffix("_kernel")], *weight.shape)) for weight in kernels]
        sizes = self.heads["key"][1] + self.heads["value"][1]
        return sum_known([*parts, known_product((places["query"], places["key"], self.heads["query"][0], sizes))])

    def kept(self, query: Shape, value: Shape, key: Shape | None = None) -> int | None:
        """What the heads have of query, key and value, and give; with dropout also the weights that stay, and what was drawn."""
        places = self.attended(query, value, key).places
        given = (places["query"], self.heads["query"][0], self.heads["value"][1])
        parts = [known_product(given), *(known_product((places[name], *sizes)) for name, sizes in self.heads.items())]
        if self.dropout:
            parts.append(known_product((2, self.heads["query"][0], places["query"], places["key"])))
        return sum_known(parts)

    def _projection(self, name: str, kernel: tuple[int, ...], bias: tuple[int, ...]) -> list[Weight]:
        begins = (self.output_initializer if name == "output" else None) or self.kernel_initializer
        made = [Weight(f"{name}_kernel", kernel, begins, self.kernel_regularizer, self.kernel_constraint)]
        if self.use_bias:
            rules = (self.bias_initializer, self.bias_regularizer, self.bias_constraint)
            made.append(Weight(f"{name}_bias", bias, *rules))
        return made

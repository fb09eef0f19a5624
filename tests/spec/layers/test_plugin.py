from __future__ import annotations

import re
import subprocess
import sys

import pytest

from netlib.spec.errors import NetlabError, Problem, SpecError
from netlib.spec.language.analysis import analyse
from netlib.spec.language.block_forms import parse_blocks
from netlib.spec.plugins.loading import load_plugins
from netlib.spec.registry import ADDED, spec_class
from netlib.spec.tensors import TensorSpec

SCALE = '''\
from typing import Annotated, Literal

@netlib.layer(keeps_mask=True, xla=False)
class Scale:
    """Multiplies."""
    initial: Annotated[float, "What it begins as."] = 1.0
    way: Literal["up", "down"] = "up"

    def weights(self, x):
        return {"factor": netlib.weight(x[-1:], {"Constant": {"value": self.initial}}, constraint="NonNeg")}

    def call(self, x, *, factor, mask=None):
        return x * factor
'''


def load(plugin, text: str) -> None:
    load_plugins([plugin(text, "my_layers.py")])


def own(plugin, body: str, fields: str = ""):
    """The spec of a layer `Own` with these methods, and what `call` that adds nothing."""
    lines = "\n".join(f"    {line}" for line in (*fields.splitlines(), *body.splitlines()))
    load(plugin, f"@netlib.layer\nclass Own:\n{lines}\n")
    return spec_class("layer", "Own").parse({})


def test_a_class_is_a_layer(plugin):
    load(plugin, SCALE)
    spec = spec_class("layer", "Scale")
    assert (spec.type_name(), spec.__doc__, spec.inputs, spec.ports) == ("Scale", "Multiplies.", ("x",), ("output",))
    assert (spec.supports_masking, spec.uses_mask, spec.xla, spec.random, spec.takes) == (
        True,
        True,
        False,
        False,
        "float",
    )
    assert spec.model_fields["initial"].description == "What it begins as."
    layer = spec.parse({"initial": 2})
    assert layer.to_choice() == {"Scale": {"initial": 2.0, "way": "up"}}
    assert layer.output_shape((None, 5, 3)) == (None, 5, 3)
    (weight,) = layer.weights((None, 5, 3))
    assert (weight.name, weight.shape, weight.trainable) == ("factor", (3,), True)
    assert weight.initializer.to_choice() == {"Constant": {"value": 2.0}}
    assert weight.constraint.type_name() == "NonNeg"
    assert layer.macs((None, 5, 3)) == 0
    origin = ADDED["layer"]["Scale"].origin
    assert (origin.shown, origin.line, origin.lines) == ("my_layers.py", 7, {"initial": 9, "way": 10})


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"initail": 1.0}, "Scale has no parameter 'initail'; did you mean 'initial'?"),
        ({"initial": "1"}, "initial: expected a number, got '1'"),
        ({"way": "left"}, "way: expected 'up' or 'down', got 'left'"),
        ({"trainable": False}, "Scale takes no 'trainable': `trainable` stands beside the type's key, not under it"),
    ],
)
def test_its_parameters_are_checked_like_ours(plugin, parameters, message):
    load(plugin, SCALE)
    with pytest.raises(SpecError, match=re.escape(message)):
        spec_class("layer", "Scale").parse(parameters)


def test_a_network_knows_shapes_weights_and_costs_without_tensorflow(plugin):
    text = (
        "@netlib.layer\nclass Mix:\n    units: int\n"
        "    def weights(self, left, right=None):\n        return {'kernel': netlib.weight((left[-1], self.units))}\n"
        "    def output_shape(self, left, right=None):\n        return {'sum': (self.units,), 'rest': [left[-1]]}\n"
        "    def macs(self, left, right=None):\n        return left[-1] * self.units\n"
        "    def call(self, left, right=None, *, kernel): ...\n"
    )
    load(plugin, SCALE + text)
    nodes = [
        "Scale",
        {"Mix": {"units": 4}, "from": ["scale", "input"], "name": "mix"},
        {"Dense": 2, "from": "mix.rest"},
    ]
    graph, problems = analyse({"nodes": nodes, "outputs": ["mix", "dense"]}, {"rows": TensorSpec((None, 3))})
    assert not problems
    assert [node.path for node in graph.walk()] == ["scale", "mix", "dense"]
    assert graph.node("mix").outputs == {"sum": TensorSpec((None, 4)), "rest": TensorSpec((None, 3))}
    assert (graph.parameters().total, graph.macs()) == (3 + 12 + 8, 12 + 6)


def test_tensorflow_is_not_imported(plugin):
    path = plugin(SCALE, "my_layers.py")
    code = (
        "import sys; from pathlib import Path; from netlib.spec.plugins.loading import load_plugins;"
        f"load_plugins([Path('{path}')]); from netlib.tasks.describe import describe;"
        "describe('Scale'); print('tensorflow' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("def f(x): ...", "raised TypeError: @netlib.layer stands above a class that defines `call`, got <function f"),
        ("class A: ...", "raised TypeError: @netlib.layer stands above a class that defines `call`, got <class"),
        (
            "class scale:\n    def call(self, x): ...",
            "my_layers.py:5: 'scale': a config calls it so: give it a name of letters and digits that begins with a capital",
        ),
        ("class Dense:\n    def call(self, x): ...", "'Dense': netlab has a layer 'Dense' of its own; choose another"),
        (
            "class While:\n    def call(self, x): ...",
            "'While': netlab has a container 'While' of its own; choose another",
        ),
        (
            "class A:\n    def __init__(self): ...\n    def call(self, x): ...",
            "'A': has an `__init__`; its parameters are annotated fields: rate: float = 0.5",
        ),
        (
            "class A:\n    n: dict = {}\n    def call(self, x): ...",
            "my_layers.py:6: 'A': parameter 'n' is annotated with dict; expected int, float, str, bool",
        ),
        (
            "class A:\n    n: int = 'a'\n    def call(self, x): ...",
            "parameter 'n' has a wrong default: expected an integer",
        ),
        (
            "class A:\n    weights: int = 1\n    def call(self, x): ...",
            "parameter 'weights' has a meaning of its own in the section or in netlab; call it otherwise",
        ),
        ("class A:\n    def call(self): ...", "`call` reads nothing; write call(self, x), with a name for each input"),
        ("class A:\n    def call(self, *, training): ...", "`call` reads nothing"),
        (
            "class A:\n    def call(self, x, **weights): ...",
            "`call` takes '**weights'; name the weights that it takes behind a '*'",
        ),
        (
            "class A:\n    def call(self, x, rate=0.5): ...",
            "'rate' is a tensor that it reads, so its default can only be None; a parameter of a config is a field: rate: float",
        ),
        (
            "class A:\n    def call(self, x, *xs): ...",
            "`call` reads either inputs with names or any number of them, '*xs', not both",
        ),
    ],
)
def test_what_cannot_be_a_layer(plugin, written, message):
    with pytest.raises(NetlabError, match=re.escape(message)):
        load(plugin, f"@netlib.layer\n{written}\n")
    assert not ADDED["layer"]


@pytest.mark.parametrize(
    ("body", "error", "message"),
    [
        (
            "def output_shape(self, x):\n    raise ValueError('needs an image')\ndef call(self, x): ...",
            SpecError,
            "Own: needs an image (my_layers.py:7; it reads (batch, ?, 4))",
        ),
        (
            "def output_shape(self, x):\n    return (x[0] // 2, 4)\ndef call(self, x): ...",
            SpecError,
            "'NoneType' and 'int' (my_layers.py:7; it reads (batch, ?, 4))",
        ),
        (
            "def weights(self, x):\n    return {'w': netlib.weight(x)}\ndef call(self, x, *, w): ...",
            SpecError,
            "Own's w has an axis whose length is not known: its input is (batch, ?, 4)",
        ),
        (
            "def weights(self, x):\n    return {'w': netlib.weight(3, 'zeross')}\ndef call(self, x, *, w): ...",
            SpecError,
            "Own: there is no initializer 'zeross'; did you mean 'zeros'? (my_layers.py:7; it reads (batch, ?, 4))",
        ),
        (
            "def weights(self, x):\n    return {'w': netlib.weight(-3)}\ndef call(self, x, *, w): ...",
            SpecError,
            "Own: the shape of a weight is a list of lengths, got -3 (my_layers.py:7",
        ),
        (
            "def weights(self, x):\n    return {'w': netlib.weight(3, 'identity')}\ndef call(self, x, *, w): ...",
            SpecError,
            "Own's w: Identity needs a weight of 2 axes, got (3,)",
        ),
        (
            "def output_shape(self, x):\n    return x[7]\ndef call(self, x): ...",
            NetlabError,
            "my_layers.py:5: 'Own' raised IndexError: tuple index out of range\n  my_layers.py:7, in output_shape: return x[7]",
        ),
        (
            "def output_shape(self, x):\n    return 4\ndef call(self, x): ...",
            NetlabError,
            "must return a tuple of lengths without the batch, None for one that is not known, or a mapping from ports to such;",
        ),
        (
            "def output_shape(self, x):\n    return {}\ndef call(self, x): ...",
            NetlabError,
            "output_shape names no output",
        ),
        (
            "def weights(self, x):\n    return [3]\ndef call(self, x): ...",
            NetlabError,
            "'Own': weights must return a mapping from names to netlib.weight(...), got [3]",
        ),
        (
            "def weights(self, x):\n    return {'w': 3}\ndef call(self, x, *, w): ...",
            NetlabError,
            "'Own': its weight 'w' must be a netlib.weight(...), got 3",
        ),
        (
            "def weights(self, x):\n    return {'w': netlib.weight(3)}\ndef call(self, x): ...",
            NetlabError,
            "'Own': `call` does not take its weight 'w'; write call(self, ..., *, w)",
        ),
        (
            "def call(self, x, *, trainig): ...",
            NetlabError,
            "'Own': `call` takes 'trainig', which `weights` does not have; did you mean 'training'?",
        ),
        (
            "def call(self, x, *, w): ...",
            NetlabError,
            "`weights` does not have; a weight of its own, or 'training', 'mask' or 'random', may stand there",
        ),
    ],
)
def test_what_it_says_of_itself_is_checked(plugin, body, error, message):
    spec = own(plugin, body)
    with pytest.raises(NetlabError, match=re.escape(message)) as caught:
        spec.outputs(TensorSpec((None, None, 4)))
    assert caught.type is error


def test_the_options_of_the_decorator_are_checked(plugin):
    message = "my_layers.py:5: 'A': takes is 'float', 'integer' or 'any', got 'int'"
    with pytest.raises(NetlabError, match=re.escape(message)):
        load(plugin, "@netlib.layer(takes='int')\nclass A:\n    def call(self, x): ...\n")


def test_macs_are_a_whole_number(plugin):
    spec = own(plugin, "def macs(self, x):\n    return 1.5\ndef call(self, x): ...")
    with pytest.raises(NetlabError, match=r"'Own': macs must return a whole number, got 1\.5"):
        spec.macs((None, 4))


def test_fields_of_a_base_and_paths(plugin, tmp_path):
    text = (
        "from pathlib import Path\nclass Base:\n    a: int = 1\n"
        "@netlib.layer\nclass Own(Base):\n    table: Path = Path('t.csv')\n    def call(self, x): ...\n"
    )
    load(plugin, text)
    spec = spec_class("layer", "Own").parse({})
    assert list(spec.to_plain()) == ["a", "table"]
    assert spec.object().table == tmp_path / "t.csv"


def test_a_block_cannot_have_its_name(plugin):
    load(plugin, SCALE)
    problems: list[Problem] = []
    parse_blocks({"Scale": ["Dense"]}, ("blocks",), problems)
    assert [each.message for each in problems] == ["there is a layer 'Scale' already; give the block another name"]

from __future__ import annotations

from pathlib import Path

import pytest

from netlib.config.overrides import command_line, parse_override
from netlib.config.problems import ConfigError
from netlib.config.reach import check_reach

CONFIG = """
vars: {width: 32}
blocks:
  ConvBlock:
    params: {filters: $required, kernel_size: 3}
    blocks: {Inner: {params: {rate: 1}, nodes: [Flatten]}}
    nodes: [Conv2D: 3]
  Plain: [Flatten]
  Backbone: {file: net.yaml}
model: [ConvBlock: 3]
"""


def check(tree, override):
    check_reach(parse_override(command_line(override, Path())), tree(CONFIG))


@pytest.mark.parametrize(
    "override",
    [
        "vars.width=3",
        "vars={width: 3}",
        "blocks={}",
        "blocks.New=[Flatten]",
        "~blocks.Plain",
        "blocks.ConvBlock.params.kernel_size=5",
        "~blocks.ConvBlock.params.kernel_size",
        "blocks.ConvBlock.params={filters: 3}",
        "blocks.ConvBlock.blocks.Inner.params.rate=2",
        "blocks.ConvBlock.conv_2d.filters=4",
        "blocks.Plain.0=Dropout",
        "blocks.Backbone.file=other.yaml",
        "blocks.Backbone.outputs=[a]",
        "blocks.Backbone.block=A",
        "model.nope.units=3",
    ],
)
def test_what_may_be_reached(tree, override):
    check(tree, override)


THERE = "can be changed only there; its parameters are given where it is used, as in 'Backbone: {...}'"
MISTAKES = {
    "extends=a.yaml": "'extends' is read before the command line; write it in a file",
    "vars.widht=1": "no variable 'widht' is declared in 'vars'; did you mean 'width'?",
    "vars.z=1": "no variable 'z' is declared in 'vars'; there is width",
    "blocks.ConvBlok.params.filters=1": "there is no block 'ConvBlok'; did you mean 'ConvBlock'?",
    "blocks.xyz.nodes=[]": "there is no block 'xyz'; there is ConvBlock, Plain, Backbone",
    "blocks.ConvBlock.params.kernel=5": "block 'ConvBlock' has no parameter 'kernel'; did you mean 'kernel_size'?",
    "blocks.Plain.params.a=5": "block 'Plain' has no parameter 'a'; there is none",
    "blocks.ConvBlock.blocks.Inner.params.q=2": "block 'Inner' has no parameter 'q'; there is rate",
    "blocks.Backbone.params.width=3": f"block 'Backbone' stands in 'net.yaml', and {THERE}",
    "blocks.Backbone.stem.filters=3": f"block 'Backbone' stands in 'net.yaml', and {THERE}",
}


@pytest.mark.parametrize("override", MISTAKES)
def test_what_may_not(tree, override):
    with pytest.raises(ConfigError) as caught:
        check(tree, override)
    assert [problem.message.partition("; an override may")[0] for problem in caught.value.problems] == [
        MISTAKES[override]
    ]


def test_what_an_override_may_set_of_a_block_of_another_file_is_said(tree):
    with pytest.raises(ConfigError, match="an override may set its 'file', 'block' or 'outputs'"):
        check(tree, "blocks.Backbone.stem.filters=3")

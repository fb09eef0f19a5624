from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from netlib.config.load import load
from netlib.config.problems import ConfigError
from netlib.spec.choice import parse_choice
from netlib.spec.contract import check_without_data
from netlib.spec.errors import SpecError
from netlib.spec.language.analysis import analyse
from netlib.spec.mixing import CutMix, MixUp
from netlib.spec.tensors import TensorSpec
from netlib.spec.training import TrainSpec

IMAGE, NUMBERS, TOKENS = TensorSpec((None, 8, 8, 3)), TensorSpec((None, 5)), TensorSpec((None, 9), "int32")


@pytest.mark.parametrize(
    ("written", "spec"),
    [
        ("mixup", MixUp(alpha=0.2)),
        ("CutMix", CutMix(alpha=1.0)),
        ({"MixUp": 0.4}, MixUp(alpha=0.4)),
        ({"cut_mix": {"alpha": 2}}, CutMix(alpha=2.0)),
    ],
)
def test_how_it_is_written(written: Any, spec: Any) -> None:
    train = TrainSpec.parse({"epochs": 1, "loss": "mse", "mix": written})
    assert train.mix == spec
    assert TrainSpec.parse(train.to_plain()).mix == spec
    assert TrainSpec.parse({"epochs": 1, "loss": "mse"}).mix is None


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ({"MixUp": 0}, "alpha: expected a number greater than 0, got 0"),
        ({"CutMix": {"factor": 1}}, "CutMix takes no 'factor': it is called alpha"),
        ({"MixUp": {"seed": 1}}, "MixUp takes no 'seed': set the top-level `seed`"),
        ("mixout", "there is no mixing 'mixout'; did you mean 'mixup'|there is no mixing 'mixout'"),
    ],
)
def test_mistakes_are_told(written: Any, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        parse_choice("mixing", written)


@pytest.mark.parametrize(
    ("spec", "inputs", "message"),
    [
        (MixUp, {"a": IMAGE, "b": NUMBERS}, None),
        (
            MixUp,
            {"a": IMAGE, "b": TOKENS},
            "MixUp takes means of samples, and input 'b' has int32, of which there are none",
        ),
        (CutMix, {"a": IMAGE}, None),
        (CutMix, {"a": TensorSpec((None, 8, 8, 3), "int32")}, None),
        (CutMix, {"a": NUMBERS}, r"CutMix needs one input, an image \(batch, .*\), got 'a' \(.*, 5\)"),
        (CutMix, {"a": IMAGE, "b": NUMBERS}, r"CutMix needs one input, an image .*, got 'a' .*8, 8, 3\), 'b' .*5\)"),
    ],
)
def test_what_can_be_mixed(spec: Any, inputs: dict[str, TensorSpec], message: str | None) -> None:
    if message is None:
        spec.parse({}).check(inputs)
        return
    with pytest.raises(SpecError, match=message):
        spec.parse({}).check(inputs)


def test_check_finds_what_cannot_be_mixed() -> None:
    graph, problems = analyse(
        [{"Embedding": {"input_dim": 9, "output_dim": 4}}, "Flatten", {"Dense": 1}], {"x": TOKENS}
    )
    assert graph is not None
    assert not problems
    train = TrainSpec.parse({"epochs": 1, "loss": "mse", "mix": "mixup"})
    (problem,) = check_without_data(graph, train)
    assert problem.loc == ("train", "mix")
    assert "input 'x' has int32" in problem.message


def test_the_line_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "mixed.yaml"
    path.write_text(
        "data: {source: digits}\n"
        "model: [Flatten, Dense: 10]\n"
        "train:\n"
        "  epochs: 1\n"
        "  loss: sparse_categorical_crossentropy\n"
        "  mix: {CutMix: 0.5}\n"
    )
    assert load(path).train.mix == CutMix(alpha=0.5)  # type: ignore[union-attr]
    assert load(path, ["train.mix.alpha=2"]).train.mix == CutMix(alpha=2.0)  # type: ignore[union-attr]
    with pytest.raises(ConfigError, match=r"mixed\.yaml:6:\d+: error: CutMix needs one input"):
        load(path, ["data={source: iris}"])

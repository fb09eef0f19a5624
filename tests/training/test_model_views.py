"""What a model shows of itself: its summary and its picture."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from netlib import nn
from netlib.report.summary import as_text
from netlib.report.summary_rows import summarise_graph
from netlib.spec.errors import UsageError
from netlib.training.model import Model


@pytest.fixture
def model() -> Model:
    """A chain in a chain."""
    inner = nn.Sequential([nn.Conv2D(4, kernel_size=3), nn.Flatten()], name="seen")
    x = nn.Input([8, 8, 1], name="image")
    return Model(x, nn.Dense(3, name="head")(inner(x)), name="eyes")


def test_the_summary_is_that_of_the_command(
    model: Model, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    text = model.summary()
    assert text == capsys.readouterr().out == as_text(summarise_graph(model.graph, "eyes"), 100)
    assert "seen.conv_2d" in text
    assert f"Parameters: {model.num_parameters()} " in text
    assert "seen.conv_2d" not in model.summary(depth=1)


@pytest.mark.parametrize("suffix", [".svg", ".mmd", ".dot", ".txt"])
def test_the_plot_has_every_node(model: Model, tmp_path: Path, suffix: str) -> None:
    model.plot(tmp_path / f"eyes{suffix}")
    text = (tmp_path / f"eyes{suffix}").read_text(encoding="utf-8")
    assert all(node.name in text for node in model.graph.walk())
    model.plot(str(tmp_path / f"eyes{suffix}"), depth=1)
    assert "conv_2d" not in (tmp_path / f"eyes{suffix}").read_text(encoding="utf-8")


def test_layers_of_a_users_are_in_the_picture(tmp_path: Path) -> None:
    class Doubled(nn.Layer):
        def call(self, x: object) -> object:
            return x * 2

    shared = Doubled(name="doubled")
    x = nn.Input([4])
    Model(x, nn.Add()(shared(x), shared(nn.Dense(4)(x))), name="net").plot(tmp_path / "net.svg")
    texts = [element.text for element in ET.parse(tmp_path / "net.svg").iter("{http://www.w3.org/2000/svg}text")]
    assert {"Doubled", "Doubled, shares doubled"} <= set(texts)


def test_a_model_that_is_not_built_shows_nothing(tmp_path: Path) -> None:
    model = Model([{"Dense": 3}], name="net")
    for show in (model.summary, lambda: model.plot(tmp_path / "net.svg")):
        with pytest.raises(UsageError, match="net is not built yet: call it once"):
            show()
    model(np.zeros((2, 4), np.float32))
    with pytest.raises(UsageError, match=r"net\.png must end with '\.svg', '\.dot', '\.mmd' or '\.txt'"):
        model.plot(tmp_path / "net.png")

"""Options that are keys of the config."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer

from netlab.app import app

CONFIG = "vars: {width: 2}\nmodel: [Dense: $width]\ntrain: {epochs: 1, loss: mean_squared_error}\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("train", "c.yaml", "--epochs", "3"), "--epochs; a key of the config is changed with train.epochs=VALUE"),
        (("train", "--epochs=3"), "--epochs; a key of the config is changed with train.epochs=VALUE"),
        (("train", "c.yaml", "--batch-size=3"), "--batch-size; a key of the config is changed with data.batch_size=VALUE"),
        (("summary", "c.yaml", "--epochs", "3"), "--epochs; a key of the config is changed with train.epochs=VALUE"),
        (
            ("train", "c.yaml", "--learning-rate", "3"),
            "--learning-rate; a key of the config is changed with train.optimizer.learning_rate=VALUE",
        ),
        (("train", "c.yaml", "--width", "3"), "--width; a key of the config is changed with vars.width=VALUE"),
        (("train", "c.yaml", "--seed", "3"), "--seed; a key of the config is changed with seed=VALUE"),
        (("train", "c.yaml", "--heights", "3"), "--heights"),
        (("train", "none.yaml", "--width", "3"), "--width"),
        (("runs", "--epochs", "3"), "--epochs"),
    ],
)  # fmt: skip
def test_a_key_that_is_typed_as_an_option(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("c.yaml").write_text(CONFIG)
    with pytest.raises(Exception, match=r"^No such option") as caught:
        typer.main.get_command(app)(words, standalone_mode=False)
    assert str(getattr(caught.value, "message", "")) == f"No such option: {said}"


def test_an_option_without_its_value_is_no_key() -> None:
    with pytest.raises(Exception, match=r"^Option '--plugin' requires an argument\.$"):
        typer.main.get_command(app)(["train", "c.yaml", "--plugin"], standalone_mode=False)


@pytest.mark.parametrize("verb", ["eval", "predict", "export"])
def test_a_run_without_its_option(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verb: str) -> None:
    monkeypatch.chdir(tmp_path)
    Path("my run").mkdir()
    with pytest.raises(Exception, match="checkpoint") as caught:
        typer.main.get_command(app)([verb, "my run"], standalone_mode=False)
    assert caught.value.format_message() == (  # type: ignore[attr-defined]
        f"Missing option '--checkpoint' / '-c'. A run is given so: netlab {verb} --checkpoint 'my run'"
    )


def test_no_run_and_no_option() -> None:
    with pytest.raises(Exception, match="checkpoint") as caught:
        typer.main.get_command(app)(["eval", "nowhere"], standalone_mode=False)
    assert caught.value.format_message() == "Missing option '--checkpoint' / '-c'."  # type: ignore[attr-defined]

from __future__ import annotations

import pytest

from netlib.report.course import Course


def taken(*epochs: tuple[float, float], name: str = "loss", best: int = 1) -> Course:
    """A course of epochs, each with its losses of training and validation."""
    course = Course()
    for number, (train, validation) in enumerate(epochs, start=1):
        course.begin_epoch()
        record = {"epoch": number, "train": {name: train, "accuracy": 0.5}, "validation": {name: validation}}
        course.take(record, best=number == best)
    return course


def lines(course: Course, width: int, *, draws: bool = True) -> list[str]:
    return [line.plain.rstrip() for line in course.lines(width, monitor="validation.loss", draws=draws)]


def test_nothing_was_measured():
    assert Course().lines(80, monitor="validation.loss") == []


def test_a_line_for_each_metric():
    course = taken((4, 8), (2, 6), (1, 7), best=2)
    assert lines(course, 80) == [
        "           train  validation    best",
        "loss      1.0000      7.0000  6.0000  █▁▅",
        "accuracy  0.5000                      ▄▄▄",
        "best: epoch 2, by validation.loss",
    ]


def test_ascii_alone():
    text = "\n".join(lines(taken((4, 8), (2, 6), (1, 7), name="a_loss_with_a_name_that_is_long"), 44, draws=False))
    assert text.isascii()
    assert "~" in text


@pytest.mark.parametrize("width", [20, 30, 40, 60, 80, 200])
def test_no_line_is_wider_than_the_terminal(width):
    course = taken(*[(4.0, 8.0)] * 50, name="sparse_categorical_crossentropy_of_the_first_output")
    found = lines(course, width)[:-1]
    assert max(map(len, found)) <= width
    assert "best" in found[0]


def test_what_a_narrow_terminal_can_do_without():
    course = taken((4, 8), (2, 6))
    assert lines(course, 40)[0].split() == ["train", "validation", "best"]
    assert lines(course, 30)[0].split() == ["validation", "best"]
    assert lines(course, 16)[0].split() == ["best"]


def test_in_the_first_epoch_the_sparkline_is_of_its_chunks():
    course = Course()
    for loss in (4.0, 2.0, 1.0):
        course.note({"loss": loss, "learning_rate": 0.1})
    assert lines(course, 80)[1].split() == ["loss", "1.0000", "█▃▁"]
    course.begin_epoch()
    assert lines(course, 80)[1].split() == ["loss", "1.0000"]


def test_a_metric_of_the_epoch_keeps_its_value_while_the_loss_goes_on():
    course = taken((4, 8))
    course.begin_epoch()
    course.note({"loss": 3.0, "learning_rate": 0.1})
    loss, accuracy = lines(course, 80)[1:3]
    assert loss.split()[:2] == ["loss", "3.0000"]
    assert accuracy.split()[:2] == ["accuracy", "0.5000"]

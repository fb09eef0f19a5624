from __future__ import annotations

from typing import Any

import pytest

from netlib.spec.errors import SpecError
from netlib.spec.layers.einsum import EinsumDense

HEADS = EinsumDense.parse({"equation": "abc, cde -> abde", "output_dim": [None, 2, 4], "bias_axes": "de"})


def test_spaces_do_not_count() -> None:
    assert HEADS.equation == "abc,cde->abde"


@pytest.mark.parametrize(
    ("equation", "output_dim", "bias_axes", "shape", "output", "kernel", "bias"),
    [
        ("ab,bc->ac", 7, "c", (5,), (7,), (5, 7), (7,)),
        ("abc,cd->abd", [None, 7], "d", (None, 5), (None, 7), (5, 7), (7,)),
        ("abc,cd->abd", [None, 7], "b", (3, 5), (3, 7), (5, 7), (3, 1)),
        ("abc,bcd->abd", [None, 7], None, (3, 5), (3, 7), (3, 5, 7), None),
        ("...x,xy->...y", 7, "y", (5,), (7,), (5, 7), (7,)),
        ("...x,xy->...y", 7, "y", (2, None, 3, 5), (2, None, 3, 7), (5, 7), (7,)),
        ("...ab,bc->...ac", [None, 7], "ac", (None, 4, 5), (None, 4, 7), (5, 7), (4, 7)),
        ("ab...,bc->ac...", 7, "c", (5, None, 3), (7, None, 3), (5, 7), (7, 1, 1)),
        ("ab...,bc->ac...", 7, "c", (5,), (7,), (5, 7), (7,)),
    ],
)
def test_shapes_follow_from_the_equation(
    equation: str, output_dim: Any, bias_axes: Any, shape: Any, output: Any, kernel: Any, bias: Any
) -> None:
    spec = EinsumDense.parse({"equation": equation, "output_dim": output_dim, "bias_axes": bias_axes})
    assert spec.output_shape((None, *shape)) == (None, *output)
    weights = {weight.name: weight.shape for weight in spec.weights((None, *shape))}
    assert weights == ({"kernel": kernel} if bias is None else {"kernel": kernel, "bias": bias})


def test_an_initializer_is_told_which_axes_are_inputs() -> None:
    kernel, _ = HEADS.weights((None, 3, 5))
    assert kernel.initializer is not None
    assert kernel.initializer.to_plain() == {"input_axes": [0], "output_axes": [1, 2]}
    own = {"GlorotUniform": {"input_axes": [1], "output_axes": [0]}}
    (kernel,) = EinsumDense.parse({"equation": "ab,bc->ac", "output_dim": 3, "kernel_initializer": own}).weights(
        (None, 5)
    )
    assert kernel.initializer is not None
    assert kernel.initializer.to_choice() == own
    (kernel,) = EinsumDense.parse({"equation": "ab,bc->ac", "output_dim": 3, "kernel_initializer": "ones"}).weights(
        (None, 5)
    )
    assert kernel.initializer is not None
    assert kernel.initializer.to_choice() == "Ones"


@pytest.mark.parametrize(
    ("equation", "message"),
    [
        ("ab,bc", "expected an equation such as 'abc,cd->abd', '...a,ab->...b' or 'ab...,bc->ac...', got 'ab,bc'"),
        ("...a,ab->b", "expected an equation such as"),
        ("...a...,ab->...b...", "expected an equation such as"),
        ("a...b,bc->a...c", "expected an equation such as"),
        ("aab,bc->ac", "'aab,bc->ac': 'aab' names an axis twice"),
        ("ab,bb->ab", "'ab,bb->ab': 'bb' names an axis twice"),
        ("ab,bc->ca", "the batch ('a') must be the first axis of the output too, and none of the kernel's"),
        ("ab,abc->ac", "the batch ('a') must be the first axis of the output too, and none of the kernel's"),
        ("ab,bc->acd", "'d' is in the output alone"),
        ("ab,bcd->ac", "'d' is in the kernel alone"),
    ],
)
def test_what_is_no_equation_of_a_layer(equation: str, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        EinsumDense.parse({"equation": equation, "output_dim": 3})
    assert f"equation: {message}" in str(caught.value) or message in str(caught.value)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"output_dim": [3, 4]}, r"output_dim has a length for each axis of 'c', got 2 in \[3, 4\]"),
        ({"output_dim": [None]}, "output_dim must say the length of 'c', which the input has not, got null"),
        ({"output_dim": 0}, "output_dim: expected a positive integer, or a list of them and nulls, got 0"),
        ({"output_dim": None}, "output_dim: expected a positive integer, or a list of them and nulls, got nothing"),
        ({"bias_axes": "a"}, "bias_axes are letters of 'c', each once, got 'a'"),
        ({"bias_axes": "cc"}, "bias_axes are letters of 'c', each once, got 'cc'"),
        ({"bias_axes": ""}, "bias_axes are letters of 'c', each once, got ''"),
        ({"output_shape": 3}, "EinsumDense takes no 'output_shape': write output_dim"),
        ({"equation": 3}, "equation: expected text, got 3"),
    ],
)
def test_parameters_that_do_not_fit(values: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        EinsumDense.parse({"equation": "ab,bc->ac", "output_dim": 3, **values})


@pytest.mark.parametrize(
    ("equation", "output_dim", "shape", "message"),
    [
        ("ab,bc->ac", 3, (None, 4, 5), r"EinsumDense with 'ab,bc->ac' needs an input of rank 2, got \(batch, 4, 5\)"),
        ("...a,ab->...b", 3, (None,), r"needs an input of rank 2 or more, got \(batch\)"),
        ("ab...,bc->ac...", 3, (None,), r"needs an input of rank 2 or more, got \(batch\)"),
        ("ab,bc->ac", 3, (None, None), r"needs to know the length of 'b' in its input, got \(batch, \?\)"),
        (
            "abc,cd->abd",
            [2, 3],
            (None, 4, 5),
            r"output_dim has 2 for 'b' of 'abc,cd->abd', but its input \(batch, 4, 5\) has 4",
        ),
        (
            "abc,cd->abd",
            [2, 3],
            (None, None, 5),
            r"\(batch, \?, 5\) has an unknown length there; null takes the input's",
        ),
    ],
)
def test_inputs_that_do_not_fit(equation: str, output_dim: Any, shape: Any, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        EinsumDense.parse({"equation": equation, "output_dim": output_dim}).output_shape(shape)


def test_multiply_accumulates_leave_out_what_the_input_alone_sums_over() -> None:
    assert HEADS.macs((None, 3, 5)) == 3 * 5 * 2 * 4
    assert HEADS.macs((None, None, 5)) is None
    assert EinsumDense.parse({"equation": "abc,cd->ad", "output_dim": 3}).macs((None, 7, 5)) == 5 * 3

"""Reads pickles of numbers, texts, lists, tuples, mappings and NumPy arrays, and of nothing else, without unpickling them.

Unpickling calls what a file names. Here nothing is looked up and nothing of NumPy's is called with what stands in the file: the
three names by which NumPy pickles an array are only compared, any other ends the reading, and an array is made of its bytes when
its dtype, shape and length agree. So a file can do no more than be refused.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from netlib.data.sources.pickled_arrays import (
    ALLOWED,
    DTYPE,
    PickledArray,
    PickledDtype,
    PickledName,
    PickleProblem,
    text_of,
)

_STOP, _BYTE, _TWO_BYTES, _FOUR_BYTES = b".KMJ"


def load(data: bytes) -> Any:
    """What was pickled: an array, a mapping, of arrays for one, or another value; texts of Python 2 are bytes.

    An array of objects is a list. What stands deeper is not looked into.

    Raises:
        PickleProblem: it asks for anything else, or is damaged.
    """
    try:
        found = _Reader(data).run()
        return {key: _finished(value) for key, value in found.items()} if isinstance(found, dict) else _finished(found)
    except PickleProblem:
        raise
    except (LookupError, TypeError, ValueError, OverflowError, struct.error) as error:
        raise PickleProblem(f"it is damaged or cut off ({type(error).__name__})") from None


def _finished(value: Any) -> Any:
    if isinstance(value, PickledArray) and value.values is not None:
        return value.values
    if isinstance(value, PickledArray | PickledDtype | PickledName):
        raise PickleProblem("it has an array that is not finished")
    return value


class _Reader:
    """Follows the operations of a pickle, with a stack of values, one of marks, and a memory by number."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memory: dict[int, Any] = {}

    def run(self) -> Any:
        """Follows the operations to the last one; gives what they made."""
        while True:
            self.integers()
            code = self.data[self.at]
            self.at += 1
            if code == _STOP:
                return self.stack.pop()
            operation = _OPERATIONS.get(code)
            if operation is None:
                raise PickleProblem(f"it has the operation 0x{code:02x}, which none of numbers, texts and arrays needs")
            operation(self)

    def integers(self) -> None:
        """All integers up to the next other operation: lists of them are nearly all of a large file."""
        data, at, push = self.data, self.at, self.stack.append
        while True:
            code = data[at]
            if code == _BYTE:
                push(data[at + 1])
                at += 2
            elif code == _TWO_BYTES:
                push(data[at + 1] | data[at + 2] << 8)
                at += 3
            elif code == _FOUR_BYTES:
                self.at = at + 1
                push(self.number("<i"))
                at += 5
            else:
                self.at = at
                return

    def take(self, length: int) -> bytes:
        """The next bytes, all of which are there."""
        found = self.data[self.at : self.at + length]
        if length < 0 or len(found) < length:
            raise PickleProblem("it is cut off")
        self.at += length
        return found

    def number(self, form: str) -> int:
        """The next number, in `struct`'s terms."""
        return int(struct.unpack(form, self.take(struct.calcsize(form)))[0])

    def line(self) -> str:
        """What stands up to the next line end."""
        line = self.take(self.data.find(b"\n", self.at, self.at + 200) - self.at)
        self.at += 1
        return line.decode()

    def push(self, value: Any) -> None:
        self.stack.append(value)

    def popped(self) -> list[Any]:
        """What is above the last mark."""
        mark = self.marks.pop()
        found = self.stack[mark:]
        del self.stack[mark:]
        return found

    def remember(self, number: int) -> None:
        self.memory[number] = self.stack[-1]

    def tuple_of(self, length: int) -> None:
        if len(self.stack) < length:
            raise PickleProblem("it is damaged")
        found = tuple(self.stack[-length:])
        del self.stack[-length:]
        self.push(found)

    def extend(self, values: list[Any]) -> None:
        found = self.stack[-1]
        if type(found) is not list:
            raise PickleProblem("it adds to what is no list")
        found += values

    def update(self, values: list[Any]) -> None:
        found = self.stack[-1]
        if type(found) is not dict or len(values) % 2:
            raise PickleProblem("it adds to what is no mapping")
        found.update(zip(values[::2], values[1::2], strict=True))

    def name(self, module: Any, name: Any) -> None:
        if (module, name) not in ALLOWED:
            raise PickleProblem(f"it asks for {module}.{name}, which no array of numbers needs")
        self.push(PickledName(name))

    def call(self) -> None:
        """Begins an array or a dtype; no function is called."""
        arguments, called = self.stack.pop(), self.stack.pop()
        name = called.name if isinstance(called, PickledName) else ""
        if name == "dtype" and isinstance(arguments, tuple) and arguments and DTYPE.fullmatch(text_of(arguments[0])):
            self.push(PickledDtype(text_of(arguments[0]).lstrip("<>|=")))
        elif name == "_reconstruct":
            self.push(PickledArray())
        else:
            raise PickleProblem("it makes what is neither an array nor a dtype of plain numbers")

    def build(self) -> None:
        state, made = self.stack.pop(), self.stack[-1]
        if not isinstance(made, PickledArray | PickledDtype):
            raise PickleProblem("it changes what is no array")
        made.build(state)


Operation = Callable[[_Reader], Any]


def _constant(value: Any) -> Operation:
    return lambda read: read.push(value)


def _bytes(length: str) -> Operation:
    return lambda read: read.push(read.take(read.number(length)))


def _unicode(length: str) -> Operation:
    return lambda read: read.push(read.take(read.number(length)).decode())


def _tuple(length: int) -> Operation:
    return lambda read: read.tuple_of(length)


_OPERATIONS: dict[int, Operation] = {
    0x80: lambda read: read.take(1),  # the protocol
    0x95: lambda read: read.take(8),  # the length of a frame
    ord("("): lambda read: read.marks.append(len(read.stack)),
    ord("0"): lambda read: read.stack.pop(),
    ord("N"): _constant(None),
    0x88: _constant(True),
    0x89: _constant(False),
    ord(")"): _constant(()),
    0x8A: lambda read: read.push(int.from_bytes(read.take(read.number("B")), "little", signed=True)),
    ord("G"): lambda read: read.push(struct.unpack(">d", read.take(8))[0]),
    ord("U"): _bytes("B"),
    ord("T"): _bytes("<i"),
    ord("C"): _bytes("B"),
    ord("B"): _bytes("<I"),
    0x8E: _bytes("<Q"),
    ord("X"): _unicode("<I"),
    0x8C: _unicode("B"),
    0x8D: _unicode("<Q"),
    ord("]"): lambda read: read.push([]),
    ord("}"): lambda read: read.push({}),
    ord("a"): lambda read: read.extend([read.stack.pop()]),
    ord("e"): lambda read: read.extend(read.popped()),
    ord("s"): lambda read: read.update([read.stack.pop(-2), read.stack.pop()]),
    ord("u"): lambda read: read.update(read.popped()),
    ord("t"): lambda read: read.push(tuple(read.popped())),
    0x85: _tuple(1),
    0x86: _tuple(2),
    0x87: _tuple(3),
    ord("q"): lambda read: read.remember(read.number("B")),
    ord("r"): lambda read: read.remember(read.number("<I")),
    ord("h"): lambda read: read.push(read.memory[read.number("B")]),
    ord("j"): lambda read: read.push(read.memory[read.number("<I")]),
    0x94: lambda read: read.remember(len(read.memory)),
    ord("c"): lambda read: read.name(read.line(), read.line()),
    0x93: lambda read: read.name(read.stack.pop(-2), read.stack.pop()),
    ord("R"): _Reader.call,
    ord("b"): _Reader.build,
}
"""By the code of the format, protocols 2 to 5; integers are read apart, for they are many."""

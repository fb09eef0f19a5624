"""Damaged and forged contents of files, made by a seeded random choice: the same seed gives the same bytes."""

from __future__ import annotations

import json
import random
import struct
from collections.abc import Callable, Iterator
from typing import Any

Place = tuple[Any, Any]
"""A container and the key or index of one of its items."""


def deep(levels: int) -> Any:
    """A list in a list, and so on."""
    found: Any = []
    for _ in range(levels):
        found = [found]
    return found


ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**63, -(2**63) - 1, 10**30, 10**400, 1e308, 1e-320, 0.5, -0.0,
    float("nan"), float("inf"), float("-inf"), "", "x", "NaN", "Infinity", "0", "../../escaped", "/etc/passwd",
    "a\ud800b", "nul\x00nul", "\x1b[31mred", "\u202etfel", "ü" * 300, "x" * 100_000, "$(9**9**9)", "!!python/none",
    [], [None], [[]], [0] * 1000, {}, {"": None}, {"a": {"b": 1}}, {"__class__": "os.system"}, deep(50), deep(900),
)  # fmt: skip
"""Values that stand where others are expected."""


def places(value: Any) -> Iterator[Place]:
    """Where something can be replaced in a plain value."""
    items: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield value, key
        yield from places(item)


def of_plain(rng: random.Random, value: Any) -> Any:
    """A copy of a plain value with one item replaced, removed, added, renamed or moved."""
    value = json.loads(json.dumps(value))
    there = list(places(value))
    if not there or rng.random() < 0.02:
        return rng.choice(ODD)
    container, key = rng.choice(there)
    act = rng.choice(["replace"] * 6 + ["remove", "add", "rename", "move", "near"])
    if act == "replace":
        container[key] = rng.choice(ODD)
    elif act == "near" and isinstance(container[key], int | float):
        container[key] = rng.choice([container[key] + 1, -container[key], container[key] * 10**12, str(container[key])])
    elif act == "remove":
        del container[key]
    elif act == "add" and isinstance(container, dict):
        container[rng.choice(["unknown", "", "a.b", "../x", "a\ud800", *map(str, container)])] = rng.choice(ODD)
    elif act == "rename" and isinstance(container, dict):
        container[rng.choice(["renamed", "", "a\x00b", str(key) + "2"])] = container.pop(key)
    else:
        other, where = rng.choice(there)
        container[key] = json.loads(json.dumps(other[where])) if where in other or isinstance(other, list) else None
    return value


def of_json(rng: random.Random, content: bytes) -> bytes:
    """JSON with another value in it, or with a key twice."""
    value = of_plain(rng, json.loads(content))
    text = json.dumps(value, indent=rng.choice([None, 1]))
    if rng.random() < 0.05 and isinstance(value, dict) and value:
        key = rng.choice(list(value))
        text = text.rstrip()[:-1] + f", {json.dumps(key)}: {json.dumps(rng.choice(ODD))}}}"
    return text.encode()


def of_lines(rng: random.Random, content: bytes) -> bytes:
    """Lines of JSON with one changed, twice, removed or moved."""
    lines = content.splitlines()
    number = rng.randrange(len(lines))
    act = rng.choice(["change"] * 4 + ["twice", "remove", "swap", "empty"])
    if act == "change":
        lines[number] = json.dumps(of_plain(rng, json.loads(lines[number]))).encode()
    elif act == "twice":
        lines.insert(number, lines[number])
    elif act == "remove":
        del lines[number]
    elif act == "swap":
        lines.append(lines.pop(number))
    else:
        lines.insert(number, b"")
    return b"\n".join(lines) + rng.choice([b"\n", b"", b"\n\n"])


def of_bytes(rng: random.Random, content: bytes, other: bytes = b"") -> bytes:
    """Bytes flipped, cut, put in, doubled, or with a part of another content between."""
    data = bytearray(content)
    for _ in range(rng.choice([1, 1, 1, 3])):
        at = rng.randrange(len(data) + 1)
        upto = min(len(data), at + rng.choice([1, 4, 40, 4000]))
        act = rng.choice(["flip", "cut", "insert", "double", "splice", "remove", "zero"])
        if act == "flip" and at < len(data):
            data[at] ^= 1 << rng.randrange(8)
        elif act == "cut":
            del data[at:]
        elif act == "insert":
            data[at:at] = rng.choice(
                [b"\x00", b"\xff", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"{", b'"', b"\n", b"9" * 5000]
            )
        elif act == "double":
            data[at:at] = data[at:upto]
        elif act == "splice" and other:
            start = rng.randrange(len(other))
            data[at:upto] = other[start : start + upto - at + 1]
        elif act == "remove":
            del data[at:upto]
        else:
            data[at:upto] = bytes(upto - at)
    return bytes(data)


def of_tensors(rng: random.Random, content: bytes) -> bytes:
    """A safetensors file whose header says something else, or whose numbers are others."""
    (length,) = struct.unpack("<Q", content[:8])
    header, data = json.loads(content[8 : 8 + length]), bytearray(content[8 + length :])
    names = [name for name in header if name != "__metadata__"]
    act = rng.choice(["header", "header", "rename", "type", "shape", "numbers", "metadata", "without"])
    if act == "header" or not names:
        header = of_plain(rng, header)
    else:
        name = rng.choice(names)
        entry = header[name]
        if act == "rename":
            header[rng.choice(["renamed", "", "../x", "a\x00b", name + ".0", "__x__"])] = header.pop(name)
        elif act == "type":
            entry["dtype"] = rng.choice(
                {"F32": ["I32", "U32", "F16", "F8_E4M3"]}.get(entry["dtype"], ["F64", "I64", "C64"])
            )
        elif act == "shape":
            entry["shape"] = rng.choice(
                [[1, *entry["shape"]], [*entry["shape"], 1], entry["shape"][::-1], [0], [-1], []]
            )
        elif act == "metadata":
            header["__metadata__"] = rng.choice(
                [
                    {"aliases": "[" * 5000},
                    {"aliases": json.dumps({"a": name})},
                    {"aliases": "null"},
                    {"aliases": ""},
                    {"x": "y"},
                ]
            )
        elif act == "without":
            del header[name]
        elif data:
            begin, end = entry["data_offsets"]
            word = rng.choice(
                [b"\x00\x00\xc0\x7f", b"\x00\x00\x80\x7f", b"\xff\xff\xff\x7f", b"\xff\xff\xff\xff", bytes(4)]
            )
            data[begin:end] = (word * (end - begin))[: end - begin]
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + bytes(data)


EVIL_YAML = {
    "python object": b'name: !!python/object/apply:os.system ["touch escaped"]\n',
    "python name": b"model: !!python/name:os.system\n",
    "python new": b"data: !!python/object/new:subprocess.Popen [[touch, escaped]]\n",
    "local tag": b"name: !include /etc/passwd\n",
    "binary": b"name: !!binary aGFsbG8=\n",
    "billion laughs": b"a: &a [x,x,x,x,x,x,x,x,x]\n"
    + b"".join(b"%c: &%c [%s]\n" % (n, n, b",".join([b"*%c" % (n - 1)] * 9)) for n in range(98, 107)),
    "alias of itself": b"model: &a [*a]\n",
    "merge bomb": b"a: &a {x: 1}\nb: {<<: [*a, *a]}\n",
    "deep brackets": b"model: " + b"[" * 100_000,
    "deep braces": b"model: " + b"{a: " * 50_000,
    "deep lines": b"".join(b" " * n + b"a:\n" for n in range(2000)),
    "deep dashes": b"model:\n  " + b"- " * 20_000 + b"x\n",
    "NUL": b"name: a\x00b\n",
    "not UTF-8": b"name: \xff\xfe\xed\xa0\x80\n",
    "BOM": b"\xef\xbb\xbfname: x\n",
    "UTF-16": "name: x\n".encode("utf-16"),
    "two documents": b"name: x\n---\nname: y\n",
    "empty": b"",
    "one word": b"x",
    "a list": b"[1, 2]\n",
    "key that is a list": b"? [a, b]\n: 1\n",
    "twice": b"name: a\nname: b\n",
    "long number": b"seed: " + b"9" * 100_000 + b"\n",
    "expression": b"name: a\nseed: $(9**9**9)\n",
    "long expression": b"name: a\nseed: $(" + b"1+" * 50_000 + b"1)\n",
    "extends itself": b"extends: resolved.yaml\n",
    "extends a device": b"extends: /dev/zero\n",
    "tab": b"name:\n\t- x\n",
    "long line": b"name: " + b"x" * 3_000_000 + b"\n",
    "directive": b"%YAML 9.9\n---\nname: x\n",
    "escapes": b'name: "\\ud800\\x00\\U0010ffff"\n',
}
"""Whole documents that are more, or other, than a config may be."""

WORDS = (
    b"null", b"~", b"[]", b"{}", b"-1", b"0", b"1e400", b".nan", b".inf", b"99999999999999999999", b"true", b"''", b'"\\0"',
    b"!!python/name:os.system", b"!!int x", b"*nowhere", b"&a", b"$(1/0)", b"$(x)", b"[[[[]]]]", b"{a: {b: 1}}", b"2024-01-01",
    b"/dev/zero", b"../escaped", b"Dense", b"[Dense, 3]", b"x" * 5000,
)  # fmt: skip


def of_yaml(rng: random.Random, content: bytes) -> bytes:
    """A config with another value somewhere, or with lines removed, doubled, moved or indented otherwise."""
    lines = content.split(b"\n")
    number = rng.randrange(len(lines))
    act = rng.choice(["value"] * 5 + ["remove", "double", "indent", "move", "evil"])
    head, colon, _ = lines[number].partition(b": ")
    if act == "value" and colon:
        lines[number] = head + colon + rng.choice(WORDS)
    elif act == "double":
        lines.insert(number, lines[number])
    elif act == "indent":
        lines[number] = rng.choice([b"  ", b"    ", b"\t"]) + lines[number]
    elif act == "move":
        lines.insert(rng.randrange(len(lines)), lines.pop(number))
    elif act == "evil":
        lines[number:number] = rng.choice(list(EVIL_YAML.values())).split(b"\n")
    else:
        del lines[number]
    return b"\n".join(lines)


def mutator(name: str) -> Callable[[random.Random, bytes], bytes]:
    """What changes the meaning of a file of this name."""
    if name.endswith(".safetensors"):
        return of_tensors
    if name.endswith(".json"):
        return of_json
    if name.endswith(".jsonl"):
        return of_lines
    return of_yaml if name.endswith(".yaml") else of_bytes


def changed(rng: random.Random, name: str, content: bytes, other: bytes = b"") -> bytes:
    """The content of a file of this name, changed once: its meaning, or its bytes."""
    try:
        return mutator(name)(rng, content) if rng.random() < 0.75 and content else of_bytes(rng, content, other)
    except (TypeError, KeyError, IndexError):  # there is nothing of the kind to change
        return of_bytes(rng, content, other)

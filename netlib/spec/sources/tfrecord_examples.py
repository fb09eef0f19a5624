"""`tf.train.Example`, the message that a record holds, without TensorFlow: its form is stated here, protobuf reads it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

BYTES, FLOATS, INTEGERS = "bytes_list", "float_list", "int64_list"
"""What a feature holds a list of."""
NOUNS = {BYTES: ("byte string", "byte strings"), FLOATS: ("float", "floats"), INTEGERS: ("integer", "integers")}
_PACKAGE = "netlab.records"
_LISTS = {BYTES: "TYPE_BYTES", FLOATS: "TYPE_FLOAT", INTEGERS: "TYPE_INT64"}
MOST_LISTED = 20


class NotAnExample(Exception):
    """A record that holds something else; the text says what is wrong, behind "record 3"."""


@cache
def _message_class() -> Any:
    """Of `tf.train.Example`, whose field 2 stands for what a `tf.train.SequenceExample` has there."""
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    kinds = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="netlab_records.proto", package=_PACKAGE, syntax="proto3")

    def field(message: Any, name: str, number: int, kind: str, **more: Any) -> None:
        of = {"type": kinds.TYPE_MESSAGE, "type_name": f".{_PACKAGE}.{kind}"} if kind[0] != "T" else {}
        of = of or {"type": getattr(kinds, kind)}
        message.field.add(name=name, number=number, **{"label": kinds.LABEL_OPTIONAL, **of, **more})

    for name, kind in _LISTS.items():
        field(file.message_type.add(name=f"List_{name}"), "value", 1, kind, label=kinds.LABEL_REPEATED)
    feature = file.message_type.add(name="Feature")
    feature.oneof_decl.add(name="kind")
    for number, name in enumerate(_LISTS, 1):
        field(feature, name, number, f"List_{name}", oneof_index=0)
    features = file.message_type.add(name="Features")
    field(features, "feature", 1, "Features.FeatureEntry", label=kinds.LABEL_REPEATED)
    entry = features.nested_type.add(name="FeatureEntry")
    entry.options.map_entry = True
    field(entry, "key", 1, "TYPE_STRING")
    field(entry, "value", 2, "Feature")
    example = file.message_type.add(name="Example")
    field(example, "features", 1, "Features")
    field(example, "feature_lists", 2, "TYPE_BYTES")
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(file.SerializeToString())
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.Example"))


def features_in(record: bytes) -> Mapping[str, Any]:
    """The features of a record, by name: messages with a list of one of three kinds.

    Raises:
        NotAnExample: it is another message, or has none.
    """
    from google.protobuf.message import DecodeError

    try:
        example = _message_class().FromString(record)
    except DecodeError:
        raise NotAnExample("is no tf.train.Example") from None
    if example.feature_lists:
        raise NotAnExample("is a tf.train.SequenceExample, and only tf.train.Example is read")
    found: Mapping[str, Any] = example.features.feature
    if not found:
        raise NotAnExample("is no tf.train.Example: it has no features")
    return found


def list_in(feature: Any) -> tuple[str, Any]:
    """Kind of the list that a feature holds, and the list; nothing in both where it holds none."""
    kind = feature.WhichOneof("kind")
    return (kind, getattr(feature, kind).value) if kind else ("", ())


def counted(kind: str, count: int) -> str:
    """`1 float`, `3 integers`."""
    return f"{count} {NOUNS[kind][count != 1]}" if kind else "nothing"


def listed(features: Mapping[str, Any]) -> str:
    """What features hold, for messages: `image (1 byte string), x (784 floats)`."""
    found = {name: list_in(features[name]) for name in sorted(features)[:MOST_LISTED]}
    more = f" and {len(features) - MOST_LISTED} more" if len(features) > MOST_LISTED else ""
    return ", ".join(f"{name} ({counted(kind, len(values))})" for name, (kind, values) in found.items()) + more

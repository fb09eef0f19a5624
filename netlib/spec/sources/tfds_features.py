"""What the features of a TensorFlow Datasets folder hold, as its `features.json` says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from netlib.spec.errors import SpecError
from netlib.spec.sources.tfrecord_features import RecordFeature

_ENCODINGS = {"none": None, "bytes": "raw", "zlib": "zlib"}


@dataclass(frozen=True)
class Leaf:
    """A feature of the records.

    Attributes:
        plain: what it holds, as a config declares that; `length` is None where it differs and is to be given.
        wanting: what a config has to say for it to be read, or why it is not read; nothing where it is known.
        classes: how many there are, of labels.
        labels: the name of the file with the names of the classes.
    """

    plain: dict[str, Any]
    wanting: str = ""
    classes: int | None = None
    labels: str = ""

    @property
    def stored(self) -> RecordFeature | None:
        """What it holds; None where that is not known without the config, or not read."""
        try:
            return None if self.wanting else RecordFeature.parse(self.plain)
        except SpecError:
            return None


def leaves(tree: Mapping[str, Any]) -> dict[str, Leaf]:
    """The features by their names in the records, `objects/bbox` of what is nested.

    Args:
        tree: the contents of `features.json`.

    Raises:
        KeyError, TypeError, ValueError, AttributeError: it has another form.
    """
    return dict(_leaves(tree, ()))


def _leaves(tree: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[tuple[str, Leaf]]:
    if "featuresDict" in tree:
        for name, inner in sorted(tree["featuresDict"]["features"].items()):
            yield from _leaves(inner, (*path, str(name)))
    elif "sequence" in tree:
        length = int(tree["sequence"].get("length", -1))
        for name, leaf in _leaves(tree["sequence"]["feature"], path):
            yield name, _repeated(leaf, length)
    else:
        yield "/".join(path), _leaf(tree, path)


def _leaf(tree: Mapping[str, Any], path: tuple[str, ...]) -> Leaf:
    if "image" in tree:
        return _image(tree["image"])
    if "classLabel" in tree:
        labels = "-".join(path).replace("/", ".") + ".labels.txt"
        return Leaf({"dtype": "int64"}, classes=int(tree["classLabel"]["numClasses"]), labels=labels)
    if "text" in tree:
        return Leaf({"dtype": "string"})
    for key in ("tensor", "boundingBox"):
        if key in tree:
            return _tensor(tree[key])
    kind = str(tree["pythonClassName"]).rpartition(".")[2]
    return Leaf({}, f"is a {kind}, which is not read")


def _axes(tree: Mapping[str, Any]) -> list[int]:
    return [int(axis) for axis in tree.get("shape", {}).get("dimensions", ())]


def _image(tree: Mapping[str, Any]) -> Leaf:
    axes, encoding = _axes(tree), tree.get("encodingFormat") or "image"
    if tree.get("dtype", "uint8") != "uint8":
        return Leaf({}, f"has images of {tree['dtype']}, which are not read")
    plain = {"encoding": encoding, "shape": axes}
    if min(axes, default=-1) < 0:
        shape = [axis if axis > 0 else usual for axis, usual in zip(axes, (64, 64, 3), strict=True)]
        return Leaf(plain, _say({**plain, "shape": shape, "fit": "crop"}, "has images of any size"))
    return Leaf(plain)


def _tensor(tree: Mapping[str, Any]) -> Leaf:
    axes, dtype, encoding = _axes(tree), str(tree.get("dtype", "float32")), str(tree.get("encoding", "none")).lower()
    plain: dict[str, Any] = {"dtype": dtype}
    if _ENCODINGS[encoding]:
        plain["encoding"] = _ENCODINGS[encoding]
    if min(axes[1:], default=1) < 0:
        return Leaf({}, f"has the shape {axes}, and only the first axis may differ")
    if axes[:1] == [-1]:
        return _repeated(Leaf({**plain, "shape": axes[1:]} if axes[1:] else plain), -1)
    leaf = Leaf({**plain, "shape": axes} if axes else plain)
    return leaf if leaf.stored else replace(leaf, wanting=f"holds {dtype}{axes or ''}, which is not read")


def _repeated(leaf: Leaf, length: int) -> Leaf:
    """A list of what the leaf is."""
    if leaf.wanting or not leaf.stored or leaf.stored.is_image or leaf.plain.get("dtype") == "string":
        return Leaf({}, "is a list of something else than numbers of one shape, which is not read")
    shape = list(leaf.stored.shape)
    if length < 0:
        plain = {**leaf.plain, "length": None}
        return Leaf(plain, _say({**leaf.plain, "length": 100, "cut": "end"}, "has lists of any length"))
    return Leaf({**leaf.plain, "shape": [length, *shape]})


def _say(plain: Mapping[str, Any], what: str) -> str:
    written = ", ".join(f"{key}: {value}" for key, value in plain.items())
    return f"{what}: say to what they are brought, as in features: {{NAME: {{{written}}}}}"

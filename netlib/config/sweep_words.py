"""A sweep from the command line: `--sweep data.batch_size=32,64 --sweep seed=1..5`.

Behind the key, with commas between them, stand values, each YAML; or two ends: `1..5` are integers, `0..0.5:0.1` numbers with a
step, `1e-4..1e-1` any number between, and `log:1e-4..1e-1` any one, each factor of ten as likely as the others.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from netlib.config.collection import without_collection
from netlib.config.dump import to_yaml
from netlib.config.overrides import command_line, read_key, read_value
from netlib.config.problems import ConfigError, PlacedProblem
from netlib.config.scalars import scalar
from netlib.config.sweep import Sweep
from netlib.config.sweep_checks import checked
from netlib.config.sweep_written import Written
from netlib.config.tree import Key, Place, Source, Value

FORM = "KEY=VALUES, such as data.batch_size=32,64 or seed=1..5 or train.optimizer.learning_rate=log:1e-4..1e-1"
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_ENDS = re.compile(rf"(?P<log>log:)?(?P<low>{_NUMBER})\.\.(?P<high>{_NUMBER})(?::(?P<step>{_NUMBER}))?")
_LONGEST_NAME = 60


def sweep_of_words(
    config: str | Path,
    words: Sequence[str],
    overrides: Sequence[str] = (),
    *,
    trials: int | None = None,
    workers: int | None = None,
) -> Sweep:
    """The sweep of a config that words of the command line describe: a grid, or random where numbers have no step.

    Args:
        config: its file; relative to the current folder, as paths among the values are.
        words: `KEY=VALUES` of each key.
        overrides: `key=value` that all trials have.
        trials: how many are to end; of a grid all points if None.
        workers: processes that train at once.

    Raises:
        ConfigError: with every problem.
    """
    with without_collection():
        folder = Path.cwd()
        here = command_line(str(config), folder)
        sources = [command_line(f"--sweep {word}", folder) for word in words]
        space, problems = _space(sources)
        endless = [value.place for value in space.values() if _is_endless(value)]
        if endless and trials is None:
            message = "any number between two ends may be tried: say how many trials there are, --trials 20"
            problems.append(PlacedProblem(endless[0], message))
        tree: dict[Key, Value] = {
            "config": Value(str(config), _whole(here)),
            "sampler": Value("random" if endless else "grid", _whole(here)),
        }
        for option, number in (("trials", trials), ("workers", workers)):
            if number is not None:
                tree[option] = Value(number, _whole(command_line(f"--{option} {number}", folder)))
        tree["space"] = Value(space, _whole(sources[0] if sources else here))
        root = Value(tree, _whole(here))
        plain = root.plain()
        written = Written(root, (here, *sources), Path(config), to_yaml(plain), overrides, problems)
        return checked(written, _name(Path(config), plain["space"], overrides))


def _space(sources: Sequence[Source]) -> tuple[dict[Key, Value], list[PlacedProblem]]:
    """What is tried for each key, and what is wrong with it.

    Raises:
        ConfigError: there is nothing but problems.
    """
    space: dict[Key, Value] = {}
    problems: list[PlacedProblem] = []
    for source in sources:
        try:
            key, value = _read(source)
        except ConfigError as error:
            problems += error.problems
            continue
        if key in space:
            problems.append(PlacedProblem(value.key, f"'{key}' is swept twice; give all of its values at once"))
        space[key] = value
    if problems and not space:
        raise ConfigError(problems)
    return space, problems


def _read(source: Source) -> tuple[str, Value]:
    """The key, and what is tried for it as a sweep file would have it."""
    text = source.text
    start = text.index(" ") + 1
    _, end = read_key(source, start)
    if text[end : end + 1] != "=":
        raise ConfigError([PlacedProblem(Place(source, 0, start, max(1, len(text) - start)), f"expected {FORM}")])
    key, key_place = text[start:end], Place(source, 0, start, end - start)
    values = Place(source, 0, end + 1, max(1, len(text) - end - 1))
    if not text[end + 1 :].strip():
        raise ConfigError([PlacedProblem(key_place, f"there is no value to try; expected {FORM}")])
    found = _ENDS.fullmatch(text[end + 1 :])
    if found:
        return key, Value(_ends(found, values), values, key_place)
    try:
        listed = read_value(source, end, f"[{text[end + 1 :]}]")
    except ConfigError as error:  # the bracket that is added here is none of the word's
        found_at = [values if each.place and each.place.column <= end else each.place for each in error.problems]
        problems = [replace(each, place=place) for each, place in zip(error.problems, found_at, strict=True)]
        raise ConfigError(problems) from None
    return key, Value(listed.content, values, key_place)


def _ends(found: re.Match[str], place: Place) -> dict[Key, Value]:
    """`{int: [1, 5]}` and the like, each part at its place."""

    def part(name: str) -> Value:
        start, end = found.span(name)
        return Value(scalar(found[name]), Place(place.source, 0, place.column + start, end - start))

    low, high = part("low"), part("high")
    is_whole = all(type(end.content) is int for end in (low, high)) and "." not in (found["step"] or "")
    kind = "int" if is_whole else "log" if found["log"] else "range"
    content: dict[Key, Value] = {kind: Value([low, high], place)}
    if found["log"] and is_whole:
        content["log"] = Value(True, part("log").place)
    if found["step"]:
        content["step"] = part("step")
    return content


def _is_endless(value: Value) -> bool:
    """Whether it is numbers without a step."""
    content = value.content
    return isinstance(content, dict) and ("log" in content or ("range" in content and "step" not in content))


def _whole(source: Source) -> Place:
    return Place(source, 0, 0, max(1, len(source.text)))


def _name(config: Path, space: object, overrides: Sequence[str]) -> str:
    """By what is searched: the same words mean the same study, which is gone on with."""
    keys = [str(key).rpartition(".")[2] for key in space] if isinstance(space, dict) else []
    digest = hashlib.sha256(repr((space, [*overrides])).encode()).hexdigest()[:6]
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", "-".join([config.stem.replace("_", "-"), *keys]))
    return f"{stem[:_LONGEST_NAME].strip('.-')}-{digest}"

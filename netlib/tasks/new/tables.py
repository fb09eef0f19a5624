"""A config for a table: its columns, what they go through, and a network over them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from netlib.spec.errors import UsageError, did_you_mean
from netlib.spec.sources.table import FEATURES
from netlib.tasks.new.columns import Uses, times_in, uses
from netlib.tasks.new.draft import Draft, Line, listed, named, word
from netlib.tasks.new.networks import dense_lines, reading_lines
from netlib.tasks.new.reading import LOOKED_AT, Table, table
from netlib.tasks.new.series import is_series, series_draft
from netlib.tasks.new.sizes import Sizes, epoch_lines, memory_lines, sizes, split_lines
from netlib.tasks.new.steps import step_lines
from netlib.tasks.new.targets import (
    Target,
    head_lines,
    loss_lines,
    network_lines,
    target_lines,
    target_of,
    weight_lines,
)


def table_draft(form: str, path: Path, shown_path: str, wanted: Sequence[str]) -> Draft:
    """What a config says of the table at `path`, which it calls `shown_path`.

    Raises:
        UsageError: there is no such column, or nothing can be learned.
        NetlabError: the file is damaged.
    """
    found = table(form, path)
    targets = _targets(found, path, wanted)
    found = found.answered([each.column for each in targets])
    if is_series(found, targets):
        return series_draft(found, targets, shown_path)
    chosen = uses(found.columns, [each.column for each in targets], found.unreadable)
    time = _ordering_time(found.columns, chosen)
    if time is not None:
        rest = tuple(name for name in chosen.numbers if name != time)
        why = "says which rows are held out: the latest, whose times were never trained on"
        chosen = replace(chosen, numbers=rest, left_out={**chosen.left_out, time: why})
    if not chosen.numbers and not chosen.texts:
        told = "".join(f"\n  {name}: {why}" for name, why in chosen.left_out.items())
        raise UsageError(f"{path} has no column to learn '{targets[0].column}' from:{told}")
    size = sizes(found.samples, str(path))
    steps = step_lines(found, targets, chosen)
    about = f"Predicts {' and '.join(each.column for each in targets)}. Written for {shown_path}, by its values: every choice"
    return Draft(
        f"{about} has its reason beside it, and is meant to be changed.",
        (
            *_data(form, found, shown_path, targets, chosen),
            *_shares(found, size, chosen, time),
            *steps,
            *_limits(found, targets),
        ),
        network_lines([*_body(chosen, size, len(targets) > 1), *head_lines(targets, "body")], targets),
        (
            *epoch_lines(size),
            Line(f"optimizer: {{Adam: {{learning_rate: {size.learning_rate}}}}}"),
            *loss_lines(targets),
        ),
        _choices(found, targets, chosen, time),
    )


def _targets(found: Table, path: Path, wanted: Sequence[str]) -> list[Target]:
    known = [*found.columns, *found.unreadable]
    if not wanted:
        raise UsageError(f"--target is needed: the column of {path} to learn ({', '.join(known[:20])})")
    targets: list[Target] = []
    for name in wanted:
        if name in found.unreadable:
            raise UsageError(f"column '{name}' of {path} holds {found.unreadable[name]}: it cannot be learned")
        if name not in known:
            hint = did_you_mean(name, known) or f" (it has: {', '.join(known[:20])})"
            raise UsageError(f"{path} has no column '{name}'{hint}")
        targets.append(target_of(found.columns[name], [FEATURES, "body", *(each.name for each in targets)]))
    return targets


def _data(form: str, found: Table, path: str, targets: Sequence[Target], chosen: Uses) -> list[Line]:
    separator = getattr(found.source, "separator", None)
    lines = [Line(f"source: {form}"), Line(f"path: {word(path)}")]
    lines += [Line(f'separator: "{separator}"'.replace("\t", "\\t"))] if separator else []
    lines += target_lines(targets)
    if chosen.texts:
        lines += [Line("inputs:")]
        lines += [each.indented() for each in listed(FEATURES, chosen.numbers)] if chosen.numbers else []
        lines += [Line(f"  {named(name, [FEATURES])}: {word(name)}", "its words are read") for name in chosen.texts]
        lines += [Line(f"# not read: {word(name)}: {why}") for name, why in chosen.left_out.items()]
    elif chosen.left_out:
        lines += [Line("ignore:", "all other columns are inputs")]
        lines += [Line(f"  - {word(name)}", why) for name, why in chosen.left_out.items()]
    used = {*chosen.numbers, *chosen.texts, *(each.column for each in targets)}
    declared = {name: each for name, each in found.declared.items() if name in used}
    lines += [Line("columns:")] if declared else []
    lines += [Line(f"  {word(name)}: {word(kind)}", why) for name, (kind, why) in declared.items()]
    if found.broken:
        lines.append(Line("on_error: skip", f"rows that cannot be used are left out: {'; '.join(found.broken)}"))
    return lines


def _ordering_time(columns: Mapping[str, pl.Series], chosen: Uses) -> str | None:
    """The column of times by which the rows are in order, as a log's are."""
    in_order = (
        name for name in times_in(columns) if columns[name].is_sorted() or columns[name].is_sorted(descending=True)
    )
    return None if chosen.group else next((name for name in in_order if name in chosen.numbers), None)


def _shares(found: Table, size: Sizes, chosen: Uses, time: str | None) -> list[Line]:
    if chosen.group:
        split = Line(
            f"split: {{Grouped: {word(chosen.group)}}}",
            "rows of one are like each other: none is tested on what was trained on",
        )
    elif time:
        split = Line(
            f"split: {{Time: {word(time)}}}", "the rows are in its order: the latest are predicted from earlier ones"
        )
    else:
        others = [name for name in times_in(found.columns) if name in chosen.numbers]
        hint = [
            f"# split: {{Time: {word(name)}}} # if later rows are to be predicted from earlier ones" for name in others
        ]
        return [*map(Line, hint[:1]), *split_lines(size)]
    return [split, *split_lines(size)]


def _limits(found: Table, targets: Sequence[Target]) -> list[Line]:
    needed = found.samples * sum(4 if each.dtype != pl.String() else 64 for each in found.columns.values())
    return [*weight_lines(targets), *memory_lines(needed)]


def _body(chosen: Uses, size: Sizes, several: bool) -> list[Line]:
    """From the inputs to what the heads read."""
    alone = len(chosen.texts) == 1 and not chosen.numbers
    lines = [line for name in chosen.texts for line in reading_lines(named(name, [FEATURES]), size, alone=alone)]
    if not alone and chosen.texts:
        read = [*([FEATURES] if chosen.numbers else []), *(f"{named(name, [FEATURES])}_read" for name in chosen.texts)]
        lines.append(
            Line(f"- {{Concatenate: , from: {word(read)}}}" if len(read) > 1 else f"- {{Identity: , from: {read[0]}}}")
        )
    return [*lines, *dense_lines(size, name="body" if several else "")]


def _choices(found: Table, targets: Sequence[Target], chosen: Uses, time: str | None) -> tuple[str, ...]:
    rows = f"{found.samples:,} rows" + (f", by the first {LOOKED_AT:,} of them" if found.samples > found.rows else "")
    kinds = {"number": "regression", "binary": "two classes", "classes": "classes"}
    read = len(chosen.numbers) + len(chosen.texts)
    lines = [f"{rows}, {read} {'column' if read == 1 else 'columns'} to read"]
    lines += [f"target '{each.column}': {kinds[each.kind]} ({each.about})" for each in targets]
    lines += [f"left out: '{name}' {why}" for name, why in chosen.left_out.items()]
    lines += [f"left out: rows: {each}" for each in found.broken]
    lines += [f"classes are weighted: {each.uneven}" for each in targets if each.uneven and len(targets) == 1]
    lines += [f"split by '{chosen.group or time}'"] if chosen.group or time else []
    return tuple(lines)

"""What a benchmark found, as tables for people: the loop, then the peers, then the machine. The keys are those of
`netlib.tasks.bench.bench`.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from textwrap import wrap
from typing import Any, NamedTuple

from netlib.report import numbers
from netlib.report.layout import Cell, Column, bold, dim, joined, lay_out

Benchmark = Mapping[str, Any]
Row = Sequence[str] | str
"""The texts of a row's cells, the config's name first; or what is said in place of them."""

GIGA = 10**9
TUNED = "keras-tuned"
"""The peer whose steps per execution are chosen, and shown."""
_UNBROKEN = 10_000
"""Columns in which every row is one line."""

NOTES = (
    "Medians of the rounds; spread: the slowest and the fastest round. First step: from TensorFlow imported to the first step"
    " done. Python and data: shares of the time, whose rest is spent in the compiled loop. Of peak: FLOP/s as a share of those of"
    " the product of two matrices."
)
RATIO_NOTE = " Ratio: samples/s by those of keras.Model.fit on the same network, in turns."
STEPS_NOTE = " Steps: the steps per execution that were the best."


class _Fact(NamedTuple):
    """A column; `gives_way` says how soon it is left out where the table is too wide, 0 never."""

    title: str
    text: Callable[[Mapping[str, Any]], str]
    gives_way: int = 0


def bench_text(found: Mapping[str, Any], width: int, color: bool = False) -> str:
    """The tables and what stands below them, within `width` columns where that can be."""
    found = {**found, "benchmarks": _named(found["benchmarks"])}
    notes = NOTES + (RATIO_NOTE if found["against"] else "") + (STEPS_NOTE if TUNED in found["against"] else "")
    parts = [
        _loop_table(found["benchmarks"], width, color),
        *([_peer_table(found, width, color)] if found["against"] else []),
        _machine(found, width),
        [dim(line, color) for line in wrap(notes, width)],
    ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def _loop_table(benchmarks: Sequence[Benchmark], width: int, color: bool) -> list[str]:
    facts = list(_FACTS)
    while True:
        rows: list[Row] = [
            f"{_name(each)}: {each['error']}"
            if "error" in each
            else [_name(each), *(fact.text(each) for fact in facts)]
            for each in benchmarks
        ]
        titles = ["\nconfig", *(fact.title for fact in facts)]
        last = max(facts, key=lambda fact: fact.gives_way)
        if max(map(len, _table(titles, rows, width, color=False))) <= width or not last.gives_way:
            return _table(titles, rows, width, color)
        facts.remove(last)


def _peer_table(found: Mapping[str, Any], width: int, color: bool) -> list[str]:
    benchmarks = [each for each in found["benchmarks"] if "error" not in each]
    if not benchmarks:
        return []
    facts = {name: _peer_facts(name) for name in found["against"]}
    rows: list[Row] = []
    for each in benchmarks:
        peers = each["peers"]
        rows += [[_name(each), *(text for name in facts for text in _of_peer(facts[name], peers[name]))]]
        reasons = dict.fromkeys(peer["reason"] for peer in peers.values() if "reason" in peer)
        rows += [f"  {reason}" for reason in reasons]
    means = found["geometric_means"]
    if len(benchmarks) > 1 and any(means.values()):
        rows.append(["geometric mean", *(text for name in facts for text in _of_mean(facts[name], means[name]))])
    titles = [fact.title for columns in facts.values() for fact in columns]
    return _table(["\nconfig", *titles], rows, width, color)


def _peer_facts(name: str) -> list[_Fact]:
    """The columns of a peer; the second is that of the ratio."""
    facts = [
        _Fact(f"{name.removeprefix('keras-')}\nsamples/s", _rate),
        _Fact("\nratio", lambda peer: _ratio(peer["ratio"]["median"])),
        _Fact("\nmin-max", lambda peer: f"{_ratio(peer['ratio']['min'])}-{_ratio(peer['ratio']['max'])}"),
    ]
    return [*facts, _Fact("\nsteps", lambda peer: str(peer["steps_per_execution"]))] if name == TUNED else facts


def _of_peer(facts: Sequence[_Fact], peer: Mapping[str, Any]) -> list[str]:
    return ["-" if "reason" in peer else fact.text(peer) for fact in facts]


def _of_mean(facts: Sequence[_Fact], mean: float | None) -> list[str]:
    return ["", "-" if mean is None else _ratio(mean), *[""] * (len(facts) - 2)]


def _table(titles: Sequence[str], rows: Sequence[Row], width: int, color: bool) -> list[str]:
    """The lines: the titles, bold, then every row in its place, those that are said in words as they are."""
    columns = [Column(title, number=index > 0) for index, title in enumerate(titles)]
    high = max(title.count("\n") for title in titles) + 1
    cells = [[Cell(text) for text in row] for row in rows if not isinstance(row, str)]
    lines = list(map(joined, lay_out(columns, cells, _UNBROKEN))) if cells else []
    made = iter(lines[high:])
    below = [line for row in rows for line in (_in_words(row, width) if isinstance(row, str) else [next(made)])]
    return [*(bold(line, color) for line in lines[:high]), *below]


def _in_words(text: str, width: int) -> list[str]:
    """The first line broken to fit; those below it, which may have a caret under a word, as they are."""
    first, *others = text.split("\n")
    indent = " " * (len(first) - len(first.lstrip()) + 2)
    return [*wrap(first, width, subsequent_indent=indent, break_long_words=False), *others]


def _machine(found: Mapping[str, Any], width: int) -> list[str]:
    """Execution, threads, the matmul peak, versions and machine."""
    measured = [each for each in found["benchmarks"] if "error" not in each]
    versions, machine = found["versions"], found["machine"]
    modes: dict[str, list[str]] = {}
    for each in measured:
        modes.setdefault(each["execution"], []).append(_name(each))
    lines = [f"execution {mode}: {', '.join(names)}" for mode, names in modes.items()]
    if measured:
        peaks = sorted(each["matmul"]["peak"] / GIGA for each in measured)
        threads = ", ".join(map(str, dict.fromkeys(each["threads"] for each in measured)))
        spread = " to ".join(dict.fromkeys(f"{peak:.0f}" for peak in (peaks[0], peaks[-1])))
        lines.append(f"matmul peak: {spread} GFLOP/s (two float32 matrices of 2,048 x 2,048); threads: {threads}")
        imports = [each["start"]["import"] for each in measured]
        lines.append(f"import of TensorFlow: {numbers.duration(min(imports))} at least, before the first step")
    named = ", ".join(f"{name} {versions[name]}" for name in ("netlab", "tensorflow", "keras", "python"))
    lines.append(f"{named}; {machine['usable_cores']} cores, {machine['processor']}")
    return [piece for line in lines for piece in wrap(line, width, subsequent_indent="  ")]


def _named(benchmarks: Sequence[Benchmark]) -> list[Benchmark]:
    """With what each is called: the name of its file, with folders where two have the same."""
    paths = [Path(each["config"]).with_suffix("") for each in benchmarks]
    stems = Counter(path.stem for path in paths)
    around = Path(os.path.commonpath([path.parent for path in paths]))
    names = [path.stem if stems[path.stem] == 1 else str(path.relative_to(around)) for path in paths]
    return [{**each, "shown": name} for each, name in zip(benchmarks, names, strict=True)]


def _name(benchmark: Benchmark) -> str:
    return str(benchmark["shown"])


def _rate(measured: Mapping[str, Any]) -> str:
    return numbers.count(round(measured["samples_per_second"]["median"]))


def _ratio(ratio: float) -> str:
    return f"{ratio:.2f}" if ratio < 9.995 else f"{ratio:.1f}"


def _spread(benchmark: Benchmark) -> str:
    """`-3 +2 %` of the median."""
    rates = benchmark["samples_per_second"]
    below, above = ((rates[end] / rates["median"] - 1) * 100 for end in ("min", "max"))
    return f"-{abs(below):.0f} +{abs(above):.0f} %"


def _step(benchmark: Benchmark) -> str:
    """`0.0254 ms`, `12.3 ms`, `1.23 s`."""
    seconds = benchmark["step_seconds"]["median"]
    return f"{seconds:.3g} s" if seconds >= 1 else f"{seconds * 1000:.3g} ms"


def _share(share: float | None) -> str:
    return "-" if share is None else f"{share * 100:.0f} %"


def _gigaflops(benchmark: Benchmark) -> str:
    rate = benchmark["flops"]["per_second"]
    return "-" if rate is None else f"{rate / GIGA:.3g}"


_FACTS = (
    _Fact("\nsamples/s", _rate),
    _Fact("\nspread", _spread, 1),
    _Fact("\nstep", _step, 2),
    _Fact("first\nstep", lambda each: numbers.duration(each["start"]["first_step"])),
    _Fact("\nimport", lambda each: numbers.duration(each["start"]["import"]), 6),
    _Fact("\nPython", lambda each: _share(each["shares"]["python"]), 3),
    _Fact("\ndata", lambda each: _share(each["shares"]["data"]), 4),
    _Fact("\nmemory", lambda each: numbers.size(each["peak_memory_bytes"])),
    _Fact("GFLOP\n/s", _gigaflops, 5),
    _Fact("of\npeak", lambda each: _share(each["flops"]["share_of_matmul_peak"])),
)

"""Answers a shell that asks what a word of the command line can be: verbs, options, and values by what help calls them.

The scripts of `netlab completion` name the shell in `_NETLAB_COMPLETE` and pass the words that are typed. What a value can be
follows from its name in the help, so that `RUN` is completed to runs wherever a verb takes one.
"""

from __future__ import annotations

import inspect
import os
import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

BREAKS = "_NETLAB_BREAKS"
"""Characters at which bash divides a word, and after which it replaces the rest."""
Candidate = tuple[str, str]
"""A word, and what is said about it."""
_OF_TYPES = {"layers": "layers", "data": "data"}
"""Verbs whose NAME is a type's -> the function that lists them."""
_OF_NAMES = {
    "CONFIG": "configs",
    "CONFIG_OR_FOLDER": "configs",
    "CONFIG_OR_RUN": "configs_or_runs",
    "A": "configs_or_runs",
    "RUN": "runs",
    "ROOT": "runs",
    "RUN_OR_CHECKPOINT": "checkpoints",
    "KIND": "kinds",
}
"""What help calls a value -> the function of `netlib.tasks.completion` that lists what it can be."""


def answer(shell: str, words: Sequence[str]) -> str:
    """A line for each candidate: the word, and after a tab what is said about it, except for bash."""
    if shell == "bash":
        (line,) = words
        words = _divided(line)[1:]
        breaks = os.environ.get(BREAKS, "=:")
        kept = len(re.sub(rf"[^{re.escape(breaks)}]*\Z", "", words[-1])) if breaks else 0
        return "".join(f"{word[kept:]}\n" for word, _ in candidates(words))
    return "".join(f"{word}\t{about}\n" for word, about in candidates(words))


def candidates(words: Sequence[str]) -> list[Candidate]:
    """What the last of the words can be, those before it being as they are; `netlab` itself is not among them."""
    import typer

    from netlab.app import app

    command: Any = typer.main.get_command(app)
    *before, word = words
    verb = ""
    while verbs := getattr(command, "commands", None):
        names = [each for each in before if not each.startswith("-")]
        if not names or names[0] not in verbs:
            break
        before, verb = before[before.index(names[0]) + 1 :], names[0]
        command = verbs[verb]
    verbs = verbs or {}
    command = next((each for each in verbs.values() if each.hidden), command)  # of `runs`: what it does without a verb
    typed = _Typed.read(command, before)
    found = list(_of_word(command, verb, typed, word))
    if typed.words or word.startswith("-"):
        return found
    shown = verbs if verb else command.list_commands(None)
    lines = [(name, _line(name, verbs[name])) for name in shown if name.startswith(word) and not verbs[name].hidden]
    return [*lines, *found]


@dataclass
class _Typed:
    """What stands in front of the word: other words, options by name, and the option that waits for a value."""

    words: list[str] = field(default_factory=list)
    options: dict[str, str | None] = field(default_factory=dict)
    waiting: Any = None
    closed: bool = False

    @classmethod
    def read(cls, command: Any, before: Sequence[str]) -> _Typed:
        named = {name: each for each in command.params for name in (*each.opts, *each.secondary_opts)}
        typed = cls()
        for word in before:
            name, equals, value = word.partition("=")
            if typed.waiting is not None:
                typed.options[typed.waiting.name] = word
                typed.waiting = None
            elif typed.closed or not word.startswith("-") or word == "-":
                typed.words.append(word)
            elif word == "--":
                typed.closed = True
            elif name in named:
                option = named[name]
                typed.options[option.name] = value
                typed.waiting = None if equals or option.is_flag else option
        return typed


def _of_word(command: Any, verb: str, typed: _Typed, word: str) -> Iterator[Candidate]:
    options = [each for each in command.params if each.param_type_name == "option" and not each.hidden]
    if typed.waiting is not None:
        yield from _values(command, typed.waiting, verb, typed, word)
    elif word.startswith("-") and not typed.closed:
        name, equals, value = word.partition("=")
        if equals:
            option = next((each for each in options if name in each.opts), None)
            found = _values(command, option, verb, typed, value) if option else ()
            yield from ((f"{name}={each}", about) for each, about in found)
            return
        for option in options:
            if option.multiple or option.name not in typed.options:
                longest = max(option.opts, key=len)
                yield from [(longest, option.help or "")] if longest.startswith(word) else ()
        yield from [("--help", "Show this message and exit.")] if "--help".startswith(word) else ()
    else:
        arguments = [each for each in command.params if each.param_type_name == "argument"]
        if _names_a_run(typed, options):  # the config is the run's, and all words change it
            arguments = arguments[1:]
        if arguments and (len(typed.words) < len(arguments) or arguments[-1].nargs == -1):
            place = min(len(typed.words), len(arguments) - 1)
            yield from _values(command, arguments[place], verb, typed, word)


def _values(command: Any, parameter: Any, verb: str, typed: _Typed, word: str) -> list[Candidate]:
    """What the value of an option or argument can be; nothing where the shell knows better: files and folders."""
    if choices := _choices(command, parameter.name):
        return [(each, "") for each in choices if each.startswith(word)]
    found = re.match(r"\W*([A-Z_=]+)", parameter.metavar or "")
    name = found[1] if found else ""
    from netlib.tasks import completion

    if name in ("KEY=VALUE", "KEY=VALUES") and verb != "sweep":
        return completion.overrides(word, _config(typed))
    if name == "SWEEP":
        return completion.sweeps(word) if verb == "show" else completion.configs(word)
    if name == "KEY=VALUE":
        return completion.overrides(word, completion.config_of(_config(typed)))
    if verb == "runs" and parameter.name in ("columns", "sort"):
        return completion.columns(word)
    if verb == "plot" and parameter.name == "metric":
        return completion.metrics(word, [*map(Path, typed.words)])
    listed = _OF_TYPES.get(verb) if name == "NAME" else _OF_NAMES.get(name)
    suggest: Callable[[str], list[Candidate]] = getattr(completion, listed) if listed else lambda word: []
    return suggest(word)


def _choices(command: Any, name: str) -> list[str]:
    """The texts of the `Literal` with which the verb annotates a parameter."""
    return [*_literals(get_type_hints(inspect.unwrap(command.callback)).get(name))]


def _literals(annotation: Any) -> Iterator[str]:
    if get_origin(annotation) is Literal:
        yield from get_args(annotation)
    else:
        for part in get_args(annotation):
            yield from _literals(part)


def _config(typed: _Typed) -> Path | None:
    """The config that is changed: the first word, or that of a run."""
    run = typed.options.get("resume")
    first = run or (typed.words[0] if typed.words else None)
    return None if first is None else Path(first).expanduser()


def _names_a_run(typed: _Typed, options: Sequence[Any]) -> bool:
    return any(each.name == "resume" for each in options) and bool(typed.options.get("resume"))


def _line(name: str, command: Any) -> str:
    from netlab.verbs import line_on

    return line_on(name) or command.get_short_help_str(_LONG)


_LONG = 100


def _divided(line: str) -> list[str]:
    """The words of a line, the last one being what is typed of it; a quote that is still open is closed."""
    for closing in ("", '"', "'"):
        try:
            words = shlex.split(line + closing)
        except ValueError:
            continue
        return [*words, ""] if not closing and line[-1:].isspace() else words
    return [*line.split(), ""]

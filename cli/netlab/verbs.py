"""The verbs in groups, with a line on each, as `netlab --help` shows them."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup

GROUPS = {
    "Train": {
        "new": "Write a config to begin with, or one that fits your data.",
        "train": "Train what a config describes, or go on with a run.",
        "launch": "Train with several processes of this machine.",
        "sweep": "Search a config's keys for the best values, by many trials.",
        "reproduce": "Train a run once more, and compare the two to the bit.",
    },
    "Look": {
        "check": "Find every mistake in configs without running them.",
        "summary": "Show a network: shapes, parameters, cost, memory, a drawing.",
        "peek": "Look at a config's data as a training would read it.",
        "runs": "List runs and what differs among them; remove some.",
        "compare": "Compare configs or runs: keys, networks, results.",
        "plot": "Draw the curves of runs, in the terminal or as a picture.",
    },
    "Use": {
        "eval": "Measure a checkpoint on a split, or on other data.",
        "predict": "Predict on new files, and write it beside their columns.",
        "export": "Write a SavedModel that needs no netlab, or the weights.",
    },
    "Look up": {
        "layers": "List layers, losses, optimizers ..., or tell all about one.",
        "data": "List sources, preprocessing and splits, or tell all about one.",
        "schema": "Print the JSON schema of a config, for an editor.",
    },
    "Tools": {
        "bench": "Measure how fast configs train.",
        "doctor": "Look whether everything that netlab needs is there and works.",
        "completion": "Print what makes a shell complete verbs, options and keys.",
    },
}
"""Heading -> verb -> what it does."""

NO_SUCH_OPTION, MISSING = "NoSuchOption", "MissingParameter"
"""The names of click's classes, which typer keeps in different places in different versions."""
CHECKPOINT = "checkpoint"
"""The parameter of several verbs."""


class Verbs(TyperGroup):
    """The command with its verbs under headings."""

    def invoke(self, ctx: Any) -> Any:
        """Runs the verb; a key of the config that was typed as an option, and a run without its, is told how it is written."""
        words = [*ctx.args]
        try:
            return super().invoke(ctx)
        except Exception as error:
            mistake: Any = error
            if type(error).__name__ == NO_SUCH_OPTION:
                from netlab.mistaken import as_key

                mistake.message += as_key(mistake.option_name, mistake.ctx.command, words)
            elif type(error).__name__ == MISSING and mistake.param.name == CHECKPOINT:
                from netlab.mistaken import as_checkpoint

                mistake.message = as_checkpoint(mistake.ctx.info_name, words)
            raise

    def list_commands(self, ctx: Any) -> list[str]:
        """The verbs in the order in which they are shown."""
        return [verb for lines in GROUPS.values() for verb in lines if verb in self.commands]

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Writes them, a heading for each group."""
        width = max(map(len, self.commands))
        for heading, lines in GROUPS.items():
            with formatter.section(heading):
                formatter.write_dl([(verb.ljust(width), line) for verb, line in lines.items() if verb in self.commands])


def line_on(verb: str) -> str:
    """What is said about a verb."""
    return next((lines[verb] for lines in GROUPS.values() if verb in lines), "")

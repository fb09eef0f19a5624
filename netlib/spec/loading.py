"""`train.load`: the weights with which a training begins, and how those that are saved fit those of the network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field, create_model

from netlib.spec.errors import Problem, SpecError, closest
from netlib.spec.freezing import Selectors
from netlib.spec.saved_weights import Fit, Stored, Wanted, explaining, misfit
from netlib.spec.selectors import Renaming
from netlib.spec.train_fields import Section
from netlib.spec.weight_selectors import fits, misses

_SHOWN = 5
"""Weights that a message lists."""


def _rules(rules: dict[str, str]) -> dict[str, str]:
    try:
        Renaming(rules)
    except SpecError as error:
        raise ValueError(str(error)) from None
    return rules


if TYPE_CHECKING:
    _From = Section
else:  # a key that is a word of Python cannot be written as an attribute of a class
    _source = Field(
        min_length=1,
        description="A run (its best checkpoint), a checkpoint, a saved model, or a .safetensors file; seen from the config.",
    )
    _From = create_model("_From", __base__=Section, __module__=__name__, **{"from": (str, _source)})


class LoadSpec(_From):
    """The saved weights with which a training begins, in place of those that the seed gives.

    Every weight of the network, or of those that `only` selects, must be found with its shape, and every saved one be used.
    The averages of a training with EMA are what is loaded.

    Fine-tuning of what `netlab train backbone.yaml --run-dir runs/backbone` has trained, under a new head, which is trained
    alone for three epochs:

        train:
          load: {from: runs/backbone, map: {"**": "backbone.**"}, only: [backbone]}
          freeze: {backbone: 3}
          param_groups: [{params: backbone, learning_rate_scale: 0.1}]
    """

    shorthand = "from"
    map: Annotated[dict[str, str], AfterValidator(_rules)] = Field(
        default_factory=dict,
        description="Names of saved weights, by globs, and what these are called in the network.",
        examples=[{"old.**": "new.**"}],
    )
    only: Annotated[Selectors, Field(min_length=1)] | None = Field(
        None, description="The weights of the network that are loaded, by globs over the paths of nodes and weights."
    )
    partial: bool = Field(False, description="Whether weights may be missing or left over; that is reported.")

    @property
    def source(self) -> str:
        """Where the weights are."""
        found: str = getattr(self, "from")
        return found

    def fit(self, arrays: Mapping[str, Stored], aliases: Mapping[str, str], wanted: Sequence[Wanted]) -> Fit:
        """How saved arrays fit the weights of a network; `aliases` are other names of saved arrays.

        Raises:
            SpecError: a selector or a rule fits nothing, or the rules make one name of two; places are under `train.load`.
        """
        chosen = self._chosen(wanted)
        owners = {**{name: name for name in arrays}, **aliases}
        try:
            new = {path: old for old, path in Renaming(self.map).over(owners).items()}
        except SpecError as error:
            raise SpecError([Problem(("map",), str(error), at="key")]) from None
        loaded, missing, mismatched = {}, [], []
        used, renamed = set(), 0
        for each in chosen:
            path = next((path for path in each.paths if path in new), None)
            if path is None:
                missing.append(each)
                continue
            name = owners[new[path]]
            used.add(name)
            if wrong := misfit(each, arrays[name]):
                mismatched.append(wrong)
            else:
                loaded[each.paths[0]] = name
                renamed += new[path] != path
        unused = tuple(name for name in arrays if name not in used)
        return Fit(loaded, tuple(missing), tuple(mismatched), unused, len(chosen), renamed)

    def problem(self, fit: Fit, arrays: Mapping[str, Stored], wanted: Sequence[Wanted]) -> Problem | None:
        """What is to be said of a fit that is not as it must be; its place is `train.load`."""
        missing = () if self.partial else fit.missing
        left = () if self.partial or self.only is not None else fit.unused
        idle = fit.considered > 0 and not (fit.loaded or fit.mismatched)
        if not (missing or left or fit.mismatched or idle):
            return None
        rule = "" if self.map or not fit.missing else self._proposed(fit, arrays, wanted)
        near = () if rule else fit.unused
        said = [
            *_group("of another form", fit.mismatched),
            *_group("missing", [_missed(each, near) for each in missing or fit.missing * idle]),
            *_group("saved, but no weight of the network", [f"'{name}'" for name in left]),
        ]
        return Problem(
            (), f"the weights in {self.source} do not fit. {'. '.join(said)}{rule or self._advice(fit)}", at="key"
        )

    def _chosen(self, wanted: Sequence[Wanted]) -> list[Wanted]:
        if self.only is None:
            return list(wanted)
        placed = [(("only", number), selector) for number, selector in enumerate(self.only)]
        if problems := misses(placed, (path for each in wanted for path in each.paths)):
            raise SpecError(problems)
        return [each for each in wanted if fits(self.only, each.paths)]

    def _proposed(self, fit: Fit, arrays: Mapping[str, Stored], wanted: Sequence[Wanted]) -> str:
        """A rule that replaces one prefix by another, and finds more of the weights than any other."""
        most, best = len(fit.loaded) + 1, ""
        for old, new in explaining(fit.missing[0], fit.unused, arrays):
            try:
                found = self.model_copy(update={"map": {old: new}}).fit(arrays, {}, wanted)
            except SpecError:
                continue
            if len(found.loaded) > most:
                most = len(found.loaded)
                share = "everything" if most == fit.considered else f"{most} of the {fit.considered}"
                best = f'. One rule finds {share}: map: {{"{old}": "{new}"}}'
        return best

    def _advice(self, fit: Fit) -> str:
        if fit.mismatched or not fit.loaded or self.partial:
            return ""
        return ". What fits is loaded with partial: true, or by selectors with only: [...]"


def _missed(wanted: Wanted, near: Sequence[str]) -> str:
    close = closest(wanted.paths[0], near)
    hint = f" (did you mean the saved '{close}'?)" if close else ""
    return f"'{wanted.paths[0]}' {list(wanted.shape)}{hint}"


def _group(title: str, wrong: Sequence[str]) -> list[str]:
    """One part of a message: how many, and the first few."""
    if not wrong:
        return []
    more = f", and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
    return [f"{len(wrong)} {title}: {', '.join(wrong[:_SHOWN])}{more}"]

"""The pictures of an evaluation: confusion matrix, curves, and a sheet of the worst mistakes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from netlib.data.arrays import Arrays
from netlib.data.contact_sheet import Chosen, check_sheet, draw, images_among
from netlib.report.drawing import check_picture, write_figure
from netlib.report.matrix_picture import matrix_figure
from netlib.report.roc_picture import roc_figure
from netlib.runs.atomic import explained
from netlib.spec.errors import UsageError
from netlib.spec.heads import bind
from netlib.tasks.evaluate import Evaluation
from netlib.tasks.plan import Complete, EvaluationPlan
from netlib.tasks.scored import Scored, ScoredClasses
from netlib.tasks.written_files import need_room

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Pictures:
    """Files that are asked for. Where several outputs have classes, a picture of each is drawn, `roc-OUTPUT.png`."""

    confusion: Path | None = None
    roc: Path | None = None
    worst: Path | None = None

    def check(self, plans: Sequence[EvaluationPlan], *, worst: int, overwrite: bool) -> None:
        """Refuses what could not be drawn, or would be written over.

        Raises:
            UsageError: there is such a picture.
        """
        named = {"--confusion": self.confusion, "--roc": self.roc, "--worst-images": self.worst}
        asked = [option for option, path in named.items() if path]
        if asked and len(plans) > 1:
            raise UsageError(
                f"{asked[0]} draws a picture of one evaluation, and {len(plans)} are asked for: draw them one by one"
            )
        if self.worst:
            _check_sheet(self.worst, plans[0].config, worst, overwrite)
        for option, path in named.items():
            if path and path is not self.worst:
                check_picture(path)
                outputs = _classified(option, plans[0].config)
                for each in outputs:
                    need_room(_of_output(path, each, outputs), overwrite)

    def draw(self, evaluation: Evaluation) -> list[Path]:
        """Draws what is asked for; the files that were written.

        Raises:
            UsageError: there is nothing to draw.
            NetlabError: a file cannot be written.
        """
        return [*self._drawn(evaluation.outputs), *self._sheet(evaluation)]

    def _drawn(self, outputs: Sequence[Scored]) -> Iterator[Path]:
        classified = [each.output for each in outputs if each.classes]
        for each in outputs:
            if each.classes is None:
                continue
            if self.confusion and each.classes.matrix is not None:
                figure = matrix_figure(each.classes.matrix, each.classes.names, each.output)
                yield _written(figure, _of_output(self.confusion, each.output, classified))
            if self.roc:
                _need_curves(each.output, each.classes)
                figure = roc_figure(each.classes.curves, each.classes.names, each.output)
                yield _written(figure, _of_output(self.roc, each.output, classified))

    def _sheet(self, evaluation: Evaluation) -> Iterator[Path]:
        worst = next((each.worst for each in evaluation.outputs if each.worst), None)
        if not self.worst or evaluation.measured is None:
            return
        if worst is None:
            raise UsageError(f"there are no mistakes to draw into {self.worst}")
        samples, places = evaluation.measured, np.array([each.place for each in worst])
        chosen = samples.take(places) if isinstance(samples, Arrays) else samples.read(places)
        labels = [f"{each.target}: {each.prediction}" for each in worst]
        sheet = Chosen(images_among(chosen.inputs), labels)
        with _whole(self.worst) as path:
            draw(sheet, path)
        yield self.worst


def _check_sheet(path: Path, config: Complete, worst: int, overwrite: bool) -> None:
    if not worst:
        raise UsageError("--worst-images draws the worst mistakes: say how many, --worst 16")
    check_sheet(path)
    need_room(path, overwrite)
    if config.graph.known:
        shapes = {name: [each or 1 for each in tensor.shape] for name, tensor in config.graph.inputs.items()}
        images_among({name: np.broadcast_to(np.float32(), shape) for name, shape in shapes.items()})


def _classified(option: str, config: Complete) -> list[str]:
    """The outputs that may have classes, by their losses.

    Raises:
        UsageError: there are none.
    """
    outputs = list(config.graph.outputs)
    heads = bind(config.train.losses, (), outputs, None, list(config.graph.inputs))
    losses = {name: loss.spec for name in outputs if (loss := heads.loss_of(name))}
    found = [name for name, spec in losses.items() if spec.probabilities]
    if not found:
        told = ", ".join(f"'{name}' {spec.type_name()}" for name, spec in losses.items()) or "none"
        raise UsageError(f"{option} is for classes, and no loss of the run is of classes (losses: {told})")
    return found


def _need_curves(output: str, classes: ScoredClasses) -> None:
    if not classes.curves:
        raise UsageError(f"output '{output}' has too many samples and classes to keep the scores for --roc")
    if not any(classes.curves):
        raise UsageError(f"output '{output}' has no curves to draw: all samples are of one class")


def _of_output(path: Path, output: str, classified: Sequence[str]) -> Path:
    return path if len(classified) == 1 else path.with_stem(f"{path.stem}-{output}")


def _written(figure: Figure, path: Path) -> Path:
    with _whole(path) as beside:
        write_figure(figure, beside)
    return path


@contextmanager
def _whole(path: Path) -> Iterator[Path]:
    """A file of that name in a folder beside, which takes its place when the block ends: what draws goes by the suffix."""
    with explained(path), TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as folder:
        yield Path(folder) / path.name
        (Path(folder) / path.name).replace(path)

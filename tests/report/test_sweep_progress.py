from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console

from netlib.report.sweep_live import LiveSweep
from netlib.report.sweep_progress import TimeLeft, TrialLines, running, sweep_progress
from netlib.spec.study import StudyView, TrialView


def trial(number: int, state, value=None, **facts) -> TrialView:
    return TrialView(
        number, state, value, {"train.lr": 0.001 * (number + 1), "model.hidden.units": 8}, Path(f"t-{number}"), **facts
    )


def view(*trials: TrialView, wanted: int | None = 4) -> StudyView:
    return StudyView("search", "min", "validation.loss", trials, wanted, "runs/search/study.db")


DONE = trial(0, "complete", 0.25, seconds=61, epochs=5)
PRUNED = trial(1, "pruned", 1.5, seconds=3.2, epochs=1, why="it is worse")
FAILED = trial(2, "failed", seconds=1, why="no memory\nmore of it")
RUNS = trial(3, "running", 0.4, seconds=12, epochs=2)


def test_a_line_for_each_trial_that_ends():
    stream, now = io.StringIO(), [0.0]
    lines = TrialLines(stream, lambda: now[0])
    lines.show(view(RUNS))
    now[0] = 60
    lines.show(view(DONE, RUNS))
    lines.show(view(DONE, RUNS))
    now[0] = 90
    lines.show(view(DONE, PRUNED, FAILED, RUNS))
    lines.say("warning: a worker was ended by SIGKILL")
    assert stream.getvalue().splitlines() == [
        "search: 0/4 trials; kept in runs/search/study.db",
        (
            "trial 0  complete  validation.loss 0.2500  5 epochs  1 min 01 s  lr=0.001 units=8  "
            "(1/4 trials  best 0.2500 in trial 0  3 min 00 s left)"
        ),
        (
            "trial 1  pruned  validation.loss 1.5000  1 epoch  3.2 s  lr=0.002 units=8  "
            "(3/4 trials  best 0.2500 in trial 0  30 s left)"
        ),
        "trial 2  failed  1.0 s  no memory  (3/4 trials  best 0.2500 in trial 0  30 s left)",
        "warning: a worker was ended by SIGKILL",
    ]


def test_what_ended_before_is_not_told_again():
    stream = io.StringIO()
    TrialLines(stream).show(view(DONE, wanted=None))
    assert stream.getvalue() == "search: 1 trial; kept in runs/search/study.db\n"


def test_the_time_left_is_by_what_has_ended_since():
    now = [0.0]
    left = TimeLeft(lambda: now[0])
    assert left.seconds() is None
    left.note(view(DONE))
    assert left.seconds() is None
    now[0] = 10
    left.note(view(DONE, PRUNED))
    assert left.seconds() == 20
    now[0] = 15
    assert left.seconds() == 15
    left.note(view(DONE, PRUNED, wanted=None))
    assert left.seconds() is None
    left.note(view(DONE, PRUNED, FAILED, trial(3, "complete", 1.0)))
    assert left.seconds() is None


def test_running_trials_have_a_line_each_as_wide_as_there_is_room():
    assert [*running(view(DONE, RUNS), 200)] == ["trial 3  epoch 2  0.4000  12 s  lr=0.004 units=8"]
    assert [*running(view(RUNS), 10)] == ["trial 3  e"]
    many = [*running(view(*(trial(number, "running") for number in range(11))), 80)]
    assert len(many) == 9
    assert many[-1] == "and 3 more"


def drawn(live: LiveSweep, columns: int) -> list[str]:
    console = Console(file=io.StringIO(), width=columns, legacy_windows=False)
    console.print(live.frame(columns))
    return console.file.getvalue().splitlines()


def test_what_is_drawn_on_a_terminal():
    stream = io.StringIO()
    live = LiveSweep(stream)
    assert drawn(live, 80) == [""]
    live.show(view(DONE, RUNS))
    live.show(view(DONE, PRUNED, FAILED, RUNS))
    live.stop()
    head, best, runs = drawn(live, 80)
    assert head.startswith("3/4 trials  ━━━")
    assert best == "validation.loss: best 0.2500 in trial 0  lr=0.001 units=8"
    assert runs == "trial 3  epoch 2  0.4000  12 s  lr=0.004 units=8"
    assert all(len(line) <= 40 for line in drawn(live, 40))
    assert drawn(live, 13)[0].startswith("3/4 trials")
    told = stream.getvalue()
    assert "search  kept in runs/search/study.db" in told
    assert told.count("trial 2  failed  1.0 s  no memory") == 1


def test_quiet_and_elsewhere():
    stream = io.StringIO()
    with sweep_progress(stream, quiet=True) as nothing:
        nothing.show(view(DONE))
        nothing.say("warning")
    with sweep_progress(stream) as lines:
        lines.show(view())
    assert stream.getvalue() == "warning\nsearch: 0/4 trials; kept in runs/search/study.db\n"

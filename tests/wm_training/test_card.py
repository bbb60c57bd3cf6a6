"""The card's table says of every row whether it was met, missed or only reported."""

from __future__ import annotations

from bar_outcomes import GOOD, STANDING, changed

from wm_bringup.judging.suite import load_suite
from wm_training.card import bar_table
from wm_training.exam.bar import verdict

SUITE = load_suite("bar")


def test_rows_say_met_missed_or_not_judged() -> None:
    kicked = [
        changed(STANDING, case="kicks while standing", seed=k, command_error=None, fell=k == 0)
        for k in range(20)
    ]
    table = bar_table(verdict(SUITE, [GOOD, changed(STANDING, steps=3), *kicked])["bar"])
    told = {cells[0]: cells[1:] for cells in (line.strip("| ").split(" | ") for line in table[2:])}
    assert told["forward 0.5"][:3] == ["0.02", "0.05", "yes"]
    assert told["standing"][:3] == ["0.005", "0.02", "**no**"]
    assert told["falls under kicks while standing"][:5] == [
        "1",
        "-",
        "not judged",
        "20",
        "1 (95 %: 0.1 to 24.9 %)",
    ]


def test_what_became_of_the_estimate_stands_in_every_row() -> None:
    """Worst of the episodes, and how many lost it."""
    kicked = [
        changed(GOOD, case="kicks", seed=0, velocity_rmse=0.05, drift_percent=1.5),
        changed(GOOD, case="kicks", seed=1, velocity_rmse=0.2, estimate_lost=True),
        changed(GOOD, case="kicks", seed=2, drift_percent=6.0, estimate_lost=True),
        changed(GOOD, case="kicks", seed=3, drift_percent=None),
    ]
    judged = verdict(SUITE, [GOOD, *kicked])
    table = bar_table(judged["bar"])
    told = {cells[0]: cells[-3:] for cells in (line.strip("| ").split(" | ") for line in table[2:])}
    assert told["forward 0.5"] == ["0.003", "0.2", "0"]
    assert told["falls under kicks"] == ["0.2", "6", "2"]
    assert judged["met"]

"""The card's table says of every row whether it was met, missed or only reported."""

from __future__ import annotations

from dataclasses import replace

from bar_outcomes import GOOD, STANDING

from wm_bringup.training.bar import verdict
from wm_bringup.training.card import bar_table


def test_rows_say_met_missed_or_not_judged() -> None:
    kicked = [
        replace(STANDING, name="kicks while standing", seed=k, error=None, fell=k == 0)
        for k in range(20)
    ]
    table = bar_table(verdict([GOOD, replace(STANDING, steps=3), *kicked])["bar"])
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

"""Kicks of the exam and of lessons."""

from __future__ import annotations

import numpy as np
import pytest

from wm_bringup.judging.draws import kicks_every


def test_kicks_come_in_their_period_with_their_size_in_any_horizontal_direction() -> None:
    kicks = kicks_every(4.0, 0.5, 15.0, seed=3)
    assert [kick.at for kick in kicks] == [4.0, 8.0, 12.0]
    assert [np.linalg.norm(kick.velocity) for kick in kicks] == pytest.approx([0.5] * 3)
    assert {kick.velocity[2] for kick in kicks} == {0.0}
    assert kicks_every(4.0, 0.5, 15.0, seed=3) == kicks
    assert kicks_every(4.0, 0.5, 15.0, seed=4) != kicks

"""The gait clock, against numbers worked by hand."""

import math

import pytest

from wm_policy.manifest import Phase, Standing
from wm_policy.phase import PhaseClock

PI = math.pi
WALK = (0.5, 0.0, 0.0)
STAND = (0.0, 0.0, 0.0)


def angles(clock: PhaseClock) -> list[float]:
    return [math.atan2(s, c) for s, c in zip(clock.sine, clock.cosine, strict=True)]


def test_a_clock_that_advances_before_is_one_increment_ahead_at_the_first_step() -> None:
    clock = PhaseClock(Phase(1.0, (0.0, PI), "before"), 50.0)
    clock.tick(*WALK)
    assert angles(clock) == pytest.approx([2 * PI / 50, PI + 2 * PI / 50 - 2 * PI], abs=1e-6)


def test_a_clock_that_advances_after_shows_the_initial_phases_first() -> None:
    clock = PhaseClock(Phase(1.5, (0.0,), "after"), 50.0)
    clock.tick(*WALK)
    assert angles(clock) == pytest.approx([0.0], abs=1e-6)
    clock.tick(*WALK)
    assert angles(clock) == pytest.approx([2 * PI * 1.5 * 0.02], abs=1e-6)


def test_after_a_whole_period_the_phase_is_back() -> None:
    clock = PhaseClock(Phase(1.0, (0.3,), "before"), 50.0)
    for _ in range(50):
        clock.tick(*WALK)
    assert angles(clock) == pytest.approx([0.3], abs=1e-6)


def test_it_stands_with_the_robot_and_starts_anew_with_the_first_command() -> None:
    standing = Standing(0.01, 0.01, (PI, PI))
    clock = PhaseClock(Phase(1.0, (0.0, PI), "before", standing), 50.0)
    for _ in range(7):
        clock.tick(*STAND)
        assert clock.cosine.tolist() == [-1.0, -1.0]
    clock.tick(*WALK)
    assert angles(clock) == pytest.approx([0.0, PI], abs=1e-6)
    clock.tick(*WALK)
    assert angles(clock)[0] == pytest.approx(2 * PI / 50, abs=1e-6)


@pytest.mark.parametrize("command", [(0.02, 0.0, 0.0), (0.0, -0.02, 0.0), (0.0, 0.0, -0.02)])
def test_any_part_of_a_command_makes_it_walk(command: tuple[float, float, float]) -> None:
    clock = PhaseClock(Phase(1.0, (0.0, PI), "before", Standing(0.01, 0.01, (PI, PI))), 50.0)
    clock.tick(*command)
    assert clock.cosine[0] > 0.9


def test_a_reset_starts_it_anew() -> None:
    clock = PhaseClock(Phase(1.0, (0.0,), "after"), 50.0)
    clock.tick(*WALK)
    clock.tick(*WALK)
    clock.reset()
    clock.tick(*WALK)
    assert angles(clock) == pytest.approx([0.0], abs=1e-6)

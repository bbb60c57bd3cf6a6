"""The gait clock, against numbers worked by hand."""

import math

import pytest

from wm_policy.manifest import Phase, Settling, Standing, Wake
from wm_policy.phase import PhaseClock

PI = math.pi
WALK = (0.5, 0.0, 0.0)
STAND = (0.0, 0.0, 0.0)


def angles(clock: PhaseClock) -> list[float]:
    return [math.atan2(s, c) for s, c in zip(clock.sine, clock.cosine, strict=True)]


def test_a_clock_that_advances_before_is_one_increment_ahead_at_the_first_step() -> None:
    clock = PhaseClock(Phase(1.0, (0.0, PI), "before"), 50.0)
    clock.tick(WALK, 0.0, 0.0)
    assert angles(clock) == pytest.approx([2 * PI / 50, PI + 2 * PI / 50 - 2 * PI], abs=1e-6)


def test_a_clock_that_advances_after_shows_the_initial_phases_first() -> None:
    clock = PhaseClock(Phase(1.5, (0.0,), "after"), 50.0)
    clock.tick(WALK, 0.0, 0.0)
    assert angles(clock) == pytest.approx([0.0], abs=1e-6)
    clock.tick(WALK, 0.0, 0.0)
    assert angles(clock) == pytest.approx([2 * PI * 1.5 * 0.02], abs=1e-6)


def test_after_a_whole_period_the_phase_is_back() -> None:
    clock = PhaseClock(Phase(1.0, (0.3,), "before"), 50.0)
    for _ in range(50):
        clock.tick(WALK, 0.0, 0.0)
    assert angles(clock) == pytest.approx([0.3], abs=1e-6)


def test_it_stands_with_the_robot_and_starts_anew_with_the_first_command() -> None:
    standing = Standing(0.01, 0.01, (PI, PI))
    clock = PhaseClock(Phase(1.0, (0.0, PI), "before", standing), 50.0)
    for _ in range(7):
        clock.tick(STAND, 0.0, 0.0)
        assert clock.cosine.tolist() == [-1.0, -1.0]
    clock.tick(WALK, 0.0, 0.0)
    assert angles(clock) == pytest.approx([0.0, PI], abs=1e-6)
    clock.tick(WALK, 0.0, 0.0)
    assert angles(clock)[0] == pytest.approx(2 * PI / 50, abs=1e-6)


@pytest.mark.parametrize("command", [(0.02, 0.0, 0.0), (0.0, -0.02, 0.0), (0.0, 0.0, -0.02)])
def test_any_part_of_a_command_makes_it_walk(command: tuple[float, float, float]) -> None:
    clock = PhaseClock(Phase(1.0, (0.0, PI), "before", Standing(0.01, 0.01, (PI, PI))), 50.0)
    clock.tick(command, 0.0, 0.0)
    assert clock.cosine[0] > 0.9


def test_a_reset_starts_it_anew() -> None:
    clock = PhaseClock(Phase(1.0, (0.0,), "after"), 50.0)
    clock.tick(WALK, 0.0, 0.0)
    clock.tick(WALK, 0.0, 0.0)
    clock.reset()
    clock.tick(WALK, 0.0, 0.0)
    assert angles(clock) == pytest.approx([0.0], abs=1e-6)


LEFT, RIGHT = [1.0, -1.0], [-1.0, 1.0]
"""Cosines when the left, and when the right leg begins."""


def pushed_clock(
    initial_right: tuple[float, float] | None = None, settling: Settling | None = None
) -> PhaseClock:
    """Stands, and runs for one turn of 10 steps after a push of more than 0.5 rad/s."""
    standing = Standing(0.01, 0.01, (0.0, 0.0), Wake(0.5, 1.0, initial_right, settling))
    return PhaseClock(Phase(5.0, (0.0, PI), "before", standing), 50.0)


def cosines(clock: PhaseClock, rates: list[float]) -> list[float]:
    found = []
    for rate in rates:
        clock.tick(STAND, rate, 0.0)
        found.append(round(float(clock.cosine[1]), 3))
    return found


def test_a_push_makes_a_standing_robot_step_for_the_stated_strides() -> None:
    seen = cosines(pushed_clock(), [0.0, 0.4, 0.6] + [0.0] * 10)
    assert seen[:2] == [1.0, 1.0]
    assert seen[2] == -1.0  # the initial phases, half a turn apart
    assert seen[11] != 1.0
    assert seen[12] == 1.0


@pytest.mark.parametrize(
    ("rolling", "pitching", "first"),
    [(0.6, 0.0, RIGHT), (-0.6, 0.0, LEFT), (0.1, 0.6, RIGHT), (0.0, 0.6, LEFT)],
)
def test_the_foot_on_the_side_it_rolls_to_steps_first(
    rolling: float, pitching: float, first: list[float]
) -> None:
    clock = pushed_clock(initial_right=(PI, 0.0))
    clock.tick(STAND, 0.0, 0.0)
    clock.tick(STAND, rolling, pitching)
    assert clock.cosine.tolist() == first


def test_a_command_starts_it_from_the_initial_phases_wherever_it_rolls() -> None:
    clock = pushed_clock(initial_right=(PI, 0.0))
    clock.tick(STAND, 0.0, 0.0)
    clock.tick(WALK, 0.9, 0.0)
    assert clock.cosine.tolist() == LEFT


def test_stepping_is_not_taken_for_another_push() -> None:
    assert cosines(pushed_clock(), [0.6] + [0.9] * 9 + [0.0])[-1] == 1.0


def test_who_is_still_shaken_when_the_strides_are_over_steps_on() -> None:
    seen = cosines(pushed_clock(), [0.6] + [0.0] * 10 + [0.9, 0.0])
    assert seen[10] == 1.0
    assert seen[11] == -1.0


@pytest.mark.parametrize("begin", [[0.6] + [0.0] * 10, []])
def test_only_harder_shaking_wakes_who_has_just_stepped(begin: list[float]) -> None:
    """Until 0.1 s, 5 steps, of standing still are over; begin: of a push, or else of a walk."""
    clock = pushed_clock(settling=Settling(0.8, 0.1))
    cosines(clock, begin)
    if not begin:
        clock.tick(WALK, 0.0, 0.0)
    assert cosines(clock, [0.7] * 4) == [1.0] * 4
    assert cosines(clock, [0.9]) == [-1.0]
    assert cosines(clock, [0.0] * 15)[-1] == 1.0
    assert cosines(clock, [0.7]) == [-1.0]


def test_a_rate_that_is_no_number_wakes_nobody() -> None:
    assert cosines(pushed_clock(), [math.nan, 0.0]) == [1.0, 1.0]


@pytest.mark.parametrize(
    ("speed", "turned"), [(0.5, 0.5), (1.0, 1.0), (-3.0, 0.0), (9.0, 2.0), (math.nan, 1.0)]
)
def test_the_network_may_slow_and_hasten_its_clock_within_bounds(
    speed: float, turned: float
) -> None:
    clock = PhaseClock(Phase(1.0, (0.0,), "before", None, "speed"), 50.0)
    clock.speed = speed
    clock.tick(WALK, 0.0, 0.0)
    assert angles(clock) == pytest.approx([turned * 2 * PI / 50], abs=1e-6)


FOLLOWING = Phase(1.0, (0.0, PI), "before", touchdown=(0.9 * PI, 1.9 * PI))


@pytest.mark.parametrize(
    ("support", "progress", "first"), [(0, 0.0, 0.9), (0, 0.5, 1.4), (1, 0.0, 1.9), (1, 0.5, 2.4)]
)
def test_it_follows_the_steps_of_another_driver(
    support: int, progress: float, first: float
) -> None:
    """Half of the way from the left touchdown to the right one is a quarter of a turn."""
    clock = PhaseClock(FOLLOWING, 50.0)
    clock.follow_steps(support, progress)
    clock.tick(WALK, 0.0, 0.0)
    expected = [first * PI, first * PI + PI]
    assert clock.sine.tolist() == pytest.approx([math.sin(x) for x in expected], abs=1e-6)
    assert clock.cosine.tolist() == pytest.approx([math.cos(x) for x in expected], abs=1e-6)


def test_after_following_it_goes_on_stepping_for_a_while_without_a_command() -> None:
    """Whoever takes over in mid-step cannot stand still at once; two strides are 100 steps."""
    standing = Standing(0.05, 0.05, (0.0, 0.0), Wake(0.7, 2.0))
    phase = Phase(1.0, (0.0, PI), "before", standing, touchdown=(0.9 * PI, 1.9 * PI))
    clock = PhaseClock(phase, 50.0)
    clock.tick(STAND, 0.0, 0.0)
    clock.follow_steps(0, 0.0)
    seen = []
    for _ in range(110):
        clock.tick(STAND, 0.0, 0.0)
        seen.append(angles(clock)[0])
    assert abs(seen[0]) == pytest.approx(0.9 * PI, abs=1e-6)
    assert seen[98] != 0.0
    assert seen[101:] == [0.0] * 9


def test_a_clock_of_which_no_touchdowns_are_known_goes_its_own_way() -> None:
    clock = PhaseClock(Phase(1.0, (0.0, PI), "before"), 50.0)
    assert not clock.can_follow
    clock.follow_steps(1, 0.5)
    clock.tick(WALK, 0.0, 0.0)
    assert angles(clock)[0] == pytest.approx(2 * PI / 50, abs=1e-6)

"""What chance adds to a case: pushes in turn, wishes, loads, and commands that are possible."""

from __future__ import annotations

from itertools import product

import pytest

from wm_bringup.judging.draws import DrawnPush, DrawnVelocity, DrawnWishes, Draws, draw
from wm_bringup.judging.suite import load_suite
from wm_bringup.scenarios.scenario import Scenario

SHORT = Scenario(duration=12.0)


def test_the_seeds_take_the_directions_in_turn_and_then_the_moments():
    draws = Draws(push=DrawnPush(impulse=40.0, directions=4, moments=(3.0, 3.2)))
    pushes = [draw(draws, SHORT, seed).pushes[0] for seed in range(9)]
    assert [push.at for push in pushes] == [3.0] * 4 + [3.2] * 4 + [3.0]
    assert pushes[0].impulse == pytest.approx((40.0, 0.0, 0.0))
    assert pushes[1].impulse == pytest.approx((0.0, 40.0, 0.0))
    assert pushes[2].impulse == pytest.approx((-40.0, 0.0, 0.0))
    assert pushes[8] == pushes[0]


def test_the_suite_of_pushes_has_each_of_them_twice_in_every_case():
    suite = load_suite("pushes")
    assert len(suite.cases) == 4 * 3
    for case in suite.cases:
        pushes = [suite.scenario_of(case, seed).pushes[0] for seed in suite.seeds_of(case).range()]
        assert len(pushes) == 2 * len(set(pushes)) == 64
        assert all(push.at + 2.6 <= 6.2 + 1e-9 for push in pushes)


def test_wishes_come_one_after_the_other_each_at_a_moment_of_the_seed():
    draws = Draws(wishes=DrawnWishes(("policy", "mpc"), first=3.0, every=4.0, within=1.0))
    one, same, other = (draw(draws, SHORT, seed).wishes for seed in (1, 1, 2))
    assert one == same != other
    assert [wish.driver for wish in one] == ["policy", "mpc"]
    assert 3.0 <= one[0].at <= 4.0
    assert 7.0 <= one[1].at <= 8.0


def test_the_more_of_one_axis_is_asked_for_the_less_of_the_others():
    low, high = (-0.5, -0.2, -1.0), (1.0, 0.2, 1.0)
    apart = Draws(velocity=DrawnVelocity(low, high, every=1.0))
    mixed = Draws(velocity=DrawnVelocity(low, high, every=1.0, mixed=True))
    changed = 0
    for seed in range(20):
        pairs = zip(
            draw(apart, SHORT, seed).velocity, draw(mixed, SHORT, seed).velocity, strict=True
        )
        for before, after in pairs:
            forward = after.x / (1.0 if after.x > 0.0 else -0.5)
            assert forward + abs(after.y) / 0.2 + abs(after.yaw) <= 1.0 + 1e-9
            assert before.x * after.y == pytest.approx(before.y * after.x)  # the same direction
            changed += before != after
    assert changed > 100


def test_a_load_is_drawn_between_its_bounds_and_what_was_drawn_before_stays_the_same():
    velocity = DrawnVelocity((0.0, 0.0, 0.0), (1.0, 0.1, 0.1))
    loaded = Draws(velocity=velocity, payload=(1.0, 5.0))
    scenarios = [draw(loaded, SHORT, seed) for seed in range(20)]
    assert all(1.0 <= one.payload.mass <= 5.0 for one in scenarios)
    assert len({one.payload.mass for one in scenarios}) == 20
    assert scenarios[3].velocity == draw(Draws(velocity=velocity), SHORT, 3).velocity


def test_what_the_calm_suite_and_the_hand_overs_ask_for_no_driver_is_given_in_part_only():
    from wm_bringup.cycle import stack
    from wm_bringup.scenarios.possible import reduced

    safety = stack.safety_parameters("g1")
    for name, driver in product(("calm", "hand_overs"), ("mpc", "policy")):
        suite = load_suite(name)
        for case, seed in product(suite.cases, range(10)):
            scenario = suite.scenario_of(case, seed)
            assert reduced(scenario, safety.velocity, safety.envelope_of(driver)) == ()

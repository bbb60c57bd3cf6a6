"""The planner over time, on a robot that is nothing but its template."""

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from robot_parameters import GAIT, MPC
from robot_states import at
from template_toy import DT, story

from wm_control.gait.state import Mode
from wm_control.mpc.footstep_mpc import FootstepMpc
from wm_control.types import LEFT, RIGHT, Status, VelocityCommand

IN_PLACE = replace(GAIT, stand_at_zero_command=False)
STRIDE = 2 * GAIT.step_duration
COMMANDS = [
    (0.5, 0.0, 0.0),
    (0.9, 0.0, 0.0),
    (-0.3, 0.0, 0.0),
    (0.0, 0.2, 0.0),
    (0.0, 0.0, 0.5),
    (0.5, 0.0, 0.3),
]


def steps_of(plans):
    """Plans of one step after the other, from the first that lifts a foot."""
    found = {}
    for plan in plans:
        if plan.gait.mode == Mode.WALK and plan.gait.lifts:
            found.setdefault(plan.gait.steps, []).append(plan)
    return [found[number] for number in sorted(found)]


def all_ok(told):
    return all(plan.status == Status.OK for plan in told.plans)


@pytest.fixture(scope="module")
def walked(standing):
    """Four seconds at 0.5 m/s."""
    return story(standing).run(5.0, (0.5, 0.0, 0.0))


def test_nothing_asked_nothing_done(standing):
    told = story(standing).run(2.0)
    assert told.events() == [("stand", LEFT)]
    np.testing.assert_allclose(told.toy.com[:2], 0.0, atol=1e-9)


def test_a_standing_plan_says_where_the_feet_and_the_divergent_component_are(standing):
    told = story(standing).run(0.01)
    plan = told.plans[-1]
    np.testing.assert_array_equal(plan.gait.support_pose, told.toy.poses[LEFT])
    np.testing.assert_array_equal(plan.footsteps[0], told.toy.poses[RIGHT])
    np.testing.assert_allclose(plan.dcm, 0.0, atol=1e-12)


@pytest.mark.parametrize("velocity", COMMANDS)
def test_from_standing_it_shifts_its_weight_and_then_steps_from_foot_to_foot(standing, velocity):
    told = story(standing).run(0.1).run(1.8, velocity)
    kinds = [kind for kind, _ in told.events()]
    feet = [foot for kind, foot in told.events() if kind != "stand"]
    assert kinds[:2] == ["stand", "shift"]
    assert set(kinds[2:]) == {"step"}
    assert len(kinds) >= 6
    assert all(a != b for a, b in pairwise(feet))


@pytest.mark.parametrize("velocity", COMMANDS)
def test_on_average_it_moves_as_commanded(standing, velocity):
    told = story(standing).run(6.0, velocity)
    np.testing.assert_allclose(told.mean_velocity(6.0 - 3 * STRIDE), velocity, atol=0.03)
    assert all_ok(told)


@pytest.mark.parametrize("velocity", COMMANDS)
def test_without_a_command_it_steps_to_a_stop_and_stands_again(standing, velocity):
    ramp = max(np.abs(velocity[:2]).max() / GAIT.linear_slew, velocity[2] / GAIT.angular_slew)
    told = story(standing).run(3.0, velocity).run(ramp + 2.0)
    assert told.events()[-1][0] == "stand"
    assert [kind for kind, _ in told.events()].count("stand") == 2
    np.testing.assert_allclose(told.toy.velocity, 0.0, atol=0.01)
    apart = told.toy.poses[LEFT] - told.toy.poses[RIGHT]
    assert np.hypot(*apart[:2]) == pytest.approx(GAIT.step_width, abs=0.03)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_command_that_is_not_a_number_stops_the_robot(standing, bad):
    told = story(standing).run(3.0, (0.5, 0.0, 0.0)).run(3.5, (bad, 0.0, 0.0))
    assert told.events()[-1][0] == "stand"


def test_a_command_comes_back_before_the_robot_has_stopped(standing):
    told = story(standing).run(2.0, (0.4, 0, 0)).run(0.5).run(4.0, (0.4, 0, 0))
    assert [kind for kind, _ in told.events()].count("stand") == 1
    np.testing.assert_allclose(told.mean_velocity(6.5 - 3 * STRIDE), (0.4, 0, 0), atol=0.02)


@pytest.mark.parametrize("velocity", [(0.0, 0.2, 0.0), (0.0, 0.0, 0.5), (0.3, -0.1, 0.4)])
def test_mirrored_commands_give_mirrored_walks(standing, velocity):
    one = story(standing).run(3.0, velocity)
    other = story(standing).run(3.0, (velocity[0], -velocity[1], -velocity[2]))
    np.testing.assert_allclose(np.array(one.com) * [1, -1], other.com, atol=1e-6)
    np.testing.assert_allclose(one.toy.yaw, -other.toy.yaw, atol=1e-9)
    for a, b in zip(one.events(), other.events(), strict=True):
        assert a[0] == "stand" or (a[0], 1 - a[1]) == b


def test_told_not_to_stand_it_steps_in_place(standing):
    told = story(standing, IN_PLACE).run(4.0)
    assert told.modes[1:] == [Mode.WALK] * (len(told.modes) - 1)
    np.testing.assert_allclose(told.mean_velocity(4.0 - 2 * STRIDE), 0.0, atol=0.01)
    for steps in steps_of(told.plans)[4:]:
        assert steps[0].gait.support_pose[0] == pytest.approx(0.0, abs=0.02)


def test_turning_in_place_turns_the_feet(standing):
    told = story(standing).run(5.0, (0.0, 0.0, 0.5))
    assert told.toy.yaw == pytest.approx(2.5, abs=0.15)  # a quarter radian less for the slew
    assert told.toy.poses[:, 3] == pytest.approx(told.toy.yaw, abs=0.3)


def test_a_footstep_has_the_heading_that_the_body_will_have_when_it_lands(standing):
    told = story(standing).run(4.0, (0.2, 0.0, 0.6))
    for steps, after in list(pairwise(steps_of(told.plans)))[4:]:
        assert steps[0].footsteps[0, 3] == pytest.approx(after[0].gait.yaw, abs=0.02)


def test_standing_the_desired_heading_settles_over_the_feet(standing):
    told = story(standing)
    told.toy.poses[:, 3] = 0.3
    told.run(3.0)
    assert told.plans[-1].gait.yaw == pytest.approx(0.3, abs=0.01)


def test_the_desired_heading_does_not_run_away_from_a_body_that_cannot_turn(standing):
    told = story(standing)
    told.toy.base_yaw = lambda: 0.0
    told.run(4.0, (0.0, 0.0, 0.8))
    assert max(abs(plan.gait.yaw) for plan in told.plans) <= 0.4 + 1e-9


@pytest.mark.parametrize("velocity", [(0.9, 0.0, 0.0), (0.0, 0.2, 0.0), (-0.3, -0.1, -0.5)])
def test_every_footstep_lands_on_its_own_side(standing, velocity):
    told = story(standing).run(3.0, velocity)
    for steps in steps_of(told.plans):
        plan = steps[-1]
        side = 1.0 if plan.gait.swing == LEFT else -1.0
        feet = np.vstack((plan.gait.support_pose, plan.footsteps))
        yaws = [feet[0, 3], feet[1, 3], feet[1, 3]]
        for a, b, yaw in zip(feet, feet[1:], yaws, strict=False):
            apart = np.array([-math.sin(yaw), math.cos(yaw)]) @ (b - a)[:2]
            assert MPC.step_y[0] - 1e-4 <= side * apart <= MPC.step_y[1] + 1e-4
            side = -side


def test_steps_take_as_long_as_the_gait_says(walked):
    starts = [steps[0].gait.step_start for steps in steps_of(walked.plans)]
    np.testing.assert_allclose(np.diff(starts)[4:], GAIT.step_duration, atol=1.5 * MPC.period)


def test_shortly_before_it_a_touchdown_is_not_moved_in_time_any_more(standing):
    told = story(standing, IN_PLACE).run(2.0)
    told.toy.velocity[:2] = (0.1, 0.1)
    told.run(2.0)
    frozen = 0
    for a, b in pairwise(told.plans):
        landing = a.gait.touch_down - b.stamp < MPC.delay + MPC.landing - 1e-6
        if a.gait.step_start == b.gait.step_start and landing and a.gait.mode == Mode.WALK:
            assert b.gait.touch_down == a.gait.touch_down
            frozen += 1
    assert frozen > 20


def test_a_plan_foretells_the_divergent_component_at_touchdown(walked):
    for steps, after in list(pairwise(steps_of(walked.plans)))[4:]:
        late = after[0].stamp - steps[-1].gait.touch_down
        np.testing.assert_allclose(steps[-1].dcm_touchdown, after[0].dcm, atol=0.02 + late)
        np.testing.assert_allclose(steps[-1].footsteps[0, :2], after[0].gait.support_pose[:2],
                                   atol=0.01)  # fmt: skip


def test_the_centre_of_pressure_stays_inside_the_sole(walked):
    for plan in walked.plans:
        assert -0.055 - 1e-6 <= plan.cop_offset[0] <= 0.06 + 1e-6
        assert abs(plan.cop_offset[1]) <= 0.018 + 1e-6


@pytest.mark.parametrize("phase", [0.05, 0.3])
@pytest.mark.parametrize("kick", [(0.3, 0.0), (-0.3, 0.0), (0.0, 0.2), (0.0, -0.2)])
def test_a_kick_while_stepping_is_caught_by_the_feet(standing, kick, phase):
    told = story(standing, IN_PLACE).run(2.0 + phase * STRIDE)
    told.toy.velocity[:2] += kick
    told.run(4.0)
    middle = told.toy.poses[:, :2].mean(axis=0)
    assert np.hypot(*(told.toy.com[:2] - middle)) < 0.05
    np.testing.assert_allclose(told.mean_velocity(told.now - 2 * STRIDE), 0.0, atol=0.06)


def test_a_nudge_while_standing_is_held_by_the_ankles(standing):
    told = story(standing).run(0.5)
    told.toy.velocity[0] += 0.1  # 2.5 cm of divergent component
    told.run(2.0)
    assert set(told.modes) == {Mode.STAND}
    np.testing.assert_allclose(told.toy.velocity, 0.0, atol=1e-3)


@pytest.mark.parametrize("kick", [0.45, -0.45])
def test_a_sideways_kick_while_standing_is_held_between_feet_that_stand_apart(standing, kick):
    told = story(standing).run(0.5)
    told.toy.velocity[1] += kick  # 12 cm of divergent component; the soles are at 12.5 cm
    told.run(2.0)
    assert set(told.modes) == {Mode.STAND}
    np.testing.assert_allclose(told.toy.velocity, 0.0, atol=1e-3)


@pytest.mark.parametrize("kick", [(0.4, 0.0), (-0.4, 0.0), (0.1, 0.45), (0.0, -0.45)])
def test_a_kick_that_the_feet_cannot_hold_makes_it_step_and_stand_again(standing, kick):
    told = story(standing, replace(GAIT, step_width=0.17)).run(0.5)
    told.toy.velocity[:2] += kick
    told.run(4.0)
    kinds = [kind for kind, _ in told.events()]
    assert kinds[:2] == ["stand", "shift"]
    assert kinds[-1] == "stand"
    np.testing.assert_allclose(told.toy.velocity, 0.0, atol=1e-2)


def test_a_plan_carries_the_stamp_and_number_of_its_estimate(standing):
    told = story(standing).run(0.1, (0.3, 0.0, 0.0))
    assert [plan.stamp for plan in told.plans[:3]] == pytest.approx([0.0, 0.008, 0.016])
    assert [plan.sequence for plan in told.plans[:3]] == [0, 4, 8]
    assert all(plan.report.age == 0.0 for plan in told.plans)


def test_how_long_a_solve_took_is_told_by_the_clock_it_was_given(standing):
    told = story(standing)
    times = iter([1.0, 1.25])
    planner = FootstepMpc(told.toy, GAIT, MPC, lambda: next(times))
    planner.reset(at(standing, 0.0))
    assert planner.step(at(standing, 0.0), VelocityCommand()).report.solve_time == 0.25


def test_a_planner_that_was_never_reset_starts_by_standing(standing):
    told = story(standing)
    planner = FootstepMpc(told.toy, GAIT, MPC)
    plan = planner.step(at(standing, 3.0), VelocityCommand())
    assert (plan.gait.mode, plan.stamp) == (Mode.STAND, 3.0)


def test_a_planner_reset_in_a_state_that_is_not_finite_stands_where_it_next_sees_itself(standing):
    told = story(standing).run(1.0)
    told.toy.broken = True
    told.planner.reset(at(standing, 0.0))
    blind = told.planner.step(at(standing, 0.0), VelocityCommand())
    assert (blind.status, blind.stamp) == (Status.FAILED, 0.0)
    told.toy.broken = False
    plan = told.planner.step(at(standing, 0.008), VelocityCommand())
    assert (plan.status, plan.gait.mode) == (Status.OK, Mode.STAND)
    assert math.isfinite(plan.gait.yaw)


def test_another_planner_goes_on_mid_step_where_the_first_left_off(standing):
    told = story(standing).run(3.1, (0.5, 0.0, 0.0))
    other = FootstepMpc(told.toy, GAIT, MPC)
    other.adopt(told.plan)
    told.run(8 * DT, (0.5, 0.0, 0.0), until=lambda s: s.ticks % 4 == 0)
    command, now = VelocityCommand(0.5), at(standing, told.now)
    mine, theirs = told.planner.step(now, command), other.step(now, command)
    np.testing.assert_allclose(theirs.footsteps, mine.footsteps, atol=0.02)
    assert theirs.gait.touch_down == pytest.approx(mine.gait.touch_down, abs=0.01)
    assert theirs.gait.step_start == mine.gait.step_start
    assert theirs.gait.support == mine.gait.support


def fail(told, monkeypatch):
    """Make every solve fail from now on."""
    problem = told.planner._problem
    real = problem.solve
    monkeypatch.setattr(
        problem, "solve", lambda *a: replace(real(*a), ok=False, violation=math.inf)
    )


def test_a_failed_solve_is_said_and_the_third_in_a_row_is_a_failure(standing, monkeypatch):
    told = story(standing).run(2.0, (0.4, 0.0, 0.0))
    with monkeypatch.context() as broken:
        fail(told, broken)
        told.run(3 * MPC.period, (0.4, 0.0, 0.0))
    statuses = [plan.status for plan in told.plans[-3:]]
    assert statuses == [Status.DEGRADED, Status.DEGRADED, Status.FAILED]
    assert "failed 3 times" in told.plans[-1].report.cause
    assert all(math.isfinite(plan.report.residual) for plan in told.plans)
    told.run(1.0, (0.4, 0.0, 0.0))
    assert told.plans[-1].status == Status.OK


def test_a_failed_solve_repeats_the_last_decision(standing, monkeypatch):
    told = story(standing).run(2.1, (0.4, 0.0, 0.0))
    before = told.plans[-1]
    with monkeypatch.context() as broken:
        fail(told, broken)
        told.run(MPC.period, (0.4, 0.0, 0.0))
    after = told.plans[-1]
    assert after.gait.step_start == before.gait.step_start
    np.testing.assert_allclose(after.footsteps[:, :2], before.footsteps[:, :2], atol=1e-9)
    assert after.gait.touch_down == pytest.approx(before.gait.touch_down, abs=1e-6)


@pytest.mark.parametrize("velocity", [(0.0, 0.0, 0.0), (0.4, 0.0, 0.0)])
def test_a_state_that_is_not_finite_is_never_called_ok(standing, velocity):
    told = story(standing).run(2.0, velocity)
    told.toy.broken = True
    plan = told.planner.step(at(standing, told.now), VelocityCommand(*velocity))
    assert plan.status > Status.OK


@pytest.mark.parametrize("velocity", [(0.0, 0.0, 0.0), (0.4, 0.0, 0.0)])
def test_after_one_state_that_was_not_finite_the_planner_goes_on(standing, velocity):
    told = story(standing).run(2.0, velocity)
    told.toy.broken = True
    told.planner.step(at(standing, told.now), VelocityCommand(*velocity))
    told.toy.broken = False
    told.run(2.0, velocity)
    assert told.plans[-1].status == Status.OK
    np.testing.assert_allclose(told.mean_velocity(told.now - STRIDE), velocity, atol=0.05)

"""From a plan read at now to one joint command."""

from dataclasses import replace

import numpy as np
import pytest
from robot_parameters import GAIT, WHOLE_BODY
from robot_states import at, estimate_of, frame_jacobian, state_of

from wm_control.gait.state import Mode
from wm_control.mpc.plan import Phase
from wm_control.robot.model import RobotModel
from wm_control.types import LEFT, RIGHT, Status
from wm_control.wbc.whole_body_controller import WholeBodyController

DT = 0.002
STANDING_HEIGHT = 0.6469
"""Of the centre of mass above the soles in the default posture [m]."""
STANDING = Phase(
    Mode.STAND, (True, True), (1.0, 1.0), None, None, np.zeros(4), 0.0, 0.0, LEFT, 0.0, 0.0
)


@pytest.fixture
def body(g1):
    return build(g1)


def build(g1, **changes):
    """Build one that wants the height at which ``standing`` stands."""
    gait = replace(GAIT, com_height=STANDING_HEIGHT, com_height_standing=None)
    return WholeBodyController(RobotModel(g1), gait, replace(WHOLE_BODY, **changes))


def transfer(load, cop=(0.0, 0.0)):
    return replace(STANDING, mode=Mode.WALK, load=load, cop=np.array(cop))


def swinging(foot, elapsed=0.1, target=None):
    """Single support on the other foot, a tenth of a second after lift-off."""
    side = 0.09 if foot == RIGHT else -0.09
    target = np.array([0.1, -side, 0.0, 0.0]) if target is None else target
    return Phase(
        mode=Mode.WALK,
        contacts=(foot == RIGHT, foot == LEFT),
        load=(float(foot == RIGHT), float(foot == LEFT)),
        cop=np.array([0.0, side]),
        swing=foot,
        target=target,
        remaining=0.32 - elapsed,
        elapsed=elapsed,
        support=1 - foot,
        yaw=0.0,
        yaw_rate=0.0,
    )


def lost(standing):
    """Estimate of somebody who divided by zero."""
    return replace(standing, base_position_in_world=np.full(3, np.nan))


@pytest.mark.parametrize(
    "phase",
    [STANDING, transfer((0.3, 0.7)), swinging(LEFT), swinging(RIGHT)],
    ids=["standing", "transfer", "left swings", "right swings"],
)
def test_a_command_is_finite_and_has_an_entry_for_every_joint(body, standing, phase):
    result = body.step(at(standing, 0.5), phase, DT)
    assert result.report.status == Status.OK
    for name in ("position", "velocity", "stiffness", "damping", "torque"):
        value = getattr(result.command, name)
        assert value.shape == (29,)
        assert np.isfinite(value).all()


def test_a_command_answers_the_observation_it_was_computed_from(body, standing):
    command = body.step(at(standing, 0.5), STANDING, DT).command
    assert (command.stamp, command.sequence) == (0.5, 250)


def test_gains_are_those_of_the_robot_times_the_scales(g1, standing):
    body = build(g1, stiffness_scale=2.0, damping_scale=0.25)
    command = body.step(standing, STANDING, DT).command
    np.testing.assert_allclose(command.stiffness, 2.0 * np.array(g1.stiffness))
    np.testing.assert_allclose(command.damping, 0.25 * np.array(g1.damping))


def test_standing_torques_and_the_ground_carry_the_robot(g1, body, standing):
    result = body.step(standing, STANDING, DT)
    model = RobotModel(g1)
    model.update_dynamics(standing)
    forces = np.concatenate((np.zeros(6), result.command.torque)) - model.data.nle
    for foot, wrench in enumerate(result.wrenches):  # level soles: sole axes are world axes
        forces += frame_jacobian(model, model.sole_ids[foot]).T @ wrench
    sag = model.data.Ag[:3] @ np.linalg.solve(model.data.M, forces) / model.mass
    assert np.abs(sag).max() < 4.0  # far from falling


@pytest.mark.parametrize("swing", [LEFT, RIGHT])
def test_only_the_foot_on_the_ground_is_given_a_wrench(g1, body, standing, swing):
    result = body.step(standing, swinging(swing), DT)
    assert result.wrenches.shape == (1, 6)
    assert result.wrenches[0, 2] == pytest.approx(RobotModel(g1).weight, rel=0.3)


@pytest.mark.parametrize("load", [(0.0, 1.0), (1.0, 0.0), (0.25, 0.75)])
def test_a_foot_carries_no_more_than_the_plan_lets_it(g1, body, standing, load):
    side = 0.1 * (load[0] - load[1])
    result = body.step(standing, transfer(load, (0.0, side)), DT)
    limits = (0.05 + 1.6 * np.array(load)) * RobotModel(g1).weight
    assert (result.wrenches[:, 2] <= limits + 1e-2).all()


def test_what_the_drives_shall_reach_does_not_run_away_from_where_the_joints_are(g1, standing):
    body = build(g1, leak=0.9)
    q, v = state_of(standing)
    q[7 + 20] += 0.3  # an elbow that the posture task wants elsewhere, and that does not move
    estimate = estimate_of(q, v)
    offsets = [body.step(estimate, STANDING, DT).command.position - q[7:] for _ in range(300)]
    speed = body.step(estimate, STANDING, DT).command.velocity
    assert np.abs(offsets[-1] - offsets[-2]).max() < 1e-6
    # Both leaks at rest: dq = dt a / (1 - 0.9), q = dt dq / (1 - 0.9).
    np.testing.assert_allclose(offsets[-1], DT * speed / 0.1, atol=1e-6)
    assert np.abs(offsets[-1]).max() < 0.05


def test_a_slower_control_loop_leaks_as_much_per_second(g1, standing):
    bodies = [build(g1, leak=0.9) for _ in range(2)]
    q, v = state_of(standing)
    moved = estimate_of(q + np.concatenate((np.zeros(7), np.full(29, 0.05))), v)
    for body in bodies:
        body.step(standing, STANDING, 1e-9)  # the reference begins where the joints were
    kept = []
    for body, (dt, ticks) in zip(bodies, [(0.002, 2), (0.004, 1)], strict=True):
        for _ in range(ticks):
            position = body.step(moved, STANDING, dt).command.position
        kept.append(position)
    np.testing.assert_allclose(kept[0], kept[1], atol=2e-3)


def test_a_swing_begins_where_the_sole_is(g1, body, standing):
    body.step(standing, swinging(RIGHT, elapsed=0.0), DT)
    first = body._reference.swing.position
    model = RobotModel(g1)
    model.update_kinematics(standing)
    np.testing.assert_allclose(first, model.sole_pose(RIGHT), atol=1e-6)


def test_after_a_touchdown_the_next_swing_begins_anew(g1, body, standing):
    for k in range(50):
        body.step(standing, swinging(RIGHT, elapsed=k * DT), DT)
    body.step(standing, transfer((0.5, 0.5)), DT)
    body.step(standing, swinging(LEFT, elapsed=0.0), DT)
    model = RobotModel(g1)
    model.update_kinematics(standing)
    np.testing.assert_allclose(body._reference.swing.position, model.sole_pose(LEFT), atol=1e-6)


def test_a_swing_of_the_other_foot_begins_where_that_one_is_without_both_on_the_ground_between(
    g1, body, standing
):
    for k in range(50):
        body.step(standing, swinging(RIGHT, elapsed=k * DT), DT)
    body.step(standing, swinging(LEFT, elapsed=0.0), DT)
    model = RobotModel(g1)
    model.update_kinematics(standing)
    np.testing.assert_allclose(body._reference.swing.position, model.sole_pose(LEFT), atol=1e-6)


def test_a_push_moves_the_pressure_of_a_standing_robot_to_where_it_is_pushed(g1, standing):
    pressures = []
    for speed in (-0.1, 0.0, 0.1):
        q, v = state_of(standing)
        v[0] = speed
        result = build(g1).step(estimate_of(q, v), STANDING, DT)
        force, moment = result.wrenches[:, 2].sum(), result.wrenches[:, 4].sum()
        pressures.append(-moment / force)
    assert pressures[0] < pressures[1] - 0.02
    assert pressures[2] > pressures[1] + 0.02


def break_solver(body, monkeypatch):
    real = body._qp.solve
    monkeypatch.setattr(body._qp, "solve", lambda problem: replace(real(problem), ok=False))


def test_a_failed_solve_repeats_the_last_command_and_the_third_in_a_row_is_a_failure(
    body, standing, monkeypatch
):
    good = body.step(standing, STANDING, DT)
    with monkeypatch.context() as broken:
        break_solver(body, broken)
        results = [body.step(at(standing, k * DT), STANDING, DT) for k in range(1, 4)]
    assert [result.report.status for result in results] == [
        Status.DEGRADED,
        Status.DEGRADED,
        Status.FAILED,
    ]
    assert all(result.command is good.command for result in results)
    assert "failed 3 times" in results[-1].report.cause
    after = body.step(at(standing, 4 * DT), STANDING, DT)
    assert after.report.status == Status.OK
    assert after.command is not good.command


def test_there_is_no_command_before_the_first_solution(body, standing, monkeypatch):
    break_solver(body, monkeypatch)
    assert body.step(standing, STANDING, DT).command is None


def test_a_reset_forgets_the_last_command(body, standing, monkeypatch):
    body.step(standing, STANDING, DT)
    body.reset()
    break_solver(body, monkeypatch)
    assert body.step(standing, STANDING, DT).command is None


@pytest.mark.parametrize("phase", [STANDING, swinging(LEFT)], ids=["standing", "swinging"])
def test_a_state_that_is_not_finite_is_said_and_never_commanded(body, standing, phase):
    good = body.step(standing, phase, DT)
    result = body.step(lost(standing), phase, DT)
    assert result.report.status == Status.DEGRADED
    assert result.command is good.command


@pytest.mark.parametrize("phase", [STANDING, swinging(LEFT)], ids=["standing", "swinging"])
def test_after_one_state_that_was_not_finite_it_goes_on(body, standing, phase):
    body.step(standing, phase, DT)
    body.step(lost(standing), phase, DT)
    assert body.step(standing, phase, DT).report.status == Status.OK


def test_begun_anew_the_swing_reference_starts_at_the_foot_with_its_speed(g1, standing):
    body = build(g1)
    body.step(at(standing, 0.0), swinging(LEFT), DT)
    hip = list(g1.joint_names).index("left_hip_pitch_joint")
    moving = np.zeros(len(g1.joint_names))
    moving[hip] = -2.0  # the leg swings forward
    kicked = replace(at(standing, DT), joint_velocity=moving)
    body.step(kicked, swinging(LEFT), DT, anew=True)
    sole = body.soles()[LEFT]
    model = RobotModel(g1)
    model.update_kinematics(standing)
    below = model.hip_position(LEFT)[2] - sole[2]
    # one tick on from where the foot is, at the speed of a sole so far below the hip
    assert np.abs(body._reference.swing.position[1:3] - sole[1:3]).max() < 1e-3
    assert body._reference.swing.position[0] - sole[0] == pytest.approx(2.0 * below * DT, rel=0.02)


def test_begun_anew_no_joint_reference_is_carried_over(g1, standing):
    body, fresh = build(g1), build(g1)
    crouched = np.array(standing.joint_position) + 0.1
    for k in range(5):
        body.step(replace(at(standing, k * DT), joint_position=crouched), STANDING, DT)
    later = at(standing, 5 * DT)
    begun = body.step(later, STANDING, DT, anew=True).command
    np.testing.assert_allclose(
        begun.position, fresh.step(later, STANDING, DT).command.position, atol=1e-6
    )


def test_no_balance_is_built_on_joints_that_somebody_else_moves(g1, standing):
    """Arms far from their posture: their owner would swing them back, and pay with his feet."""
    arms = [*g1.groups["left_arm"], *g1.groups["right_arm"]]
    q = standing.joint_position.copy()
    q[arms] += 0.4
    raised = replace(standing, joint_position=q)
    gait = replace(GAIT, com_height=STANDING_HEIGHT, com_height_standing=None)
    speeds = {}
    for taken in ((), arms):
        body = WholeBodyController(RobotModel(g1), gait, WHOLE_BODY, taken)
        command = body.step(raised, STANDING, DT).command
        speeds[bool(taken)] = np.abs(command.velocity[arms]).max()
    # 60 / s^2 x 0.4 rad x 2 ms would be 0.048 rad/s
    assert speeds[False] > 0.03
    assert speeds[True] < 0.002


def test_a_head_holds_still_as_the_waist_does_and_is_not_swung_like_an_arm(g1):
    arm, (neck, *wrist) = g1.groups["left_arm"], g1.groups["right_arm"]
    groups = {**g1.groups, "head": (neck,), "right_arm": tuple(wrist)}
    weights = build(replace(g1, groups=groups))._weights
    assert weights[neck] == weights[g1.groups["waist"][0]] == WHOLE_BODY.weight_torso
    assert weights[wrist[0]] == weights[arm[0]] == WHOLE_BODY.weight_arms

"""Every task against what it promises, by finite differences of the motion it asks for."""

import casadi as ca
import numpy as np
import pinocchio as pin
import pytest
from bodies import FEET, Body
from robot_parameters import WHOLE_BODY
from robot_states import estimate_of, frame_state, some_motion

from wm_control.types import RIGHT
from wm_control.wbc import tasks
from wm_control.wbc.sources import BASE, SOLES
from wm_control.wbc.tasks import base_orientation, stance, template, yaw_momentum

DT = 1e-5
STILL = np.zeros(4)
P = WHOLE_BODY


def rotation_error(rotation, wanted):
    return np.array(tasks.rotation_error(ca.DM(rotation), ca.DM(wanted))).ravel()


def yaw_rotation(yaw):
    return np.array(ca.DM(tasks.yaw_rotation(ca.DM(yaw))))


@pytest.fixture(scope="module")
def body(g1):
    return Body(g1, P)


@pytest.fixture(params=[0, 1, 2])
def moving(request, standing):
    return estimate_of(*some_motion(standing, request.param, 0.4))


def rates(g1, body, acceleration, read):
    """Derivative of what ``read`` gives for a body, under a generalised acceleration."""
    ahead = read(Body(g1).put(body.after(acceleration, DT)))
    behind = read(Body(g1).put(body.after(acceleration, -DT)))
    return (ahead - behind) / (2 * DT)


def alone(body, task, feet=FEET):
    """Acceleration for one task, almost nothing else wanted and next to no limits."""
    solution = body.solve(feet, (task,), posture_weight=1e-6, normal_max=5.0)
    assert solution.ok
    return solution.acceleration


def value(body, rows):
    """(6,) of a source: momentum, or velocity of a frame."""
    return body.sources.numbers["value"][rows].copy()


def test_no_error_between_a_rotation_and_itself():
    rotation = pin.rpy.rpyToMatrix(0.3, -0.2, 1.0)
    np.testing.assert_allclose(rotation_error(rotation, rotation), 0.0, atol=1e-12)


def test_the_error_of_a_turn_about_the_vertical_is_that_turn_in_world_axes():
    rolled = pin.rpy.rpyToMatrix(0.4, 0.0, 0.0)
    np.testing.assert_allclose(rotation_error(rolled, yaw_rotation(0.3) @ rolled), [0, 0, 0.3],
                               atol=1e-12)  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
def test_following_the_error_leads_to_the_wanted_rotation(seed):
    rng = np.random.default_rng(seed)
    rotation, wanted = (pin.rpy.rpyToMatrix(*rng.uniform(-1.0, 1.0, 3)) for _ in range(2))
    reached = pin.exp3(rotation_error(rotation, wanted)) @ rotation
    np.testing.assert_allclose(reached, wanted, atol=1e-12)


def test_a_yaw_rotation_turns_forward_to_the_left():
    np.testing.assert_allclose(yaw_rotation(np.pi / 2) @ [1, 0, 0], [0, 1, 0], atol=1e-15)


def test_the_values_of_the_sources_are_momentum_and_velocities_and_the_drift_is_their_rate(
    g1, body, moving
):
    body.put(moving)
    found = body.sources.numbers
    np.testing.assert_allclose(found["value"][:6], body.model.momentum, atol=1e-9)
    for frame, at in zip((*body.model.sole_ids, body.model.base_id), (*SOLES, BASE), strict=True):
        expected = frame_state(body.model, frame)
        np.testing.assert_allclose(found["value"][at], expected.velocity, atol=1e-12)
        np.testing.assert_allclose(found["drift"][at], expected.bias, atol=1e-12)
    drift = found["drift"].copy()
    changed = rates(g1, body, np.zeros(35), lambda b: b.sources.numbers["value"].copy())
    np.testing.assert_allclose(drift, changed, atol=2e-4)


def test_the_yaw_inertia_is_that_of_the_whole_body_about_its_centre_of_mass(body, moving):
    body.put(moving)
    model = body.model
    pin.ccrba(model.model, model.data, model.q, model.v)
    expected = model.data.Ig.inertia[2, 2]
    assert body.sources.numbers["yaw_inertia"][0] == pytest.approx(expected)


def test_rows_are_scaled_by_the_root_of_their_weight(body, standing):
    rows = body.put(standing).tasks(yaw_momentum)
    assert (rows.jacobian.shape, rows.target.shape) == ((1, 35), (1,))
    inertia = body.sources.numbers["yaw_inertia"][0]
    np.testing.assert_allclose(
        rows.jacobian[0], body.model.data.Ag[5] * np.sqrt(P.weight_yaw_momentum) / inertia
    )


def test_tasks_are_stacked_in_their_order(body, standing):
    body.put(standing)
    both = body.tasks(yaw_momentum, base_orientation)
    np.testing.assert_array_equal(both.jacobian[:1], body.tasks(yaw_momentum).jacobian)
    np.testing.assert_array_equal(both.target[1:], body.tasks(base_orientation).target)


@pytest.mark.parametrize("cop", [(0.0, 0.0), (0.03, 0.05), (-0.03, -0.04)])
def test_with_the_template_task_momentum_about_the_pressure_changes_by_gravity_alone(
    g1, body, standing, cop
):
    pressure = np.array([*cop, 0.0])
    body.put(estimate_of(*some_motion(standing, 4, 0.6)))
    arm = body.model.com - pressure
    body.reference.cop[:], body.reference.height_acceleration[:] = pressure, 0.0
    acceleration = alone(body, template)

    def momentum(body):
        model = body.model
        return model.momentum[3:] + np.cross(model.com - pressure, model.momentum[:3])

    found = rates(g1, body, acceleration, momentum)
    expected = np.cross(arm, [0.0, 0.0, -body.model.weight])
    np.testing.assert_allclose(found[:2], expected[:2], atol=0.02)


@pytest.mark.parametrize("cop", [(0.03, 0.05), (-0.03, -0.04)])
def test_with_the_template_task_the_ground_really_reacts_at_the_wanted_point(body, moving, cop):
    pressure = np.array([*cop, 0.0])
    body.put(moving)
    body.reference.cop[:], body.reference.height_acceleration[:] = pressure, 0.0
    solution = body.solve(FEET, (template,), posture_weight=1e-6, normal_max=5.0)
    moment, force = np.zeros(3), np.zeros(3)
    for foot, wrench in zip(FEET, solution.wrenches, strict=True):
        sole = frame_state(body.model, body.model.sole_ids[foot])
        push = sole.rotation @ wrench[:3]
        force += push
        moment += np.cross(sole.position - pressure, push) + sole.rotation @ wrench[3:]
    assert np.abs(moment[:2]).max() / force[2] < 1e-3


@pytest.mark.parametrize("wanted", [0.0, 1.0, -2.0])
def test_with_the_template_task_the_centre_of_mass_rises_as_wanted(g1, body, moving, wanted):
    body.put(moving)
    body.reference.cop[:], body.reference.height_acceleration[:] = 0.0, wanted
    acceleration = alone(body, template)
    rise = rates(g1, body, acceleration, lambda b: b.model.momentum[2:3] / b.model.mass)
    assert rise[0] == pytest.approx(wanted, abs=0.02)


def test_yaw_momentum_dies_out_at_its_rate(g1, body, moving):
    body.put(moving)
    acceleration = alone(body, yaw_momentum)
    found = rates(g1, body, acceleration, lambda b: b.model.momentum[5:6].copy())
    assert found[0] == pytest.approx(-P.momentum_damping * body.model.momentum[5], abs=5e-3)


@pytest.mark.parametrize("foot", FEET)
def test_a_stance_sole_loses_what_motion_it_has(g1, body, moving, foot):
    velocity = value(body.put(moving), SOLES[foot])
    found = rates(g1, body, alone(body, stance(foot)), lambda b: value(b, SOLES[foot]))
    np.testing.assert_allclose(found, -P.stance_damping * velocity, atol=0.02)


def ask_swing(body, position, progress, velocity=STILL, feed=STILL):
    """Set the reference of the swing sole."""
    swing = body.reference.swing
    swing.position[:], swing.velocity[:], swing.acceleration[:] = position, velocity, feed
    body.reference.swing_progress[:] = progress


def swing(g1, body, foot, *reference):
    """Rates of the swing sole's velocity under the swing task alone, the other foot loaded."""
    ask_swing(body, *reference)
    acceleration = alone(body, tasks.swing(foot), (1 - foot,))
    return rates(g1, body, acceleration, lambda b: value(b, SOLES[foot]))


@pytest.mark.parametrize("foot", FEET)
def test_a_swing_sole_follows_its_reference(g1, body, moving, foot):
    body.put(moving)
    sole = frame_state(body.model, body.model.sole_ids[foot])
    position = np.append(sole.position + np.array([0.01, -0.02, 0.005]), 0.1)
    velocity, feed = np.array([0.5, 0.1, -0.1, 0.2]), np.array([1.0, -2.0, 3.0, 0.5])
    error, speed = position[:3] - sole.position, velocity[:3] - sole.velocity[:3]
    expected = feed[:3] + P.swing_stiffness * error + P.swing_damping * speed
    found = swing(g1, body, foot, position, 0.2, velocity, feed)
    np.testing.assert_allclose(found[:3], expected, atol=0.05)


@pytest.mark.parametrize("foot", FEET)
def test_a_sole_about_to_land_is_turned_level(g1, body, moving, foot):
    body.put(moving)
    sole = frame_state(body.model, body.model.sole_ids[foot])
    error = rotation_error(sole.rotation, yaw_rotation(0.1))
    spin = np.array([0.0, 0.0, 0.4])  # of the reference, which also spins up by 3 rad/s²
    expected = P.swing_stiffness * error + P.swing_damping * (spin - sole.velocity[3:])
    expected[2] += 3.0
    velocity, feed = np.array([0.0, 0.0, 0.0, 0.4]), np.array([0.0, 0.0, 0.0, 3.0])
    found = swing(g1, body, foot, np.append(sole.position, 0.1), 1.0, velocity, feed)
    np.testing.assert_allclose(found[3:], expected, atol=0.1)


def test_a_sole_that_was_just_lifted_may_pitch_but_not_roll_or_turn(body, standing):
    body.put(standing)
    norms = {}
    for progress in (0.0, 1.0):
        ask_swing(body, np.append(body.sources.position(RIGHT), 0.0), progress)
        norms[progress] = np.linalg.norm(body.tasks(tasks.swing(RIGHT)).jacobian[3:], axis=1)
    roll, pitch, yaw = norms[0.0] / norms[1.0]
    assert (roll, yaw) == pytest.approx((1.0, 1.0))
    assert pitch < 0.1


def test_the_pelvis_is_turned_level_towards_its_heading(g1, body, moving):
    body.put(moving)
    base = body.model.base_id
    state = frame_state(body.model, base)
    error = rotation_error(state.rotation, yaw_rotation(0.2))
    speed = np.array([0.0, 0.0, 0.5]) - state.velocity[3:]
    expected = P.base_stiffness * error + P.base_damping * speed

    reference = body.reference
    reference.cop[:], reference.height_acceleration[:] = 0.0, 0.0
    reference.yaw[:], reference.yaw_rate[:] = 0.2, 0.5
    wanted = (template, base_orientation)  # the QP wants the base's place decided, too
    solution = body.solve(FEET, wanted, posture_weight=1e-6, normal_max=5.0)
    found = rates(g1, body, solution.acceleration, lambda b: value(b, BASE))
    np.testing.assert_allclose(found[3:], expected, atol=0.05)


def test_the_heading_error_does_not_depend_on_whole_turns(body, standing):
    body.put(standing)
    body.reference.yaw_rate[:] = 0.0
    targets = []
    for yaw in (0.2, 0.2 + 2 * np.pi, 0.2 - 4 * np.pi):
        body.reference.yaw[:] = yaw
        targets.append(body.tasks(base_orientation).target.copy())
    np.testing.assert_allclose(targets[0], targets[1], atol=1e-9)
    np.testing.assert_allclose(targets[0], targets[2], atol=1e-9)

"""The inverse-dynamics QP: physics, cones and limits hold in what it returns."""

from dataclasses import replace

import numpy as np
import pinocchio as pin
import pytest
from bodies import FEET, Body
from hypothesis import given, settings
from hypothesis import strategies as st
from robot_parameters import WHOLE_BODY
from robot_states import estimate_of, joint_mirror, mirrored, some_motion, state_of

from wm_control.types import LEFT, RIGHT
from wm_control.wbc.contact_cone import contact_wrench_cone
from wm_control.wbc.whole_body_qp import TaskStack

SUPPORTS = [FEET, (LEFT,), (RIGHT,)]


@pytest.fixture(scope="module")
def body(g1):
    return Body(g1)


def moving(standing, seed, size=0.3):
    return estimate_of(*some_motion(standing, seed, size))


def ground_forces(body, solution, feet):
    """(nv,) what the returned wrenches do to the generalised coordinates, by Pinocchio's own J."""
    model, data = body.model.model, body.model.model.createData()
    pin.computeJointJacobians(model, data, body.model.q)
    pin.updateFramePlacements(model, data)
    total = np.zeros(model.nv)
    for foot, wrench in zip(feet, solution.wrenches, strict=True):
        frame = body.model.sole_ids[foot]
        local = pin.computeFrameJacobian(model, data, body.model.q, frame, pin.ReferenceFrame.LOCAL)
        total += local.T @ wrench
    return total


@pytest.mark.parametrize("feet", SUPPORTS)
@pytest.mark.parametrize("seed", range(3))
def test_the_returned_motion_torques_and_wrenches_obey_the_equation_of_motion(
    body, standing, seed, feet
):
    solution = body.put(moving(standing, seed)).solve(feet)
    assert solution.ok
    model = body.model
    needed = pin.rnea(
        model.model, model.model.createData(), model.q, model.v, solution.acceleration
    )
    given_ = np.concatenate((np.zeros(6), solution.torque)) + ground_forces(body, solution, feet)
    np.testing.assert_allclose(needed, given_, atol=2e-2)
    assert solution.residual < 1e-4


@pytest.mark.parametrize("feet", SUPPORTS)
@pytest.mark.parametrize("seed", range(3))
def test_wrenches_are_inside_the_cone_and_the_normal_force_inside_its_bounds(
    body, standing, seed, feet
):
    solution = body.put(moving(standing, seed, 0.6)).solve(feet, normal_min=0.05, normal_max=1.1)
    p = body.parameters
    cone = contact_wrench_cone(0.07, 0.02, p.friction)
    weight = body.model.weight
    for wrench in solution.wrenches:
        assert (cone @ wrench).max() < 1e-4 * weight
        assert 0.05 - 1e-5 <= wrench[2] / weight <= 1.1 + 1e-5


def test_a_standing_robot_is_carried_by_its_weight_and_stays(body, standing):
    solution = body.put(standing).solve()
    assert solution.wrenches[:, 2].sum() == pytest.approx(body.model.weight, rel=1e-4)
    assert solution.wrenches[0, 2] == pytest.approx(solution.wrenches[1, 2], rel=0.02)
    np.testing.assert_allclose(solution.acceleration, 0.0, atol=0.05)


def test_a_robot_in_the_air_falls_as_everything_does(body, standing):
    solution = body.put(standing).solve(())
    assert solution.wrenches.shape == (0, 6)
    ahead = body.after(solution.acceleration, 1e-3)
    model = Body(body.model.description).put(ahead).model
    assert model.momentum[2] / model.mass == pytest.approx(-9.81e-3, rel=1e-3)


@pytest.mark.parametrize("seed", range(4))
def test_torques_stay_inside_their_limits(g1, standing, seed):
    body = Body(g1, replace(WHOLE_BODY, torque_fraction=0.3))
    solution = body.put(moving(standing, seed, 0.5)).solve()
    assert solution.ok
    assert (np.abs(solution.torque) <= 0.3 * np.array(g1.torque_limit) + 1e-2).all()


def test_torque_limits_bind_where_the_task_wants_more(g1, standing):
    knee = g1.joint_names.index("left_knee_joint")
    torques = []
    for fraction in (1.0, 0.11):
        body = Body(g1, replace(WHOLE_BODY, torque_fraction=fraction)).put(standing)
        torques.append(body.solve((LEFT,)).torque[knee])
    assert abs(torques[0]) > 0.11 * g1.torque_limit[knee]
    assert abs(torques[1]) <= 0.11 * g1.torque_limit[knee] + 1e-2


def near_limit(g1, standing, joint, side, distance, speed):
    """State of one joint ``distance`` inside a limit, moving towards it."""
    q, v = state_of(standing)
    limit = (g1.position_lower, g1.position_upper)[side][joint]
    sign = 1.0 if side else -1.0
    q[7 + joint], v[6 + joint] = limit - sign * distance, sign * speed
    return q, v


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize(
    "name", ["left_knee_joint", "right_ankle_pitch_joint", "waist_yaw_joint", "left_elbow_joint"]
)
@pytest.mark.parametrize(("distance", "speed"), [(0.01, 0.5), (0.002, 0.3), (0.05, 2.0)])
def test_no_joint_is_sent_beyond_its_limit_within_the_horizon(
    g1, body, standing, name, side, distance, speed
):
    joint = g1.joint_names.index(name)
    body.put(estimate_of(*near_limit(g1, standing, joint, side, distance, speed)))
    solution = body.solve(())  # in the air nothing else stands against it
    t = body.parameters.limit_horizon
    a = solution.acceleration[6:]
    reached = body.model.q[7:] + t * body.model.v[6:] + 0.5 * t**2 * a
    assert solution.ok
    assert reached[joint] <= g1.position_upper[joint] + 2e-3
    assert reached[joint] >= g1.position_lower[joint] - 2e-3


@settings(deadline=None, max_examples=30)
@given(joint=st.integers(0, 28), sign=st.sampled_from([-1.0, 1.0]))
def test_no_joint_is_sent_beyond_its_speed_limit(body, g1, standing, joint, sign):
    q, v = state_of(standing)
    v[6 + joint] = 0.98 * sign * g1.velocity_limit[joint]
    body.put(estimate_of(q, v))
    weight, posture = np.full(29, 0.1), np.zeros(29)
    weight[joint], posture[joint] = 10.0, 500.0 * sign  # wants to go faster still
    still = body.tasks(*body.keep_still(()))
    stack = TaskStack(still.jacobian, still.target, weight, posture)
    solution = body.qp.solve(body.qp.build(stack, ()))
    assert solution.ok
    speed = v[6 + joint] + body.parameters.limit_horizon * solution.acceleration[6 + joint]
    assert abs(speed) <= 1.002 * g1.velocity_limit[joint]


def test_a_joint_already_beyond_its_limit_is_brought_back_and_does_not_break_the_qp(
    g1, body, standing
):
    joint = g1.joint_names.index("left_elbow_joint")
    body.put(estimate_of(*near_limit(g1, standing, joint, 1, -0.05, 0.0)))
    solution = body.solve()
    assert solution.ok
    assert solution.acceleration[6 + joint] < 0.0


@pytest.mark.parametrize("feet", SUPPORTS)
@pytest.mark.parametrize("seed", range(2))
def test_a_mirrored_state_gives_mirrored_torques(body, g1, standing, seed, feet):
    # The G1's own masses are not quite symmetric: 0.1 N·m and 0.5 % of the torques.
    q, v = some_motion(standing, seed, 0.3)
    one = body.put(estimate_of(q, v)).solve(feet)
    other = body.put(estimate_of(*mirrored(g1, q, v))).solve(tuple(1 - foot for foot in feet))
    order, sign = joint_mirror(g1)
    np.testing.assert_allclose((sign * one.torque)[order], other.torque, atol=0.3, rtol=0.02)


@pytest.mark.parametrize("seed", range(2))
def test_the_numbers_of_contacts_do_not_leak_into_each_other(g1, standing, seed):
    used, estimate = Body(g1), moving(standing, seed)
    for feet in (FEET, (RIGHT,), (), (LEFT,)):
        used.put(moving(standing, seed + 7)).solve(feet)
    for feet in SUPPORTS:
        found = used.put(estimate).solve(feet)
        fresh = Body(g1).put(estimate).solve(feet)
        np.testing.assert_allclose(found.torque, fresh.torque, atol=1e-6)


def test_building_is_apart_from_solving(body, standing):
    problem = body.put(standing).problem()
    size, rows = 35 + 6, 29 + 16 + 1 + 16  # torques; cone and normal force of one sole; of another
    assert problem.hessian.shape == (size, size)
    assert problem.rows.shape == (rows, size)
    assert problem.upper.shape == problem.lower.shape == (size + rows,)
    assert (problem.lower <= problem.upper).all()
    np.testing.assert_allclose(problem.hessian, problem.hessian.T)
    assert np.linalg.eigvalsh(problem.hessian).min() > 0.0


def test_contradictory_contact_forces_are_a_failure_and_not_an_exception(body, standing):
    # Both feet must carry more than the cone and the base dynamics together allow.
    problem = body.put(standing).problem(normal_min=0.5, normal_max=0.4)
    assert not body.qp.solve(problem).ok


@pytest.mark.parametrize("where", ["q", "v"])
@pytest.mark.parametrize("entry", [0, 3, 12])
def test_a_state_that_is_not_finite_is_a_failure_and_not_an_exception(body, standing, where, entry):
    q, v = state_of(standing)
    {"q": q, "v": v}[where][entry] = np.nan
    assert not body.put(estimate_of(q, v)).solve().ok
    assert body.put(standing).solve().ok


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_task_that_is_not_finite_is_a_failure_and_not_an_exception(body, standing, bad):
    problem = body.put(standing).problem()
    gradient = problem.gradient.copy()
    gradient[8] = bad
    assert not body.qp.solve(replace(problem, gradient=gradient)).ok


def test_a_sole_that_cannot_push_in_all_ways_is_a_failure_and_not_an_exception(body, standing):
    still = body.put(standing).tasks(*body.keep_still((LEFT,)))
    stack = TaskStack(still.jacobian, still.target, np.full(29, 0.01), np.zeros(29))
    contact = body.contact(LEFT)
    flat = replace(contact, transmission=contact.transmission * (1, 1, 1, 1, 1, 0))
    assert not body.qp.solve(body.qp.build(stack, (flat,))).ok
    assert body.qp.solve(body.qp.build(stack, (contact,))).ok


@pytest.mark.parametrize("feet", SUPPORTS)
def test_the_solution_is_that_of_the_problem_with_all_wrenches_among_the_unknowns(
    body, standing, feet
):
    """Of the module's equations: where no bound is active, the cost is level along them."""
    found = body.put(moving(standing, 2, 0.02)).solve(feet)
    assert found.iterations == 1  # no bound is active
    (hessian, gradient), (rows, right) = full_problem(body, feet)
    x = np.concatenate((found.acceleration, found.wrenches.ravel() / body.model.weight))
    np.testing.assert_allclose(rows @ x, right, atol=1e-8)
    allowed = np.linalg.svd(rows)[2][6:]  # ways that the base dynamics leave
    slope = allowed @ (hessian @ x + gradient)
    assert np.abs(slope).max() < 1e-6 * np.abs(gradient).max()


def full_problem(body, feet):
    """Cost (H, g) and base dynamics (A, b) over the accelerations and all wrenches."""
    tasks = body.tasks(*body.keep_still(feet))
    n, nv, size = body.model.n, body.model.nv, body.model.nv + 6 * len(feet)
    weight = body.parameters.weight_wrench * np.array([1.0, 1.0, 0.2, 20.0, 20.0, 20.0])
    hessian, gradient = np.zeros((size, size)), np.zeros(size)
    hessian[:nv, :nv] = tasks.jacobian.T @ tasks.jacobian
    hessian += np.diag(np.concatenate((np.zeros(6), np.full(n, 0.01), np.tile(weight, len(feet)))))
    gradient[:nv] = -tasks.jacobian.T @ tasks.target
    gradient[6:nv] += 0.01 * 10.0 * body.model.v[6:]
    pushes = [body.contact(foot).transmission[:6] for foot in feet]
    rows = np.hstack((body.model.data.M[:6], *(-push for push in pushes)))
    return (hessian, gradient), (rows, -body.model.data.nle[:6])

"""The footstep problem: derivatives, known answers, and bounds under any disturbance."""

from dataclasses import replace

import numpy as np
import pytest
from footstep_inputs import bounds_of, free_bounds, nominal_problem
from hypothesis import given, settings
from hypothesis import strategies as st
from robot_parameters import GAIT, MPC

from wm_control.mpc.footstep_problem import (
    COP,
    COP_NEXT,
    INPUTS,
    STEPS,
    TIME,
    TIME_NEXT,
    VARIABLES,
    FootstepProblem,
    build_footstep_problem,
)
from wm_control.mpc.plan import predict_dcm
from wm_control.mpc.template import double_support_gains
from wm_control.types import LEFT, RIGHT

CONVERGED = replace(MPC, iterations=20)
STEP = 1e-6
VELOCITIES = [(0.0, 0.0, 0.0), (0.6, 0.0, 0.0), (-0.3, 0.1, 0.0), (0.4, -0.1, 0.5)]


@pytest.fixture(scope="module")
def function():
    return build_footstep_problem(GAIT, MPC)


@pytest.fixture(scope="module")
def planner():
    """Solver as it runs on the robot."""
    return FootstepProblem(GAIT, MPC)


@pytest.fixture(scope="module")
def hasty():
    """Solver that iterates once."""
    return FootstepProblem(GAIT, replace(MPC, iterations=1))


@pytest.fixture(scope="module")
def patient():
    """Solver that iterates until it has converged."""
    return FootstepProblem(GAIT, CONVERGED)


def evaluate(function, z, inputs):
    return [part.full() for part in function(z, inputs)]


def random_point(seed):
    """Decision and problem far from nominal, the load transfer still going on."""
    rng = np.random.default_rng(seed)
    problem = nominal_problem(GAIT, RIGHT, (0.5, 0.1, 0.3), time=0.335, yaw=0.4)
    z = problem.answer + 0.05 * rng.standard_normal(VARIABLES)
    return z, problem.stacked(dcm=problem.inputs["dcm"] + 0.03 * rng.standard_normal(2))


def difference(of, z):
    """Central differences of a function of the decision, derivatives in the last axis."""
    steps = STEP * np.eye(VARIABLES)
    return np.stack([(of(z + h) - of(z - h)) / (2 * STEP) for h in steps], axis=-1)


def named(inputs):
    starts = np.cumsum([0, *INPUTS.values()])
    return {name: inputs[a:b] for name, a, b in zip(INPUTS, starts, starts[1:], strict=False)}


def turned(axis, vector):
    return np.array([axis[0] * vector[0] - axis[1] * vector[1],
                     axis[1] * vector[0] + axis[0] * vector[1]])  # fmt: skip


def cost(z, inputs):
    """Half the squared residual, following the three steps by template.py instead of CasADi."""
    p, omega, double = named(inputs), GAIT.omega, GAIT.double_support
    feet = z[STEPS].reshape(3, 2)
    cops = [turned(p["support_axis"], z[COP])]
    cops += [feet[k] + turned(p["body_axis"], z[COP_NEXT].reshape(2, 2)[k]) for k in range(2)]
    offsets = p["offset"].reshape(3, 2)
    phases = [
        (p["cop_now"], float(p["transfer_left"][0]), z[TIME]),
        (cops[0], double, z[TIME_NEXT]),
        (cops[1], double, p["time_nominal"][1]),
    ]
    dcm, total = p["dcm"], 0.0
    for (old, transfer, duration), cop, foot, offset in zip(
        phases, cops, feet, offsets, strict=True
    ):
        e, a, b = double_support_gains(omega, transfer)
        dcm = predict_dcm(e * dcm + a * old + b * cop, cop, omega, duration - transfer)
        total += MPC.weight_dcm * np.sum((dcm - foot - offset) ** 2)
    late = z[[TIME, TIME_NEXT]] - p["time_nominal"]
    moves = np.diff(np.vstack((np.zeros(2), feet)), axis=0)
    wanted = p["displacement"].reshape(3, 2).copy()
    wanted[:2] += np.outer(late, p["velocity"])
    total += MPC.weight_step * np.sum((moves - wanted) ** 2)
    total += MPC.weight_cop * np.sum(z[COP] ** 2) + MPC.weight_cop_next * np.sum(z[COP_NEXT] ** 2)
    return 0.5 * (total + MPC.weight_time * np.sum(late**2))


@pytest.mark.parametrize("seed", range(4))
def test_the_gradient_agrees_with_finite_differences_of_the_cost(function, seed):
    z, inputs = random_point(seed)
    gradient = evaluate(function, z, inputs)[1].ravel()
    expected = difference(lambda at: cost(at, inputs), z)
    np.testing.assert_allclose(gradient, expected, atol=1e-6 * np.abs(expected).max())


@pytest.mark.parametrize("seed", range(4))
def test_the_row_jacobian_agrees_with_finite_differences_of_the_rows(function, seed):
    z, inputs = random_point(seed)
    transposed = evaluate(function, z, inputs)[3]
    expected = difference(lambda at: evaluate(function, at, inputs)[2].ravel(), z)
    np.testing.assert_allclose(transposed.T, expected, atol=1e-7)


@pytest.mark.parametrize("velocity", VELOCITIES)
def test_where_the_residual_vanishes_the_hessian_is_the_gradients_derivative(function, velocity):
    problem = nominal_problem(GAIT, LEFT, velocity)
    inputs = problem.stacked()
    hessian = evaluate(function, problem.answer, inputs)[0]
    expected = difference(lambda at: evaluate(function, at, inputs)[1].ravel(), problem.answer)
    np.testing.assert_allclose(hessian, expected, atol=1e-6 * np.abs(expected).max())


@pytest.mark.parametrize("seed", range(3))
def test_the_hessian_is_symmetric_and_positive_definite(function, seed):
    hessian = evaluate(function, *random_point(seed))[0]
    np.testing.assert_allclose(hessian, hessian.T, atol=1e-9)
    assert np.linalg.eigvalsh(hessian).min() > 0.0


@pytest.mark.parametrize("time", [0.1, 0.25, 0.34])
@pytest.mark.parametrize("support", [LEFT, RIGHT])
@pytest.mark.parametrize("velocity", VELOCITIES)
def test_on_the_nominal_gait_the_nominal_footsteps_are_the_best(planner, support, velocity, time):
    problem = nominal_problem(GAIT, support, velocity, time, yaw=0.3)
    start = problem.answer + 0.002
    solution = planner.solve(problem.stacked(), bounds_of(GAIT, MPC, support, time), start)
    assert solution.ok
    np.testing.assert_allclose(solution.z, problem.answer, atol=1e-4)
    assert solution.violation == 0.0


@pytest.mark.parametrize("push", [(0.03, 0.0), (0.0, 0.02), (-0.02, -0.01)])
def test_without_bounds_the_answer_is_a_stationary_point(patient, function, push):
    problem = nominal_problem(GAIT, LEFT, (0.3, 0.0, 0.0))
    inputs = problem.stacked(dcm=problem.inputs["dcm"] + push)
    solution = patient.solve(inputs, free_bounds(), problem.answer)
    gradient = evaluate(function, solution.z, inputs)[1].ravel()
    at_start = evaluate(function, problem.answer, inputs)[1].ravel()
    assert np.abs(gradient).max() < 1e-2 * np.abs(at_start).max()
    for nudge in 0.01 * np.vstack((np.eye(VARIABLES), -np.eye(VARIABLES))):
        assert cost(solution.z + nudge, inputs) > cost(solution.z, inputs)


@pytest.mark.parametrize("support", [LEFT, RIGHT])
@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_the_next_footstep_goes_where_the_robot_was_pushed(planner, support, axis, sign):
    problem = nominal_problem(GAIT, support)
    push = np.zeros(2)
    push[axis] = 0.02 * sign
    inputs = problem.stacked(dcm=problem.inputs["dcm"] + push)
    solution = planner.solve(inputs, bounds_of(GAIT, MPC, support), problem.answer)
    moved = solution.z[STEPS][axis] - problem.feet[0, axis]
    outward = axis == 0 or sign == (-1.0 if support == LEFT else 1.0)
    # Inward, the feet may be as close together as they are allowed to be: then time must help.
    assert sign * moved > (0.005 if outward else -1e-6)
    assert sign * solution.z[COP][axis] > 0.0


@pytest.mark.parametrize("outward", [0.02, 0.04])
def test_pushed_over_its_swing_side_the_robot_steps_wider(planner, outward):
    problem = nominal_problem(GAIT, RIGHT)
    inputs = problem.stacked(dcm=problem.inputs["dcm"] + [0.0, outward])
    solution = planner.solve(inputs, bounds_of(GAIT, MPC, RIGHT), problem.answer)
    assert solution.z[STEPS][1] > problem.feet[0, 1] + 0.5 * outward


def test_mirrored_problems_have_mirrored_answers(planner):
    z = []
    for support, side in ((LEFT, 1.0), (RIGHT, -1.0)):
        problem = nominal_problem(GAIT, support, (0.3, 0.1 * side, 0.4 * side), yaw=0.2 * side)
        push = np.array([0.02, -0.03 * side])
        inputs = problem.stacked(dcm=problem.inputs["dcm"] + push)
        z.append(planner.solve(inputs, bounds_of(GAIT, MPC, support), problem.answer).z)
    flip = np.ones(VARIABLES)
    flip[[COP.start + 1, *range(STEPS.start + 1, COP_NEXT.stop, 2)]] = -1.0
    np.testing.assert_allclose(z[0] * flip, z[1], atol=1e-6)


@settings(deadline=None, max_examples=100)
@given(
    x=st.floats(-0.4, 0.4),
    y=st.floats(-0.4, 0.4),
    support=st.sampled_from([LEFT, RIGHT]),
    time=st.floats(0.0, 0.35),
    speed=st.floats(-1.0, 1.0),
)
def test_bounds_hold_and_nothing_is_nan_however_hard_the_push(planner, x, y, support, time, speed):
    problem = nominal_problem(GAIT, support, (speed, 0.0, 0.0), time)
    bounds = bounds_of(GAIT, MPC, support, time)
    inputs = problem.stacked(dcm=problem.inputs["dcm"] + [x, y])
    solution = planner.solve(inputs, bounds, problem.answer)
    assert np.isfinite(solution.z).all()
    assert solution.ok
    assert (solution.z >= bounds.lower - 1e-5).all()
    assert (solution.z <= bounds.upper + 1e-5).all()
    steps = np.diff(np.vstack((np.zeros(2), solution.z[STEPS].reshape(3, 2))), axis=0).ravel()
    assert (steps >= bounds.row_lower[:6] - 1e-5).all()
    assert (steps <= bounds.row_upper[:6] + 1e-5).all()
    assert solution.violation < 1e-5


@settings(deadline=None, max_examples=50)
@given(jump=st.floats(-0.5, 0.5))
def test_in_one_iteration_the_time_moves_by_no_more_than_60_ms(hasty, jump):
    problem = nominal_problem(GAIT, LEFT)
    inputs = problem.stacked(dcm=problem.inputs["dcm"] + [0.0, jump])
    solution = hasty.solve(inputs, free_bounds(), problem.answer)
    times = [TIME, TIME_NEXT]
    assert np.abs(solution.z[times] - problem.answer[times]).max() <= 0.06 + 1e-6


def test_a_start_outside_the_bounds_is_brought_inside(planner):
    problem = nominal_problem(GAIT, LEFT)
    start = problem.answer.copy()
    start[TIME], start[COP] = -0.3, (0.5, 0.5)
    solution = planner.solve(problem.stacked(), bounds_of(GAIT, MPC), start)
    assert solution.ok
    assert solution.z[TIME] >= bounds_of(GAIT, MPC).lower[TIME] - 1e-9


def test_a_solution_does_not_change_when_the_next_is_found(planner):
    problem = nominal_problem(GAIT, LEFT)
    first = planner.solve(problem.stacked(), bounds_of(GAIT, MPC), problem.answer)
    kept = first.z.copy()
    planner.solve(problem.stacked(dcm=np.array([0.2, 0.2])), bounds_of(GAIT, MPC), problem.answer)
    np.testing.assert_array_equal(first.z, kept)


def test_contradictory_bounds_are_a_failure_and_not_an_exception(planner):
    problem, bounds = nominal_problem(GAIT, LEFT), bounds_of(GAIT, MPC)
    bounds.row_lower[0], bounds.row_upper[0] = 0.3, 0.2
    solution = planner.solve(problem.stacked(), bounds, problem.answer)
    assert not solution.ok
    assert solution.violation > 0.0


@pytest.mark.parametrize("name", INPUTS)
def test_an_input_that_is_not_finite_is_a_failure_and_not_an_answer(planner, name):
    problem = nominal_problem(GAIT, LEFT)
    inputs = problem.stacked(**{name: np.full(INPUTS[name], np.nan)})
    solution = planner.solve(inputs, bounds_of(GAIT, MPC), problem.answer)
    assert not solution.ok


def test_the_solver_recovers_from_an_input_that_was_not_finite(planner):
    problem = nominal_problem(GAIT, LEFT)
    planner.solve(problem.stacked() * np.nan, bounds_of(GAIT, MPC), problem.answer)
    solution = planner.solve(problem.stacked(), bounds_of(GAIT, MPC), problem.answer)
    assert solution.ok
    np.testing.assert_allclose(solution.z, problem.answer, atol=1e-4)

"""Each part of the control path, timed on a recorded walk beside what its libraries need alone.

Every function replays the same walk to a freshly built part. The bounds do the same work on the
same data with bare library calls: they are what would remain if all of our code cost nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from importlib import import_module

import daqp
import numpy as np
import pinocchio as pin
from scipy.linalg.lapack import dposv

from wm_bringup.bench.measure import Measurement, Stopwatch, intercepted, measured, undisturbed
from wm_bringup.bench.walking import RecordedWalk
from wm_bringup.cycle import stack
from wm_bringup.cycle.loop import ControlLoop
from wm_bringup.host.realtime import CONTROL_PRIORITY, PeriodicDeadlines, raise_thread
from wm_bringup.robots.simulated import EngineName, simulate
from wm_control.constants import CONTROL_PERIOD
from wm_control.controllers.model_based import ModelBasedController
from wm_control.estimation.parameters import EstimatorParameters, Kind
from wm_control.mpc.footstep_mpc import FootstepMpc
from wm_control.mpc.plan import WalkingPlan
from wm_control.robot.model import RobotModel
from wm_control.types import Array, Estimate

_ENGINE_STEPS: Mapping[EngineName, tuple[str, str]] = {
    "pybullet": ("pybullet", "stepSimulation"),
    "mujoco": ("mujoco", "mj_step"),
}
"""Module and function that advance each engine."""

_ESTIMATORS: tuple[Kind, ...] = ("leg_odometry", "invariant_ekf")


class QpCollector:
    """Keeps a copy of every QP that is solved, call by call, and solves them again alone."""

    def __init__(self) -> None:
        """Start without any."""
        self._solve = daqp.solve
        self._calls: list[list[tuple[tuple[Array, ...], dict[str, float]]]] = []

    def begin(self) -> None:
        """Begin the next call of the code under test."""
        self._calls.append([])

    def solve(self, *args: Array, **kwargs: float) -> object:
        """Stand in for ``daqp.solve``."""
        self._calls[-1].append((tuple(np.array(a) for a in args), kwargs))
        return self._solve(*args, **kwargs)

    def time_alone(self) -> Stopwatch:
        """Time the QPs of every call that solved any."""
        watch = Stopwatch()
        with undisturbed():
            for qps in self._calls:
                if qps:
                    watch.call(self._solve_all, qps)
        return watch

    def _solve_all(self, qps: list[tuple[tuple[Array, ...], dict[str, float]]]) -> None:
        for args, kwargs in qps:
            self._solve(*args, **kwargs)


def bench_estimator(walk: RecordedWalk) -> list[Measurement]:
    """Estimator update against the library calls of its heavy work on the same states.

    First the estimator that is configured, then each kind there is, by name.
    """
    configured = stack.estimator_parameters(walk.setup.robot)
    kinds = {"estimator": configured}
    kinds |= {f"estimator_{kind}": replace(configured, kind=kind) for kind in _ESTIMATORS}
    bound = _time_estimator_libraries(walk)
    name = "Pinocchio dynamics + BLAS of a filter"
    return [measured(key, _time_updates(walk, kind), name, bound) for key, kind in kinds.items()]


def _time_updates(walk: RecordedWalk, parameters: EstimatorParameters) -> Stopwatch:
    estimator = stack.build_estimator(walk.description, parameters)
    estimator.reset(walk.ticks[0].observation)
    watch = Stopwatch()
    with undisturbed():
        for tick in walk.ticks[1:]:
            watch.call(estimator.update, tick.observation)
    return watch


def _time_estimator_libraries(walk: RecordedWalk) -> Stopwatch:
    """Inverse dynamics, two sole Jacobians, two wrenches, one step of a filter of 26 errors."""
    robot, watch = RobotModel(walk.description), Stopwatch()
    model, data = robot.model, robot.data
    aligned = pin.ReferenceFrame.LOCAL_WORLD_ALIGNED
    covariance, moving, seen = np.eye(26), np.eye(15, 21), np.eye(8, 26)
    wrench_equations, wrench_right = np.eye(12), np.ones(12)

    def libraries(q: Array, v: Array) -> None:
        pin.rnea(model, data, q, v, v)
        pin.computeJointJacobians(model, data, q)
        for sole in robot.sole_ids:
            pin.updateFramePlacement(model, data, sole)
            pin.getFrameJacobian(model, data, sole, aligned)
        dposv(wrench_equations, wrench_right)
        moving.dot(covariance[:21])[:, :21].dot(moving.T)
        gain = covariance.dot(seen.T)
        dposv(seen.dot(gain), gain.T)
        gain.dot(gain.T)

    with undisturbed():
        for tick in walk.ticks[1:]:
            watch.call(libraries, *_configuration(tick.estimate))
    return watch


def _configuration(estimate: Estimate) -> tuple[Array, Array]:
    """Return Pinocchio's q and v of a floating-base robot."""
    q = np.concatenate(
        [estimate.base_position_in_world, estimate.base_orientation, estimate.joint_position]
    )
    twist = [estimate.base_velocity_in_base, estimate.base_angular_velocity_in_base]
    return q, np.concatenate([*twist, estimate.joint_velocity])


def bench_mpc(walk: RecordedWalk) -> list[Measurement]:
    """One plan against the bare QP solves inside it."""
    p = stack.model_based_parameters(walk.setup.robot)
    planner = FootstepMpc(RobotModel(walk.description), p.gait, p.mpc)
    ticks = walk.ticks[:: round(p.mpc.period / CONTROL_PERIOD)]
    watch, qps = Stopwatch(), QpCollector()
    planner.reset(ticks[0].estimate)
    with undisturbed():
        for tick in ticks:
            watch.call(planner.step, tick.estimate, tick.velocity)
    planner.reset(ticks[0].estimate)
    with intercepted(daqp, "solve", qps.solve):
        for tick in ticks:
            qps.begin()
            planner.step(tick.estimate, tick.velocity)
    return [measured("mpc", watch, "DAQP alone, same QPs", qps.time_alone())]


def bench_wbc(walk: RecordedWalk) -> list[Measurement]:
    """Whole-body control against Pinocchio's dynamics and the bare QP solve."""
    controller = ModelBasedController(
        walk.description, stack.model_based_parameters(walk.setup.robot)
    )
    watch, qps = Stopwatch(), QpCollector()
    controller.reset(walk.ticks[0].estimate)
    with undisturbed():
        for tick, plan in walk.arrivals():
            if plan is not None:
                controller.receive(plan)
            watch.call(controller.step, tick.estimate, tick.velocity, CONTROL_PERIOD)
    controller.reset(walk.ticks[0].estimate)
    with intercepted(daqp, "solve", qps.solve):
        for tick, plan in walk.arrivals():
            if plan is not None:
                controller.receive(plan)
            qps.begin()
            controller.step(tick.estimate, tick.velocity, CONTROL_PERIOD)
    bound = qps.time_alone()
    _add_dynamics(walk, bound)
    return [measured("wbc", watch, "Pinocchio dynamics + DAQP alone", bound)]


def _add_dynamics(walk: RecordedWalk, bound: Stopwatch) -> None:
    """Add the time of the dynamics of the same tick to every solve."""
    robot, dynamics = RobotModel(walk.description), Stopwatch()
    model, data, still = robot.model, robot.data, np.zeros(robot.nv)

    def terms(q: Array, v: Array) -> None:
        pin.crba(model, data, q, pin.Convention.WORLD)
        pin.nonLinearEffects(model, data, q, v)
        pin.computeCentroidalMomentumTimeVariation(model, data, q, v, still)

    with undisturbed():
        for tick in walk.ticks:
            dynamics.call(terms, *_configuration(tick.estimate))
    bound.cpu = [a + b for a, b in zip(bound.cpu, dynamics.cpu, strict=False)]
    bound.wall = [a + b for a, b in zip(bound.wall, dynamics.wall, strict=False)]


def bench_sim(walk: RecordedWalk) -> list[Measurement]:
    """One control period of the simulated robot against its engine's own steps inside of it."""
    engine = walk.setup.engine
    robot = simulate(walk.description, walk.setup.scenario, engine)
    watch, bound = Stopwatch(), Stopwatch()
    alone = Stopwatch()
    library, function = _ENGINE_STEPS[engine]
    module = import_module(library)
    step = getattr(module, function)
    try:
        robot.reset(0)
        with undisturbed(), intercepted(module, function, partial(alone.call, step)):
            for tick in walk.ticks:
                alone.cpu.clear()
                alone.wall.clear()
                watch.call(robot.step, tick.decision.command, 0.0)
                bound.cpu.append(sum(alone.cpu))
                bound.wall.append(sum(alone.wall))
    finally:
        robot.close()
    return [measured("sim", watch, f"{library}.{function} alone, same steps", bound)]


def bench_loop(walk: RecordedWalk) -> list[Measurement]:
    """Whole ticks at 500 Hz on real deadlines, against a loop that only keeps the time.

    In a thread of its own with the control thread's priority, as far as this machine permits.
    """
    with ThreadPoolExecutor(1, initializer=raise_thread, initargs=(CONTROL_PRIORITY,)) as thread:
        return thread.submit(_loop_measurements, walk).result()


def _loop_measurements(walk: RecordedWalk) -> list[Measurement]:
    loop, receive = _build_loop(walk)
    loop.reset(walk.ticks[0].observation, armed=True)
    watch, path, response = Stopwatch(), Stopwatch(), Stopwatch()
    deadlines = PeriodicDeadlines(CONTROL_PERIOD)
    with undisturbed():
        for tick, plan in walk.arrivals():
            if plan is not None:
                receive(plan)
            beat = deadlines.wait()
            watch.call(loop.tick, tick.observation, tick.velocity, tick.observation.stamp)
            response.wall.append(1e3 * (time.monotonic() - beat.scheduled))
            assert loop.last is not None
            stamps = loop.last.stamps
            path.cpu.append(1e3 * (stamps.controlled - stamps.start))
    idle, lateness = _timer_only(len(walk.ticks))
    name = "timer-only loop at 500 Hz"
    response.cpu = response.wall
    return [
        measured("loop", watch, name, idle),
        measured("estimator_and_wbc", path, name, idle),
        measured("deadline_to_decision_wall", response, f"{name}: lateness", lateness),
    ]


def _build_loop(walk: RecordedWalk) -> tuple[ControlLoop, Callable[[WalkingPlan], None]]:
    controller = ModelBasedController(
        walk.description, stack.model_based_parameters(walk.setup.robot)
    )
    loop = ControlLoop(
        walk.description,
        stack.build_estimator(walk.description, stack.estimator_parameters(walk.setup.robot)),
        [controller],
        stack.safety_parameters(walk.setup.robot),
        clock=time.thread_time,
        recoverability=stack.recoverability(walk.setup.robot),
    )
    return loop, controller.receive


def _timer_only(cycles: int) -> tuple[Stopwatch, Stopwatch]:
    """CPU time of a cycle that does nothing, and how late it wakes."""
    idle, lateness = Stopwatch(), Stopwatch()
    deadlines = PeriodicDeadlines(CONTROL_PERIOD)
    with undisturbed():
        for _ in range(cycles):
            beat = idle.call(deadlines.wait)
            lateness.cpu.append(1e3 * beat.lateness)
    lateness.wall = lateness.cpu
    return idle, lateness


BENCHES: Mapping[str, Callable[[RecordedWalk], list[Measurement]]] = {
    "loop": bench_loop,
    "estimator": bench_estimator,
    "mpc": bench_mpc,
    "wbc": bench_wbc,
    "sim": bench_sim,
}
"""What ``wm bench`` can time, by name."""

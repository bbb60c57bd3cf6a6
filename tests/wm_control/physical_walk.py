"""A short walk in physics: simulated G1, estimator, planner and controller, tick by tick.

The estimate is all that the controller sees; the truth is only looked at to judge.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any

import numpy as np
from robot_parameters import ESTIMATOR
from robot_states import planner_and_controller

from wm_bringup.robots.simulated import simulate
from wm_bringup.scenarios.scenario import Scenario
from wm_control.estimation.constant_gain.estimator import LegOdometryEstimator
from wm_control.mpc.plan import WalkingPlan
from wm_control.robot.description import RobotDescription
from wm_control.types import Array, ControllerResult, VelocityCommand

DT = 0.002
TICKS_PER_PLAN = 4
PLAN_TIME, CONTROL_TIME = 0.004, 0.0008
STILL = VelocityCommand()


class PhysicalWalk:
    """One robot and everything that moves it; ``fell`` stays True once it has.

    Kept from every tick: results. Kept at 100 Hz: times, positions, yaws of the pelvis, modes.
    """

    def __init__(
        self,
        description: RobotDescription,
        seed: int = 0,
        parameters: Mapping[str, Any] | None = None,
    ) -> None:
        """Nominal sensor noise, 8 ms from command to torque, friction 0.6; at rest."""
        self.robot = simulate(description, Scenario(noise="nominal", delay=0.008))
        self.planner, self.controller = planner_and_controller(description, parameters)
        self.estimator = LegOdometryEstimator(description, ESTIMATOR)
        self._estimate = self.estimator.reset(self.robot.reset(seed))
        self.planner.reset(self._estimate)
        self.controller.reset(self._estimate)
        self.planner_lives, self.fell = True, False
        self.now, self.ticks = 0.0, 0
        self.times: list[float] = []
        self.positions: list[Array] = []
        self.yaws: list[float] = []
        self.modes: list[int] = []
        self.results: list[ControllerResult] = []
        self._under_way: deque[tuple[float, WalkingPlan]] = deque()

    def __enter__(self) -> PhysicalWalk:
        """Do nothing; leaving closes the simulation."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the simulation, so that the next one starts in a fresh world."""
        self.robot.close()

    def run(self, until: float, velocity: VelocityCommand = STILL) -> PhysicalWalk:
        """Go on until a time [s], or until it falls."""
        while self.now < until - 1e-9 and not self.fell:
            self._tick(velocity)
        return self

    def push(self, forward: float, left: float) -> None:
        """Push the pelvis for 0.1 s from now on [N·s]."""
        self.robot.push(np.array([forward, left, 0.0]))

    def _tick(self, velocity: VelocityCommand) -> None:
        if self.planner_lives and self.ticks % TICKS_PER_PLAN == 0:
            plan = self.planner.step(self._estimate, velocity)
            self._under_way.append((self.now + PLAN_TIME, plan))
        while self._under_way and self._under_way[0][0] <= self.now + 1e-9:
            plan = self._under_way.popleft()[1]
            if self.planner_lives:
                self.controller.receive(plan)
        result = self.controller.step(self._estimate, velocity, DT)
        observation = self.robot.step(result.command, CONTROL_TIME)
        self._estimate = self.estimator.update(observation)
        self.now, self.ticks = observation.stamp, self.ticks + 1
        self.results.append(result)
        if self.ticks % 5 == 0:
            self._look()

    def _look(self) -> None:
        truth = self.robot.ground_truth()
        x, y, z, w = truth.base_orientation
        upright = 1.0 - 2.0 * (x * x + y * y)
        self.fell = bool(truth.base_position_in_world[2] < 0.5 or upright < 0.7)
        self.times.append(self.now)
        self.positions.append(truth.base_position_in_world)
        self.yaws.append(float(np.arctan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z))))
        self.modes.append(int(self.controller.plan.gait.mode))

    def mean_velocity(self, since: float, until: float) -> Array:
        """(2,) forward and left, of the pelvis, in the heading of each moment [m/s]."""
        inside = [k for k, t in enumerate(self.times) if since <= t <= until]
        positions, yaw = np.array(self.positions)[inside], np.array(self.yaws)[inside]
        step, c, s = np.diff(positions, axis=0), np.cos(yaw[:-1]), np.sin(yaw[:-1])
        forward, left = c * step[:, 0] + s * step[:, 1], -s * step[:, 0] + c * step[:, 1]
        span = self.times[inside[-1]] - self.times[inside[0]]
        return np.array([forward.sum(), left.sum()]) / span

    def turn_rate(self, since: float) -> float:
        """Mean from a time until the end [rad/s]."""
        inside = [k for k, t in enumerate(self.times) if t >= since]
        yaw = np.unwrap(np.array(self.yaws)[inside])
        return float((yaw[-1] - yaw[0]) / (self.times[inside[-1]] - self.times[inside[0]]))

    def stood_since(self) -> float:
        """Time from which on it has stood without a break; infinite if it does not stand."""
        last = float("inf")
        for time, mode in zip(reversed(self.times), reversed(self.modes), strict=True):
            if mode:
                break
            last = time
        return last

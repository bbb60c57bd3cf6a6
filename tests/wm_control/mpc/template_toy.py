"""A robot that is nothing but the template: a point mass on massless legs that follows plans.

It stands in for RobotModel, so that the planner can be judged where its own model is exact.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from robot_parameters import GAIT, MPC
from robot_states import at

from wm_control.gait.parameters import GaitParameters
from wm_control.mpc.footstep_mpc import FootstepMpc
from wm_control.mpc.parameters import FootstepMpcParameters
from wm_control.mpc.plan import Phase, WalkingPlan, read_plan
from wm_control.robot.geometry import SoleArea
from wm_control.types import Array, Estimate, VelocityCommand

DT = 0.002
TICKS_PER_PLAN = 4


class TemplateToy:
    """The part of RobotModel that the planner uses, and the physics of the template."""

    def __init__(self, gait: GaitParameters) -> None:
        """Stand still, feet side by side at x = 0."""
        self.gait = gait
        self.mass, self.yaw = 30.0, 0.0
        self.com: Array = np.array([0.0, 0.0, gait.com_height])
        self.velocity: Array = np.zeros(3)
        half = 0.5 * gait.step_width
        self.poses: Array = np.array([[0.0, half, 0.0, 0.0], [0.0, -half, 0.0, 0.0]])
        self.broken = False

    def update_kinematics(self, estimate: Estimate) -> None:
        """The toy is its own truth; a broken one has lost it."""
        self._lost = np.nan if self.broken else 1.0

    @property
    def is_finite(self) -> bool:
        """A lost state is not."""
        return not self.broken

    @property
    def momentum(self) -> Array:
        """(6,) about the centre of mass; a point does not spin."""
        return self._lost * np.append(self.mass * self.velocity, np.zeros(3))

    def sole_pose(self, foot: int) -> Array:
        """(4,) of one sole."""
        return self._lost * self.poses[foot]

    def hip_position(self, foot: int) -> Array:
        """(3,) above the middle, 6 cm to the side."""
        side = 0.06 if foot == 0 else -0.06
        sideways = np.array([-np.sin(self.yaw), np.cos(self.yaw), 0.0])
        return self._lost * (self.com + side * sideways)

    def leg_length(self) -> float:
        """Long enough for every test."""
        return 1.3 * self.gait.com_height

    def sole_area(self, heel: float, toe: float, side: float) -> SoleArea:
        """15 cm by 4.5 cm, less the margins."""
        return SoleArea(
            np.array([heel - 0.075, side - 0.0225]), np.array([0.075 - toe, 0.0225 - side])
        )

    def base_behind_com(self) -> float:
        """The base is at the centre of mass."""
        return 0.0

    def base_yaw(self) -> float:
        """Heading [rad]."""
        return self._lost * self.yaw

    def follow(self, phase: Phase, dt: float = DT) -> None:
        """Move for ``dt`` as a perfect whole-body controller would make it."""
        middle, omega = 0.5 * (self.poses[0, :2] + self.poses[1, :2]), self.gait.omega
        dcm = self.com[:2] + self.velocity[:2] / omega
        law = (1.0 + self.gait.stand_dcm_gain) * (dcm - middle)
        cop = middle + self._between_soles(law) if phase.cop is None else phase.cop
        self.velocity[:2] += dt * omega**2 * (self.com[:2] - cop)
        self.com = self.com + dt * self.velocity
        self.yaw = phase.yaw
        if phase.swing is not None:
            share = min(dt / max(phase.remaining, dt), 1.0)
            self.poses[phase.swing] += share * (phase.target - self.poses[phase.swing])

    def _between_soles(self, offset: Array) -> Array:
        """Bound an offset from the middle to where two soles side by side can push."""
        yaw = self.poses[:, 3].mean()
        c, s = np.cos(yaw), np.sin(yaw)
        heading = np.array([[c, -s], [s, c]])
        reach = np.array([0.06, 0.5 * self.gait.step_width])
        bounded: Array = heading @ np.clip(heading.T @ offset, -reach, reach)
        return bounded


@dataclass(slots=True)
class Story:
    """A toy and its planner over time. Every planned instant is kept."""

    toy: TemplateToy
    planner: FootstepMpc
    standing: Estimate
    now: float = 0.0
    ticks: int = 0
    plan: WalkingPlan | None = None
    plans: list[WalkingPlan] = field(default_factory=list)
    phases: list[Phase] = field(default_factory=list)
    com: list[Array] = field(default_factory=list)
    yaw: list[float] = field(default_factory=list)

    def run(
        self,
        seconds: float,
        velocity: tuple[float, float, float] = (0.0, 0.0, 0.0),
        until: Callable[[Story], bool] = lambda _: False,
    ) -> Story:
        """Go on for ``seconds`` under a command, or until something holds."""
        end = self.now + seconds
        while self.now < end - 1e-9 and not until(self):
            self.tick(velocity)
        return self

    def tick(self, velocity: tuple[float, float, float]) -> None:
        """Plan if it is time to, and move by one control period."""
        if self.ticks % TICKS_PER_PLAN == 0 or self.plan is None:
            estimate = at(self.standing, self.now)
            self.plan = self.planner.step(estimate, VelocityCommand(*velocity))
            self.plans.append(self.plan)
        phase = read_plan(self.plan, self.now)
        self.toy.follow(phase)
        self.phases.append(phase)
        self.com.append(self.toy.com[:2].copy())
        self.yaw.append(self.toy.yaw)
        self.ticks += 1
        self.now = round(self.ticks * DT, 9)

    @property
    def modes(self) -> list[int]:
        """Mode of every plan."""
        return [int(plan.gait.mode) for plan in self.plans]

    def events(self) -> list[tuple[str, int]]:
        """What the gait did, in order: ('stand' | 'shift' | 'step', support foot)."""
        found: list[tuple[str, int]] = []
        starts: set[tuple[int, float]] = set()
        for plan in self.plans:
            gait = plan.gait
            key = (int(gait.mode), gait.step_start)
            if key not in starts:
                starts.add(key)
                name = "stand" if not gait.mode else "step" if gait.lifts else "shift"
                found.append((name, gait.support))
        return found

    def mean_velocity(self, since: float) -> Array:
        """(3,) forward, left, turn: mean since a time, in the heading of each moment."""
        first = round(since / DT)
        yaw = np.unwrap(self.yaw[first:])
        step = np.diff(np.array(self.com[first:]), axis=0)
        c, s = np.cos(yaw[:-1]), np.sin(yaw[:-1])
        local = [c * step[:, 0] + s * step[:, 1], -s * step[:, 0] + c * step[:, 1], np.diff(yaw)]
        return np.array([part.mean() / DT for part in local])


def story(
    standing: Estimate,
    gait: GaitParameters | None = None,
    mpc: FootstepMpcParameters | None = None,
) -> Story:
    """Begin with a toy that stands."""
    gait = gait or GAIT
    toy = TemplateToy(gait)
    planner = FootstepMpc(toy, gait, mpc or MPC)
    planner.reset(at(standing, 0.0))
    return Story(toy, planner, standing)

"""One instant of whole-body control, put together by hand: tasks, contacts, QP, solution."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pinocchio as pin
from robot_parameters import WHOLE_BODY
from robot_states import estimate_of

from wm_control.robot.description import RobotDescription
from wm_control.robot.model import RobotModel
from wm_control.types import LEFT, RIGHT, Array, Estimate
from wm_control.wbc.parameters import WholeBodyParameters
from wm_control.wbc.sources import SOLES, Sources
from wm_control.wbc.tasks import (
    Reference,
    Task,
    Tasks,
    base_orientation,
    stance,
    template,
    yaw_momentum,
)
from wm_control.wbc.whole_body_qp import (
    SoleContact,
    TaskStack,
    WholeBodyProblem,
    WholeBodyQp,
    WholeBodySolution,
)

FEET = (LEFT, RIGHT)


class Body:
    """A model in one state, with its tasks and QP."""

    def __init__(
        self, description: RobotDescription, parameters: WholeBodyParameters | None = None
    ) -> None:
        """Build; ``put`` it into a state before anything else."""
        self.parameters = parameters or WHOLE_BODY
        self.model = RobotModel(description)
        self.sources, self.reference = Sources(self.model), Reference()
        self.qp = WholeBodyQp(self.model, self.parameters)

    def put(self, estimate: Estimate) -> Body:
        """Take over a state."""
        self.model.update_dynamics(estimate)
        self.sources.refresh()
        return self

    def tasks(self, *tasks: Task) -> Tasks:
        """Rows of the given tasks in the present state, for the present reference."""
        compiled = Tasks(self.model, self.parameters, self.sources, self.reference, tasks)
        compiled.update()
        return compiled

    def contact(self, foot: int, normal_min: float = 0.0, normal_max: float = 1.6) -> SoleContact:
        """One loaded sole, as the whole-body controller describes it."""
        jacobian, rotation = self.sources.rows[SOLES[foot]], self.sources.rotation(foot)
        turned = np.vstack((rotation.T @ jacobian[:3], rotation.T @ jacobian[3:]))
        return SoleContact(self.model.weight * turned.T, normal_min, normal_max)

    def problem(
        self,
        feet: tuple[int, ...] = FEET,
        wanted: Sequence[Task] | None = None,
        posture_weight: float = 0.01,
        **contact: float,
    ) -> WholeBodyProblem:
        """QP of the given tasks, or of keeping still on ``feet`` when none are given."""
        tasks = self.tasks(*(self.keep_still(feet) if wanted is None else wanted))
        n = self.model.n
        posture = -10.0 * self.model.v[6:]
        stack = TaskStack(tasks.jacobian, tasks.target, np.full(n, posture_weight), posture)
        return self.qp.build(stack, tuple(self.contact(foot, **contact) for foot in feet))

    def solve(self, *args: object, **options: object) -> WholeBodySolution:
        """Build and solve in one go."""
        return self.qp.solve(self.problem(*args, **options))

    def keep_still(self, feet: tuple[int, ...]) -> Sequence[Task]:
        """Stance on the feet, pressure between them (in the air: wished for), pelvis level."""
        below = self.model.com * np.array([1.0, 1.0, 0.0])
        soles = [self.sources.position(foot) for foot in feet]
        self.reference.cop[:] = np.mean(soles, axis=0) if soles else below
        for zero in ("height_acceleration", "yaw", "yaw_rate"):
            getattr(self.reference, zero)[:] = 0.0
        return (template, yaw_momentum, *(stance(foot) for foot in feet), base_orientation)

    def after(self, acceleration: Array, dt: float) -> Estimate:
        """State ``dt`` later under a constant generalised acceleration."""
        q, v = self.model.q.copy(), self.model.v.copy()
        moved = pin.integrate(self.model.model, q, dt * v + 0.5 * dt**2 * acceleration)
        return estimate_of(moved, v + dt * acceleration)

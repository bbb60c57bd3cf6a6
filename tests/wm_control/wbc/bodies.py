"""One instant of whole-body control, put together by hand: tasks, contacts, QP, solution."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pinocchio as pin
from robot_parameters import WHOLE_BODY
from robot_states import estimate_of

from wm_control.robot.description import RobotDescription
from wm_control.robot.model import RobotModel
from wm_control.types import LEFT, RIGHT, Array, Estimate
from wm_control.wbc.parameters import WholeBodyParameters
from wm_control.wbc.tasks import Tasks
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
        self.tasks = Tasks(self.model, self.parameters)
        self.qp = WholeBodyQp(self.model, self.parameters)

    def put(self, estimate: Estimate) -> Body:
        """Take over a state."""
        self.model.update_dynamics(estimate)
        return self

    def contact(self, foot: int, normal_min: float = 0.0, normal_max: float = 1.6) -> SoleContact:
        """One loaded sole, as the whole-body controller describes it."""
        frame = self.model.sole_ids[foot]
        jacobian, rotation = (
            self.model.frame_jacobian(frame),
            self.model.frame_state(frame).rotation,
        )
        turned = np.vstack((rotation.T @ jacobian[:3], rotation.T @ jacobian[3:]))
        return SoleContact(self.model.weight * turned.T, normal_min, normal_max)

    def problem(
        self,
        feet: tuple[int, ...] = FEET,
        add: Callable[[Tasks, RobotModel], None] | None = None,
        posture_weight: float = 0.01,
        **contact: float,
    ) -> WholeBodyProblem:
        """QP of the given tasks, or of keeping still on ``feet`` when none are given."""
        self.tasks.clear()
        (add or self.keep_still(feet))(self.tasks, self.model)
        n = self.model.n
        posture = -10.0 * self.model.v[6:]
        stack = TaskStack(*self.tasks.stack, np.full(n, posture_weight), posture)
        return self.qp.build(stack, tuple(self.contact(foot, **contact) for foot in feet))

    def solve(self, *args: object, **options: object) -> WholeBodySolution:
        """Build and solve in one go."""
        return self.qp.solve(self.problem(*args, **options))

    def keep_still(self, feet: tuple[int, ...]) -> Callable[[Tasks, RobotModel], None]:
        """Stance on the feet, pressure between them (in the air: wished for), pelvis level."""

        def add(tasks: Tasks, model: RobotModel) -> None:
            soles = [model.frame_state(model.sole_ids[foot]) for foot in feet]
            below = model.com * np.array([1.0, 1.0, 0.0])
            cop = np.mean([sole.position for sole in soles], axis=0) if soles else below
            tasks.template(cop, 0.0)
            tasks.yaw_momentum()
            for foot, sole in zip(feet, soles, strict=True):
                tasks.stance(model.frame_jacobian(model.sole_ids[foot]), sole)
            base = model.base_id
            tasks.base_orientation(model.frame_jacobian(base), model.frame_state(base), 0.0, 0.0)

        return add

    def after(self, acceleration: Array, dt: float) -> Estimate:
        """State ``dt`` later under a constant generalised acceleration."""
        q, v = self.model.q.copy(), self.model.v.copy()
        moved = pin.integrate(self.model.model, q, dt * v + 0.5 * dt**2 * acceleration)
        return estimate_of(moved, v + dt * acceleration)

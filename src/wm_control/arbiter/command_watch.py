"""What one controller's commands do from cycle to cycle, told without knowing how it makes them.

A drive turns a command into a torque. How far two commands are from each other is therefore asked
of their torques at the measured state, in shares of what each joint can give: the norm over joints.
"""

from __future__ import annotations

import math

from wm_control.types import Array, Command, Estimate


class CommandWatch:
    """Follows the commands of one controller.

    jump: between its newest command and the one before, in the cycle in which it comes and if it
    drives; else 0: in the shadow a controller begins anew with every step that another takes.
    apart: between its command and the one that was sent to the robot, while another drives; else 0.
    frozen: for how long it has repeated itself while the joints moved [s].
    """

    def __init__(self, torque_limit: Array) -> None:
        """torque_limit: (n,) of the joints [N·m]."""
        self._limit = torque_limit
        self.reset()

    def reset(self) -> None:
        """Forget what was seen."""
        self.jump = self.apart = self.frozen = 0.0
        self._last: Command | None = None
        self._joints: Array | None = None
        self._changed = -math.inf

    def see(self, command: Command | None, estimate: Estimate, executed: Command | None) -> None:
        """Take in what it proposes in a cycle.

        executed: what the robot was sent last, if by another controller; else None.
        """
        if command is None:
            self.reset()
            return
        last = self._last
        self.jump = self.apart = 0.0
        if last is None or not _alike(command.position, last.position):
            if last is not None and executed is None:
                self.jump = torque_distance(command, last, estimate, self._limit)
            self._changed, self._joints = estimate.stamp, estimate.joint_position
        elif self._joints is not None and _alike(estimate.joint_position, self._joints):
            self._changed = estimate.stamp  # nothing moves: there is nothing to answer
        self.frozen = estimate.stamp - self._changed
        self._last = command
        if executed is not None:
            self.apart = torque_distance(command, executed, estimate, self._limit)


def torque_distance(a: Command, b: Command, estimate: Estimate, torque_limit: Array) -> float:
    """Distance of two commands' torques at the measured state [1]; NaN if not finite."""
    q, dq = estimate.joint_position, estimate.joint_velocity
    torque = a.torque - b.torque
    torque = torque + a.stiffness * (a.position - q) - b.stiffness * (b.position - q)
    torque = torque + a.damping * (a.velocity - dq) - b.damping * (b.velocity - dq)
    share = torque / torque_limit
    return math.sqrt(float(share.dot(share)))


def _alike(a: Array, b: Array) -> bool:
    return a is b or bool((a == b).all())

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
    reaches the robot; else 0: in the shadow a controller begins anew with every step that another
    takes, and its first step after a change of driver is slewed.
    frozen: for how long it has repeated itself while the joints moved [s].
    """

    def __init__(self, torque_limit: Array) -> None:
        """torque_limit: (n,) of the joints [N·m]."""
        self._limit = torque_limit
        self.reset()

    def reset(self) -> None:
        """Forget what was seen."""
        self.jump = self.frozen = 0.0
        self._last: Command | None = None
        self._joints: Array | None = None
        self._changed = -math.inf

    def see(self, command: Command | None, estimate: Estimate, *, harmless: bool = False) -> None:
        """Take in what it proposes in a cycle. harmless: no jump would reach the robot."""
        if command is None:
            self.reset()
            return
        last = self._last
        self.jump = 0.0
        if last is None or not _alike(command.position, last.position):
            if last is not None and not harmless:
                self.jump = torque_distance(command, last, estimate, self._limit)
            self._changed, self._joints = estimate.stamp, estimate.joint_position
        elif self._joints is not None and _alike(estimate.joint_position, self._joints):
            self._changed = estimate.stamp  # nothing moves: there is nothing to answer
        self.frozen = estimate.stamp - self._changed
        self._last = command


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

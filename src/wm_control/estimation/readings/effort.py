"""Torques that are absent, or that do not carry the robot.

Drives may report none: who stands is then told by how the soles move. Or what they report is in
another unit, of another sign, of another joint, or the joints are not where they are said to be:
then no wrench of the ground on the soles explains weight, motion and torques together.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from wm_control.estimation.body.body import Soles
from wm_control.estimation.parameters import ContactParameters, SensorParameters
from wm_control.robot.model import BASE_DOF
from wm_control.types import Array

BALANCE = "torques beside the weight"

_EVERY = 5
"""Samples from one look at the balance to the next."""

_BALANCE_TIME = 0.1
"""Smoothing of what stays unexplained: pushes are over sooner [s]."""

_LEAST, _MOST = 0.5, 2.0
"""Shares of the weight that torques may bear: a robot may carry as much as itself; tenths, tens and
a wrong sign are beyond."""

_SPIKE = 3.0
"""Times these, what one look counts at most: a bad sample of the IMU makes a huge force once."""

_HIGH, _FAST = 0.004, 0.12
"""Height over the lower sole [m] and speed [m/s] at which a sole's share of the load is 1/e."""


class EffortWatch:
    """Notices that all torques have been exactly zero for longer than any robot lets them be.

    silent: whether they are. cause: the words for it, empty when they are not.
    """

    def __init__(self, parameters: SensorParameters) -> None:
        """Expect torques."""
        self._limit = parameters.outage_limit
        self.reset()

    def reset(self) -> None:
        """Expect torques."""
        self.silent = False
        self.cause = ""
        self._time = 0.0

    def update(self, torque: Array, dt: float) -> None:
        """Take in one sample (n,) [N·m]."""
        if torque[0] != 0.0 or torque.any():
            if self._time > 0.0:
                self.reset()
            return
        self._time += dt
        if self._time > self._limit and not self.silent:
            self.silent = True
            self.cause = "drives report no torque at all: contact is told by the soles' motion"


class TorqueBalance:
    """What the soles' wrenches leave unexplained of weight, motion and the drives' torques.

    fault: what is wrong, empty when nothing is.
    """

    def __init__(
        self, joint_names: Sequence[str], weight: float, parameters: ContactParameters
    ) -> None:
        """joint_names: of the legs, in the order of the balance; weight: of the robot [N]."""
        self._moment, self._torque = parameters.unexplained_moment, parameters.unexplained_torque
        self._names = joint_names
        self._weight = weight
        self._left: Array = np.zeros(BASE_DOF + len(joint_names))
        base = np.repeat((weight, self._moment), 3)
        self._most = _SPIKE * np.concatenate((base, np.full(len(joint_names), self._torque)))
        self.reset()

    def reset(self) -> None:
        """Everything is explained."""
        self._left[:] = 0.0
        self._ticks = 0
        self._time = 0.0
        self.fault = ""

    def update(self, wrench: Array, jacobians: Array, external_force: Array, dt: float) -> None:
        """Take in one sample; every few of them are looked at.

        wrench: (2, 6) on the soles; jacobians: (12, r); external_force: (r,) that they explain,
        base rows first, in base axes [N, N·m].
        """
        self._ticks += 1
        self._time += dt
        if self._ticks < _EVERY:
            return
        share = self._time / (_BALANCE_TIME + self._time)
        self._ticks, self._time = 0, 0.0
        left = self._left
        unexplained = wrench.reshape(-1).dot(jacobians) - external_force
        np.maximum(unexplained, -self._most, out=unexplained)
        np.minimum(unexplained, self._most, out=unexplained)
        left *= 1.0 - share
        left += share * unexplained
        self.fault = self._judge(left.tolist())

    def _judge(self, left: Sequence[float]) -> str:
        _, _, force, roll, pitch, _, *joints = left
        share = 1.0 + force / self._weight
        if not (_LEAST <= share <= _MOST):
            return (
                f"torques bear {share:.2g} of the weight: their {'sign' if share < 0 else 'unit'}, "
                "or a robot that something else holds?"
            )
        if not (math.hypot(roll, pitch) <= self._moment):
            return (
                f"torques and posture leave {math.hypot(roll, pitch):.0f} N·m about the base "
                "unexplained: left and right exchanged, a joint reversed?"
            )
        worst = max(joints, key=abs)
        if not (abs(worst) <= self._torque):
            return (
                f"torque of {self._names[joints.index(worst)]} is {abs(worst):.0f} N·m off what "
                "the posture needs: units or signs of positions or torques?"
            )
        return ""


def wrench_by_motion(soles: Soles, speeds: Sequence[float], force: float) -> Array:
    """(2, 6) an upward force [N] shared by how low and how slow the soles are; world axes.

    speeds: of the soles, smoothed [m/s].
    """
    lower = min(soles.position[0][2], soles.position[1][2])
    left, right = (
        math.exp(-(place[2] - lower) / _HIGH - speed / _FAST)
        for place, speed in zip(soles.position, speeds, strict=True)
    )
    share = left / (left + right) if left + right > 0.0 else 0.5
    wrench = np.zeros((2, 6))
    wrench[:, 2] = force * share, force * (1.0 - share)
    return wrench

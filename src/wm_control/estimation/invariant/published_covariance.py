"""What an estimate tells of the filter's covariance: pose and twist of base_link.

Horizontal position is a gauge: no measurement tells it. What the filter learns later (a heading
error, say) would move the whole path of the past, robot included, and odometry must not jump
(REP-105). So now and then the place of a standing sole is taken for granted, and its variance
kept here.
"""

from __future__ import annotations

import casadi as ca
import numpy as np

from wm_control.estimation.invariant.ekf import (
    FOOT,
    GYRO_BIAS,
    MEAN,
    PHI,
    POSITION,
    SIZE,
    VELOCITY,
    FilterState,
)
from wm_control.kernel import Kernel
from wm_control.types import Array

_PLACES = (POSITION, *FOOT)
_CHOICE = {None: 0, 0: 1, 1: 2}


class PublishedCovariance:
    """What an ``Estimate`` tells of the filter's covariance, for base_link.

    pose, twist: (6, 6) as of the last ``refresh``; new arrays every time.
    """

    def __init__(self, imu_place: Array, gyro: float) -> None:
        """imu_place: (3,) of the IMU in base_link [m]; gyro: deviation of a sample [rad/s]."""
        self._settling = _settling()
        self._publishing = _publishing(imu_place, gyro)
        self.reset()

    def reset(self) -> None:
        """Start a path."""
        self.walked: Array = np.zeros((2, 2))
        self.pose: Array = np.zeros((6, 6))
        self.twist: Array = np.zeros((6, 6))

    def settle(self, state: FilterState, foot: int | None) -> None:
        """Take the horizontal place of a sole for granted from now on; None: the IMU's own.

        With e = (r + φ x d)_xy, the error of the place d itself, the error r of every place becomes
        r - e; heights stay, as the ground tells them. The variance of e is added to ``walked``
        (2, 2) [m²].
        """
        inputs, outputs = self._settling.inputs, self._settling.outputs
        inputs["covariance"][:] = state.covariance
        inputs["mean"][:] = state.mean
        inputs["choice"][:] = 0.0
        inputs["choice"][_CHOICE[foot]] = 1.0
        self._settling.run()
        state.covariance[:] = outputs["settled"]
        self.walked += outputs["variance"]

    def refresh(self, state: FilterState, wrong_by: Array | None = None) -> None:
        """Take over what the filter says now.

        wrong_by: (3,) world axes, by what the velocity may be wrong beyond that [m/s].
        """
        inputs, outputs = self._publishing.inputs, self._publishing.outputs
        inputs["covariance"][:] = state.covariance
        inputs["mean"][:] = state.mean
        inputs["walked"][:] = self.walked
        self._publishing.run()
        self.pose, self.twist = outputs["pose"].copy(), outputs["twist"].copy()
        if wrong_by is not None:
            in_base = wrong_by.dot(state.rotation)
            self.twist[:3, :3] += np.outer(in_base, in_base)


def _settling() -> Kernel:
    covariance, mean = ca.SX.sym("covariance", SIZE, SIZE), ca.SX.sym("mean", MEAN)
    choice = ca.SX.sym("choice", 3)
    place = ca.reshape(mean[12:21], 3, 3) @ choice
    error = ca.SX(2, SIZE)
    error[:, :3] = -ca.skew(place)[:2, :]
    for k, part in enumerate(_PLACES):
        error[0, part.start] = error[1, part.start + 1] = choice[k]
    rows = ca.SX(covariance)
    moved = error @ covariance
    for part in _PLACES:
        rows[part.start : part.start + 2, :] -= moved
    settled = ca.SX(rows)
    moved = rows @ error.T
    for part in _PLACES:
        settled[:, part.start : part.start + 2] -= moved
    variance = error @ covariance @ error.T
    return Kernel(
        "settling",
        {"covariance": covariance, "mean": mean, "choice": choice},
        {"settled": settled, "variance": variance},
    )


def _publishing(imu_place: Array, gyro: float) -> Kernel:
    """Write down both covariances, to first order.

    With q the base's position and r = R imu_place: δq = rp + φ x q for the pose, because p = q + r;
    for the twist in base axes Rᵀ rv + imu_place x δω and δω, with δω = noise - δb. The heading's
    error turns the whole path about its start, as if it had been there from the first step; it was
    smaller then, so this is cautious.
    """
    covariance, mean = ca.SX.sym("covariance", SIZE, SIZE), ca.SX.sym("mean", MEAN)
    walked = ca.SX.sym("walked", 2, 2)
    rotation, position = ca.reshape(mean[:9], 3, 3), mean[12:15]
    to_pose, to_twist = ca.SX(6, SIZE), ca.SX(6, SIZE)
    to_pose[:3, POSITION] = ca.SX.eye(3)
    to_pose[:3, PHI] = -ca.skew(position - rotation @ ca.DM(imu_place))
    to_pose[3:, PHI] = ca.SX.eye(3)
    arm = ca.vertcat(ca.SX(ca.skew(ca.DM(imu_place))), ca.SX.eye(3))
    to_twist[:3, VELOCITY] = rotation.T
    to_twist[:, GYRO_BIAS] = -arm
    pose = to_pose @ covariance @ to_pose.T
    lever = ca.vertcat(-position[1], position[0])
    heading = pose[5, 5]
    pose[:2, :2] += walked + heading * (lever @ lever.T)
    pose[:2, 5] += heading * lever
    pose[5, :2] += heading * lever.T
    twist = to_twist @ covariance @ to_twist.T + gyro**2 * (arm @ arm.T)
    return Kernel(
        "publishing",
        {"covariance": covariance, "mean": mean, "walked": walked},
        {"pose": pose, "twist": twist},
    )

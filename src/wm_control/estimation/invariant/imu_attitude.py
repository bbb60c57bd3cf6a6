"""The IMU's own attitude as a measurement: looked at in every sample, used every few.

Its noise is white and its error otherwise constant (the filter's IMU tilt), so that the mean of k
samples' innovations is k times as good as one of them, in variance, and costs one correction.
"""

from __future__ import annotations

import math

import casadi as ca
import numpy as np
import pinocchio as pin

from wm_control.estimation.invariant import ekf as ekf
from wm_control.estimation.invariant.measurements import attitude_jacobian
from wm_control.estimation.invariant.parameters import InvariantEkfParameters
from wm_control.estimation.invariant.placed_soles import forget
from wm_control.kernel import Kernel, exponential, logarithm, matrix_of
from wm_control.types import Array

_HEADING_JUMP = 0.1
"""A jump of the IMU's own heading that no drift makes [rad]."""


_TILT_JUMP, _TILT_DOUBT = 0.1, 4.0
"""Tilt from the belief at which a sample is refused [rad], and more per deviation of the belief."""


class ImuAttitude:
    """Innovations of the IMU's own attitude, gathered from sample to sample.

    off: tilt by which the last sample was refused, 0 when it was not [rad].
    """

    def __init__(self, parameters: InvariantEkfParameters, imu_to_base: Array) -> None:
        """imu_to_base: (3, 3) IMU axes to base axes."""
        self._variance = parameters.imu_orientation**2
        self._base_to_imu = imu_to_base.T
        self._kernel = _innovation(self._base_to_imu)
        self._mean, self._orientation = self._kernel.inputs.values()
        self._seen = self._kernel.outputs["innovation"]
        self._sum: Array = np.zeros(3)
        self.reset()

    def reset(self) -> None:
        """Drop what was gathered."""
        self._sum[:] = 0.0
        self._samples = 0
        self.off = 0.0

    def innovation(self, state: ekf.FilterState, orientation: Array) -> Array:
        """(3,) of one sample [rad], world axes; the next call overwrites it.

        orientation: (4,) xyzw, IMU axes to the IMU's own world. The IMU reports Rz(ψ) R exp(m) with
        its heading offset ψ and its tilt error m; z = log(R exp(m) (Rz(ψ)ᵀ measured)ᵀ).
        """
        self._mean[:] = state.mean
        self._orientation[:] = orientation
        self._kernel.run()
        return self._seen

    def gather(self, state: ekf.FilterState, orientation: Array) -> None:
        """Look at one sample (4,); a jump of its heading is learned, one of its tilt refused."""
        seen = self.innovation(state, orientation)
        x, y, _ = seen.tolist()
        self.off = math.hypot(x, y)
        if self.off > _TILT_JUMP:
            doubt = float(np.sqrt(state.variances[0] + state.variances[1]))
            if not (self.off <= _TILT_JUMP + _TILT_DOUBT * doubt):
                return
        self.off = 0.0
        if not (abs(seen[2]) <= _HEADING_JUMP):
            self.find_heading(state, orientation)
            forget(state, ekf.IMU_HEADING, _HEADING_JUMP**2)
            seen = self.innovation(state, orientation)
        self._sum += seen
        self._samples += 1

    def apart(self, state: ekf.FilterState) -> float | None:
        """Return the believed heading minus the IMU's own, mean of what was gathered [rad]."""
        if self._samples == 0:
            return None
        return float(self._sum[2]) / self._samples - state.imu_heading

    def find_heading(self, state: ekf.FilterState, orientation: Array) -> None:
        """Take the heading offset from one sample (4,)."""
        measured = pin.Quaternion(orientation).normalized().matrix() @ self._base_to_imu
        turn = measured @ state.rotation.T
        state.imu_heading = math.atan2(turn[1, 0] - turn[0, 1], turn[0, 0] + turn[1, 1])
        self.reset()

    def correct(self, state: ekf.FilterState) -> None:
        """Correct by the mean of what was gathered since the last time, if anything was."""
        if self._samples == 0:
            return
        noise = self._variance / self._samples * np.eye(3)
        ekf.correct(state, self._sum / self._samples, attitude_jacobian(state), noise)
        self.reset()


def _innovation(base_to_imu: Array) -> Kernel:
    """Write down ``ImuAttitude.innovation``."""
    mean, orientation = ca.SX.sym("mean", ekf.MEAN), ca.SX.sym("orientation", 4)
    measured = matrix_of(orientation / ca.norm_2(orientation)) @ ca.DM(base_to_imu)
    tilt, heading = ca.vertcat(mean[27:29], 0.0), ca.vertcat(0.0, 0.0, mean[29])
    tilted = ca.reshape(mean[:9], 3, 3) @ exponential(tilt)
    turned = exponential(-heading) @ measured
    return Kernel(
        "imu_attitude",
        {"mean": mean, "orientation": orientation},
        {"innovation": logarithm(tilted @ turned.T)},
    )

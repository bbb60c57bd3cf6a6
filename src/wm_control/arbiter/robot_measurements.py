"""What the rules about the robot look at, and the number each of them takes from it.

Every measurement is a pure function of ``RobotInputs``; one that makes no sense is NaN, which no
rule accepts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from wm_control.arbiter.balance import UNDISTURBED, Balance
from wm_control.arbiter.finite import beliefs_of, count_not_finite
from wm_control.arbiter.hardware import UNTOLD, Hardware
from wm_control.arbiter.joint_loads import JointLoads
from wm_control.arbiter.operator import NO_REQUEST, OperatorInput
from wm_control.fast_init import fast_init
from wm_control.types import Estimate


@fast_init
@dataclass(frozen=True, slots=True)
class Overruns:
    """How punctual the control loop was.

    in_a_row: late cycles up to now; share: of the cycles of the last second, in [0, 1]; periods
    that were given up count as late. stall: time for which it stood still before this cycle [s].
    """

    in_a_row: int = 0
    share: float = 0.0
    stall: float = 0.0


ON_TIME = Overruns()


@fast_init
@dataclass(frozen=True, slots=True)
class RobotInputs:
    """All that a rule about the robot may look at.

    stopped: see ``Arbiter``. loads: None where nobody measured them.
    """

    now: float
    estimate: Estimate
    balance: Balance = UNDISTURBED
    armed: bool = True
    operator: OperatorInput = NO_REQUEST
    overruns: Overruns = ON_TIME
    stopped: bool = False
    loads: JointLoads | None = None
    hardware: Hardware = UNTOLD


def state_not_finite(inputs: RobotInputs) -> float:
    """Count the arrays of the estimate that are not finite."""
    return count_not_finite(beliefs_of(inputs.estimate))


def state_age(inputs: RobotInputs) -> float:
    """Age of the estimate [s]; a stamp in the future is as wrong as one that far in the past."""
    return abs(inputs.now - inputs.estimate.stamp)


def unhealthy(inputs: RobotInputs) -> float:
    """1 when the estimator says that its estimate must not be used."""
    return float(not inputs.estimate.healthy)


def tilt(inputs: RobotInputs) -> float:
    """Angle between the base's z axis and the vertical [rad]."""
    x, y, z, w = inputs.estimate.base_orientation.tolist()
    squared = x * x + y * y + z * z + w * w
    if not (squared > 0.0):
        return math.nan
    cosine = 1.0 - 2.0 * (x * x + y * y) / squared
    return math.acos(max(-1.0, min(1.0, cosine))) if math.isfinite(cosine) else math.nan


def angular_rate(inputs: RobotInputs) -> float:
    """Magnitude of the base's angular velocity [rad/s]."""
    rate = inputs.estimate.base_angular_velocity_in_base
    return math.sqrt(rate.dot(rate))


def estimate_cause(inputs: RobotInputs) -> str:
    """Quote the estimator."""
    return inputs.estimate.cause


def joint_speed(inputs: RobotInputs) -> float:
    """Speed of the joint that is nearest to its limit, by that limit."""
    return 0.0 if inputs.loads is None else inputs.loads.speed


def joint_torque(inputs: RobotInputs) -> float:
    """Torque of the drive that is nearest to its limit, by that limit."""
    return 0.0 if inputs.loads is None else inputs.loads.torque


def joint_power(inputs: RobotInputs) -> float:
    """Power of the drive that is nearest to its most, by torque limit times speed limit."""
    return 0.0 if inputs.loads is None else inputs.loads.power


def total_power(inputs: RobotInputs) -> float:
    """Power of all drives, by all torque limits times speed limits."""
    return 0.0 if inputs.loads is None else inputs.loads.total


def motor_temperature(inputs: RobotInputs) -> float:
    """Temperature of the hottest motor [°C]; minus infinity where the robot does not tell."""
    told = inputs.hardware.motor_temperature
    return -math.inf if told is None else float(told.max())


def battery_voltage(inputs: RobotInputs) -> float:
    """Voltage of the battery [V]; infinite where the robot does not tell."""
    told = inputs.hardware.battery_voltage
    return math.inf if told is None else told


def motor_errors(inputs: RobotInputs) -> float:
    """Count the drives that report an error."""
    return float(len(inputs.hardware.motor_errors))

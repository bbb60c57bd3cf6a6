"""Limits of the arbiter and of the command filter; what has no default depends on the robot."""

from __future__ import annotations

from math import inf
from typing import Final

from pydantic import Field
from pydantic.dataclasses import dataclass

from wm_control.arbiter.velocity_envelope import VelocityEnvelope, widest_of
from wm_control.configuration.parameters import STRICT
from wm_control.constants import DAMP_AFTER, HOLD_AFTER
from wm_control.drivers import MPC
from wm_control.errors import ParameterError

LIMITS: Final = {
    "max_linear_x": "forward",
    "max_linear_x_backward": "backward",
    "max_linear_y": "sideways",
    "max_angular_z": "turning",
}
"""The operator's own limits, and the axes of an envelope that they narrow."""


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class DriverLimits:
    """From where on one driver yields to another that is not beyond its own; default: never.

    disagreement: beyond it, it cannot drive at all.
    """

    impulse: float = Field(
        default=inf,
        gt=0.0,
        allow_inf_nan=True,
        description="unexplained impulse within 20 ms, see arbiter/balance.py [N·s]",
    )
    slide: float = Field(
        default=inf,
        gt=0.0,
        allow_inf_nan=True,
        description="distance by which a sole that carries has slid, see arbiter/footing.py [m]",
    )
    slope: float = Field(
        default=inf,
        gt=0.0,
        allow_inf_nan=True,
        description="tilt of the soles that carry, see arbiter/footing.py [rad]",
    )
    capture: float = Field(
        default=-inf,
        allow_inf_nan=True,
        description="least margin by which steps still catch the robot, see arbiter/capture.py [m]",
    )
    risk: float = Field(
        default=inf,
        gt=0.0,
        allow_inf_nan=True,
        description="probability of a fall if it has the robot from now on, see "
        "arbiter/recoverability.py; needs a network in the robot's recoverability.yaml [1]",
    )
    jump: float = Field(
        default=inf,
        gt=0.0,
        allow_inf_nan=True,
        description="between two of its commands, see arbiter/command_watch.py [1]",
    )
    frozen: float = Field(
        default=inf,
        gt=0.0,
        allow_inf_nan=True,
        description="time for which its command does not change while the joints move [s]",
    )
    disagreement: float = Field(
        default=inf,
        gt=0.0,
        allow_inf_nan=True,
        description="between its command and what its lane computes, see controllers/lane.py [1]",
    )

    @property
    def looks_at_commands(self) -> bool:
        """Whether any limit is about its commands themselves."""
        return min(self.jump, self.frozen) < inf


UNLIMITED = DriverLimits()


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class ArbiterParameters:
    """Limits the rules compare against; how often and how long is in the rule tables."""

    plan_age: float = Field(
        default=0.024,
        gt=0.0,
        le=1.0,
        description="oldest plan a controller may follow, 3 periods [s]",
    )
    state_age_warning: float = Field(
        default=0.010, gt=0.0, le=1.0, description="estimate older than this is reported [s]"
    )
    state_age: float = Field(
        default=0.030, gt=0.0, le=1.0, description="estimate older than this: walk to a stop [s]"
    )
    state_age_damping: float = Field(
        default=0.100, gt=0.0, le=1.0, description="estimate older than this for 0.3 s: damping [s]"
    )
    tilt: float = Field(
        default=1.0,
        gt=0.1,
        le=3.1,
        description="angle between the base's z axis and the vertical [rad]",
    )
    base_height: float = Field(
        gt=0.0,
        le=2.0,
        description="least height of the base above its lower sole [m]",
    )
    angular_rate: float = Field(
        default=8.0, gt=0.5, le=50.0, description="magnitude of the base's angular velocity [rad/s]"
    )
    joint_speed: float = Field(
        default=0.8, gt=0.0, le=2.0, description="share of a joint's speed limit: slower"
    )
    joint_speed_hard: float = Field(
        default=1.0, gt=0.0, le=2.0, description="share of a joint's speed limit: stand still"
    )
    joint_torque: float = Field(
        default=0.95,
        gt=0.0,
        le=2.0,
        description="share of a drive's torque limit from where on it is saturated",
    )
    joint_power: float = Field(
        default=0.3,
        gt=0.0,
        le=2.0,
        description="share of a drive's torque limit times speed limit: slower",
    )
    joint_power_hard: float = Field(
        default=0.5,
        gt=0.0,
        le=2.0,
        description="share of a drive's torque limit times speed limit: stand still",
    )
    total_power: float = Field(
        default=0.03, gt=0.0, le=2.0, description="the same share, of all drives: slower"
    )
    total_power_hard: float = Field(
        default=0.05, gt=0.0, le=2.0, description="the same share, of all drives: stand still"
    )
    motor_temperature: float = Field(
        default=inf, gt=0.0, allow_inf_nan=True, description="of the hottest motor: slower [°C]"
    )
    motor_temperature_hard: float = Field(
        default=inf, gt=0.0, allow_inf_nan=True, description="of it: stand still [°C]"
    )
    battery_voltage: float = Field(
        default=0.0, ge=0.0, le=1000.0, description="least, under load: slower [V]"
    )
    battery_voltage_hard: float = Field(
        default=0.0, ge=0.0, le=1000.0, description="least, under load: stand still [V]"
    )
    overruns_in_a_row: int = Field(
        default=10,
        ge=0,
        le=100,
        description="control cycles in a row that may end late: one stall of "
        "4 ms, a time slice of an ordinary kernel, takes five to catch up",
    )
    overrun_share: float = Field(
        default=0.05, ge=0.0, le=1.0, description="share of late control cycles in one second"
    )
    overrun_share_fallback: float = Field(
        default=0.20,
        ge=0.0,
        le=1.0,
        description="share of late control cycles in one second, second limit",
    )
    loop_stall: float = Field(
        default=HOLD_AFTER,
        gt=0.0,
        le=10.0,
        description="control loop that stood still for longer, until when the robot's own watchdog "
        "follows the last command: fallback [s]",
    )
    loop_stall_damping: float = Field(
        default=DAMP_AFTER,
        gt=0.0,
        le=10.0,
        description="control loop that stood still for longer, when the robot's own watchdog has "
        "damped it: damping [s]",
    )
    ramp_time: float = Field(
        default=1.0,
        ge=0.0,
        le=10.0,
        description="from the measured pose to full gains after arming [s]",
    )
    hand_over_time: float = Field(
        default=0.05,
        ge=0.0,
        le=2.0,
        description="from the command of a driver that cannot go on to another's [s]",
    )
    take_back_time: float = Field(
        default=0.3,
        ge=0.0,
        le=2.0,
        description="from the command of a driver that drives well to a preferred one's [s]",
    )
    hand_over_slew: float = Field(
        default=40.0,
        gt=0.0,
        allow_inf_nan=True,
        description="in a hand-over, how fast commands alone may change a joint's torque, per its "
        "limit: by 0.08 of it in a cycle [1/s]",
    )
    hand_over_settling: float = Field(
        default=0.5,
        ge=0.0,
        le=10.0,
        description="from a change of driver, how long that holds at least: beyond the new "
        "driver's first step [s]",
    )
    switch_dwell: float = Field(
        default=0.5,
        ge=0.0,
        le=60.0,
        description="how long a preferred controller has to be available before it takes over from "
        "another that drives well [s]",
    )
    switch_budget: int = Field(
        default=4,
        ge=1,
        le=1000,
        description="changes of driver within switch_window after which nobody takes the robot "
        "back from one that drives well, until the operator clears",
    )
    switch_window: float = Field(default=10.0, gt=0.0, le=600.0, description="[s]")
    credit: float = Field(
        default=2.5,
        ge=0.0,
        le=60.0,
        description="time for which a controller may be unavailable before it is not trusted any "
        "more until all of it is back, at a quarter of the rate [s]",
    )
    drivers: dict[str, DriverLimits] = Field(
        default_factory=dict, description="where each driver yields, by name"
    )
    safe_time: float = Field(
        default=0.3,
        ge=0.0,
        le=10.0,
        description="SAFE_POSTURE: from the last command to the default posture [s]",
    )
    safe_stiffness: float = Field(
        default=9.0,
        gt=0.0,
        le=100.0,
        description="SAFE_POSTURE: stiffness per the robot's own; damping by its root",
    )
    fall_time: float = Field(
        default=0.4,
        ge=0.0,
        le=5.0,
        description="FALL_POSTURE: how long a fall is shaped before it is damped [s]",
    )
    fall_reach_time: float = Field(
        default=0.1,
        ge=0.0,
        le=5.0,
        description="FALL_POSTURE: from the measured posture to fall_posture [s]",
    )
    fall_stiffness: float = Field(
        default=3.0,
        gt=0.0,
        le=100.0,
        description="FALL_POSTURE: stiffness per the robot's own; damping by its root",
    )
    fall_posture: dict[str, float] = Field(
        default_factory=dict,
        description="FALL_POSTURE: joints that reach out, by name; the others are held [rad]",
    )
    damping_scale: float = Field(
        default=1.0,
        gt=0.0,
        le=10.0,
        description="damping gain when damping, per the robot's own gain",
    )

    def limits_of(self, driver: str) -> DriverLimits:
        """Where a driver yields; one of which nothing is said never does."""
        return self.drivers.get(driver, UNLIMITED)


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class FilterParameters:
    """Bounds of the last stage before the robot."""

    position_margin: float = Field(
        default=0.0,
        ge=0.0,
        le=1.0,
        description="position targets may leave the joint range by this [rad]",
    )
    rate_scale: float = Field(
        default=2.0,
        gt=0.0,
        le=100.0,
        description="speed of position targets, per the joint's speed limit",
    )
    stiffness_limit: float = Field(
        gt=0.0,
        le=50000.0,
        description="largest stiffness that is passed on [N·m/rad]",
    )
    damping_limit: float = Field(
        gt=0.0, le=5000.0, description="largest damping that is passed on [N·m·s/rad]"
    )
    torque_scale: float = Field(
        default=1.0, gt=0.0, le=1.0, description="usable share of the joint's torque limit"
    )


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class WatchdogParameters:
    """How long the robot follows a command that nobody renews."""

    hold_after: float = Field(
        default=HOLD_AFTER,
        gt=0.0,
        le=1.0,
        description="silence after which the last pose is held damped [s]",
    )
    damp_after: float = Field(
        default=DAMP_AFTER,
        gt=0.0,
        le=1.0,
        description="silence after which only damping remains [s]",
    )


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class VelocityParameters:
    """Which velocity commands are accepted, and for how long they hold.

    ``max_*`` only narrow what was measured (``SafetyParameters.envelopes``), which always holds
    besides; values beyond that are refused.
    """

    timeout: float = Field(
        default=0.5,
        gt=0.0,
        le=10.0,
        description="silence on /cmd_vel after which the robot stops [s]",
    )
    max_linear_x: float = Field(gt=0.0, le=10.0, description="forward [m/s]")
    max_linear_x_backward: float = Field(gt=0.0, le=10.0, description="backward [m/s]")
    max_linear_y: float = Field(gt=0.0, le=10.0, description="sideways [m/s]")
    max_angular_z: float = Field(gt=0.0, le=10.0, description="turning [rad/s]")
    limited_share: float = Field(
        default=0.8,
        ge=0.0,
        le=1.0,
        description="share of these limits while the arbiter says LIMITED",
    )


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class SafetyParameters:
    """A robot's ``arbiter.yaml``: everything between the operator's wish and the drives."""

    arbiter: ArbiterParameters
    filter: FilterParameters
    watchdog: WatchdogParameters = Field(default_factory=WatchdogParameters)
    velocity: VelocityParameters
    envelopes: dict[str, VelocityEnvelope] = Field(
        description="velocity commands that were measured to be survived, by driver"
    )

    def __post_init__(self) -> None:
        """ParameterError for a limit of the operator's beyond all that was measured."""
        if MPC not in self.envelopes:
            raise ParameterError(f"envelopes.{MPC}", "(missing)", "must be said")
        widest = widest_of(self.envelopes)
        for limit, axis in LIMITS.items():
            value, measured = getattr(self.velocity, limit), getattr(widest, axis)
            if not value <= measured:
                bound = f"must be at most {measured:g}, which was measured ({axis})"
                raise ParameterError(f"velocity.{limit}", value, bound)

    def envelope_of(self, driver: str) -> VelocityEnvelope:
        """Of a driver by its name; one that nobody measured gets what the model-based one does."""
        return self.envelopes.get(driver, self.envelopes[MPC])

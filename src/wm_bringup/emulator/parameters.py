"""What the emulated robot is like where no document tells how the real one is: all assumptions.

A YAML file overrides any of it (``wm emulate --parameters FILE``).
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from wm_control.configuration.parameters import STRICT
from wm_control.constants import HOLD_AFTER

Start = Literal["hanging", "standing"]
Regained = Literal["limp", "stand"]


@dataclass(frozen=True, slots=True, config=STRICT)
class WatchdogParameters:
    """Of the robot, over whoever commands its motors."""

    damp_after: float | None = Field(
        default=HOLD_AFTER,
        gt=0.0,
        le=10.0,
        description="silence of valid commands after which motors only damp; null: the last one "
        "acts for ever, as in the vendor's simulator [s]",
    )


@dataclass(frozen=True, slots=True, config=STRICT)
class VendorParameters:
    """The vendor's own controller, which has the robot until it is released."""

    modes: tuple[str, ...] = Field(default=("ai",), description="that can be selected")
    mode: str = Field(default="ai", description="active at the start; empty: none")
    regained: Regained = Field(
        default="limp",
        description="what it does when it is selected again: on a G1 no torque, as after booting",
    )
    stiffness: float = Field(
        default=9.0, gt=0.0, description="of its standing, by the robot's own; damping by the root"
    )
    stand_time: float = Field(default=2.0, gt=0.0, description="to get into its posture [s]")


@dataclass(frozen=True, slots=True, config=STRICT)
class CraneParameters:
    """The crane, and who lets the robot down."""

    start: Start = Field(default="hanging", description="how the robot is found")
    clearance: float = Field(
        default=0.10, ge=0.0, le=1.0, description="of the soles above ground, hanging [m]"
    )
    by_itself: bool = Field(
        default=True, description="let it down when it holds a posture; else when asked"
    )
    held_for: float = Field(default=1.0, gt=0.0, description="a posture is held for this [s]")
    stiffness: float = Field(
        default=4.0, gt=0.0, description="of its legs at least, by the robot's own"
    )
    speed: float = Field(default=0.1, gt=0.0, le=1.0, description="up and down [m/s]")


@dataclass(frozen=True, slots=True, config=STRICT)
class HeatParameters:
    """Of every motor: torque heats its winding, the winding its casing, the casing the air.

    In steady state at ``continuous`` torque the winding is ``winding_rise`` above the casing and
    that ``casing_rise`` above the air.
    """

    ambient: float = Field(default=25.0, description="of the air [°C]")
    begin: float | None = Field(default=None, description="at the start; null: of the air [°C]")
    continuous: float = Field(
        default=0.35, gt=0.0, le=1.0, description="torque that it can stand, by its limit"
    )
    winding_rise: float = Field(default=45.0, gt=0.0, description="[K]")
    casing_rise: float = Field(default=35.0, gt=0.0, description="[K]")
    winding_time: float = Field(default=40.0, gt=0.0, description="time constant [s]")
    casing_time: float = Field(default=600.0, gt=0.0, description="time constant [s]")
    winding_limit: float = Field(
        default=120.0, description="above it a motor gives no torque and says so [°C]"
    )
    casing_limit: float = Field(default=90.0, description="the same of the casing [°C]")
    recovered: float = Field(default=10.0, ge=0.0, description="below a limit it goes on [K]")


@dataclass(frozen=True, slots=True, config=STRICT)
class BatteryParameters:
    """Thirteen cells in series, as the G1's: 46.8 V rated, 54.6 V full, 9 Ah."""

    cells: int = Field(default=13, gt=0, le=40, description="in series")
    capacity: float = Field(default=9.0, gt=0.0, description="[Ah]")
    charge: float = Field(default=0.9, ge=0.0, le=1.0, description="at the start, of the capacity")
    resistance: float = Field(default=0.12, ge=0.0, description="of all [ohm]")
    idle: float = Field(default=28.0, ge=0.0, description="drawn by computers and sensors [W]")
    motor_loss: float = Field(
        default=8.0, ge=0.0, description="in each motor at its continuous torque [W]"
    )


@dataclass(frozen=True, slots=True, config=STRICT)
class PathParameters:
    """One direction of the network; shares are of frames. Delays are rounded up to periods."""

    delay: float = Field(default=0.0, ge=0.0, le=0.5, description="[s]")
    jitter: float = Field(default=0.0, ge=0.0, le=0.5, description="bound of more delay [s]")
    loss: float = Field(default=0.0, ge=0.0, le=1.0, description="share that never comes")
    reordered: float = Field(
        default=0.0, ge=0.0, le=1.0, description="share that comes after the next one"
    )
    repeated: float = Field(default=0.0, ge=0.0, le=1.0, description="share that comes twice")
    crc_errors: float = Field(default=0.0, ge=0.0, le=1.0, description="share with a wrong bit")


@dataclass(frozen=True, slots=True, config=STRICT)
class EmulatorParameters:
    """The emulated robot."""

    watchdog: WatchdogParameters = Field(default_factory=WatchdogParameters)
    vendor: VendorParameters = Field(default_factory=VendorParameters)
    crane: CraneParameters = Field(default_factory=CraneParameters)
    heat: HeatParameters = Field(default_factory=HeatParameters)
    battery: BatteryParameters = Field(default_factory=BatteryParameters)
    commands: PathParameters = Field(
        default_factory=PathParameters, description="from the computer to the robot"
    )
    states: PathParameters = Field(
        default_factory=PathParameters, description="from the robot to the computer"
    )
    torso_imu: str = Field(
        default="imu_in_torso", description="link of the second IMU; empty: there is none"
    )
    battery_every: int = Field(default=100, gt=0, description="periods between its messages")
    uptime: float = Field(default=60.0, ge=0.0, description="on its clock at the start [s]")

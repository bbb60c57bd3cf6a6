"""Parameters of the gait and of the footstep MPC; what has no default depends on the robot."""

from __future__ import annotations

from math import sqrt
from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass

from wm_control.configuration.parameters import STRICT
from wm_control.constants import GRAVITY

Margin = Annotated[float, Field(ge=0.0, lt=0.2)]
"""Kept from an edge of the sole [m]."""


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class GaitParameters:
    """Shape and timing of the nominal gait, and how fast its command may change."""

    com_height: float = Field(gt=0.3, lt=1.5, description="CoM above the stance sole [m]")
    step_duration: float = Field(gt=0.2, lt=1.5, description="touchdown to touchdown [s]")
    double_support: float = Field(ge=0.0, lt=0.5, description="load transfer per step [s]")
    step_width: float = Field(gt=0.05, lt=0.6, description="lateral sole distance [m]")
    apex_height: float = Field(gt=0.0, lt=0.3, description="swing clearance [m]")
    shift_duration: float = Field(gt=0.02, lt=1.0, description="first weight shift [s]")
    stand_at_zero_command: bool = Field(default=True, description="stand still instead of stepping")
    stand_dcm_gain: float = Field(
        default=2.5, gt=0.0, lt=20.0, description="CoP per DCM error, standing"
    )
    stand_dcm_margin: float = Field(
        gt=0.0, lt=0.2, description="DCM excursion that ends standing by a step [m]"
    )
    linear_slew: float = Field(gt=0.0, lt=5.0, description="of the velocity command [m/s²]")
    angular_slew: float = Field(gt=0.0, lt=10.0, description="of the turn command [rad/s²]")
    velocity_integral: float = Field(
        default=0.3,
        ge=0.0,
        lt=1.0,
        description="share of each stride's velocity error that is learned",
    )
    velocity_integral_limit: float = Field(
        default=0.15, ge=0.0, lt=0.5, description="of that [m/s]"
    )

    @property
    def omega(self) -> float:
        """Natural frequency of the template [1/s]."""
        return sqrt(GRAVITY / self.com_height)


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class FootstepMpcParameters:
    """Weights and bounds of the footstep and timing problem."""

    period: float = Field(default=0.008, gt=0.001, lt=0.1, description="between solves [s]")
    delay: float = Field(
        default=0.008, ge=0.0, lt=0.1, description="state to torque, predicted over [s]"
    )
    landing: float = Field(
        default=0.03,
        ge=0.0,
        lt=0.2,
        description="before touchdown its time is not changed any more [s]",
    )
    iterations: int = Field(default=2, ge=1, le=20, description="Gauss-Newton steps per solve")
    weight_dcm: float = Field(default=50.0, gt=0.0, description="DCM offset at touchdown")
    weight_step: float = Field(default=1.0, gt=0.0, description="deviation from the nominal step")
    weight_cop: float = Field(default=0.5, gt=0.0, description="CoP offset now")
    weight_cop_next: float = Field(
        default=0.5, gt=0.0, description="CoP offset in the coming steps"
    )
    weight_time: float = Field(default=0.5, gt=0.0, description="step duration, per s²")
    cop_margin_x: tuple[Margin, Margin] = Field(
        description="CoP from the stance sole's heel and from its toe, at least [m]"
    )
    cop_margin_y: Margin = Field(description="CoP from the stance sole's sides, at least [m]")
    step_x: float = Field(gt=0.1, lt=1.5, description="feet apart, ±x [m]")
    step_y: tuple[float, float] = Field(description="feet apart, outward y [m]")
    swing_speed: float = Field(gt=0.5, lt=10.0, description="reachable mean swing speed [m/s]")
    single_support: tuple[float, float] = Field(
        description="shortest and longest single support [s]"
    )
    reach_fraction: float = Field(
        default=0.985, gt=0.5, le=1.0, description="usable share of the stretched leg"
    )

"""Parameters of the footstep MPC; what has no default depends on the robot."""

from __future__ import annotations

from pydantic import Field
from pydantic.dataclasses import dataclass

from wm_control.configuration.parameters import STRICT
from wm_control.robot.geometry import Margin


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

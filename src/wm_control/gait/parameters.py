"""Parameters of the gait; what has no default depends on the robot."""

from __future__ import annotations

from math import sqrt

from pydantic import Field
from pydantic.dataclasses import dataclass

from wm_control.configuration.parameters import STRICT
from wm_control.constants import GRAVITY


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class GaitParameters:
    """Shape and timing of the nominal gait, and how fast its command may change."""

    com_height: float = Field(
        gt=0.1, lt=1.5, description="CoM above the stance sole at fast_speed, of the template [m]"
    )
    com_height_standing: float | None = Field(
        default=None,
        gt=0.1,
        lt=1.5,
        description="CoM above the soles while nothing asks for long steps; null: com_height [m]",
    )
    fast_speed: float = Field(
        default=1.0, gt=0.05, lt=5.0, description="from which on com_height is not changed [m/s]"
    )
    step_duration: float = Field(gt=0.1, lt=1.5, description="touchdown to touchdown [s]")
    double_support: float = Field(ge=0.0, lt=0.5, description="load transfer per step [s]")
    step_width: float = Field(gt=0.02, lt=0.6, description="lateral sole distance [m]")
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

    def com_height_at(self, reach: float) -> float:
        """Height of the CoM above the stance sole [m] for a step.

        reach: from sole to sole at touchdown [m]. A leg that reaches twice as far takes the hip
        down four times as much: the height falls with the square, from that of the step on the
        spot to ``com_height`` for one at ``fast_speed``.
        """
        if self.com_height_standing is None:
            return self.com_height
        longest = self.fast_speed * self.step_duration
        ahead = max(reach**2 - self.step_width**2, 0.0)
        share = min(ahead / longest**2, 1.0)
        return self.com_height_standing + share * (self.com_height - self.com_height_standing)

    def can_sink(self, height: float) -> float:
        """By how much a CoM at ``height`` above the sole will sink for the longest step [m]."""
        highest = self.com_height_standing or self.com_height
        return max(min(height, highest) - self.com_height, 0.0)

    @property
    def omega(self) -> float:
        """Natural frequency of the template [1/s]."""
        return sqrt(GRAVITY / self.com_height)

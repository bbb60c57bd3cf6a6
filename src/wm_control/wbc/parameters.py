"""Parameters of the whole-body controller; what has no default depends on the robot."""

from __future__ import annotations

from pydantic import Field
from pydantic.dataclasses import dataclass

from wm_control.configuration.parameters import STRICT
from wm_control.robot.geometry import Margin


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class WholeBodyParameters:
    """Task weights, task gains, limits, and the shape of the joint command."""

    friction: float = Field(
        default=0.5, gt=0.05, lt=2.0, description="assumed friction coefficient"
    )
    weight_com: float = Field(default=100.0, gt=0.0, description="CoM acceleration")
    weight_stance: float = Field(default=300.0, gt=0.0, description="stance sole acceleration")
    weight_swing_linear: float = Field(default=30.0, gt=0.0, description="swing sole, linear")
    weight_swing_angular: float = Field(default=10.0, gt=0.0, description="swing sole, angular")
    weight_base: float = Field(default=5.0, gt=0.0, description="pelvis orientation")
    weight_torso: float = Field(default=2.0, gt=0.0, description="posture of waist, head, hands")
    weight_yaw_momentum: float = Field(
        default=1.0, ge=0.0, description="yaw momentum rate, per inertia"
    )
    weight_arms: float = Field(default=0.05, gt=0.0, description="arm posture")
    weight_taken: float = Field(
        default=100.0, gt=0.0, description="acceleration of joints that somebody else moves"
    )
    weight_legs: float = Field(default=0.002, gt=0.0, description="leg posture, regularisation")
    weight_wrench: float = Field(default=1e-4, gt=0.0, description="wrench, scaled by weight")
    com_height_stiffness: float = Field(gt=0.0, description="[1/s²]")
    com_height_damping: float = Field(gt=0.0, description="[1/s]")
    base_stiffness: float = Field(default=150.0, gt=0.0, description="pelvis orientation [1/s²]")
    base_damping: float = Field(default=22.0, gt=0.0, description="pelvis orientation [1/s]")
    stance_damping: float = Field(default=20.0, ge=0.0, description="of the stance sole [1/s]")
    swing_stiffness: float = Field(default=700.0, gt=0.0, description="of the swing sole [1/s²]")
    swing_damping: float = Field(default=45.0, gt=0.0, description="of the swing sole [1/s]")
    posture_stiffness: float = Field(default=60.0, gt=0.0, description="of the posture [1/s²]")
    posture_damping: float = Field(default=14.0, gt=0.0, description="of the posture [1/s]")
    momentum_damping: float = Field(default=4.0, ge=0.0, description="of yaw momentum [1/s]")
    sole_margin: tuple[Margin, Margin] = Field(
        description="of the sole left unused at its ends, x, and at its sides, y [m]"
    )
    torque_fraction: float = Field(default=1.0, gt=0.1, le=1.0, description="of the torque limits")
    limit_horizon: float = Field(
        default=0.03, gt=0.002, lt=0.3, description="joint limits look ahead [s]"
    )
    leak: float = Field(
        default=0.95, ge=0.0, lt=1.0, description="of the q, dq integration per control period"
    )
    stiffness_scale: float = Field(
        default=1.0, ge=0.0, lt=5.0, description="of the description's kp"
    )
    damping_scale: float = Field(default=0.5, ge=0.0, lt=5.0, description="of the description's kd")

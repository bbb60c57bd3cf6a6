"""Every number of the invariant EKF, with its unit, bounds and reason."""

from __future__ import annotations

from pydantic import Field
from pydantic.dataclasses import dataclass

from wm_control.configuration.parameters import STRICT


@dataclass(frozen=True, slots=True, config=STRICT)
class InvariantEkfParameters:
    """Standard deviations: of a sample for sensors, per root second for what drifts.

    Sensors are as ``nominal`` has them; at reset, the deviation of a bias drawn evenly within its
    bound, bound / √3. What soles and a flat floor do is four to ten times what they do under the
    model-based controller in simulation.
    """

    gyro: float = Field(default=0.005, gt=0.0, description="of a sample [rad/s]")
    accelerometer: float = Field(default=0.1, gt=0.0, description="of a sample [m/s^2]")
    gyro_bias_start: float = Field(default=0.0058, gt=0.0, description="at reset [rad/s]")
    accelerometer_bias_start: float = Field(default=0.058, gt=0.0, description="at reset [m/s^2]")
    gyro_bias_drift: float = Field(default=2e-5, ge=0.0, description="[rad/s/sqrt(s)]")
    accelerometer_bias_drift: float = Field(default=5e-4, ge=0.0, description="[m/s^2/sqrt(s)]")
    encoder: float = Field(
        default=0.6e-3, gt=0.0, description="of a leg joint's position, quantum included [rad]"
    )
    sole: float = Field(
        default=0.3e-3, ge=0.0, description="of a standing sole beyond the encoders [m]"
    )
    stance_drift: float = Field(
        default=0.0004, gt=0.0, description="of a firmly loaded sole's place [m/sqrt(s)]"
    )
    unload_drift: float = Field(
        default=0.05, ge=0.0, description="of a sole's place as its load goes to none [m/sqrt(s)]"
    )
    rocking_drift: float = Field(
        default=0.03,
        ge=0.0,
        description="of a sole's place per rad/s it turns or rocks [m/sqrt(s)]",
    )
    rocking_allowance: float = Field(
        default=0.05, ge=0.0, description="of a sole's rate that is noise [rad/s]"
    )
    rocking_time: float = Field(
        default=0.01, gt=0.0, le=0.1, description="smoothing of that rate [s]"
    )
    turn_drift: float = Field(
        default=0.0015, gt=0.0, description="of a firm stance sole's heading [rad/sqrt(s)]"
    )
    unload_turn: float = Field(
        default=0.1, ge=0.0, description="of its heading as its load goes to none [rad/sqrt(s)]"
    )
    turning_drift: float = Field(
        default=0.5, ge=0.0, description="of its heading per rad/s it is seen to turn [sqrt(s)]"
    )
    rest_drift: float = Field(
        default=2e-4, gt=0.0, description="of a resting sole's heading [rad/sqrt(s)]"
    )
    observer_bandwidth: float = Field(
        default=400.0, gt=10.0, le=400.0, description="of the momentum observer [rad/s]"
    )
    contact_time: float = Field(
        default=0.001, gt=0.0, le=0.2, description="smoothing of the contact probability [s]"
    )
    add_load: float = Field(
        default=0.25, gt=0.0, lt=1.0, description="share of the weight at which a sole is put down"
    )
    remove_load: float = Field(
        default=0.1, gt=0.0, lt=1.0, description="share of the weight at which it is lifted"
    )
    full_load: float = Field(
        default=0.4, gt=0.0, le=1.0, description="share of the weight that makes a sole firm"
    )
    slip_gate: float = Field(
        default=16.0, gt=1.0, description="squared innovation over its variance that is a slip [1]"
    )
    slip_turn: float = Field(
        default=0.15,
        gt=0.0,
        description="of a standing sole that is reported as a slip [rad/s]",
    )
    slip_time: float = Field(
        default=0.05, gt=0.0, le=1.0, description="for which a slip keeps its drift inflated [s]"
    )
    slip_drift: float = Field(
        default=0.05, ge=0.0, description="of a slipping sole's place [m/sqrt(s)]"
    )
    force_jump: float = Field(
        default=40.0,
        gt=10.0,
        description="of the specific force between two samples that steps make [m/s^2]",
    )
    force_jump_per_jolt: float = Field(
        default=60.0,
        ge=0.0,
        description="more of it by an impact, per rad/s that the gyro jumps by [m/s]",
    )
    doubt_time: float = Field(
        default=0.03,
        gt=0.0,
        le=1.0,
        description="for which a sole has to stand until the velocity is believed again [s]",
    )
    doubt_drift: float = Field(
        default=1.5, ge=0.0, description="of a velocity in doubt [m/s/sqrt(s)]"
    )
    slide_speed: float = Field(
        default=0.035, gt=0.0, description="of a firm sole that is seen to slide [m/s]"
    )
    slide_time: float = Field(
        default=0.02, gt=0.0, le=0.1, description="smoothing of that speed [s]"
    )
    slide_patience: float = Field(
        default=0.1,
        gt=0.0,
        le=1.0,
        description="for which all firm soles may slide before the velocity is wrong instead [s]",
    )
    flat_ground: bool = Field(
        default=True, description="standing soles are level and at z = 0; false for slopes, bumps"
    )
    ground_height: float = Field(
        default=1e-4, gt=0.0, description="of a flat floor's height from step to step [m]"
    )
    ground_gate: float = Field(
        default=9.0,
        gt=1.0,
        description="squared height over its variance that is no flat ground [1]",
    )
    roughness_share: float = Field(
        default=0.03,
        ge=0.0,
        le=1.0,
        description="of a use of the ground in what is learned of its roughness [1]",
    )
    ground_tilt_gate: float = Field(
        default=0.015,
        gt=0.0,
        le=0.2,
        description="tilt of a sole that does not lie level [rad]",
    )
    ground_tilt: float = Field(
        default=2e-4, gt=0.0, description="of a flat floor's tilt from step to step [rad]"
    )
    imu_tilt_start: float = Field(
        default=0.00175, gt=0.0, description="tilt error of the IMU's own orientation [rad]"
    )
    imu_orientation: float = Field(
        default=0.001, gt=0.0, description="of a sample of the IMU's own orientation [rad]"
    )
    imu_heading_drift: float = Field(
        default=2e-4, gt=0.0, description="of the IMU's own heading [rad/sqrt(s)]"
    )
    imu_heading_rate_start: float = Field(
        default=2.9e-4, gt=0.0, description="at reset, of the rate it drifts at [rad/s]"
    )
    imu_heading_rate_drift: float = Field(
        default=2e-5, ge=0.0, description="of that rate [rad/s/sqrt(s)]"
    )
    attitude_period: int = Field(
        default=5, ge=1, le=100, description="samples between two uses of the IMU's orientation"
    )
    ground_period: int = Field(
        default=10,
        ge=1,
        le=100,
        description="samples between two uses of level and height",
    )

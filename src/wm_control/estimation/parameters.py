"""Every number of the state estimator, with its unit, bounds and reason.

What has no default depends on the size of the robot.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from wm_control.configuration.parameters import STRICT
from wm_control.estimation.invariant.parameters import InvariantEkfParameters

Kind = Literal["leg_odometry", "invariant_ekf"]


@dataclass(frozen=True, slots=True, config=STRICT)
class OrientationParameters:
    """Gains of the complementary filter (Mahony et al., 2008)."""

    tilt_bandwidth: float = Field(
        default=1.0, gt=0.0, le=20.0, description="of roll and pitch towards the IMU's own [rad/s]"
    )
    startup_bandwidth: float = Field(
        default=20.0, gt=0.0, le=50.0, description="of tilt and heading right after reset [rad/s]"
    )
    heading_bandwidth_standing: float = Field(
        default=1.0, ge=0.0, le=20.0, description="of heading towards both resting soles [rad/s]"
    )
    imu_heading_bandwidth: float = Field(
        default=0.1,
        ge=0.0,
        le=5.0,
        description="of the vertical gyro bias towards the IMU's own heading rate [rad/s]",
    )
    heading_bandwidth_walking: float = Field(
        default=0.02,
        ge=0.0,
        le=5.0,
        description="of heading towards the stance sole, which slips [rad/s]",
    )
    accelerometer_bandwidth: float = Field(
        default=0.05,
        ge=0.0,
        le=5.0,
        description="of tilt towards gravity while the IMU has none [rad/s]",
    )
    accelerometer_gate: float = Field(
        default=1.0, gt=0.0, le=9.0, description="deviation from g at which it is ignored [m/s^2]"
    )
    gyro_bias_limit: float = Field(
        default=0.1, gt=0.0, le=1.0, description="largest believed bias [rad/s]"
    )


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class ContactParameters:
    """Foot wrenches from the momentum observer, and contact from force, height and speed."""

    observer_bandwidth: float = Field(
        default=250.0, gt=10.0, le=400.0, description="of the momentum observer [rad/s]"
    )
    joint_torque_noise: float = Field(
        gt=0.0, description="trust in the legs' momentum balance [N·m]"
    )
    base_force_noise: float = Field(
        gt=0.0, description="trust in the base's force balance: payload, pushes [N]"
    )
    base_torque_noise: float = Field(gt=0.0, description="trust in the base's torque balance [N·m]")
    prior_force: float = Field(gt=0.0, description="expected size of a foot force [N]")
    prior_torque: float = Field(gt=0.0, description="expected size of a foot torque [N·m]")
    unexplained_moment: float = Field(
        gt=0.0, description="about the base's horizontal axes beyond which torques are wrong [N·m]"
    )
    unexplained_torque: float = Field(
        gt=0.0, description="at a leg's joint beyond which torques or positions are wrong [N·m]"
    )
    load_threshold: float = Field(
        default=0.12,
        gt=0.0,
        lt=1.0,
        description="vertical force, share of the weight, at probability 0.5",
    )
    load_slope: float = Field(
        default=30.0, gt=0.0, description="log-odds per share of the weight around the threshold"
    )
    load_evidence: float = Field(
        default=6.0, gt=0.0, description="most log-odds that force contributes"
    )
    height_allowance: float = Field(
        default=0.03, gt=0.0, description="height over the lower sole that says nothing [m]"
    )
    height_slope: float = Field(
        default=100.0, ge=0.0, description="log-odds lost per metre above it"
    )
    speed_time: float = Field(
        default=0.01, gt=0.0, le=0.1, description="smoothing of the soles' noisy velocities [s]"
    )
    speed_allowance: float = Field(
        default=0.3, gt=0.0, description="speed of the sole that says nothing [m/s]"
    )
    speed_slope: float = Field(default=5.0, ge=0.0, description="log-odds lost per m/s above it")
    kinematic_evidence: float = Field(
        default=4.0, ge=0.0, description="most log-odds lost to height and to speed, each"
    )
    rise_time: float = Field(
        default=0.003, gt=0.0, le=0.2, description="of the probability upwards [s]"
    )
    fall_time: float = Field(
        default=0.003, gt=0.0, le=0.2, description="of the probability downwards [s]"
    )


@dataclass(frozen=True, slots=True, config=STRICT)
class OdometryParameters:
    """Constant gains of the velocity and position observer."""

    velocity_gain: float = Field(
        default=2.0, gt=0.0, le=200.0, description="velocity from the stance sole's velocity [1/s]"
    )
    anchor_velocity_gain: float = Field(
        default=100.0,
        ge=0.0,
        le=1000.0,
        description="velocity from the stance sole's drift [1/s^2]",
    )
    anchor_position_gain: float = Field(
        default=20.0, ge=0.0, le=200.0, description="position from the stance sole's drift [1/s]"
    )
    acceleration_bias_gain: float = Field(
        default=5.0,
        ge=0.0,
        le=20.0,
        description="accelerometer bias from velocity innovation [1/s^2]",
    )
    acceleration_bias_limit: float = Field(
        default=0.5, ge=0.0, le=3.0, description="largest believed accelerometer bias [m/s^2]"
    )
    full_load: float = Field(
        default=0.4,
        gt=0.0,
        le=1.0,
        description="share of the weight above which a sole counts fully",
    )
    slip_speed: float = Field(
        default=0.05,
        gt=0.0,
        le=2.0,
        description="sole speed beyond which its say shrinks (Huber) [m/s]",
    )
    slip_patience: float = Field(
        default=0.2, gt=0.0, le=2.0, description="time for which soles may all seem to slip [s]"
    )
    anchor_release: float = Field(
        default=0.02, gt=0.0, le=0.2, description="drift of a loaded sole that moves its anchor [m]"
    )
    ground_time: float = Field(
        default=0.5,
        gt=0.0,
        le=30.0,
        description="time constant towards 'the stance sole is at z = 0' [s]",
    )


@dataclass(frozen=True, slots=True, config=STRICT)
class SensorParameters:
    """When a sensor is believed, and for how long the estimate lives without it."""

    outage_limit: float = Field(
        default=0.05, gt=0.0, le=0.5, description="prediction without a sensor before unhealthy [s]"
    )
    recovery_time: float = Field(
        default=0.2,
        ge=0.0,
        le=5.0,
        description="good samples after such an outage before healthy [s]",
    )
    gyro_range: float = Field(
        default=34.9, gt=0.0, description="full scale per axis, 2000 degrees/s [rad/s]"
    )
    accelerometer_range: float = Field(
        default=156.9, gt=0.0, description="full scale per axis, 16 g [m/s^2]"
    )
    joint_margin: float = Field(default=0.2, gt=0.0, description="beyond a joint's stops [rad]")
    range_factor: float = Field(
        default=5.0, gt=1.0, description="times the joint's velocity and torque limits"
    )
    stuck_samples: int = Field(
        default=8, ge=3, le=500, description="identical readings that raise suspicion"
    )
    stuck_angle: float = Field(
        default=0.004, gt=0.0, description="motion told by another sensor that confirms it [rad]"
    )
    turn_mismatch: float = Field(
        default=0.009,
        gt=0.0,
        description="of gyro and IMU attitude within 0.1 s that noise and impacts make [rad]",
    )
    speed_mismatch: float = Field(
        default=0.05,
        gt=0.0,
        description="of a joint's velocity and position within 0.1 s that they make [rad]",
    )


@dataclass(frozen=True, slots=True, config=STRICT)
class CovarianceParameters:
    """Standard deviations that the estimate claims for itself; drift per root second."""

    tilt: float = Field(default=0.004, gt=0.0, description="roll and pitch [rad]")
    heading_drift: float = Field(default=0.004, gt=0.0, description="[rad/sqrt(s)]")
    position_drift: float = Field(default=0.005, gt=0.0, description="horizontal [m/sqrt(s)]")
    slip_share: float = Field(
        default=0.015, ge=0.0, lt=1.0, description="of the distance walked, lost to slipping [1]"
    )
    height: float = Field(default=0.009, gt=0.0, description="over the stance sole's ground [m]")
    velocity: float = Field(
        default=0.02, gt=0.0, description="of the base with a foot in contact [m/s]"
    )
    angular_velocity: float = Field(default=0.009, gt=0.0, description="[rad/s]")
    unsupported_acceleration: float = Field(
        default=0.15,
        gt=0.0,
        description="growth of the velocity's deviation without contact [m/s^2]",
    )


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class EstimatorParameters:
    """A robot's ``estimator.yaml``."""

    kind: Kind = Field(
        default="invariant_ekf",
        description="which estimator; orientation, odometry and covariance "
        "belong to the first, invariant_ekf to the second, the rest to both",
    )
    orientation: OrientationParameters = Field(default_factory=OrientationParameters)
    contact: ContactParameters
    odometry: OdometryParameters = Field(default_factory=OdometryParameters)
    sensors: SensorParameters = Field(default_factory=SensorParameters)
    covariance: CovarianceParameters = Field(default_factory=CovarianceParameters)
    invariant_ekf: InvariantEkfParameters = Field(default_factory=InvariantEkfParameters)

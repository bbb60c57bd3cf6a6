"""Schema of a robot file, ``robot.yaml`` of a robot's folder: what makes a URDF a robot."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass

from wm_control.configuration.parameters import STRICT

Vector3 = tuple[float, float, float]
Vector6 = tuple[float, float, float, float, float, float]
Positive = Annotated[float, Field(gt=0.0)]


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class JointConfig:
    """One actuated joint. What is left out comes from the URDF or is derived from the rotor."""

    group: str = Field(description="left_leg, right_leg, waist, left_arm, right_arm, ...")
    actuator: str = Field(description="key of `actuators`: gives the rotor inertia")
    rotors: int = Field(
        default=1, ge=1, le=4, description="actuators that drive this joint in parallel"
    )
    default: float | None = Field(
        default=None,
        description="position in the default standing posture; null: 0, and of all legs' joints: "
        "standing by inverse kinematics [rad]",
    )
    origin: Vector3 | None = Field(
        default=None, description="of the joint in its parent link, instead of the URDF's [m]"
    )
    lower: float | None = Field(
        default=None, description="position limit, instead of the URDF's [rad]"
    )
    upper: float | None = Field(
        default=None, description="position limit, instead of the URDF's [rad]"
    )
    velocity: Positive | None = Field(default=None, description="instead of the URDF's [rad/s]")
    torque: Positive | None = Field(default=None, description="instead of the URDF's [N·m]")
    stiffness: Positive | None = Field(default=None, description="instead of the derived [N·m/rad]")
    damping: Positive | None = Field(default=None, description="instead of the derived [N·m·s/rad]")


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class LinkConfig:
    """Inertia of one link, instead of the URDF's; in the link's own axes."""

    mass: float = Field(ge=0.0, description="0: the link weighs nothing [kg]")
    com: Vector3 = Field(default=(0.0, 0.0, 0.0), description="centre of mass [m]")
    inertia: Vector6 = Field(
        default=(0.0, 0.0, 0.0, 0.0, 0.0, 0.0),
        description="about the centre of mass: xx, xy, xz, yy, yz, zz [kg·m²]",
    )


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class GainConfig:
    """Joint gains follow from the rotor: kp = J (2 pi f)², kd = 2 zeta J 2 pi f."""

    natural_frequency: float = Field(default=10.0, gt=0.0, le=50.0, description="f [Hz]")
    damping_ratio: float = Field(default=2.0, gt=0.0, le=10.0, description="zeta [-]")


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class SphereConfig:
    """One contact sphere of a foot, in its link's frame."""

    center: Vector3 = Field(description="[m]")
    radius: Positive = Field(description="[m]")


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class SoleConfig:
    """Sole frame (z up, x to the toe, on the ground when standing) and its support rectangle."""

    link: str = Field(description="link of the URDF that carries the sole")
    position: Vector3 = Field(default=(0.0, 0.0, 0.0), description="sole origin in that link [m]")
    rpy: Vector3 = Field(default=(0.0, 0.0, 0.0), description="sole axes in that link [rad]")
    half_length: Positive = Field(description="support rectangle for control, along x [m]")
    half_width: Positive = Field(description="support rectangle for control, along y [m]")
    contact_spheres: tuple[SphereConfig, ...] = Field(
        default=(),
        description="contact geometry for simulators, instead of the URDF's spheres; where neither "
        "has any, four at the corners of the rectangle",
    )


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class SolesConfig:
    """Both feet."""

    left: SoleConfig
    right: SoleConfig


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class ImuConfig:
    """The IMU's frame, at a link of the URDF or moved from it: on the base or above the waist."""

    link: str = Field(description="link of the URDF, e.g. imu_in_pelvis")
    position: Vector3 = Field(default=(0.0, 0.0, 0.0), description="IMU origin in that link [m]")
    rpy: Vector3 = Field(default=(0.0, 0.0, 0.0), description="IMU axes in that link [rad]")


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class CapsuleConfig:
    """A limb in self-collision: two points of a link's frame and a radius."""

    link: str
    start: Vector3 = Field(description="[m]")
    end: Vector3 = Field(description="[m]")
    radius: Positive = Field(description="[m]")


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class RobotConfig:
    """A robot file; it may also say what it ``extends`` (see ``configuration.extending``)."""

    name: str
    urdf: str = Field(
        description="PATH, package://NAME/PATH, or DISTRIBUTION:PATH inside a Python wheel"
    )
    base_link: str = Field(description="root link of the URDF, the floating base")
    imu: ImuConfig | None = Field(
        default=None, description="left out: taken to be at the base's origin, in its axes"
    )
    soles: SolesConfig
    actuators: dict[str, Positive] = Field(description="reflected rotor inertia by name [kg·m²]")
    joints: dict[str, JointConfig] = Field(description="actuated joints, in any order")
    locked: dict[str, float] = Field(default={}, description="joints to freeze, and where [rad]")
    absent: tuple[str, ...] = Field(
        default=(), description="joints that are not there, nor what they carry"
    )
    links: dict[str, LinkConfig] = Field(default={}, description="links that weigh otherwise")
    gains: GainConfig = Field(default_factory=GainConfig)
    capsules: dict[str, CapsuleConfig] = Field(default={}, description="limbs by any name")

r"""The template: linear inverted pendulum, carried by its divergent component of motion (DCM).

With the centre of mass c at constant height h above the sole, the centre of pressure p and
omega = sqrt(g / h), horizontal motion is c̈ = omega² (c - p). It splits into

    xi   = c + v / omega     divergent:   xi̇   =  omega (xi - p)
    zeta = c - v / omega     convergent:  zetȧ = -omega (zeta - p)

(Takenaka 2009; Englsberger, Ott and Albu-Schäffer 2015). The velocity v is taken from the angular
momentum about the stance sole, v = L / (m h), which the swing leg disturbs less than the velocity
of the centre of mass does (Gong and Grizzle 2021, "ALIP").

A step is a double support of duration t_ds, in which p moves linearly from the old to the new
support point, followed by a single support in which p rests. Over the double support

    xi(t_ds) = e xi(0) + a p_old + b p_new,   e = exp(omega t_ds),
    a = (e - 1) / (omega t_ds) - e,           b = 1 - (e - 1) / (omega t_ds),

so that e + a + b = 1, and over a single support of duration t: xi(t) = e xi(0) + (1 - e) p.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, exp, sin

import numpy as np

from wm_control.fast_init import fast_init
from wm_control.robot.model import RobotModel
from wm_control.types import Array, VelocityCommand


@fast_init
@dataclass(frozen=True, slots=True)
class TemplateState:
    """Where the template is: all (2,) in world [m], height [m], omega [1/s]."""

    com: Array
    velocity: Array
    height: float
    omega: float

    @property
    def dcm(self) -> Array:
        """(2,) divergent component of motion [m]."""
        return self.com + self.velocity / self.omega

    @property
    def convergent(self) -> Array:
        """(2,) convergent component of motion [m]."""
        return self.com - self.velocity / self.omega


def template_state(model: RobotModel, pivot: Array, omega: float) -> TemplateState:
    """Reduce the full model to the template about a pivot on the ground, (3,) in world.

    Needs the model's momentum and centre of mass to be fresh. omega is the gait's nominal one,
    sqrt(g / nominal height), so that the divergent component is the same function of the state in
    every stage.
    """
    com, momentum = model.com, model.momentum
    arm = com - pivot
    height = float(max(arm[2], 0.1))
    angular_x = arm[1] * momentum[2] - arm[2] * momentum[1] + momentum[3]
    angular_y = arm[2] * momentum[0] - arm[0] * momentum[2] + momentum[4]
    velocity = np.array([angular_y, -angular_x]) / (model.mass * height)
    return TemplateState(np.array(com[:2]), velocity, height, omega)


def double_support_gains(omega: float, duration: float) -> tuple[float, float, float]:
    """(e, a, b) of the module's double-support equation; (1, 0, 0) for no duration."""
    if duration <= 1e-6:
        return 1.0, 0.0, 0.0
    growth = exp(omega * duration)
    mean = (growth - 1.0) / (omega * duration)
    return growth, mean - growth, 1.0 - mean


Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class NominalGait:
    """The periodic gait that a velocity command asks for, seen from one support foot.

    feet: support foot, then the coming footsteps, each (x, y, yaw) in world.
    dcm: divergent component at the touchdown of each coming footstep, (x, y) in world.
    """

    feet: tuple[tuple[float, float, float], ...]
    dcm: tuple[Point, ...]


def nominal_gait(
    support: int,
    support_pose: tuple[float, float, float],
    heading: tuple[float, float],
    velocity: VelocityCommand,
    width: float,
    durations: tuple[float, float],
    omega: float,
    steps: int = 3,
    lookahead: int = 6,
) -> NominalGait:
    """Continue the gait from a support foot and trace its divergent component back from the end.

    support: which foot; support_pose: (x, y, yaw) of it in world. heading: (yaw of the body at the
    next touchdown, yaw now) [rad]. width: lateral distance of the feet [m]. durations: double
    support and whole step [s]. The recursion starts ``lookahead`` steps beyond the horizon with
    the divergent component at rest over the last footstep, an error that exp(-omega T) per step
    makes vanish (Englsberger et al. 2015, section IV).
    """
    double, total = durations
    feet = _nominal_feet(support, support_pose, heading, velocity, width, total, steps + lookahead)
    growth, a, b = double_support_gains(omega, double)
    single = exp(omega * (total - double))
    x, y = feet[-1][0], feet[-1][1]
    dcm: list[Point] = [(x, y)]
    for old, new in zip(reversed(feet[:-2]), reversed(feet[1:-1]), strict=True):
        x = (((x - new[0]) / single + new[0]) - a * old[0] - b * new[0]) / growth
        y = (((y - new[1]) / single + new[1]) - a * old[1] - b * new[1]) / growth
        dcm.append((x, y))
    dcm.reverse()
    return NominalGait(tuple(feet[: steps + 1]), tuple(dcm[:steps]))


def _nominal_feet(
    support: int,
    pose: tuple[float, float, float],
    heading: tuple[float, float],
    velocity: VelocityCommand,
    width: float,
    total: float,
    count: int,
) -> list[tuple[float, float, float]]:
    """Footsteps on either side of a point that moves with the commanded velocity."""
    side = 0.5 * width if support == 0 else -0.5 * width
    x, y = pose[0] + side * sin(pose[2]), pose[1] - side * cos(pose[2])
    feet = [pose]
    yaw = heading[0]
    middle = 0.5 * (heading[0] + heading[1])
    for _ in range(count):
        x += (velocity.linear_x * cos(middle) - velocity.linear_y * sin(middle)) * total
        y += (velocity.linear_x * sin(middle) + velocity.linear_y * cos(middle)) * total
        side = -side
        feet.append((x - side * sin(yaw), y + side * cos(yaw), yaw))
        middle = yaw + 0.5 * velocity.angular_z * total
        yaw += velocity.angular_z * total
    return feet

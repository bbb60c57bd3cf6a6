"""How the gait moves on: from standing to stepping, from step to step, and back to standing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wm_control.fast_init import replace
from wm_control.gait.parameters import GaitParameters
from wm_control.gait.state import Gait, Mode
from wm_control.types import LEFT, RIGHT, Array


@dataclass(frozen=True, slots=True)
class Soles:
    """Measured soles. poses: (2, 4) x, y, z, yaw in world, left and right."""

    poses: Array

    @property
    def middle(self) -> Array:
        """(2,) point between the soles, in world."""
        return 0.5 * (self.poses[0, :2] + self.poses[1, :2])

    @property
    def yaw(self) -> float:
        """Mean heading of the soles [rad]."""
        turn = self.poses[RIGHT, 3] - self.poses[LEFT, 3]
        return float(self.poses[LEFT, 3] + 0.5 * np.arctan2(np.sin(turn), np.cos(turn)))

    def offset(self, point: Array) -> Array:
        """(2,) a world point relative to the middle, in the soles' mean heading."""
        c, s = np.cos(self.yaw), np.sin(self.yaw)
        d = point - self.middle
        return np.array([c * d[0] + s * d[1], -s * d[0] + c * d[1]])


def standing(now: float, soles: Soles) -> Gait:
    """Both feet where they are, nothing asked."""
    return Gait(
        mode=Mode.STAND,
        support=LEFT,
        step_start=now,
        touch_down=now,
        double_support=0.0,
        lifts=False,
        support_pose=soles.poses[LEFT].copy(),
        swing_start=soles.poses[RIGHT].copy(),
        cop_start=soles.middle,
        velocity=np.zeros(3),
        correction=np.zeros(2),
        yaw=soles.yaw,
        steps=0,
    )


def begin_walking(
    gait: Gait, now: float, soles: Soles, cop: Array, first: int, parameters: GaitParameters
) -> Gait:
    """Shift the weight off foot ``first``, which will swing as soon as the shift is over.

    The CoP goes to the foot that is about to swing, which throws the divergent component towards
    the other; nothing is lifted during this first "step".
    """
    return replace(
        gait,
        mode=Mode.WALK,
        support=first,
        step_start=now,
        touch_down=now + parameters.shift_duration,
        double_support=min(parameters.double_support, 0.5 * parameters.shift_duration),
        lifts=False,
        support_pose=soles.poses[first].copy(),
        swing_start=soles.poses[1 - first].copy(),
        cop_start=cop,
        steps=0,
    )


def next_step(gait: Gait, now: float, soles: Soles, cop: Array, parameters: GaitParameters) -> Gait:
    """Begin the next step: the swing foot has landed and carries it."""
    return step_onto(gait.swing, gait, now, soles, cop, parameters)


def step_onto(
    support: int, gait: Gait, now: float, soles: Soles, cop: Array, parameters: GaitParameters
) -> Gait:
    """Begin a step at ``now`` [s] that foot ``support`` carries, whichever did before."""
    return replace(
        gait,
        mode=Mode.WALK,
        support=support,
        step_start=now,
        touch_down=now + parameters.step_duration,
        double_support=parameters.double_support,
        lifts=True,
        support_pose=soles.poses[support].copy(),
        swing_start=soles.poses[1 - support].copy(),
        cop_start=cop,
        steps=gait.steps + 1,
    )


def may_stand(gait: Gait, soles: Soles, dcm: Array, parameters: GaitParameters) -> bool:
    """Tell whether, at a touchdown, nothing is asked and body and feet allow to stand."""
    if not parameters.stand_at_zero_command or np.abs(gait.velocity).max() > 1e-3 or gait.steps < 2:
        return False
    apart = soles.offset(soles.poses[LEFT, :2])
    motion = soles.offset(dcm)
    return bool(
        abs(apart[0]) < 0.015
        and abs(motion[0]) < parameters.stand_dcm_margin
        and abs(motion[1]) < 0.5 * parameters.step_width
    )


def foot_to_lift(velocity: Array, dcm_offset: Array, parameters: GaitParameters) -> int | None:
    """Which foot to lift first when standing has to end; None to go on standing.

    dcm_offset: (2,) of the divergent component from the middle, in the soles' heading [m].
    """
    if not np.isfinite(dcm_offset).all():
        return None
    if abs(dcm_offset[1]) > parameters.stand_dcm_margin + 0.5 * parameters.step_width:
        return LEFT if dcm_offset[1] > 0.0 else RIGHT
    asked = np.abs(velocity).max() > 1e-3 or not parameters.stand_at_zero_command
    if not asked and abs(dcm_offset[0]) <= parameters.stand_dcm_margin:
        return None
    sideways = velocity[1] + 0.1 * velocity[2]
    return RIGHT if sideways < 0.0 else LEFT

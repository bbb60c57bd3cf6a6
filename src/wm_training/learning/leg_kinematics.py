"""Where the soles are and how fast the base moves if one of them stands still.

Legs are chains of hinges, as many in each. A sole's place is
``o_1 + M_1(q_1) (o_2 + M_2(q_2) (...))`` with
``M = F + sin(q) F K + (1 - cos q) F K²`` (Rodrigues), K the cross product with the hinge's axis and
F the hinge's orientation in its parent. The network gets this as ready-made inputs, because a small
perceptron learns products of angles and speeds badly and needs the base's velocity most when it is
pushed. It is computed from the observation alone, so the exported graph does it too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from wm_control.robot.description import RobotDescription
from wm_control.robot.mjcf import folded_robot
from wm_control.types import Array
from wm_training.learning.legs import Legs

HALF_STEP = 0.01
"""Soles' velocities are central differences over this time on both sides [s]."""

FASTEST = 5.0
"""Velocities are clipped to this [m/s]."""

CYCLE = np.array([1, 2, 0])
BACK = np.array([2, 0, 1])
"""Components of a cross product: ``a x b = a[CYCLE] b[BACK] - a[BACK] b[CYCLE]``."""


@dataclass(frozen=True, slots=True)
class LegKinematics:
    """Constants of both legs, left first.

    turns: (each, 2, 3, 9) for row vectors, F, F K and F K² side by side. offsets: (each, 2, 1, 3)
    [m]. sole: (2, 1, 3) in the last link [m]. posture: (k,) the default one [rad]. default: (2, 3)
    soles in it [m].
    """

    turns: Array
    offsets: Array
    sole: Array
    posture: Array
    default: Array

    def soles(self, position: Array) -> Array:
        """(b, 2, 3) places of the soles from the base, in its axes [m]; position: (b, k) [rad]."""
        each = len(self.turns)
        angles = position.reshape(-1, 2, each).transpose(2, 1, 0)[..., None]
        sine, versine = np.sin(angles), 1.0 - np.cos(angles)
        place = np.broadcast_to(self.sole, (2, len(position), 3))
        for joint in reversed(range(each)):
            parts = place @ self.turns[joint]
            place = self.offsets[joint] + parts[..., :3] + sine[joint] * parts[..., 3:6]
            place = place + versine[joint] * parts[..., 6:]
        return place.transpose(1, 0, 2)

    def motion(self, position: Array, velocity: Array, gyro: Array) -> tuple[Array, Array]:
        """Say what the soles tell about the base.

        position, velocity: (b, k) of the joints [rad], [rad/s]. gyro: (b, 3) in base axes [rad/s].
        Returns (b, 6) the base's velocity if the left, or if the right sole stands still, in base
        axes [m/s], and (b, 6) how far the soles are from where the default posture has them [m].
        """
        change = HALF_STEP * velocity
        now, after, before = np.split(
            self.soles(np.concatenate((position, position + change, position - change))), 3
        )
        turn = gyro[:, None]
        swept = turn[..., CYCLE] * now[..., BACK] - turn[..., BACK] * now[..., CYCLE]
        base = -((after - before) / (2.0 * HALF_STEP) + swept)
        count = len(position)
        bounded = np.clip(base, -FASTEST, FASTEST).reshape(count, 6)
        return bounded, (now - self.default).reshape(count, 6)


def build_leg_kinematics(
    description: RobotDescription, legs: Legs, posture: Array
) -> LegKinematics:
    """Read both chains out of the robot. posture: (k,) [rad]."""
    folded, each = folded_robot(description, {}), legs.each
    turns, offsets = np.zeros((each, 2, 3, 9)), np.zeros((each, 2, 1, 3))
    soles = np.zeros((2, 1, 3))
    for leg, sole in enumerate(description.soles):
        for index, name in enumerate(legs.names[each * leg : each * (leg + 1)]):
            joint = folded.joints[name]
            cross = np.cross(np.eye(3), joint.axis)
            turn = joint.placement.rotation
            parts = (turn, turn @ cross, turn @ cross @ cross)
            turns[index, leg] = np.concatenate([part.T for part in parts], axis=1)
            offsets[index, leg, 0] = joint.placement.position
        soles[leg, 0] = sole.position
    bare = LegKinematics(turns, offsets, soles, posture, np.zeros((2, 3)))
    return replace(bare, default=bare.soles(posture[None])[0])

"""What surrounds the network, the same in training and in the exported policy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wm_control.robot.description import RobotDescription
from wm_control.types import Array
from wm_training.learning.gait import Gait, build_gait
from wm_training.learning.leg_kinematics import LegKinematics, build_leg_kinematics
from wm_training.learning.legs import Legs, build_legs
from wm_training.learning.parameters import ObservationParameters, TrainingParameters

ACTION_BOUND = 4.0
"""Network outputs are clipped to this."""


@dataclass(frozen=True, slots=True)
class Student:
    """scale: (k,) target change per unit of action, for both legs' joints [rad].

    observation: what is seen and how it is scaled. cadence: largest change of the clock's speed,
    as a share.
    """

    legs: Legs
    gait: Gait
    scale: Array
    observation: ObservationParameters
    kinematics: LegKinematics
    cadence: float

    @property
    def outputs(self) -> int:
        """Of the network: a value per joint, and the change of the clock's speed."""
        return self.legs.count + 1


def build_student(description: RobotDescription, parameters: TrainingParameters) -> Student:
    """Put together what robot and parameters say."""
    legs = build_legs(description)
    gait = build_gait(parameters.gait, parameters.rate, legs)
    return Student(
        legs=legs,
        gait=gait,
        scale=action_scale(description, legs.names, parameters.observation.effort),
        observation=parameters.observation,
        kinematics=build_leg_kinematics(description, legs, gait.default),
        cadence=parameters.gait.cadence,
    )


def action_scale(description: RobotDescription, joints: tuple[str, ...], effort: float) -> Array:
    """(k,) target change per unit of action [rad], so that 1 is ``effort`` of the torque limit."""
    pick = [description.joint_names.index(name) for name in joints]
    return np.array(effort * description.torque_limit[pick] / description.stiffness[pick])

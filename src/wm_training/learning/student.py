"""What surrounds the network, the same in training and in the exported policy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wm_control.robot.description import RobotDescription
from wm_control.types import Array
from wm_training.learning.gait import Gait, build_gait
from wm_training.learning.leg_kinematics import LegKinematics, build_leg_kinematics
from wm_training.learning.mujoco_model import leg_joints
from wm_training.learning.parameters import ObservationParameters, TrainingParameters

JOINTS = 12
"""Of both legs."""

OUTPUTS = JOINTS + 1
"""Of the network: a value per joint, and the change of the clock's speed."""

ACTION_BOUND = 4.0
"""Network outputs are clipped to this."""


@dataclass(frozen=True, slots=True)
class Student:
    """joints: names, left first. scale: (12,) target change per unit of action [rad].

    observation: what is seen and how it is scaled. cadence: largest change of the clock's speed,
    as a share.
    """

    joints: tuple[str, ...]
    gait: Gait
    scale: Array
    observation: ObservationParameters
    legs: LegKinematics
    cadence: float


def build_student(description: RobotDescription, parameters: TrainingParameters) -> Student:
    """Put together what robot and parameters say."""
    joints = leg_joints(description)
    gait = build_gait(parameters.gait, parameters.rate)
    return Student(
        joints=joints,
        gait=gait,
        scale=action_scale(description, joints, parameters.observation.effort),
        observation=parameters.observation,
        legs=build_leg_kinematics(description, joints, gait.default),
        cadence=parameters.gait.cadence,
    )


def action_scale(description: RobotDescription, joints: tuple[str, ...], effort: float) -> Array:
    """(12,) target change per unit of action [rad], so that 1 is ``effort`` of the torque limit."""
    pick = [description.joint_names.index(name) for name in joints]
    return np.array(effort * description.torque_limit[pick] / description.stiffness[pick])

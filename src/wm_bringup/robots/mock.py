"""A robot without physics: joints follow, the IMU rests. Cheap, for tests of what is around it."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pinocchio as pin

from wm_bringup.robots.clocks import SteppedClock
from wm_control.constants import CONTROL_PERIOD, GRAVITY
from wm_control.quaternion import quaternion_from_rotation
from wm_control.robot.carriage import ImuCarriage
from wm_control.robot.description import RobotDescription
from wm_control.types import Array, Command, Observation


class MockRobot:
    """A ``Robot`` whose joints approach their targets exponentially.

    The base never moves; a command without stiffness leaves its joint where it is. The seed and
    the compute time change nothing.
    """

    def __init__(self, description: RobotDescription, *, time_constant: float = 0.05) -> None:
        """time_constant: of the approach [s]."""
        self.description = description
        self._carriage = ImuCarriage(description)
        self._keep = math.exp(-CONTROL_PERIOD / time_constant)
        self._observation = self._at_rest()
        self.clock = SteppedClock()

    def reset(self, seed: int) -> Observation:
        """Return to the default posture."""
        del seed
        self._observation = self._at_rest()
        return self._observation

    def observe(self) -> Observation:
        """Return the newest observation."""
        return self._observation

    def step(self, command: Command | None, compute_time: float = 0.0) -> Observation:
        """Move every stiff joint towards its target for one control period."""
        del compute_time
        last = self._observation
        position = last.joint_position
        if command is not None:
            target = np.where(command.stiffness > 0.0, command.position, position)
            position = target + self._keep * (position - target)
        self._observation = Observation(
            stamp=(last.sequence + 1) * CONTROL_PERIOD,
            sequence=last.sequence + 1,
            joint_position=position,
            joint_velocity=(position - last.joint_position) / CONTROL_PERIOD,
            joint_torque=last.joint_torque if command is None else np.array(command.torque),
            imu_orientation=last.imu_orientation,
            imu_angular_velocity=last.imu_angular_velocity,
            imu_linear_acceleration=last.imu_linear_acceleration,
        )
        if self._carriage.carried:
            self._observation = self._turned(self._observation, last.joint_position)
        return self._observation

    def pass_over(self, periods: int) -> Observation:
        """Stay where it is for some control periods."""
        for _ in range(periods):
            self.step(None)
        return self._observation

    def hold(self) -> Observation:
        """Stay where it is."""
        return self._observation

    def close(self) -> None:
        """Release nothing."""

    def _turned(self, observation: Observation, before: Array) -> Observation:
        """Let the joints between base and IMU turn it; before: joint positions (n,)."""
        rotation = self._carriage.rotation(observation.joint_position)
        turn = pin.log3(self._carriage.rotation(before).T @ rotation)
        return replace(
            observation,
            imu_orientation=np.array(quaternion_from_rotation(rotation)),
            imu_angular_velocity=turn / CONTROL_PERIOD,
            imu_linear_acceleration=rotation.T @ np.array([0.0, 0.0, GRAVITY]),
        )

    def _at_rest(self) -> Observation:
        n = len(self.description.joint_names)
        posture = np.array(self.description.default_position)
        rotation = self._carriage.rotation(posture)
        return Observation(
            stamp=0.0,
            sequence=0,
            joint_position=posture,
            joint_velocity=np.zeros(n),
            joint_torque=np.zeros(n),
            imu_orientation=np.array(quaternion_from_rotation(rotation)),
            imu_angular_velocity=np.zeros(3),
            imu_linear_acceleration=rotation.T @ np.array([0.0, 0.0, GRAVITY]),
        )

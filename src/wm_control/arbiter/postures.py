"""Commands the arbiter makes itself: damping, a safe posture, and the shape of a fall.

The postures are small controllers with a memory of when and from where they began. None of them
looks at the estimate: they are there for when it is lost.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from wm_control.arbiter.parameters import ArbiterParameters
from wm_control.errors import ParameterError
from wm_control.robot.description import RobotDescription
from wm_control.types import Array, Command, Observation


def damping_command(observation: Observation, damping: Array) -> Command:
    """Damping: no stiffness, no feed-forward, velocity target zero.

    damping: (n,) gains [N·m·s/rad]. The position target is the measured one, or zero where that is
    not finite; with zero stiffness it has no effect but keeps every number of the command finite.
    """
    zero = np.zeros(damping.shape)
    position = measured_or(observation, zero)
    return Command(
        stamp=observation.stamp,
        sequence=observation.sequence,
        position=position,
        velocity=zero,
        stiffness=zero,
        damping=damping,
        torque=zero,
    )


class SafePosture:
    """From the last command to the default standing posture, stiff enough to stand there.

    Position targets and feed-forward go over linearly within ``safe_time``; gains are the robot's
    own, stiffness ``safe_stiffness`` times and damping by its root, which keeps the damping ratio.
    A leg of springs stands by itself only if they outweigh gravity, k > m g h (an inverted
    pendulum): on the G1 213 N·m/rad, of which two ankles at their own 28 N·m/rad give a quarter.
    Ankles, knees and hips are springs in series, so that it takes more than four times as much.
    """

    def __init__(self, description: RobotDescription) -> None:
        """Take posture and gains of the robot."""
        self._posture = description.default_position
        self._stiffness = description.stiffness
        self._damping = description.damping
        self.reset()

    def reset(self) -> None:
        """Forget where it began."""
        self._began: tuple[float, Command] | None = None

    def command(
        self, now: float, last: Command, observation: Observation, parameters: ArbiterParameters
    ) -> Command:
        """Command of this instant [s]. last: in force before it began; later ones do not matter."""
        began, last = self._began = self._began or (now, last)
        share = _share(now - began, parameters.safe_time)
        return replace(
            last,
            stamp=observation.stamp,
            sequence=observation.sequence,
            position=last.position + share * (self._posture - last.position),
            velocity=np.zeros(last.velocity.shape),
            stiffness=parameters.safe_stiffness * self._stiffness,
            damping=parameters.safe_stiffness**0.5 * self._damping,
            torque=(1.0 - share) * last.torque,
        )


class FallPosture:
    """Shapes a fall that is not avoided any more, for ``fall_time``; after that there is damping.

    The joints of ``fall_posture`` reach out for it within ``fall_reach_time``, all others are held
    as they were measured when it began: stretched arms meet the ground before trunk and head do.
    Gains are the robot's own, stiffness ``fall_stiffness`` times and damping by its root.
    """

    def __init__(self, description: RobotDescription, parameters: ArbiterParameters) -> None:
        """Take the gains of the robot; ParameterError for a joint that it does not have."""
        self._robot = description
        if unknown := sorted(parameters.fall_posture.keys() - set(description.joint_names)):
            raise ParameterError("arbiter.fall_posture", unknown, "must be joints of the robot")
        self.reset()

    def reset(self) -> None:
        """No fall has begun."""
        self._began: tuple[float, Array] | None = None

    @property
    def begun(self) -> bool:
        """Whether a fall is being shaped; it then goes on whatever becomes of its cause."""
        return self._began is not None

    def over(self, now: float, parameters: ArbiterParameters) -> bool:
        """Whether the time to shape it is over at ``now`` [s]; for a time that is NaN it is."""
        return self._began is not None and not now - self._began[0] < parameters.fall_time

    def command(
        self, now: float, observation: Observation, parameters: ArbiterParameters
    ) -> Command:
        """Command of this instant [s]; the first one begins the fall."""
        robot = self._robot
        if self._began is None:
            self._began = (now, measured_or(observation, robot.default_position))
        began, start = self._began
        reach = parameters.fall_posture
        target = [reach.get(*pair) for pair in zip(robot.joint_names, start.tolist(), strict=True)]
        share = _share(now - began, parameters.fall_reach_time)
        zero = np.zeros(start.shape)
        return Command(
            stamp=observation.stamp,
            sequence=observation.sequence,
            position=start + share * (np.array(target) - start),
            velocity=zero,
            stiffness=parameters.fall_stiffness * robot.stiffness,
            damping=parameters.fall_stiffness**0.5 * robot.damping,
            torque=zero,
        )


def measured_or(observation: Observation, fallback: Array) -> Array:
    """(n,) measured joint positions, ``fallback`` where they are not finite."""
    measured = observation.joint_position
    return np.where(np.isfinite(measured), measured, fallback)


def _share(elapsed: float, duration: float) -> float:
    """How much of a transition is done, in [0, 1]; one without duration is done at once."""
    return min(max(elapsed / duration, 0.0), 1.0) if duration > 0.0 else 1.0

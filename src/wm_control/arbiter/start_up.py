"""From a robot that somebody else holds to one that stands and may be driven, and back.

    listening -> releasing -> stiffening -> standing up -> ready -> driven
        ^                                                    |        |
        +------------------- giving back <-------- damped <--+--------+

What a robot is sent before a driver has it. Nothing is sent before the robot's own controller has
been seen to let go; joints are stiffened where they are, and only then moved. No clock, no wire:
the same in simulation and on the robot.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np

from wm_control.arbiter.postures import damping_command, measured_or
from wm_control.quaternion import rotation_from_quaternion
from wm_control.robot.carriage import ImuCarriage
from wm_control.robot.description import RobotDescription
from wm_control.types import Array, Command, Observation


class Phase(Enum):
    """Where it is; the words say what happens meanwhile."""

    LISTENING = "nothing is sent"
    RELEASING = "the robot's own controller is asked to let go"
    STIFFENING = "gains go up where the joints are"
    STANDING_UP = "the joints go to the standing posture"
    READY = "the robot holds the standing posture"
    DRIVEN = "commands go through"
    DAMPED = "damping is sent"
    GIVING_BACK = "the robot's own controller is asked to take over"


COMMANDED = (Phase.STIFFENING, Phase.STANDING_UP, Phase.READY)
"""Phases in which the joints have stiffness of ours that no driver chose."""


@dataclass(frozen=True, slots=True)
class StartUpParameters:
    """Times and bounds.

    stiffening: time in which the gains go up [s]. rising: for the way to the standing posture [s].
    patience: for the robot's own controller to let go or take over, and for the joints to arrive
    [s]. still_joints, still_base: what moves slower is at rest [rad/s]. upright: base tilted by
    less [rad]. near: of the standing posture, every joint [rad]. behind: a joint this far from
    where it is led to is held up by something [rad], for behind_for [s]. stiffness: at the end, in
    the robot's own.
    """

    stiffening: float = 2.0
    rising: float = 3.0
    patience: float = 10.0
    still_joints: float = 0.5
    still_base: float = 0.5
    upright: float = 0.5
    near: float = 0.15
    behind: float = 0.5
    behind_for: float = 0.2
    stiffness: float = 9.0


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What else is known in this period.

    owner: name of the robot's own controller that is active; empty: none; None: not known yet.
    problem: why nothing may be moved: an error, another robot, silence; empty: nothing.
    armed: a driver has the robot.
    """

    owner: str | None = None
    problem: str = ""
    armed: bool = False


class StartUp:
    """One ``update`` per period says what is sent; the requests are heeded by the next one.

    phase: where it is. said: why it was broken off, or of READY why nobody may drive; empty: it was
    not. refused: why the last request was not heeded; empty: it was. takes_back: name of the
    robot's own controller that gets it back.
    """

    def __init__(
        self, robot: RobotDescription, parameters: StartUpParameters | None = None
    ) -> None:
        """Begin by listening."""
        self.phase = Phase.LISTENING
        self.said = self.refused = ""
        self.takes_back = ""
        self._robot, self._p = robot, parameters or StartUpParameters()
        self._carriage = ImuCarriage(robot)
        self._since = 0.0
        self._start: Array = robot.default_position
        self._late: float | None = None
        self._ours = False
        self._request: Callable[[float, Observation, Surroundings], None] | None = None

    @property
    def hindrance(self) -> str:
        """Why no driver may have the robot now; empty: one may."""
        if self.phase is Phase.DRIVEN:
            return ""
        if self.phase is Phase.READY:
            return self.said
        return "; ".join(filter(None, (self.phase.value, self.said, self.refused)))

    def begin(self) -> None:
        """Ask for the way up to ``READY``."""
        self._request = self._begin

    def give_back(self) -> None:
        """Ask for the robot's own controller to take over."""
        self._request = self._give_back

    def relax(self) -> None:
        """Damp at once, where anything of ours acts on the robot; ask for nothing more."""
        self._request = None
        if self.phase in COMMANDED:
            self._enter(Phase.DAMPED, self._since, "stopped")
        elif self.phase is Phase.RELEASING:
            self._enter(self._before, self._since, "stopped")

    @property
    def _before(self) -> Phase:
        """Where a way up ends that leads nowhere: what has our commands goes on being damped."""
        return Phase.DAMPED if self._ours else Phase.LISTENING

    def drive(self) -> None:
        """Let a driver have the robot from now on; only from READY."""
        if self.phase is Phase.READY:
            self._enter(Phase.DRIVEN, self._since, "")

    def update(self, now: float, observation: Observation, around: Surroundings) -> Command | None:
        """Return what is sent at ``now`` [s]; None: nothing, or what the driver wants."""
        request, self._request = self._request, None
        if request is not None:
            request(now, observation, around)
        if around.problem and self.phase in COMMANDED:
            self._enter(Phase.DAMPED, now, around.problem)
        step = _STEPS.get(self.phase)
        return None if step is None else step(self, now, observation, around)

    def _enter(self, phase: Phase, now: float, said: str) -> None:
        self.phase, self._since, self.said, self.refused = phase, now, said, ""
        self._late = None

    def _begin(self, now: float, observation: Observation, around: Surroundings) -> None:
        if self.phase not in (Phase.LISTENING, Phase.DAMPED, Phase.DRIVEN):
            return
        driven = "a driver has the robot" if around.armed else ""
        if obstacle := driven or around.problem or self._unrest(observation):
            self.refused = f"not begun: {obstacle}"
            return
        self._enter(Phase.RELEASING, now, "")

    def _give_back(self, now: float, observation: Observation, around: Surroundings) -> None:
        del observation
        if around.armed:
            self.refused = "not given back: a driver has the robot"
        elif self.phase is Phase.LISTENING:
            self.refused = "not given back: it was not taken"
        elif not self.takes_back:
            self.refused = "not given back: nobody had the robot before"
        else:
            self._enter(Phase.GIVING_BACK, now, "")

    def _unrest(self, observation: Observation) -> str:
        """Say what moves that ought to be at rest, or leans."""
        p = self._p
        fastest = int(np.argmax(np.abs(observation.joint_velocity)))
        speed = float(abs(observation.joint_velocity[fastest]))
        if not speed <= p.still_joints:
            return f"{self._robot.joint_names[fastest]} moves at {speed:.2f} rad/s"
        turning = float(np.linalg.norm(observation.imu_angular_velocity))
        if not turning <= p.still_base:
            return f"the base turns at {turning:.2f} rad/s"
        tilt = _tilt(self._carriage, observation)
        return "" if tilt <= p.upright else f"the base is tilted by {tilt:.2f} rad"

    def _release(
        self, now: float, observation: Observation, around: Surroundings
    ) -> Command | None:
        if around.owner:
            self.takes_back = around.owner
        if around.owner == "":
            self._start = measured_or(observation, self._robot.default_position)
            self._ours = True
            self._enter(Phase.STIFFENING, now, "")
        elif now - self._since > self._p.patience:
            owner = f"'{around.owner}' did not let go" if around.owner else "it does not answer"
            self._enter(self._before, now, f"the robot's own controller: {owner}")
        return damping_command(observation, self._robot.damping) if self._ours else None

    def _stiffen(self, now: float, observation: Observation, around: Surroundings) -> Command:
        del around
        share = (now - self._since) / self._p.stiffening
        if share >= 1.0:
            self._enter(Phase.STANDING_UP, now, "")
        return self._hold(observation, self._start, min(share, 1.0), 1.0)

    def _rise(self, now: float, observation: Observation, around: Surroundings) -> Command:
        del around
        goal, share = self._robot.default_position, (now - self._since) / self._p.rising
        smooth = _minimum_jerk(min(share, 1.0))
        target = self._start + smooth * (goal - self._start)
        scale = 1.0 + smooth * (self._p.stiffness - 1.0)
        if held_up := self._held_up(now, observation, target):
            self._enter(Phase.DAMPED, now, f"broken off: {held_up}")
            return damping_command(observation, self._robot.damping)
        if share >= 1.0:
            if self._near(observation):
                self._enter(Phase.READY, now, "")
            elif now - self._since > self._p.rising + self._p.patience:
                self._enter(Phase.DAMPED, now, f"broken off: {self._farthest(observation)}")
        return self._hold(observation, target, 1.0, scale)

    def _stand(self, now: float, observation: Observation, around: Surroundings) -> Command:
        del now, around
        far = "" if self._near(observation) else self._farthest(observation)
        self.said = far or self._unrest(observation)
        return self._hold(observation, self._robot.default_position, 1.0, self._p.stiffness)

    def _damp(self, now: float, observation: Observation, around: Surroundings) -> Command:
        del now, around
        return damping_command(observation, self._robot.damping)

    def _hand_back(
        self, now: float, observation: Observation, around: Surroundings
    ) -> Command | None:
        """Damp until its own controller is there; that may never have let go, and is left alone."""
        self._ours = self._ours or around.owner == ""
        ours = self._ours
        if around.owner == self.takes_back:
            self._ours = False
            self._enter(Phase.LISTENING, now, "")
        elif now - self._since > self._p.patience:
            self._enter(self._before, now, f"'{self.takes_back}' did not take over")
        return damping_command(observation, self._robot.damping) if ours else None

    def _hold(self, observation: Observation, target: Array, ramp: float, scale: float) -> Command:
        """Hold a posture. ramp: share of the stiffness; scale: of it, in the robot's own."""
        command = damping_command(observation, math.sqrt(scale) * self._robot.damping)
        return replace(command, position=target, stiffness=ramp * scale * self._robot.stiffness)

    def _held_up(self, now: float, observation: Observation, target: Array) -> str:
        """Say which joint has been far behind where it is led to for too long."""
        error = np.abs(target - observation.joint_position)
        worst = int(np.argmax(error))
        if error[worst] <= self._p.behind:
            self._late = None
            return ""
        self._late = now if self._late is None else self._late
        if now - self._late < self._p.behind_for:
            return ""
        return f"{self._robot.joint_names[worst]} is {error[worst]:.2f} rad behind"

    def _near(self, observation: Observation) -> bool:
        off = np.abs(self._robot.default_position - observation.joint_position)
        return bool((off <= self._p.near).all())

    def _farthest(self, observation: Observation) -> str:
        off = np.abs(self._robot.default_position - observation.joint_position)
        worst = int(np.argmax(off))
        name = self._robot.joint_names[worst]
        return f"{name} is {off[worst]:.2f} rad from the standing posture"


_STEPS: dict[Phase, Callable[[StartUp, float, Observation, Surroundings], Command | None]] = {
    Phase.RELEASING: StartUp._release,
    Phase.STIFFENING: StartUp._stiffen,
    Phase.STANDING_UP: StartUp._rise,
    Phase.READY: StartUp._stand,
    Phase.DAMPED: StartUp._damp,
    Phase.GIVING_BACK: StartUp._hand_back,
}
"""What is done in each phase but those in which nothing of this one's is sent."""


def _tilt(carriage: ImuCarriage, observation: Observation) -> float:
    """Angle between the base's z axis and the vertical [rad]; NaN for no orientation."""
    to_base = carriage.rotation(observation.joint_position)
    base = rotation_from_quaternion(observation.imu_orientation.tolist()) @ to_base.T
    cosine = float(base[2, 2])
    return math.acos(max(-1.0, min(1.0, cosine))) if math.isfinite(cosine) else math.nan


def _minimum_jerk(share: float) -> float:
    """Smooth way from 0 to 1, at rest at both ends (Flash and Hogan, 1985)."""
    return share**3 * (10.0 - 15.0 * share + 6.0 * share**2)

"""The emulated robot: frames and calls in, one control period, frames and answers out.

It reads no clock and opens no socket: whoever steps it is the network and the time.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from wm_bringup.emulator.authority import Authority
from wm_bringup.emulator.crane import Crane
from wm_bringup.emulator.judge import CommandJudge
from wm_bringup.emulator.motors import Battery, MotorHeat, drawn_power
from wm_bringup.emulator.parameters import EmulatorParameters
from wm_bringup.emulator.path import Path
from wm_bringup.emulator.remote import Remote
from wm_bringup.emulator.switcher import MotionSwitcher
from wm_bringup.emulator.telemetry import StateFrames, TorsoImu, battery_frame
from wm_bringup.emulator.torso import torso_imu
from wm_bringup.robots.simulation.simulation import Simulation, spawn
from wm_bringup.robots.unitree.frames import Frame
from wm_bringup.robots.unitree.link import ApiRequest, ApiResponse
from wm_bringup.robots.unitree.wiring import JointFrames, Wiring
from wm_control.constants import CONTROL_PERIOD
from wm_control.types import Command

REMEMBERED = 1000
"""States that can be sent once more, of the last two seconds."""

_ROUNDING = 1e-9

FALLEN = 0.6
"""Of its height at the start; a base that is lower has fallen, unless the crane has it."""


@dataclass(frozen=True, slots=True)
class Said:
    """What the robot sends at the end of a period, by channel, in the order of sending."""

    states: Sequence[Frame] = ()
    torso_imu: Sequence[Frame] = ()
    battery: Sequence[Frame] = ()
    answers: Sequence[ApiResponse] = ()


@dataclass(slots=True)
class Counts:
    """What happened so far.

    periods: of the robot. heard: commands that came. accepted: of them. rejected: by reason.
    acted: periods by who moved the motors. sent: states. stiff_until: when a motor last had
    stiffness or torque of a command [s]. fell_at: time of a fall [s].
    """

    periods: int = 0
    heard: int = 0
    accepted: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    acted: Counter[str] = field(default_factory=Counter)
    sent: int = 0
    stiff_until: float = 0.0
    fell_at: float | None = None


class EmulatedRobot:
    """One robot.

    simulation: its body; source: the file that describes it. authority, switcher, crane, heat,
    battery, remote: its parts. commands, states: the network to and from it.
    """

    def __init__(
        self,
        simulation: Simulation,
        source: str,
        wiring: Wiring,
        machine: int,
        parameters: EmulatorParameters | None = None,
        *,
        seed: int = 0,
    ) -> None:
        """Reset the simulation; source: the robot's name or file. ParameterError if it is amiss.

        seed: of sensors, ground and network.
        """
        self.parameters = parameters = parameters or EmulatorParameters()
        self.simulation, self.description = simulation, simulation.description
        self.source = source
        self.machine = machine
        joints = JointFrames(self.description.joint_names, wiring)
        self._judge = CommandJudge(joints, machine)
        self._frames = StateFrames(joints, machine)
        self.counts = Counts()
        self._observation = simulation.reset(seed)
        self.authority = Authority(self.description, parameters.vendor, parameters.watchdog)
        self.switcher = MotionSwitcher(self.authority, parameters.vendor.modes)
        self.crane = Crane(simulation, self.description, parameters.crane)
        self.heat = MotorHeat(simulation.body.torque_limit, parameters.heat)
        self.battery = Battery(parameters.battery)
        self.remote = Remote()
        of_commands, of_states = spawn(seed, 2)
        self.commands = Path(parameters.commands, of_commands, CONTROL_PERIOD)
        self.states = Path(parameters.states, of_states, CONTROL_PERIOD)
        self._past: deque[Frame] = deque(maxlen=REMEMBERED)
        self._again: deque[Frame] = deque()
        self._clock_offset = parameters.uptime
        self._lowest = FALLEN * (self._height() - simulation.clearance())
        self._torso_imu: TorsoImu | None = None
        if parameters.torso_imu:
            placement = torso_imu(source, parameters.torso_imu)
            self._torso = placement.link
            self._torso_imu = TorsoImu(placement)
            self._torso_imu.start(simulation.link_state(self._torso))

    @property
    def now(self) -> float:
        """Time since the start [s]."""
        return self.counts.periods * CONTROL_PERIOD

    def step(self, frames: Sequence[Frame], requests: Sequence[ApiRequest] = ()) -> Said:
        """Live through one period.

        frames: commands that were sent since the last call, the oldest first. requests: calls of
        the motion switcher.
        """
        answers = self._answer(requests)
        fresh = self._hear(frames)
        ordered = self.authority.decide(self.now, fresh, self._observation)
        acting = _without(ordered, self.heat.errors > 0)
        self._observation = self.simulation.step(acting)
        self.counts.acted[self.authority.mover] += 1
        self.counts.periods += 1
        if acting.stiffness.any() or acting.torque.any():
            self.counts.stiff_until = self.now
        self._work(acting)
        self._watch_for_a_fall()
        return self._say(acting, answers)

    def pass_over(self, periods: int) -> None:
        """Let the robot's clock go on over periods in which this process was stopped."""
        self._clock_offset += periods * CONTROL_PERIOD

    def step_clock(self, seconds: float) -> None:
        """Set the robot's clock forward, or back."""
        self._clock_offset += seconds

    def silence(self, seconds: float) -> None:
        """Say nothing from now on for a while."""
        self.states.cut(self.now + seconds)

    def deafen(self, seconds: float) -> None:
        """Hear nothing from now on for a while."""
        self.commands.cut(self.now + seconds)

    def replay(self, seconds: float) -> None:
        """Send the states of the last ``seconds`` once more, in place of those that come."""
        count = min(round(seconds / CONTROL_PERIOD), len(self._past))
        self._again.extend(list(self._past)[len(self._past) - count :])

    def force_error(self, joint: str, bits: int) -> None:
        """Let a motor have these errors, and no torque while there are any; 0: none any more."""
        place = self.description.joint_names.index(joint)
        self.heat.errors[place] &= ~self.heat.forced[place]
        self.heat.forced[place] = bits

    def _answer(self, requests: Sequence[ApiRequest]) -> list[ApiResponse]:
        """Answer calls; a cut network loses them and answers, however reliable it is otherwise."""
        heard = () if self.commands.is_cut(self.now) else requests
        answers = [self.switcher.answer(request) for request in heard]
        return [] if self.states.is_cut(self.now) else answers

    def _hear(self, frames: Sequence[Frame]) -> Command | None:
        """Judge what has arrived; return the newest command that is one."""
        for frame in frames:
            self.commands.send(frame, self.now)
        newest = None
        for frame in self.commands.arrived(self.now):
            self.counts.heard += 1
            read = self._judge.read(frame, self.now, self.counts.periods)
            if isinstance(read, str):
                self.counts.rejected[read] += 1
            else:
                self.counts.accepted += 1
                newest = read
        return newest

    def _work(self, command: Command) -> None:
        """Let a period pass for motors, battery and crane."""
        torque, velocity = self.simulation.drive_state()
        self.heat.step(torque, CONTROL_PERIOD)
        power = drawn_power(torque, velocity, self.heat.share(torque), self.battery.parameters)
        self.battery.step(power, CONTROL_PERIOD)
        alone = self.authority.mover == "computer" and not self.authority.mode
        position = self._observation.joint_position
        self.crane.step(command if alone else None, position, velocity, CONTROL_PERIOD)

    def _height(self) -> float:
        """Height of the base above the ground under it [m]."""
        x, y, z = map(float, self.simulation.base.position)
        return z - self.simulation.terrain.height(x, y)

    def _watch_for_a_fall(self) -> None:
        low = not self._height() >= self._lowest
        if low and self.crane.state == "slack" and self.counts.fell_at is None:
            self.counts.fell_at = self.now

    def _say(self, command: Command, answers: Sequence[ApiResponse]) -> Said:
        """Send the state of now, or an old one; what leaves the network is what was said."""
        tick = round(1000.0 * (self.now + self._clock_offset)) % 2**32
        frame = self._frames.frame(
            self._observation,
            tick,
            command,
            self.heat,
            self.battery.voltage,
            self.remote.raw,
        )
        self._past.append(frame)
        self.states.send(self._again.popleft() if self._again else frame, self.now)
        states = self.states.arrived(self.now)
        self.counts.sent += len(states)
        torso = self._torso_frames()  # in every period: it differentiates
        if self.states.is_cut(self.now):
            return Said(states, answers=answers)
        return Said(states, torso, self._battery_frames(), answers)

    def _torso_frames(self) -> list[Frame]:
        if self._torso_imu is None:
            return []
        return [self._torso_imu.frame(self.simulation.link_state(self._torso))]

    def _battery_frames(self) -> list[Frame]:
        if self.counts.periods % self.parameters.battery_every:
            return []
        return [battery_frame(self.battery, self.parameters.heat.ambient)]


def _without(command: Command, stopped: NDArray[np.bool_]) -> Command:
    """Return the command without the motors that are ``stopped`` (n,)."""
    if not stopped.any():
        return command
    return replace(
        command,
        stiffness=np.where(stopped, 0.0, command.stiffness),
        damping=np.where(stopped, 0.0, command.damping),
        torque=np.where(stopped, 0.0, command.torque),
    )

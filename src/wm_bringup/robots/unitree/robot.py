"""A Unitree humanoid as a ``Robot``, over whatever link.

Nothing here waits for the robot for longer than a part of a period. What the loop commands is sent
while a driver has the robot and the robot is heard; before and after that ``StartUp`` says what is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np

from wm_bringup.robots.clocks import FollowedClock
from wm_bringup.robots.unitree.absence import Absence
from wm_bringup.robots.unitree.frames import Frame, is_sound
from wm_bringup.robots.unitree.link import BATTERY, LOW_COMMAND, LOW_STATE, Link
from wm_bringup.robots.unitree.motion_switcher import MotionSwitcher
from wm_bringup.robots.unitree.remote import stops
from wm_bringup.robots.unitree.ticks import TickClock
from wm_bringup.robots.unitree.variants import Body, mismatch
from wm_bringup.robots.unitree.wiring import JointFrames
from wm_control.arbiter.hardware import UNTOLD, Hardware
from wm_control.arbiter.operator import NO_REQUEST, OperatorInput
from wm_control.arbiter.postures import damping_command
from wm_control.arbiter.start_up import COMMANDED, Phase, StartUp, StartUpParameters, Surroundings
from wm_control.constants import CONTROL_PERIOD
from wm_control.errors import WmError
from wm_control.robot.description import RobotDescription
from wm_control.types import Command, Observation

WAIT = 0.001
"""How long an observation is waited for in a period in which none has come yet [s]."""

MEETING = 0.00015
"""How much before the next state a period is to begin [s]."""

_FOLLOW = 0.2
"""Share of the way to ``MEETING`` by which the next period is shifted."""

GUARDLESS = "the guard has ended"
STOP_HELD = "the remote's stop is held"

SILENCE = 0.030
"""A robot that is not heard for longer is damped, not driven [s]."""

FIRST_STATE = 3.0
"""How long the first state may take [s]."""

TOLD_EVERY = 250
"""States from one look at temperatures and voltage to the next."""


class SilentRobotError(WmError):
    """No robot is heard."""


class WireGuard(Protocol):
    """What damps the robot when the loop does not (``guard.Guard``)."""

    @property
    def tripped(self) -> bool:
        """Whether it does, or did when it ended."""

    @property
    def alive(self) -> bool:
        """Whether it has not ended."""

    def engage(self, machine: int) -> None:
        """Watch from now on."""

    def note(self) -> None:
        """Note that a command has been sent."""

    def release(self) -> None:
        """Look away."""

    def close(self) -> None:
        """End."""


class UnitreeRobot:
    """A ``SelfStandingRobot``; ``counts`` says what was wrong with frames, by kind."""

    def __init__(
        self,
        description: RobotDescription,
        body: Body,
        link: Link,
        guard: WireGuard,
        *,
        clock: Callable[[], float],
        start_up: StartUpParameters | None = None,
    ) -> None:
        """Listen. clock: of arrivals and phases [s]."""
        self.description = description
        self.clock = FollowedClock()
        self.start_up = StartUp(description, start_up)
        self.counts: Counter[str] = Counter()
        self.hardware = UNTOLD
        self.shift = 0.0
        self._body, self._guard, self._now = body, guard, clock
        self._frames = JointFrames(description.joint_names, body.wiring)
        self._link = link
        self._states, self._battery = link.reader(LOW_STATE), link.reader(BATTERY)
        self._commands = link.writer(LOW_COMMAND)
        self._switcher = MotionSwitcher(link)
        self._ticks = TickClock()
        self._newest: Observation | None = None
        self._state: Frame | None = None
        self._heard = float("-inf")
        self._absence = Absence()
        self._machine = 0
        self._until_told = 0
        self._voltage: float | None = None
        self._asked = NO_REQUEST
        self._stopping = self._armed = False
        self._lost = ""

    @property
    def held(self) -> bool:
        """Whether it holds itself."""
        return self.start_up.phase is not Phase.DRIVEN

    @property
    def figures(self) -> Mapping[str, str | float]:
        """For people: who has the robot, how it is heard and is, what was wrong with frames."""
        phase, told = self.start_up.phase, self.hardware
        hottest: dict[str, str | float] = {}
        if told.motor_temperature is not None:
            k = int(np.argmax(told.motor_temperature))
            hottest = {
                "hottest_motor": self.description.joint_names[k],
                "hottest_motor_celsius": float(told.motor_temperature[k]),
            }
        return {
            "phase": f"{phase.name.lower()}: {phase.value}",
            "said": self.start_up.said or self.start_up.refused or self._lost,
            "silence": self._now() - self._heard,
            "clock_steps": self._ticks.steps,
            "mode_machine": self._machine,
            "motor_errors": "; ".join(told.motor_errors),
            "battery_volt": told.battery_voltage or 0.0,
            **hottest,
            **self.counts,
        }

    def reset(self, seed: int) -> Observation:
        """Return the newest observation, the first one if none was heard yet.

        SilentRobotError when none comes.
        """
        del seed
        self._lost = ""
        if self._newest is None:
            self._hear(FIRST_STATE)
        if self._newest is None:
            found = "a robot is there, but its states do not fit" if self.counts else "nobody is"
            raise SilentRobotError(
                f"no state on {LOW_STATE.topic} within {FIRST_STATE:g} s: {found}; see interface, "
                "domain and cable, and `wm doctor --robot`"
            )
        return self._newest

    def observe(self) -> Observation:
        """Return the newest observation; wait a little for one that is due."""
        self._absence.look(self._now())
        came = self._hear(0.0)
        assert self._newest is not None
        age = self._now() - self.clock.measured(self._newest.stamp, self._heard)
        if came and age < 0.5 * CONTROL_PERIOD:
            self.shift = -_FOLLOW * (MEETING + max(age, 0.0))  # it was here before: begin earlier
        else:  # none yet, or one that is so old that the next is due
            began = self._now()
            came = self._hear(WAIT)
            self.shift = _FOLLOW * (self._now() - began - MEETING) if came else 0.0
        return self._newest

    def step(self, command: Command | None, compute_time: float = 0.0) -> Observation:
        """Send a driver's command, where it may have the robot."""
        del compute_time
        assert self._newest is not None
        if command is not None:
            self.start_up.drive()
            self._armed = self.start_up.phase is Phase.DRIVEN and bool(command.stiffness.any())
        self._advance(command)
        return self._newest

    def pass_over(self, periods: int) -> Observation:
        """Do nothing: it has gone on by itself."""
        del periods
        assert self._newest is not None
        return self._newest

    def keep(self) -> None:
        """Go on with the start-up for a period."""
        self.hold()

    def hold(self) -> Observation:
        """Observe, and go on with the start-up for a period."""
        observation = self.observe()
        self._armed = False
        self._advance(None)
        return observation

    def asked(self) -> OperatorInput:
        """Return what the remote asked for since the last call."""
        asked, self._asked = self._asked, NO_REQUEST
        return asked

    def ready(self) -> None:
        """Take it over, and let it stand."""
        self._switcher.forget()
        self.start_up.begin()

    def give_back(self) -> None:
        """Give it back to its own controller."""
        self._switcher.forget()
        self.start_up.give_back()

    def relax(self) -> None:
        """Damp it, if it holds itself."""
        self.start_up.relax()

    def let_go(self) -> None:
        """Let the guard look away: the robot was damped."""
        self._guard.release()

    def close(self) -> None:
        """End; a robot that is ours and was not let go of is damped by the guard for a while."""
        if self.start_up.phase is Phase.LISTENING:
            self._guard.release()
        self._guard.close()
        self._link.close()

    def _advance(self, command: Command | None) -> None:
        """Go on with the start-up, and send what is to be sent."""
        assert self._newest is not None
        now, observation = self._now(), self._newest
        before = self.start_up.phase
        if before in COMMANDED and self._lose(now):
            self.start_up.relax()
        self._ask_owner(now)
        around = Surroundings(self._switcher.owner, self._problem(now), self._armed)
        own = self.start_up.update(now, observation, around)
        phase = self.start_up.phase
        driven = phase is Phase.DRIVEN
        if phase is Phase.RELEASING and before is not phase:
            self._lost = ""
        if phase is Phase.STIFFENING and before is not phase:
            self._guard.engage(self._machine)
        sent = command if driven else own
        if driven and self._lose(now):
            sent = damping_command(observation, self.description.damping)
        if sent is not None and not (self._guard.tripped and self._guard.alive):
            self._commands.write(self._frames.command_frame(sent, self._machine))
            self._guard.note()
        if phase is Phase.LISTENING and before is not phase:
            self._guard.release()
        self._tell()

    def _ask_owner(self, now: float) -> None:
        """Ask who has the robot, and for a change where one is wanted."""
        wanted = {Phase.RELEASING: "", Phase.GIVING_BACK: self.start_up.takes_back}
        if self.start_up.phase in wanted:
            self._switcher.update(now, select=wanted[self.start_up.phase])

    def _lose(self, now: float) -> bool:
        """Tell whether a driver must not have the robot any more; it then has to begin anew."""
        silence = now - self._heard - self._absence.excused
        if not self._guard.alive:
            self._lost = self._lost or GUARDLESS
        elif self._guard.tripped:
            self._lost = self._lost or "the control loop had sent nothing for too long"
        elif not silence <= SILENCE:
            self._lost = self._lost or f"no state for {silence:.3f} s"
        return bool(self._lost)

    def _problem(self, now: float) -> str:
        """Say why nothing may be moved."""
        if not now - self._heard <= SILENCE:
            return f"no state for {now - self._heard:.3f} s"
        if not self._guard.alive:
            return GUARDLESS
        if self._stopping:
            return STOP_HELD
        if self._state is not None:
            mode = int(self._state["mode_pr"][0])
            if unfit := mismatch(self._body, self._machine, mode):
                return unfit
        return "; ".join(self.hardware.motor_errors)

    @property
    def _hindrance(self) -> str:
        """Why no driver may have the robot: it is not ready, or whoever has the remote stops it."""
        own = self.start_up.hindrance
        if not self._stopping or STOP_HELD in own:
            return own
        return f"{own}; {STOP_HELD}" if own else STOP_HELD

    def _hear(self, patience: float) -> bool:
        """Take in all that has come, waiting for the first; whether a state was among it."""
        if patience > 0.0:
            self._states.wait(patience)
        arrival, came = self._now(), False
        for frame in self._states.take():
            came |= self._take(frame, arrival)
        for frame in self._battery.take():
            self._voltage = 1e-3 * float(frame["bmsvoltage"][0].max())
        return came

    def _take(self, frame: Frame, arrival: float) -> bool:
        """Take in one state; whether it is to be believed."""
        if not is_sound(frame):
            self.counts["wrong checksum"] += 1
            return False
        tick, mark = int(frame["tick"][0]), int(frame["crc"][0])
        time = self._ticks.time(tick, arrival, mark)
        if time is None:
            self.counts["older than the one before"] += 1
            return False
        before, self._state = self._newest, frame
        gap = 1 if before is None else max(1, round((time - before.stamp) / CONTROL_PERIOD))
        self.counts["lost"] += gap - 1
        sequence = 0 if before is None else before.sequence + gap
        self._newest = self._frames.observation(frame, sequence, time)
        self.clock.measured(time, arrival)
        self._heard = arrival
        self._absence.end()
        self._machine = int(frame["mode_machine"][0])
        stop = stops(frame["wireless_remote"][0])
        if stop and not self._stopping:
            self._asked = OperatorInput(stop=True)
            self.start_up.relax()
        self._stopping = stop
        return True

    def _tell(self) -> None:
        """Renew what is told of the hardware: at once what stops the robot, at times the rest."""
        told = self.hardware
        hindrance = self._hindrance
        self._until_told -= 1
        news = hindrance != told.hindrance or self._lost != told.lost
        if self._state is None or not (news or self._until_told <= 0 or self._errors_changed()):
            return
        self._until_told = TOLD_EVERY
        motors = self._state["motor"][0, self._frames.slots]
        self.hardware = Hardware(
            motors["temperature"].max(axis=1).astype(float),
            self._voltage or float(motors["vol"].mean()) or None,
            self._errors(),
            hindrance,
            self._lost,
        )

    def _errors_changed(self) -> bool:
        assert self._state is not None
        bits = self._state["motor"]["motorstate"][0, self._frames.slots]
        return bool(bits.any()) != bool(self.hardware.motor_errors)

    def _errors(self) -> tuple[str, ...]:
        assert self._state is not None
        bits = self._state["motor"]["motorstate"][0, self._frames.slots]
        return tuple(
            f"{self.description.joint_names[k]}: error {bits[k]:#x}" for k in np.flatnonzero(bits)
        )

"""A simulated robot on any physics engine: time, drives, sensors and disturbances in one place.

One control period is cut into physics steps. In each, the drives turn the newest command that has
arrived into torques. A command sent in answer to an observation arrives compute time and delay
later, rounded up to whole physics steps: never earlier.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np

from wm_bringup.faults.fault import parse_all
from wm_bringup.faults.schedule import Acted
from wm_bringup.robots.base import Blindfold, GroundTruth
from wm_bringup.robots.clocks import SteppedClock
from wm_bringup.robots.simulation.actuators import ActuatorParameters, Drives
from wm_bringup.robots.simulation.body import SimulatedBody, hung
from wm_bringup.robots.simulation.disturbances import (
    ActivePush,
    KickSchedule,
    PunchSchedule,
    PushSchedule,
    force_of,
)
from wm_bringup.robots.simulation.engine import BaseState, Engine, JointForce
from wm_bringup.robots.simulation.ground import Terrain
from wm_bringup.robots.simulation.imu import TrueImu
from wm_bringup.robots.simulation.sensors import SensorParameters, SensorSuite, sensor_parameters
from wm_bringup.robots.simulation.taken import TakenCourse
from wm_bringup.robots.simulation.truth import TrueKinematics
from wm_bringup.scenarios.disturbance import Disturbance
from wm_bringup.scenarios.possible import (
    Happened,
    fault_happened,
    kick_text,
    punch_text,
    push_text,
)
from wm_bringup.scenarios.scenario import Crane, Ground, Push, Scenario
from wm_control.constants import CONTROL_PERIOD
from wm_control.errors import ParameterError
from wm_control.quaternion import Quaternion
from wm_control.robot.description import RobotDescription
from wm_control.types import Array, Command, Observation

_STEPS_PER_PICTURE = 40
"""Physics steps between two refreshes of a window's camera."""


def arrival_step(now: int, latency: float, physics_step: float) -> int:
    """First physics step that sees a command which needs ``latency`` [s] from step ``now`` on.

    Rounded up, with a billionth of a step of tolerance for latencies that are exact multiples.
    """
    return now + max(0, math.ceil(latency / physics_step - 1e-9))


def spawn(seed: int, count: int) -> list[np.random.Generator]:
    """Independent generators, so that e.g. the ground does not depend on the noise drawn."""
    return [np.random.default_rng(part) for part in np.random.SeedSequence(seed).spawn(count)]


@dataclass(slots=True)
class _State:
    """What the simulation remembers between steps."""

    position: Array
    velocity: Array
    base: BaseState
    begun_with: Array
    observation: Observation = field(init=False)
    step: int = 0
    held_at: Array | None = None
    pushes: list[ActivePush] = field(default_factory=list)


class Simulation:
    """A ``SimulatedRobot``.

    description: the robot that its controllers believe in. body: the one that is simulated.
    terrain: the ground that it walks on. Body and ground are drawn anew at every reset.
    """

    def __init__(
        self,
        description: RobotDescription,
        scenario: Scenario,
        engine: Engine,
        *,
        sensors: SensorParameters | None = None,
        actuators: ActuatorParameters | None = None,
    ) -> None:
        """Put the parts together; nothing moves before ``reset``.

        sensors, actuators: instead of what the scenario says of them. ParameterError for what the
        scenario cannot mean.
        """
        self.description, self.scenario = description, scenario
        self.blindfold = Blindfold()
        self._engine = engine
        self._steps_per_period = _steps_per_period(engine.physics_step)
        self._bodies = SimulatedBody(description, scenario)
        self._embody(self._bodies.nominal)
        actuators = actuators or ActuatorParameters(
            strength=scenario.motor_strength, viscous_friction=scenario.joint_viscous_friction
        )
        self._drives = Drives(self.body, actuators, engine.physics_step)
        sensors = sensors or sensor_parameters(scenario.noise, scenario.sensor_delay)
        faults = [fault for fault in parse_all(scenario.faults) if fault.of_sensors]
        self._sensors = SensorSuite(description.joint_names, sensors, faults, CONTROL_PERIOD)
        self._schedule = PushSchedule(scenario.pushes)
        self._kicks = KickSchedule(scenario.kicks)
        self._punches = PunchSchedule(scenario.punches)
        self._load: list[JointForce] = []
        self._taken = TakenCourse(scenario.taken, description) if scenario.taken else None
        self._check_names()
        self.terrain = Terrain(scenario.ground, np.random.default_rng(0))
        self._state: _State | None = None
        self.clock = SteppedClock()

    def _embody(self, body: RobotDescription) -> None:
        self.body = body
        self._kinematics = TrueKinematics(body)
        self._imu = TrueImu(body.imu, CONTROL_PERIOD)
        self._imu_on_base = body.imu.link == body.base_link

    @property
    def mass(self) -> float:
        """Mass of the simulated body, payload included [kg]."""
        return self._kinematics.mass

    @property
    def time(self) -> float:
        """Simulated time since reset [s]."""
        return self._now().step * self._engine.physics_step

    def reset(self, seed: int) -> Observation:
        """Make the world anew and start at rest in the default posture."""
        terrain_rng, sensor_rng, posture_rng, self._jitter_rng, body_rng = spawn(seed, 5)
        self.terrain = Terrain(self._ground(body_rng), terrain_rng)
        body = self._bodies.draw(body_rng)
        if body is not self.body:
            self._embody(body)
        posture = self._initial_posture(posture_rng)
        crane = self.scenario.crane
        height = self._kinematics.standing_height(posture) + (crane.clearance if crane else 0.0)
        place = np.array([0.0, 0.0, height])
        self._engine.rebuild(body, self.terrain, place, posture)
        self._drives.reset()
        self._schedule.reset()
        self._kicks.reset()
        self._punches.reset()
        self._load = []
        self._sensors.reset(sensor_rng)
        if crane is not None:
            self._hang(crane, place, posture)
        position, velocity = self._engine.joint_state()
        base = self._engine.base_state()
        self._state = state = _State(position, velocity, base, posture)
        self._move_taken(state)
        state.observation = self._measure(state, self._imu.rest(self._with_imu(state)))
        return state.observation

    def observe(self) -> Observation:
        """Return the newest observation."""
        return self._now().observation

    def step(self, command: Command | None, compute_time: float = 0.0) -> Observation:
        """Advance one control period."""
        state, dt = self._now(), self._engine.physics_step
        if command is not None:
            latency = compute_time + self._delay()
            self._drives.send(command, arrival_step(state.step, latency, dt))
        for push in self._schedule.due(state.step * dt):
            self.push(np.array(push.impulse), push.duration)
        for kick in self._kicks.due(state.step * dt):
            self.kick(np.array(kick.velocity))
        self._punches.update(state.step * dt)
        self._move_taken(state)
        offset = self._sensors.zero_offset
        for _ in range(self._steps_per_period):
            torque = self._drives.torque(state.step, state.position + offset, state.velocity)
            if state.held_at is not None:
                self._engine.fix_base(state.held_at)
            self._engine.step(torque, self._push_force(state), self._forces)
            state.position, state.velocity = self._engine.joint_state()
            state.step += 1
        self._sense(state)
        if state.step % _STEPS_PER_PICTURE == 0:
            self._engine.show()
        return state.observation

    def pass_over(self, periods: int) -> Observation:
        """Go on for some control periods without a command."""
        for _ in range(periods):
            self.step(None)
        return self.observe()

    def hold(self) -> Observation:
        """Sample the sensors again while neither the robot nor the scenario's time moves."""
        state = self._now()
        state.observation = self._measure(state, self._imu.rest(self._with_imu(state)))
        return state.observation

    def hang(self, place: Array | None) -> None:
        """Carry base_link at a place (3,) in the world, upright, from now on; None lets go.

        Time goes on, other than in ``hold``, and limbs hang from it by their weight.
        """
        self._now().held_at = place
        if place is None:
            self._engine.fix_base(None)

    def clearance(self) -> float:
        """Height of the soles' lowest point above the ground, were the base upright [m]."""
        state = self._now()
        x, y, z = state.base.position.tolist()
        return float(
            z - self._kinematics.standing_height(state.position) - self.terrain.height(x, y)
        )

    @property
    def base(self) -> BaseState:
        """True pose and velocity of base_link now."""
        return self._now().base

    def link_state(self, link: str) -> BaseState:
        """Pose and velocity of any link of the body, in the world."""
        return self._moving(link, self._now())

    def _with_imu(self, state: _State) -> BaseState:
        """Pose and velocity of the link that carries the IMU."""
        return state.base if self._imu_on_base else self._moving(self.body.imu.link, state)

    def _moving(self, link: str, state: _State) -> BaseState:
        return self._kinematics.link_state(link, state.base, state.position, state.velocity)

    def drive_state(self) -> tuple[Array, Array]:
        """Torque of the motors [N·m] and speed of the joints [rad/s] now, (n,) each, true."""
        return self._drives.motor_torque.copy(), self._now().velocity

    def ground_truth(self) -> GroundTruth:
        """Return the true state now; for evaluators only."""
        self.blindfold.check()
        state = self._now()
        push = self._push_force(state)
        return self._kinematics.truth(
            self.time,
            state.base,
            state.position,
            state.velocity,
            self._drives.applied_torque,
            self._engine.contacts(),
            np.zeros(3) if push is None else push,
            self.terrain,
        )

    @property
    def sensor_faults(self) -> tuple[Acted, ...]:
        """What came of each fault of the sensors that the scenario asks for."""
        return self._sensors.faults.acted

    @property
    def happened(self) -> tuple[Happened, ...]:
        """What came of every push, kick, punch and fault of the sensors since reset."""
        started = self._schedule.started
        pushes = (
            Happened(push_text(push), started.get(index))
            for index, push in enumerate(self.scenario.pushes)
        )
        kicks = (
            Happened(kick_text(kick), self._kicks.started.get(index))
            for index, kick in enumerate(self.scenario.kicks)
        )
        punches = (
            Happened(punch_text(punch), self._punches.started.get(index))
            for index, punch in enumerate(self.scenario.punches)
        )
        return (*pushes, *kicks, *punches, *map(fault_happened, self.sensor_faults))

    def push(self, impulse: Array, duration: float = 0.1) -> None:
        """Push the base from now on; the force keeps the direction it has at its start."""
        state = self._now()
        heading = math.atan2(state.base.rotation[1, 0], state.base.rotation[0, 0])
        force, steps = force_of(impulse, duration, heading, self._engine.physics_step)
        state.pushes.append(ActivePush(force, state.step + steps))

    def disturb(self, what: Disturbance) -> None:
        """Push, load or set on other ground from now on, until reset.

        A payload hangs from the torso with its weight alone: its inertia is not simulated.
        ParameterError for a payload of a robot that has no joint to hang it from.
        """
        if what.impulse is not None and what.phase is None:
            self.push(np.array(what.impulse))
        elif what.impulse is not None:
            self._schedule.add(Push(what.impulse, at=self.time, phase=what.phase))
        if what.payload is not None:
            self._load = hung(self.body, what.payload)
        if what.friction is not None:
            self._engine.set_friction(what.friction)

    @property
    def _forces(self) -> list[JointForce]:
        """Forces at joints in this period: punches, and what hangs from the torso."""
        return [*self._punches.acting, *self._load] if self._load else self._punches.acting

    def kick(self, velocity: Array) -> None:
        """Let the whole robot move faster at once: ``velocity`` (3,) in the world [m/s]."""
        self._now()
        self._engine.kick(velocity)

    def set_gait_phase(self, phase: float) -> None:
        """Start the scripted pushes whose phase has just been passed."""
        for push in self._schedule.due_at_phase(self.time, phase):
            self.push(np.array(push.impulse), push.duration)

    def close(self) -> None:
        """Give the world back; a second call does nothing."""
        self._engine.close()

    def _ground(self, rng: np.random.Generator) -> Ground:
        """Ground of this episode: its friction is that of this body's soles."""
        ground, spread = self.scenario.ground, self.scenario.body.friction_spread
        if spread == 0.0:
            return ground
        return replace(ground, friction=ground.friction * (1.0 + rng.uniform(-spread, spread)))

    def _now(self) -> _State:
        if self._state is None:
            raise RuntimeError("reset() must be called before the simulation is used")
        return self._state

    def _delay(self) -> float:
        """Delay [s] of the next command."""
        jitter = self.scenario.delay_jitter
        return self.scenario.delay + (jitter * self._jitter_rng.random() if jitter > 0.0 else 0.0)

    def _initial_posture(self, rng: np.random.Generator) -> Array:
        default = self._planned_posture()
        noise = self.scenario.initial_joint_noise * rng.standard_normal(default.shape)
        return np.clip(default + noise, self.body.position_lower, self.body.position_upper)

    def _planned_posture(self) -> Array:
        """Posture of the crane, if it hangs there, else the default one (n,) [rad]."""
        posture = np.array(self.description.default_position)
        named = self.scenario.crane.posture if self.scenario.crane else {}
        for name, position in named.items():
            posture[self.description.joint_names.index(name)] = position
        return posture

    def _check_names(self) -> None:
        """ParameterError for a joint that the robot has not."""
        scenario, known = self.scenario, self.description.joint_names
        named = {f"punches.{k}.joint": one.joint for k, one in enumerate(scenario.punches)}
        hung = scenario.crane.posture if scenario.crane else {}
        for key, name in (*named.items(), *((f"crane.posture.{name}", name) for name in hung)):
            if name not in known:
                expected = f"must be a joint of '{self.description.name}'"
                raise ParameterError(key, name, expected, f"scenario '{scenario.name}'")

    def _hang(self, crane: Crane, place: Array, posture: Array) -> None:
        """Let the drives hold a posture while the base is put back after every step."""
        self._drives.hold(posture)
        for _ in range(round(crane.seconds / self._engine.physics_step)):
            self._engine.hold_base(place)
            self._engine.step(self._drives.torque(0, *self._engine.joint_state()), None)
        self._engine.hold_base(place)

    def _move_taken(self, state: _State) -> None:
        """Tell the drives of joints that somebody else moves where to be in this period."""
        if self._taken is not None:
            begun = state.begun_with[self._taken.indices]
            time = state.step * self._engine.physics_step
            self._drives.take(self._taken.indices, self._taken.at(time, begun))

    def _push_force(self, state: _State) -> Array | None:
        if not state.pushes:
            return None
        state.pushes = [push for push in state.pushes if state.step < push.last]
        return sum((push.force for push in state.pushes), np.zeros(3)) if state.pushes else None

    def _sense(self, state: _State) -> None:
        """Sample all sensors at the end of a period."""
        state.base = self._engine.base_state()
        orientation = self._imu.move(self._with_imu(state))
        state.observation = self._measure(state, orientation)

    def _measure(self, state: _State, orientation: Quaternion) -> Observation:
        """Take one observation; orientation: of the IMU in the world."""
        truth = np.concatenate(
            (state.position, state.velocity, self._drives.motor_torque, self._imu.motion)
        )
        return self._sensors.measure(state.step * self._engine.physics_step, truth, orientation)


def _steps_per_period(physics_step: float) -> int:
    steps = CONTROL_PERIOD / physics_step
    if abs(steps - round(steps)) > 1e-9:
        raise ParameterError(
            "physics_step", physics_step, f"must divide the control period {CONTROL_PERIOD} s"
        )
    return round(steps)

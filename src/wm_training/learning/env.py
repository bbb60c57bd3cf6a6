"""The training ground: many randomised robots in MuJoCo, one control step at a time.

Numpy in, numpy out, no torch. Robots whose episode ends are reset within the step. Observations and
actions are mirrored in the second half of every stride, see ``mirror``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import mujoco
import numpy as np
from mujoco.batch import Batch
from numpy.typing import NDArray

from wm_control.robot.description import RobotDescription
from wm_control.types import Array
from wm_training.learning.commands import Commands
from wm_training.learning.gait import Clock, Gait
from wm_training.learning.mirror import second_half
from wm_training.learning.motion import Motion, MotionReader
from wm_training.learning.mujoco_model import build_model, drive_gains, locked_posture, waist_joints
from wm_training.learning.observing import Observer
from wm_training.learning.parameters import TrainingParameters
from wm_training.learning.randomisation import Randomisation
from wm_training.learning.rewards import ROUGHNESS, Situation, rewards
from wm_training.learning.student import ACTION_BOUND, build_student

LEAST_UPRIGHT = 0.6
"""Cosine of the base's tilt; less is a fall."""

START_TIME = 1.0
"""On MuJoCo's clock when episodes begin, so that a silent reset to zero is seen [s]."""

_VELOCITY_STAGE = int(mujoco.mjtStage.mjSTAGE_VEL)


@dataclass(frozen=True, slots=True)
class Step:
    """What the learner gets; rows of robots that were reset already show their new episode.

    observation: (n, w) what the network sees. privileged: (n, p) for the critic. reward: (n,).
    fell, timed_out: (n,). last_privileged: (n, p) before resets, to value episodes that were cut.
    terms: mean of every reward term.
    """

    observation: NDArray[np.float32]
    privileged: NDArray[np.float32]
    reward: Array
    fell: NDArray[np.bool_]
    timed_out: NDArray[np.bool_]
    last_privileged: NDArray[np.float32]
    terms: Mapping[str, float]


class TrainingEnvironment:
    """n robots. ``reset`` first, then ``step`` with the network's outputs."""

    def __init__(
        self,
        description: RobotDescription,
        parameters: TrainingParameters,
        count: int,
        seed: int,
        threads: int = 1,
    ) -> None:
        """Compile legs and waist; arms are welded in the default posture."""
        self.parameters, self.count = parameters, count
        self.student = student = build_student(description, parameters)
        self.legs, legs = student.legs, student.legs.names
        waist = waist_joints(description)
        free = (*legs, *waist)
        model = build_model(
            description,
            parameters.physics,
            locked_posture(description, free),
            gains=drive_gains(description, free),
        )
        self.model = model
        self.batch = Batch(model, count, threads, persistent=True)
        self.gait: Gait = student.gait
        pick = [description.joint_names.index(name) for name in legs]
        held = [description.joint_names.index(name) for name in waist]
        self._waist: Array = description.default_position[held]
        self.limit: Array = description.torque_limit[pick]
        self.scale = student.scale
        self._crouch = description.default_position[pick]
        self.lower, self.upper = description.position_lower[pick], description.position_upper[pick]
        self.rng = np.random.default_rng(seed)
        self.clock = Clock(count, self.gait)
        self.randomisation = Randomisation(self.batch, model, parameters, self.rng)
        self.commands = Commands(count, parameters, self.rng)
        self.observer = Observer(count, student, parameters.randomisation, self.rng)
        self.difficulty = parameters.curriculum.start
        self.price_of_roughness = 1.0
        self._reader = MotionReader(self.batch, model, student.legs)
        self._position, self._velocity = self.batch.bind("qpos"), self.batch.bind("qvel")
        self._time = self.batch.bind("time").reshape(count, 1)
        self._control, self._sites = self.batch.bind("ctrl"), self.batch.bind("site_xpos")
        self.substeps = round(1.0 / (parameters.rate * parameters.physics.step))
        self.longest = round(parameters.episode * parameters.rate)
        stride = round(parameters.gait.stride * parameters.rate)
        self._age = np.zeros(count, dtype=np.int64)
        self._next_kick = np.zeros(count, dtype=np.int64)
        self._since_push = np.zeros(count, dtype=np.int64)
        self._since_walk = np.zeros(count, dtype=np.int64)
        self._actions = np.zeros((3, count, len(legs)))
        self._net_actions = np.zeros((3, count, len(legs)))
        self._cadence: Array = np.zeros(count)
        self._sole_speed = np.zeros((count, 2))
        self._ring = np.zeros((stride, count, 3))
        self._now = 0
        self.target: Array = np.zeros((count, len(legs)))

    def reset(self) -> Step:
        """Start all robots, at different ages so that their episodes end at different times."""
        everybody = np.arange(self.count)
        self._restart(everybody)
        self._age[:] = self.rng.integers(0, self.longest, self.count)
        return self._look(np.zeros(self.count), np.zeros(self.count, bool), None, {})

    @property
    def mirrored(self) -> NDArray[np.bool_]:
        """(n,) robots that are seen in the mirror now."""
        return second_half(self.clock.sine)

    def step(self, action: NDArray[np.float32]) -> Step:
        """Apply (n, outputs) network outputs for one control period."""
        bounded = np.clip(action.astype(np.float64), -ACTION_BOUND, ACTION_BOUND)
        joints = self.legs.count
        own = self.legs.mirror.where(self.mirrored, bounded[:, :joints])
        self._cadence = np.clip(bounded[:, joints], -1.0, 1.0)
        reference = self.gait.reference(self.clock.sine)
        total = own + reference / self.scale
        self._actions = np.roll(self._actions, 1, axis=0)
        self._actions[0] = total
        self._net_actions = np.roll(self._net_actions, 1, axis=0)
        self._net_actions[0] = own
        target = np.clip(self.gait.default + self.scale * total, self.lower, self.upper)
        before, began = self._velocity[:, self.legs.speeds].copy(), self._time[:, 0].copy()
        self._advance(target)
        motion = self._reader.read(before, 1.0 / self.parameters.rate)
        # MuJoCo answers NaN with a reset, and says so only on the clock.
        broken = ~motion.finite | (self._time[:, 0] < began)
        return self._judge(motion, broken)

    def _advance(self, target: Array) -> None:
        """Physics; the new target arrives after each robot's own delay."""
        for substep in range(self.substeps):
            arrived = substep >= self.randomisation.delay
            self._control[:, self.legs.torques] = np.where(arrived[:, None], target, self.target)
            last = substep == self.substeps - 1
            self.batch.step(nstep=1, stage=_VELOCITY_STAGE if last else 0)
        self.target = target

    def _judge(self, motion: Motion, broken: NDArray[np.bool_]) -> Step:
        self._remember(motion)
        low = motion.height < self.parameters.gait.least_height
        fell = broken | low | (motion.rotation[:, 2, 2] < LEAST_UPRIGHT)
        terms = rewards(self._situation(motion), self.parameters.rewards)
        for name in ROUGHNESS & terms.keys():
            terms[name] = terms[name] * self.price_of_roughness
        terms["fall"] = self._fall_weight * fell.astype(np.float64)
        reward = np.sum(list(terms.values()), axis=0) / self.parameters.rate
        reward[broken] = self._fall_weight / self.parameters.rate
        self._sole_speed = motion.sole_velocity[:, :, 2]
        self._age += 1
        means = {name: float(np.nanmean(values)) for name, values in terms.items()}
        return self._look(np.maximum(reward, -4.0), fell, motion, means)

    @property
    def _fall_weight(self) -> float:
        """Falls cost little while walking is learned."""
        weights = self.parameters.rewards
        return weights.fall + self.difficulty * (weights.fall_hard - weights.fall)

    def _remember(self, motion: Motion) -> None:
        self._now = (self._now + 1) % len(self._ring)
        self._ring[self._now, :, :2] = motion.velocity[:, :2]
        self._ring[self._now, :, 2] = motion.angular_velocity[:, 2]

    @property
    def mean_velocity(self) -> Array:
        """(n, 3) over the last stride: forward, left [m/s], turning [rad/s]."""
        mean: Array = self._ring.mean(axis=0)
        return mean

    def _situation(self, motion: Motion) -> Situation:
        return Situation(
            motion=motion,
            command=self.commands.value,
            idle=self.commands.standing,
            standing=self.clock.stopped,
            swing=self.gait.swing(self.clock.sine),
            mean_velocity=self.mean_velocity,
            action=self._net_actions[0],
            before=self._net_actions[1],
            before_that=self._net_actions[2],
            cadence=self._cadence,
            velocity_before=self._sole_speed,
            lower=self.lower,
            upper=self.upper,
            default=self.gait.default,
            limit=self.limit,
            sideways=self.legs.sideways,
            gait=self.parameters.gait,
        )

    def _look(
        self, reward: Array, fell: NDArray[np.bool_], motion: Motion | None, terms: dict[str, float]
    ) -> Step:
        """Reset who is done, let time and commands go on, and observe."""
        timed_out = (self._age >= self.longest) & ~fell
        privileged = None
        if motion is not None:
            self._disturb()
            privileged = self._privileged(motion)
        done = np.flatnonzero(fell | timed_out)
        if motion is not None and len(done):
            self._restart(done)
        self.commands.tick(self.difficulty)
        now = self._reader.read(self._velocity[:, self.legs.speeds], 1.0)
        rolling, pitching = now.angular_velocity[:, 0], now.angular_velocity[:, 1]
        speed = 1.0 + self.parameters.gait.cadence * self._cadence
        shaking = self._felt(np.hypot(rolling, pitching))
        self.clock.tick(self.commands.standing, shaking, rolling, speed)
        observation = self.observer.observe(
            now, self.commands.value, self.clock, self._actions[0], done, self.mirrored
        )
        fresh = self._privileged(now)
        last = fresh if privileged is None else privileged
        return Step(observation, fresh, reward, fell, timed_out, last, terms)

    def _felt(self, shaking: Array) -> Array:
        """(n,) speed of rolling and pitching that the clocks hear of [rad/s].

        A hard kick is felt without shaking, and shaking without a reason is not felt: or robots
        learn to rock, because it makes them step, and stepping is safer than standing.
        """
        self._since_walk = np.where(self.commands.standing, self._since_walk + 1, 0)
        gait, rate = self.parameters.gait, self.parameters.rate
        reason = np.minimum(self._since_push, self._since_walk) < round(gait.wake_window * rate)
        kicked = self._since_push == round(gait.wake_delay * rate)
        return np.where(kicked, np.inf, np.where(reason, shaking, 0.0))

    def _privileged(self, motion: Motion) -> NDArray[np.float32]:
        return self.observer.privileged(
            motion,
            self.commands.value,
            self.clock,
            self._actions[0],
            self.mean_velocity,
            self.randomisation.facts,
            self.mirrored,
        )

    def _disturb(self) -> None:
        """Velocity kicks, in any direction, as hard as the difficulty allows."""
        self._since_push += 1
        due = np.flatnonzero(self._age >= self._next_kick)
        self._schedule_kick(due)
        spared = self.rng.random(len(due)) >= self.parameters.randomisation.kick_standing
        due = due[~(spared & self.commands.standing[due])]
        if not len(due):
            return
        r = self.parameters.randomisation
        size = self.difficulty * r.kick * self.rng.random(len(due)) ** 0.5
        angle = self.rng.uniform(0.0, 2.0 * np.pi, len(due))
        self._velocity[due, 0] += size * np.cos(angle)
        self._velocity[due, 1] += size * np.sin(angle)
        turn = self.difficulty * r.kick_turn
        self._velocity[due, 3:6] += self.rng.uniform(-turn, turn, (len(due), 3))
        self._since_push[due[size >= self.parameters.gait.wake_kick]] = 0

    def _schedule_kick(self, ids: NDArray[np.intp]) -> None:
        low, high = self.parameters.randomisation.kick_every
        pause = self.rng.uniform(low, high, len(ids)) * self.parameters.rate
        self._next_kick[ids] = self._age[ids] + pause.astype(np.int64)

    def _restart(self, ids: NDArray[np.intp]) -> None:
        """Make new robots, in postures between the policy's default and the robot's."""
        rng, k = self.rng, len(ids)
        self.randomisation.draw(ids)
        self._age[ids] = 0
        self._since_push[ids] = self._since_walk[ids] = self.longest
        self._schedule_kick(ids)
        share = rng.random((k, 1)) ** 2
        posture = self.gait.default + share * (self._crouch - self.gait.default)
        posture = np.clip(
            posture + rng.normal(0.0, 0.02, (k, self.legs.count)), self.lower, self.upper
        )
        yaw = rng.uniform(-np.pi, np.pi, k)
        self.batch.reset(ids, stage=0)
        self._position[ids] = 0.0
        self._position[ids, 3], self._position[ids, 6] = np.cos(0.5 * yaw), np.sin(0.5 * yaw)
        self._position[ids, self.legs.angles] = posture
        self._position[ids, self.legs.angles.stop :] = self._waist
        self._time[ids] = START_TIME
        self._velocity[ids] = rng.normal(0.0, 0.05, (k, self.model.nv))
        self._control[ids, self.legs.torques] = posture
        self._control[ids, self.legs.count :] = self._waist
        self.batch.forward(ids, stage=int(mujoco.mjtStage.mjSTAGE_POS))
        self._position[ids, 2] = -self._sites[ids, :, 2].min(axis=1) + 0.002
        self.batch.forward(ids)
        self.target[ids] = posture
        self._actions[:, ids] = 0.0
        self._net_actions[:, ids] = 0.0
        self._cadence[ids] = 0.0
        self._sole_speed[ids] = 0.0
        self._ring[:, ids] = 0.0
        self.commands.restart(ids, self.difficulty)
        self.clock.reset(ids, np.zeros(k))

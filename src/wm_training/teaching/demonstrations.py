"""Collect demonstrations in lock-step: random commands, kicks, frictions, sensors with noise."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wm_bringup.cycle import stack
from wm_bringup.cycle.loop import ControlLoop
from wm_bringup.judging.draws import kicks_every
from wm_bringup.judging.episodes import compute_times
from wm_bringup.lockstep.contestants import ModelBasedContestant
from wm_bringup.lockstep.lockstep import LockStep
from wm_bringup.lockstep.true_state import TrueStateEstimator
from wm_bringup.robots.simulated import simulate
from wm_bringup.scenarios.scenario import Ground, Payload, Scenario, VelocitySegment
from wm_control.controllers.model_based import ModelBasedParameters
from wm_control.robot.description import load_robot
from wm_policy.loading import load_policy
from wm_training.learning.parameters import ImitationParameters
from wm_training.teaching.demonstrator import Demonstrator, Example

TURN = 1.0
"""Teacher and student take turns of this length [s]."""

FIRST_TURN = 1.5
"""The teacher always begins [s]."""

KICKS = (0.1, 0.5)
"""Sizes of the velocity kicks, one per lesson; the teacher falls under harder ones [m/s]."""

BEFORE_FALL = 0.4
"""Examples nearer to a fall are dropped: nobody can save the robot any more [s]."""


@dataclass(frozen=True, slots=True)
class Demonstrations:
    """k examples: observation (k, w) and label (k, 12), as the student sees and acts."""

    observation: NDArray[np.float32]
    label: NDArray[np.float32]

    def __len__(self) -> int:
        """Return the number of examples."""
        return len(self.observation)

    def joined(self, other: Demonstrations) -> Demonstrations:
        """Both, one after the other."""
        return Demonstrations(
            np.concatenate((self.observation, other.observation)),
            np.concatenate((self.label, other.label)),
        )

    def save(self, path: Path) -> None:
        """Write to an .npz file, whole or not at all."""
        part = path.with_suffix(".part.npz")
        np.savez(part, observation=self.observation, label=self.label)
        part.replace(path)

    @staticmethod
    def load(path: Path) -> Demonstrations:
        """Read what ``save`` wrote."""
        with np.load(path) as content:
            return Demonstrations(content["observation"], content["label"])


@dataclass(frozen=True, slots=True)
class Lesson:
    """One episode. student_share: of the turns that the student drives; fell: how it ended."""

    demonstrations: Demonstrations
    seconds: float
    fell: bool


def teacher_parameters(robot: str, stride: float, com_height: float) -> ModelBasedParameters:
    """Return the model-based controller's parameters, with the student's cadence [s].

    com_height: above the soles [m]; higher than where the teacher walks best, because students
    never quite unlearn the crouch that they were shown.
    """
    parameters = stack.model_based_parameters(robot)
    gait = replace(parameters.gait, step_duration=0.5 * stride, com_height=com_height)
    return replace(parameters, gait=gait)


def teach(
    robot: str,
    policy: Path,
    seed: int,
    parameters: ImitationParameters,
    student_share: float,
) -> Lesson:
    """One episode of random commands and kicks with the policy in ``policy`` as the student."""
    duration = parameters.lesson
    rng = np.random.default_rng(seed)
    scenario = random_scenario(rng, duration)
    size = float(rng.uniform(*KICKS))
    scenario = replace(scenario, kicks=kicks_every(3.0, size, duration, seed))
    description = load_robot(robot)
    simulated = simulate(description, scenario)
    turns = rng.random(int(duration / TURN) + 2) < student_share
    student = load_policy(policy, description)
    assert student.manifest.phase is not None
    teacher = teacher_parameters(
        robot, 1.0 / student.manifest.phase.frequency, parameters.com_height
    )
    demonstrator = Demonstrator(
        description,
        teacher,
        student,
        stack.build_estimator(description, stack.estimator_parameters(robot)),
        lambda now: bool(now > FIRST_TURN and turns[int(now / TURN)]),
    )
    planner = stack.build_planner(description, teacher, time.thread_time)
    times = compute_times(seed)
    contestant = ModelBasedContestant(planner, demonstrator, times.plan)
    loop = ControlLoop(
        description,
        TrueStateEstimator(simulated.ground_truth),
        [demonstrator],
        stack.safety_parameters(robot),
        clock=time.thread_time,
    )
    try:
        run = LockStep(simulated, loop, contestant, scenario, times, clock=time.thread_time).run(
            seed
        )
    finally:
        simulated.close()
    end = float(run.record["time"][-1])
    last = end - BEFORE_FALL if run.fall else end
    return Lesson(_usable(demonstrator.examples, last), end, bool(run.fall))


def _usable(examples: list[Example], last: float) -> Demonstrations:
    kept = [e for e in examples[:-1] if e.usable and e.stamp < last]
    if not kept:
        return Demonstrations(np.zeros((0, 0), np.float32), np.zeros((0, 0), np.float32))
    return Demonstrations(
        np.stack([e.observation for e in kept]), np.stack([e.label for e in kept])
    )


def random_scenario(rng: np.random.Generator, duration: float) -> Scenario:
    """Commands that change every 3 to 6 s, friction 0.4 to 1, nominal noise, 8 ms delay."""
    segments, now = [], 1.0
    while now < duration:
        x, y, yaw = rng.uniform((-0.5, -0.3, -0.7), (1.1, 0.3, 0.7))
        only = rng.random() < 0.4
        axis = rng.choice(3, p=(0.5, 0.25, 0.25))
        kept = np.array((x, y, yaw)) * (np.eye(3)[axis] if only else 1.0)
        kept = kept if rng.random() > 0.12 else np.zeros(3)
        segments.append(VelocitySegment(now, *(float(v) for v in kept)))
        now += float(rng.uniform(3.0, 6.0))
    return Scenario(
        name="lesson",
        duration=duration,
        velocity=tuple(segments),
        ground=Ground(friction=float(rng.uniform(0.4, 1.0))),
        payload=Payload(mass=float(rng.uniform(0.0, 2.0))),
        noise="nominal",
        delay=0.008,
        initial_joint_noise=0.01,
    )

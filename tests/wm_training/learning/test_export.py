"""What is exported does what was trained: the same observation, the same targets."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from exact_robots import EXACT
from training_layers import random_layers
from training_parameters import JOINTS, LEGS, TRAINING

from wm_control.robot.description import load_robot
from wm_control.types import VelocityCommand
from wm_policy.checking.golden import synthetic_command, synthetic_estimate
from wm_policy.loading import examine, load_policy
from wm_policy.signals import gravity_in_base
from wm_training.learning.commands import is_standing
from wm_training.learning.export import pin_golden, save_policy
from wm_training.learning.gait import Clock
from wm_training.learning.mirror import second_half
from wm_training.learning.motion import Motion
from wm_training.learning.network_graph import INPUT, Layer, build_network
from wm_training.learning.observing import Observer, observation_mirror, observation_width
from wm_training.learning.student import ACTION_BOUND, build_student

ROBOT = load_robot("g1")
PARAMETERS = replace(TRAINING, randomisation=EXACT)
STUDENT = build_student(ROBOT, PARAMETERS)
GAIT, SCALE, CADENCE = STUDENT.gait, STUDENT.scale, STUDENT.cadence
HISTORY = PARAMETERS.observation.history
LEGS_AT = [ROBOT.joint_names.index(name) for name in STUDENT.legs.names]


def answer(layers: list[Layer], seen: np.ndarray) -> np.ndarray:
    """Return the bare network's output for canonical observations (n, w)."""
    value = seen
    for number, layer in enumerate(layers):
        value = value @ layer.weight.T + layer.bias
        if number < len(layers) - 1:
            value = np.where(value > 0.0, value, np.expm1(value))
    return np.clip(value, -ACTION_BOUND, ACTION_BOUND)


def motion_of(estimate: object) -> Motion:
    """Return what training would have seen of this estimate; the rest is not observed."""
    joints = estimate.joint_position[LEGS_AT][None]  # type: ignore[attr-defined]
    speeds = estimate.joint_velocity[LEGS_AT][None]  # type: ignore[attr-defined]
    gravity = np.array([gravity_in_base(estimate.base_orientation.tolist())])  # type: ignore[attr-defined]
    gyro = estimate.base_angular_velocity_in_base[None]  # type: ignore[attr-defined]
    two, three = np.zeros((1, 2)), np.zeros((1, 3))
    soles = np.zeros((1, 2, 3))
    return Motion(
        height=np.zeros(1),
        rotation=np.eye(3)[None],
        gravity=gravity,
        angular_velocity=gyro,
        velocity=three,
        joint_position=joints,
        joint_velocity=speeds,
        joint_acceleration=speeds,
        torque=speeds,
        sole_position=soles,
        sole_velocity=soles,
        sole_normal=soles,
        sole_heading=two,
        load=two,
    )


def test_the_deployed_policy_follows_the_training_step_by_step(tmp_path: Path) -> None:
    """Standing, being shaken, walking off, both halves of strides: clock, action, target."""
    layers = random_layers()
    policy = load_policy(save_policy(layers, ROBOT, PARAMETERS, tmp_path, "a test"), ROBOT)
    observer = Observer(1, STUDENT, EXACT, np.random.default_rng(0))
    clock = Clock(1, GAIT)
    clock.reset(np.array([0]), np.zeros(1))
    last, nobody, speed = np.zeros((1, 12)), np.zeros(0, dtype=np.intp), np.ones(1)
    halves, stopped, speeds = set(), set(), []
    for index in range(90):
        time = 0.02 * index
        estimate = synthetic_estimate(ROBOT, time)
        asked = synthetic_command(time) if time < 1.0 else VelocityCommand(0.4, 0.1, -0.2)
        if index < 20:
            asked = VelocityCommand(0.0, 0.0, 0.0)
        if index == 8:
            shaken = np.array([0.9, 0.0, 0.0])
            estimate = replace(estimate, base_angular_velocity_in_base=shaken)
        gyro = estimate.base_angular_velocity_in_base
        step = policy.step(estimate, asked)
        command = np.array([policy.bounded(asked)])
        shaking = np.array([np.hypot(gyro[0], gyro[1])])
        clock.tick(is_standing(command), shaking, gyro[:1], speed)
        stopped.add(bool(clock.stopped[0]) if index < 20 else None)
        second = second_half(clock.sine)
        halves.add(bool(second[0]))
        seen = observer.observe(motion_of(estimate), command, clock, last, nobody, second)
        said = answer(layers, seen.astype(np.float64))
        own = LEGS.where(second, said[:, :JOINTS])
        speed = 1.0 + CADENCE * np.clip(said[:, JOINTS], -1.0, 1.0)
        speeds.append(float(speed[0]))
        last = own + GAIT.reference(clock.sine) / SCALE
        target = GAIT.default + SCALE * last[0]
        target = np.clip(target, ROBOT.position_lower[LEGS_AT], ROBOT.position_upper[LEGS_AT])
        assert step.position[LEGS_AT] == pytest.approx(target, abs=2e-5), index
    assert halves == {False, True}
    assert stopped == {False, True, None}
    assert max(speeds) - min(speeds) > 0.3


def test_mirrored_observations_get_mirrored_answers() -> None:
    session = onnxruntime.InferenceSession(build_network(random_layers(), STUDENT))
    rng = np.random.default_rng(3)
    mirror = observation_mirror(STUDENT)
    for phase in rng.uniform(0.05, np.pi - 0.05, 5):
        seen = rng.normal(0.0, 0.5, (1, observation_width(STUDENT)))
        seen[0, 3:7] = [np.sin(phase), -np.sin(phase), np.cos(phase), -np.cos(phase)]
        answers = [
            session.run(None, {INPUT: values.astype(np.float32)}) for values in (seen, mirror(seen))
        ]
        assert answers[1][0] == pytest.approx(LEGS(answers[0][0]), abs=1e-5)
        assert answers[1][1] == pytest.approx(answers[0][1], abs=1e-5)


def test_an_exported_policy_passes_every_check_and_reproduces_its_golden_answers(
    tmp_path: Path,
) -> None:
    width = observation_width(STUDENT)
    mean = np.zeros(width)
    for frame in range(HISTORY + 1):
        mean[7 + 42 * frame + 5] = -1.0
    statistics = (mean, np.ones(width))
    manifest = save_policy(random_layers(), ROBOT, PARAMETERS, tmp_path, "a test", statistics)
    pin_golden(manifest, ROBOT)
    examination = examine(manifest, ROBOT)
    assert examination.problems == ()
    assert examination.manifest is not None
    (bodies,) = examination.manifest.robot
    assert bodies.names == (ROBOT.name,)
    assert len(examination.manifest.golden) == 1
    assert examination.manifest.story is not None


def test_an_exported_policy_is_refused_on_another_body(tmp_path: Path) -> None:
    manifest = save_policy(random_layers(), ROBOT, PARAMETERS, tmp_path, "a test")
    name, *gears = examine(manifest, load_robot("g1/mode_11.yaml")).problems
    assert "'g1_mode_11'" in str(name)
    assert [problem.field for problem in gears] == [
        f"robot[0].armature of {side}_hip_pitch_joint" for side in ("left", "right")
    ]


def test_other_weights_are_refused(tmp_path: Path) -> None:
    manifest = save_policy(random_layers(), ROBOT, PARAMETERS, tmp_path, "a test")
    network = tmp_path / f"{PARAMETERS.name}.onnx"
    network.write_bytes(build_network(random_layers(1), STUDENT))
    assert "sha256" in str(examine(manifest, ROBOT).problems[0])

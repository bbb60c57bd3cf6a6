"""The training ground: symmetric, reproducible, and never fooled by NaN."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import mujoco
import numpy as np
import pytest
from exact_robots import EXACT
from training_parameters import LEGS, OUTPUTS, STUDENT, TRAINING

from wm_control.robot.description import load_robot
from wm_training.learning.env import TrainingEnvironment

ROBOT = load_robot("g1")
WALKING = dataclasses.replace(TRAINING.command, standing=0.0, hold=(100.0, 101.0))


def environment(count: int = 4, seed: int = 0, **changes: object) -> TrainingEnvironment:
    parameters = dataclasses.replace(TRAINING, **changes)
    return TrainingEnvironment(ROBOT, parameters, count, seed)


def actions(count: int, seed: int) -> np.ndarray:
    return (0.3 * np.random.default_rng(seed).standard_normal((count, OUTPUTS))).astype(np.float32)


def test_equal_seeds_give_equal_steps() -> None:
    runs = []
    for _ in range(2):
        env = environment(seed=3)
        env.reset()
        runs.append([env.step(actions(4, i)).observation for i in range(5)])
    assert np.array_equal(runs[0], runs[1])


def test_a_robot_and_its_mirror_image_half_a_stride_later_do_the_same() -> None:
    """The same answer of the network to the same observation moves them as mirror images."""
    env = environment(2, randomisation=EXACT, command=WALKING)
    env.reset()
    position, velocity = env.batch.bind("qpos"), env.batch.bind("qvel")
    position[:, :7] = (0.0, 0.0, 0.78, 1.0, 0.0, 0.0, 0.0)
    position[0, STUDENT.legs.angles] = env.gait.default + 0.1 * np.sin(np.arange(12.0))
    position[1, STUDENT.legs.angles] = LEGS(position[0, STUDENT.legs.angles])
    velocity[:] = 0.0
    env.batch.forward()
    env.target[:] = position[:, STUDENT.legs.angles]
    env.commands.value[:] = ((0.4, 0.2, 0.3), (0.4, -0.2, -0.3))
    env.clock.reset(np.array([0, 1]), np.array([0.3, 0.3 + np.pi]))
    env.observer._fresh = True
    for i in range(8):
        step = env.step(np.tile(actions(1, i), (2, 1)))
        # The URDF's two legs differ in the fifth digit; contacts make a little more of it.
        assert step.observation[1] == pytest.approx(step.observation[0], abs=2e-2)
        assert step.privileged[1] == pytest.approx(step.privileged[0], abs=5e-2)
        assert step.reward[1] == pytest.approx(step.reward[0], abs=2e-3)
    assert env.mirrored.tolist() in ([True, False], [False, True])


def test_a_state_that_is_not_finite_is_a_fall_and_is_reset(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # MuJoCo leaves a log of its warnings where it runs
    env = environment()
    env.reset()
    env.batch.bind("qvel")[2, 8] = np.nan
    step = env.step(actions(4, 0))
    assert step.fell.tolist() == [False, False, True, False]
    assert np.isfinite(step.observation).all()
    assert np.isfinite(step.privileged).all()
    assert np.isfinite(step.last_privileged).all()
    assert np.isfinite(step.reward).all()


def test_a_robot_on_its_side_has_fallen() -> None:
    env = environment()
    env.reset()
    env.batch.bind("qpos")[1, 3:7] = (np.cos(0.7), np.sin(0.7), 0.0, 0.0)
    assert env.step(actions(4, 0)).fell[1]


def test_targets_arrive_after_the_delay() -> None:
    """Of four physics steps of 5 ms, a delay of 10 ms leaves the last two."""
    env = environment(1, randomisation=EXACT)
    env.reset()
    before = env.target.copy()
    seen = []
    step = env.batch.step
    env.batch.step = lambda **k: (seen.append(env._control[0, :12].copy()), step(**k))  # type: ignore[method-assign]
    env.step(actions(1, 5))
    assert [np.allclose(control, before[0]) for control in seen] == [True, True, False, False]
    assert seen[3] == pytest.approx(env.target[0])


def test_derived_quantities_are_those_of_the_newest_state() -> None:
    env = environment(2)
    env.reset()
    for i in range(3):
        env.step(actions(2, i))
    data = mujoco.MjData(env.batch.get_model(0))
    data.qpos[:], data.qvel[:] = env.batch.bind("qpos")[0], env.batch.bind("qvel")[0]
    mujoco.mj_forward(env.batch.get_model(0), data)
    assert env.batch.bind("site_xpos")[0] == pytest.approx(data.site_xpos, abs=1e-12)


def test_standing_robots_see_a_clock_that_stands() -> None:
    env = environment(8, command=dataclasses.replace(TRAINING.command, standing=1.0))
    step = env.reset()
    assert (step.observation[:, :7] == (0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0)).all()


def test_a_standing_robot_that_is_shaken_steps_for_two_strides_and_stands_again() -> None:
    env = environment(
        2, command=dataclasses.replace(TRAINING.command, standing=1.0), randomisation=EXACT
    )
    env.reset()
    nothing = np.zeros((2, OUTPUTS), dtype=np.float32)
    velocity = env.batch.bind("qvel")
    velocity[0, 3] = 3.0
    env._since_push[0] = 0
    stopped = []
    for _ in range(70):
        env.step(nothing)
        stopped.append(env.clock.stopped.tolist())
        velocity[:] = 0.0
    assert [s for s, _ in stopped] == [False] * 64 + [True] * 6
    assert all(s for _, s in stopped)


def test_shaking_wakes_robots_that_were_pushed_or_walked_and_nobody_who_rocks_himself() -> None:
    env = environment(
        3, command=dataclasses.replace(TRAINING.command, standing=1.0), randomisation=EXACT
    )
    env.reset()
    env._since_push[1], env._since_walk[2] = 0, 0
    env.batch.bind("qvel")[:, 3] = 3.0
    env.step(np.zeros((3, OUTPUTS), dtype=np.float32))
    assert env.clock.stopped.tolist() == [True, False, False]


def test_a_hard_kick_makes_a_standing_robot_step_a_tenth_of_a_second_later() -> None:
    env = environment(
        1, command=dataclasses.replace(TRAINING.command, standing=1.0), randomisation=EXACT
    )
    env.reset()
    env._since_push[0] = 0
    stopped = []
    for _ in range(6):
        env.batch.bind("qvel")[:] = 0.0
        env.step(np.zeros((1, OUTPUTS), dtype=np.float32))
        stopped.append(bool(env.clock.stopped[0]))
    assert stopped == [True] * 4 + [False] * 2


def test_the_foot_on_the_side_to_which_it_is_pushed_steps_first() -> None:
    env = environment(
        2, command=dataclasses.replace(TRAINING.command, standing=1.0), randomisation=EXACT
    )
    env.reset()
    env._since_push[:] = 0
    env.batch.bind("qvel")[:, 3] = 3.0, -3.0
    for _ in range(8):
        env.step(np.zeros((2, OUTPUTS), dtype=np.float32))
    left, right = (env.gait.swing(env.clock.sine)[:, foot] for foot in range(2))
    assert left[0] == 0.0 < right[0]
    assert right[1] == 0.0 < left[1]
    assert env.mirrored.tolist() == [True, False]


def test_who_walked_just_now_may_step_to_a_stop_and_small_kicks_are_no_reason() -> None:
    kicks = dataclasses.replace(EXACT, kick=0.4)
    env = environment(2, randomisation=kicks)
    env.reset()
    env.commands.hold(np.array([[0.5, 0.0, 0.0], [0.0, 0.0, 0.0]]))
    env._next_kick[:] = 0
    env.step(np.zeros((2, OUTPUTS), dtype=np.float32))
    assert env.parameters.gait.wake_kick > kicks.kick
    assert env._since_walk[0] == 0 < env._since_walk[1]
    assert (env._since_push > 100).all()


def test_kicks_change_the_velocity_by_no_more_than_the_difficulty_allows() -> None:
    kicks = dataclasses.replace(EXACT, kick=1.0, kick_every=(0.02, 0.021))
    env = environment(64, randomisation=kicks)
    env.reset()
    env.difficulty = 0.5
    before = env.batch.bind("qvel")[:, :2].copy()
    env._age[:] = 10
    env._disturb()
    size = np.linalg.norm(env.batch.bind("qvel")[:, :2] - before, axis=1)
    assert (size <= 0.5 + 1e-12).all()
    assert size.max() > 0.4


def test_standing_robots_are_spared_their_share_of_kicks() -> None:
    kicks = dataclasses.replace(EXACT, kick=1.0, kick_standing=0.3)
    env = environment(
        512, randomisation=kicks, command=dataclasses.replace(TRAINING.command, standing=0.5)
    )
    env.reset()
    env.difficulty = 1.0
    before = env.batch.bind("qvel")[:, :2].copy()
    env._next_kick[:] = env._age
    env._disturb()
    size = np.linalg.norm(env.batch.bind("qvel")[:, :2] - before, axis=1)
    kicked = size > 0.0
    assert ((env._since_push == 0) == (size >= env.parameters.gait.wake_kick)).all()
    assert kicked[~env.commands.standing].all()
    assert 0.2 < kicked[env.commands.standing].mean() < 0.4


def test_roughness_is_paid_at_the_price_of_the_day() -> None:
    rates = []
    for price in (1.0, 3.0):
        env = environment(2)
        env.reset()
        env.price_of_roughness = price
        rates.append(env.step(actions(2, 0)).terms["action_rate"])
    assert rates[0] < 0.0
    assert rates[1] == pytest.approx(3.0 * rates[0])


def test_the_upper_body_and_nothing_else_differs_in_mass_between_robots() -> None:
    """What balance must be robust against."""
    env = TrainingEnvironment(ROBOT, TRAINING, 32, 3)
    env.reset()
    trunk = env.model.body("torso_link").id
    mass, centre = env.batch.expand("body_mass"), env.batch.expand("body_ipos")
    assert np.flatnonzero(np.ptp(mass, axis=0)).tolist() == [trunk]
    assert np.ptp(mass[:, trunk]) > 3.0
    assert (np.ptp(centre[:, trunk], axis=0) > 0.04).all()

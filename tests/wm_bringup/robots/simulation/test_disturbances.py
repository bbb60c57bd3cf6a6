"""Disturbances do what the scenario says, in size and in time."""

import mujoco
import numpy as np
import pytest

from wm_bringup.robots.pybullet.bullet import pybullet
from wm_bringup.robots.simulation.disturbances import PushSchedule, force_of
from wm_bringup.scenarios.scenario import Ground, Kick, Payload, Push, Scenario
from wm_control.errors import ParameterError

MASS = 33.34114


def look_down_in_pybullet(engine, x, y):
    hit = pybullet.rayTest([x, y, 5.0], [x, y, -5.0], physicsClientId=engine._client)[0]
    return hit[3][2]


def look_down_in_mujoco(engine, x, y):
    mujoco.mj_forward(engine._model, engine._data)
    down, hit = np.array([0.0, 0.0, -1.0]), np.zeros(1, np.int32)
    above = np.array([x, y, 5.0])
    return 5.0 - mujoco.mj_ray(engine._model, engine._data, above, down, None, 1, -1, hit)


LOOKING_DOWN = {"pybullet": look_down_in_pybullet, "mujoco": look_down_in_mujoco}
"""Height of the ground at a place [m], by engine."""


def momentum(truth, mass=MASS):
    return mass * truth.com_velocity


def fly(robot, height=3.0):
    """Lift the robot so that for a while nothing but gravity and pushes act."""
    engine = robot._engine
    posture = robot.description.default_position
    engine.rebuild(robot.body, robot.terrain, np.array([0.0, 0.0, height]), posture)


@pytest.mark.parametrize("impulse", [(15.0, 0.0, 0.0), (0.0, -10.0, 0.0), (3.0, 4.0, 5.0)])
def test_a_push_changes_the_momentum_by_exactly_its_impulse(simulate, with_step, limp, impulse):
    """Limbs swing meanwhile: the step is short, for the error of integration grows with it."""
    scenario = Scenario(pushes=(Push(impulse=impulse, at=0.02),))
    robot = simulate(scenario, on=with_step(0.00025))
    observation = robot.reset(0)
    fly(robot)
    steps = 80
    for _ in range(steps):
        observation = robot.step(limp(observation))
    expected = np.array(impulse) + MASS * np.array([0.0, 0.0, -9.81]) * steps * 0.002
    np.testing.assert_allclose(momentum(robot.ground_truth()), expected, atol=0.01)


def test_a_push_acts_during_its_duration_and_no_longer(simulate, hold):
    robot = simulate(Scenario(pushes=(Push(impulse=(2.0, 0.0, 0.0), at=0.1),)))
    observation = robot.reset(0)
    pushed = []
    for _ in range(150):
        truth = robot.ground_truth()
        pushed += [truth.stamp] if truth.push_force.any() else []
        observation = robot.step(hold(observation))
    # A step begins at 0.100 with the push on; it is last seen on at 0.198 and off at 0.200.
    assert pushed[0] == pytest.approx(0.102)
    assert pushed[-1] == pytest.approx(0.198)


def test_the_force_is_along_the_heading_that_the_robot_has():
    force, steps = force_of(np.array([10.0, 0.0, 0.0]), 0.1, np.pi / 2, 0.001)
    assert steps == 100
    np.testing.assert_allclose(force, [0.0, 100.0, 0.0], atol=1e-12)


def test_a_push_with_a_phase_waits_for_that_phase_after_its_time():
    push = Push(impulse=(1.0, 0.0, 0.0), at=1.0, phase=0.25)
    schedule = PushSchedule((push,))
    assert schedule.due(5.0) == []
    assert schedule.due_at_phase(0.5, 0.2) == []
    assert schedule.due_at_phase(0.6, 0.3) == []  # passed the phase, but too early in time
    assert schedule.due_at_phase(1.1, 0.9) == []
    assert schedule.due_at_phase(1.2, 0.1) == []
    assert schedule.due_at_phase(1.3, 0.26) == [push]
    assert schedule.due_at_phase(2.3, 0.26) == []


def test_a_phase_that_wraps_around_is_seen():
    push = Push(impulse=(1.0, 0.0, 0.0), phase=0.0)
    schedule = PushSchedule((push,))
    assert schedule.due_at_phase(0.0, 0.95) == []
    assert schedule.due_at_phase(0.1, 0.05) == [push]


def test_pushes_come_back_after_reset(simulate, hold):
    robot = simulate(Scenario(pushes=(Push(impulse=(5.0, 0.0, 0.0), at=0.0),)))
    for _ in range(2):
        observation = robot.reset(0)
        for _ in range(10):
            observation = robot.step(hold(observation))
        assert robot.ground_truth().push_force[0] == pytest.approx(50.0, rel=1e-3)


def test_an_evaluator_can_push_at_any_moment(simulate, limp):
    robot = simulate()
    observation = robot.reset(0)
    fly(robot)
    robot.push(np.array([0.0, 7.0, 0.0]), duration=0.05)
    for _ in range(40):
        observation = robot.step(limp(observation))
    assert momentum(robot.ground_truth())[1] == pytest.approx(7.0, abs=0.01)


def test_a_payload_adds_its_mass_and_moves_the_centre_of_mass(simulate, hold):
    plain, loaded = simulate(), simulate(Scenario(payload=Payload(mass=5.0, offset=(0.1, 0, 0.2))))
    truths = []
    for robot in (plain, loaded):
        observation = robot.reset(0)
        truths.append(robot.ground_truth())
        for _ in range(400):
            observation = robot.step(hold(observation, scale=30.0))
        truths.append(robot.ground_truth())
    weight = truths[3].normal_force.sum() - truths[1].normal_force.sum()
    assert weight == pytest.approx(5.0 * 9.81, rel=0.03)
    # The torso frame is 0.044 m above and 0.0039635 m behind the pelvis when the waist is straight.
    base = truths[0].base_position_in_world
    load = base + np.array([-0.0039635 + 0.1, 0.0, 0.044 + 0.2])
    expected = (MASS * truths[0].com_position + 5.0 * load) / (MASS + 5.0)
    np.testing.assert_allclose(truths[2].com_position, expected, atol=1e-6)


def test_a_payload_on_a_link_that_does_not_exist_is_named(simulate):
    with pytest.raises(ParameterError, match=r"payload\.link.*'backpack'"):
        simulate(Scenario(payload=Payload(mass=1.0, link="backpack")))


def test_weak_motors_sag_under_the_same_command(simulate, hold):
    def height(strength):
        robot = simulate(Scenario(motor_strength=strength))
        observation = robot.reset(0)
        for _ in range(200):
            observation = robot.step(hold(observation))
        return robot.ground_truth().base_position_in_world[2]

    assert height(0.8) < height(1.0) - 0.0005


def test_the_robot_starts_on_a_flat_spot_among_bumps_and_meets_their_height(simulate, hold):
    robot = simulate(Scenario(ground=Ground(bumps=0.02)))
    observation = robot.reset(3)
    for _ in range(100):
        observation = robot.step(hold(observation))
    truth = robot.ground_truth()
    np.testing.assert_allclose(truth.ground_height, [0.0, 0.0])
    np.testing.assert_allclose(truth.sole_position[:, 2], 0.0, atol=0.001)
    assert truth.normal_force.sum() > 200.0


@pytest.mark.parametrize(
    "ground", [Ground(), Ground(bumps=0.05), Ground(slope=0.1), Ground(slope=-0.15)]
)
def test_the_ground_is_where_the_evaluator_says_it_is(simulate, engine, ground):
    robot = simulate(Scenario(ground=ground))
    robot.reset(5)
    rng = np.random.default_rng(1)
    for x, y in rng.uniform([1.0, -3.0], [10.0, 3.0], (40, 2)).tolist():
        found = LOOKING_DOWN[engine](robot._engine, x, y)
        assert found == pytest.approx(robot.terrain.height(x, y), abs=1e-6)


def test_bumps_are_drawn_from_the_seed(simulate):
    robot = simulate(Scenario(ground=Ground(bumps=0.02)))
    heights = []
    for seed in (1, 2, 1):
        robot.reset(seed)
        heights.append(robot.terrain.height(3.0, 0.5))
    assert heights[0] == heights[2] != heights[1]


def test_limbs_cannot_pass_through_each_other(simulate, hold, g1):
    robot = simulate()
    observation = robot.reset(0)
    posture = g1.default_position.copy()
    posture[g1.joint_names.index("left_hip_roll_joint")] = -0.4
    posture[g1.joint_names.index("right_hip_roll_joint")] = 0.4
    touched = set()
    for _ in range(150):
        observation = robot.step(hold(observation, posture))
        touched |= {name for name in robot.ground_truth().touching if "|" in name}
    assert any("left" in name and "right" in name for name in touched)


def test_the_schedule_knows_when_each_push_began_and_which_never_did():
    same = Push(impulse=(1.0, 0.0, 0.0), at=0.1)
    waiting = Push(impulse=(1.0, 0.0, 0.0), at=0.0, phase=0.5)
    schedule = PushSchedule((same, waiting, same, Push(impulse=(2.0, 0.0, 0.0), at=0.3)))
    for k in range(100):
        schedule.due(0.002 * k)
    assert schedule.started == {0: pytest.approx(0.1), 2: pytest.approx(0.1)}
    schedule.due_at_phase(0.2, 0.4)
    schedule.due_at_phase(0.21, 0.6)
    assert schedule.started[1] == 0.21
    schedule.reset()
    assert schedule.started == {}


def test_a_simulated_robot_says_what_came_of_everything_that_was_asked(simulate, hold):
    robot = simulate(
        Scenario(
            pushes=(
                Push(impulse=(2.0, 0.0, 0.0), at=0.02),
                Push(impulse=(9.0, 0.0, 0.0), at=0.03, phase=0.5),
            ),
            faults=("gyro:bias=0.2@0.05+0.01", "observation:drop=1e-9@0", "imu:nan@5"),
        )
    )
    observation = robot.reset(0)
    for _ in range(50):
        observation = robot.step(hold(observation))
    assert [one.as_json() for one in robot.happened] == [
        {"what": "push 2 0 0 N·s at 0.02 s", "at": pytest.approx(0.02)},
        {"what": "push 9 0 0 N·s at phase 0.5 after 0.03 s", "at": None},
        {"what": "fault gyro:bias=0.2@0.05+0.01", "at": pytest.approx(0.05), "samples": 5},
        {"what": "fault observation:drop=1e-9@0", "at": None, "samples": 0},
        {"what": "fault imu:nan@5", "at": None, "samples": 0},
    ]
    robot.reset(0)
    assert all(one.at is None for one in robot.happened[:2])


def test_a_kick_makes_the_whole_robot_faster_at_once_and_only_then(simulate, limp):
    robot = simulate(Scenario(kicks=(Kick(velocity=(0.3, -0.4, 0.2), at=0.01),)))
    observation = robot.reset(0)
    fly(robot)
    speeds = []
    for _ in range(8):
        observation = robot.step(limp(observation))
        speeds.append(robot.ground_truth().com_velocity)
    falling = -9.81 * 0.002 * np.arange(1, 9)
    np.testing.assert_allclose(np.array(speeds)[:5, :2], 0.0, atol=2e-3)  # 10 ms: five periods
    np.testing.assert_allclose(speeds[5], [0.3, -0.4, 0.2 + falling[5]], atol=5e-3)
    np.testing.assert_allclose(speeds[7], [0.3, -0.4, 0.2 + falling[7]], atol=5e-3)


def test_kicks_come_again_after_a_reset(simulate, hold):
    robot = simulate(Scenario(kicks=(Kick(velocity=(0.5, 0.0, 0.0), at=0.0),)))
    for _ in range(2):
        observation = robot.reset(0)
        assert robot.happened[0].at is None
        robot.step(hold(observation))
        assert robot.ground_truth().base_velocity_in_world[0] > 0.3
        assert robot.happened[0].as_json() == {"what": "kick 0.5 0 0 m/s at 0 s", "at": 0.0}

"""The emulated robot on its network, told in stories."""

import numpy as np
import pytest

from wm_bringup.emulator.requests import obey
from wm_bringup.robots.unitree.frames import is_sound, seal
from wm_bringup.robots.unitree.variants import load_body
from wm_bringup.scenarios.scenario import Ground, Scenario

STANDING = {"crane": {"start": "standing"}}


def speed(state):
    return np.abs(state["motor"]["dq"]).max()


def test_a_state_comes_in_every_period_sealed_with_the_machine_and_a_running_tick(meet):
    computer = meet(machine=5)
    computer.go(50)
    ticks = [int(state["tick"][0]) for state in computer.states]
    assert ticks == list(range(60002, 60102, 2))
    assert all(is_sound(state) for state in computer.states)
    assert {int(state["mode_machine"][0]) for state in computer.states} == {5}
    assert {int(state["mode_pr"][0]) for state in computer.states} == {0}


def test_a_state_says_what_motors_and_imu_measure(meet):
    computer = meet(**STANDING)
    computer.go(1000)
    observed = computer.observation()
    truth = computer.robot.simulation.ground_truth()
    np.testing.assert_allclose(observed.joint_position, truth.joint_position, atol=1e-6)
    np.testing.assert_allclose(observed.joint_velocity, truth.joint_velocity, atol=1e-5)
    np.testing.assert_allclose(observed.imu_linear_acceleration, [0, 0, 9.81], atol=0.2)
    torque = computer.robot.simulation.drive_state()[0]
    np.testing.assert_allclose(observed.joint_torque, torque, rtol=1e-5, atol=1e-5)
    unused = np.delete(np.arange(35), computer.frames.slots)
    for name in computer.states[-1]["motor"].dtype.names:
        assert not computer.states[-1]["motor"][name][0, unused].any()


def test_the_vendors_controller_holds_the_robot_until_it_is_released(meet):
    computer = meet(**STANDING)
    computer.go(1000)
    assert computer.robot.simulation.base.position[2] > 0.7
    computer.release()
    computer.go(500)
    assert computer.robot.authority.mover == "limp"
    assert not computer.states[-1]["motor"]["mode"].any()
    assert computer.robot.counts.fell_at is not None


def test_commands_that_come_before_the_release_fight_with_it(meet):
    computer = meet(**STANDING)
    limbs_away = computer.description.default_position + 0.2
    quiet = speed(computer.go(300))
    shaken = speed(computer.go(10, computer.holding(position=limbs_away)))
    assert computer.robot.authority.fought == 10
    assert shaken > 20.0 * quiet


def test_a_motor_that_is_not_enabled_stays_limp(meet):
    computer = meet()
    computer.release()
    frame = computer.holding()()
    frame["motor"]["mode"][0, 3] = 0  # the left knee
    seal(frame)
    computer.go(100, lambda: frame)
    torque = computer.robot.simulation.drive_state()[0]
    assert torque[computer.description.joint_names.index("left_knee_joint")] == 0.0
    assert (computer.mode_of("left_knee_joint"), computer.mode_of("right_knee_joint")) == (0, 1)
    assert not computer.robot.counts.rejected


def test_rejected_commands_are_counted_by_reason_and_do_not_move_it(meet):
    computer = meet()
    computer.release()
    wrong = computer.holding()()
    wrong["motor"]["q"][0, 3] += 1.0  # and not sealed again
    computer.go(4, lambda: wrong)
    computer.go(3, computer.holding(machine=6))
    computer.go(2, computer.holding(position=np.full(29, np.nan)))
    assert computer.robot.counts.rejected == {"crc": 4, "mode_machine": 3, "not finite": 2}
    assert (computer.robot.counts.heard, computer.robot.counts.accepted) == (9, 0)
    assert computer.robot.authority.mover == "limp"


def test_it_damps_itself_when_commands_stop(meet):
    computer = meet(**STANDING)
    computer.release()
    computer.go(500, computer.holding())
    assert computer.robot.authority.trips == 0
    computer.go(9)
    assert computer.robot.authority.mover == "computer"
    computer.go(1)
    assert computer.robot.authority.mover == "damping"
    computer.go(1)
    torque, velocity = computer.robot.simulation.drive_state()
    np.testing.assert_allclose(torque, -computer.description.damping * velocity, atol=0.5)
    assert computer.robot.counts.stiff_until == pytest.approx(computer.robot.now - 0.004)
    computer.go(1, computer.holding())
    assert computer.robot.authority.mover == "computer"


def test_as_the_vendors_simulator_it_obeys_the_last_command_for_ever(meet):
    computer = meet(watchdog={"damp_after": None}, **STANDING)
    computer.release()
    computer.go(500, computer.holding())
    computer.go(1000)
    assert computer.robot.authority.mover == "computer"
    assert computer.robot.counts.fell_at is None


def test_it_hangs_is_let_down_once_a_posture_is_held_and_stands(meet):
    computer = meet()
    assert computer.robot.simulation.clearance() == pytest.approx(0.10)
    computer.stand_up()
    assert computer.robot.counts.fell_at is None
    assert abs(computer.robot.simulation.clearance()) < 0.01
    weight = computer.robot.simulation.ground_truth().normal_force.sum()
    assert weight == pytest.approx(9.81 * computer.robot.simulation.mass, rel=0.05)


def test_nobody_lets_down_a_robot_that_gives_way_or_that_the_vendor_holds(meet):
    computer = meet()
    computer.go(1000)
    assert computer.robot.crane.state == "holding"
    computer.release()
    computer.go(1000, computer.holding(1.0))  # moderate gains would not carry it
    assert computer.robot.crane.state == "holding"


def test_a_crane_that_waits_to_be_asked_waits(meet):
    computer = meet(crane={"by_itself": False})
    computer.release()
    computer.go(1000, computer.holding())
    assert computer.robot.crane.state == "holding"
    computer.robot.crane.lower()
    computer.go(1000, computer.holding())
    assert computer.robot.crane.state == "slack"


def test_a_robot_on_the_ground_is_lifted_and_hangs(meet):
    computer = meet(crane={"start": "standing", "speed": 1.0})
    computer.release()
    computer.go(300)
    computer.robot.crane.lift()
    computer.go(500)
    assert computer.robot.crane.state == "holding"
    assert computer.robot.simulation.clearance() >= 0.0
    up = computer.robot.simulation.base.rotation[2, 2]
    assert up == pytest.approx(1.0)


def test_motors_get_warm_under_load_and_stop_when_they_are_too_hot(meet):
    heat = {"begin": 60.0, "winding_limit": 60.5, "winding_time": 1.0}
    computer = meet(heat=heat, **STANDING)
    computer.release()
    computer.go(1000, computer.holding())
    hot = computer.robot.heat.errors > 0
    knee = computer.description.joint_names.index("left_knee_joint")
    assert hot[knee]
    assert computer.states[-1]["motor"]["motorstate"][0, computer.frames.slots[knee]] == 0x200
    assert computer.robot.simulation.drive_state()[0][knee] == 0.0
    temperatures = computer.states[-1]["motor"]["temperature"][0, computer.frames.slots[knee]]
    assert temperatures.tolist() == [60, 60]


def test_a_battery_says_its_voltage_under_load(meet):
    computer = meet(battery={"charge": 0.5}, **STANDING)
    computer.go(400)
    assert len(computer.battery) == 4
    battery = computer.battery[-1]
    assert battery["soc"][0] == 50
    assert 47_000 < battery["bmsvoltage"][0, 0] < 48_100
    assert -3_000 < battery["current"][0] < -500
    assert np.count_nonzero(battery["cell_vol"]) == 13
    motors = computer.states[-1]["motor"]["vol"][0, computer.frames.slots]
    np.testing.assert_allclose(motors, 1e-3 * battery["bmsvoltage"][0, 0], atol=0.05)


def test_the_imu_in_the_torso_leans_with_the_waist(meet):
    computer = meet(crane={"by_itself": False})
    computer.release()
    leaning = np.array(computer.description.default_position)
    leaning[computer.description.joint_names.index("waist_pitch_joint")] = 0.2
    computer.go(1000, computer.holding(position=leaning))
    torso = computer.torso[-1]
    np.testing.assert_allclose(torso["rpy"][0], [0.0, 0.2, 0.0], atol=0.03)
    pitch = float(torso["rpy"][0, 1])
    expected = 9.81 * np.array([-np.sin(pitch), 0.0, np.cos(pitch)])
    np.testing.assert_allclose(torso["accelerometer"][0], expected, atol=0.05)
    np.testing.assert_allclose(computer.states[-1]["imu"]["rpy"][0], 0.0, atol=1e-3)


def test_a_silent_robot_sends_nothing_and_goes_on_moving(meet):
    computer = meet()
    computer.go(10)
    computer.robot.silence(0.060)
    computer.go(29)
    assert len(computer.states) == 10
    computer.go(5)
    assert [int(state["tick"][0]) for state in computer.states[9:12]] == [60020, 60080, 60082]


def test_a_deaf_robot_damps_itself_and_answers_nobody(meet):
    computer = meet(**STANDING)
    computer.release()
    computer.go(100, computer.holding())
    computer.robot.deafen(0.1)
    assert computer.call(1001) == []
    computer.go(10, computer.holding())
    assert computer.robot.authority.mover == "damping"
    computer.go(45, computer.holding())
    assert computer.robot.authority.mover == "computer"


def test_replayed_states_are_those_of_before_with_their_ticks(meet):
    computer = meet()
    computer.go(20)
    computer.robot.replay(0.010)
    computer.go(7)
    ticks = [int(state["tick"][0]) - 60000 for state in computer.states]
    assert ticks[18:] == [38, 40, 32, 34, 36, 38, 40, 52, 54]


def test_its_clock_can_be_set_and_goes_on_over_a_pause(meet):
    computer = meet()
    computer.go(1)
    computer.robot.step_clock(-5.0)
    computer.go(1)
    computer.robot.pass_over(100)
    computer.go(1)
    assert [int(state["tick"][0]) for state in computer.states] == [60002, 55004, 55206]


@pytest.mark.parametrize(
    ("slope", "x", "above", "fell"), [(-0.0873, 4.5, 0.75, False), (0.0873, 6.0, 0.2, True)]
)
def test_a_fall_is_told_by_the_height_above_the_ground(meet, slope, x, above, fell):
    computer = meet(scenario=Scenario(ground=Ground(slope=slope)), **STANDING)
    simulation = computer.robot.simulation
    place = np.array(simulation.base.position)
    place[:] = x, 0.0, simulation.terrain.height(x, 0.0) + above
    computer.robot.crane.state = "slack"
    simulation._engine.hold_base(place)
    computer.go(1)
    assert (computer.robot.counts.fell_at is not None) == fell


def test_after_a_silence_the_imu_in_the_torso_goes_on_as_if_nothing_had_been(meet):
    computer = meet(**STANDING)
    computer.go(200)
    obey(computer.robot, '{"push": [20, 0, 0]}')
    computer.go(30)
    obey(computer.robot, '{"silent": 0.06}')
    before = len(computer.torso)
    computer.go(50)
    first, second = (state["accelerometer"][0] for state in computer.torso[before : before + 2])
    np.testing.assert_allclose(first, second, atol=20.0)


def test_states_go_through_an_imperfect_network(meet):
    computer = meet(states={"crc_errors": 0.1, "loss": 0.1, "delay": 0.004})
    computer.go(300)
    wrong = sum(not is_sound(state) for state in computer.states)
    assert wrong > 10
    assert computer.robot.states.happened["wrong bit"] >= wrong
    lost = computer.robot.states.happened["lost"]
    assert len(computer.states) == 300 - lost - sum(1 for _ in computer.robot.states._waiting)


def test_commands_with_wrong_bits_are_rejected_and_the_others_followed(meet):
    computer = meet(commands={"crc_errors": 0.05}, **STANDING)
    computer.release()
    computer.go(1000, computer.holding())
    rejected = computer.robot.counts.rejected["crc"]
    assert rejected == computer.robot.commands.happened["wrong bit"] > 20
    assert computer.robot.counts.fell_at is None


def test_another_body_than_its_number_says_can_be_had(meet):
    computer = meet(machine=13, body="g1")
    state = computer.go(1)
    assert state["mode_machine"] == 13
    assert computer.robot.description.name == "g1"


@pytest.mark.parametrize("machine", [4, 6, 13])
def test_a_machines_body_is_that_of_the_file_that_fits(meet, machine):
    computer = meet(machine=machine, **STANDING)
    computer.go(50)
    assert computer.robot.machine in load_body(computer.robot.source).wiring.machines
    joints = len(computer.robot.description.joint_names)
    assert joints == {4: 23, 6: 27, 13: 29}[machine]
    enabled = np.count_nonzero(computer.states[-1]["motor"]["mode"])
    assert enabled == joints


def test_the_same_seed_and_commands_give_the_same_frames(meet):
    def run():
        computer = meet(
            scenario=Scenario(noise="nominal", delay=0.004),
            seed=3,
            states={"loss": 0.05, "jitter": 0.004},
            **STANDING,
        )
        computer.release()
        computer.go(200, computer.holding())
        return b"".join(state.tobytes() for state in computer.states)

    assert run() == run()

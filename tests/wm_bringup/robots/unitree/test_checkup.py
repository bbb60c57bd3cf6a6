"""A robot that was listened to is judged: a good one, and what is found on others."""

from dataclasses import replace

import numpy as np
import pytest

from wm_bringup.host.doctor import healthy
from wm_bringup.robots.unitree.checkup import SILENT, examine_robot, load_patient
from wm_bringup.robots.unitree.frames import BATTERY_STATE, STATE, empty, seal
from wm_bringup.robots.unitree.heard import Heard

N = 500
"""States of one second."""


@pytest.fixture(scope="module")
def patient():
    return load_patient("g1")


def sealed(states):
    for k in range(len(states)):
        seal(states[k : k + 1])
    return states


def good_states(robot):
    states = np.zeros(N, STATE)
    states["mode_machine"] = 5
    states["tick"] = np.arange(7000, 7000 + 2 * N, 2)
    states["motor"]["q"][:, :29] = robot.default_position
    states["motor"]["temperature"] = 35
    states["imu"]["quaternion"][:, 0] = 1.0
    states["imu"]["accelerometer"][:, 2] = 9.79
    states["wireless_remote"][:, 0] = 0x55
    return states


def good_battery(millivolts=52000):
    battery = empty(BATTERY_STATE)
    battery["bmsvoltage"][0, 0], battery["soc"] = millivolts, 80
    return battery


def good(patient, change=lambda states: None, **heard):
    states = good_states(patient.robot)
    change(states)
    fields = {
        "seconds": 1.0,
        "arrivals": 100.0 + 0.002 * np.arange(N),
        "states": sealed(states),
        "battery": good_battery(),
        "owner": "",
        "publishers": 1,
        "commanders": 0,
        "commands": 0,
    }
    return Heard(**{**fields, **heard})


def found(heard, patient, name):
    return next(check for check in examine_robot(heard, patient) if check.name == name)


def test_of_a_good_robot_everything_is_ok_and_nothing_is_advised(patient) -> None:
    checks = examine_robot(good(patient), patient)
    assert [check for check in checks if not check.ok or check.advice] == []
    assert healthy(checks)
    text = {check.name: check.found for check in checks}
    assert text["rate of states"] == "500.0 Hz"
    assert text["between states"] == "p50 2.00, p99 2.00, largest 2.00 ms"
    assert text["states lost by their tick"] == "0 of 500"
    assert text["robot's clock against ours"] == "+0 ppm (to within 1002)"  # 1 ms in 0.998 s
    assert text["battery"] == "52.0 V, 80 %"
    assert text["IMU: gravity"] == "9.79 m/s²"


def motor(field, slot, value):
    def change(states):
        states["motor"][field][:, slot] = value

    return change


def imu(field, value):
    def change(states):
        states["imu"][field] = value

    return change


def constant(field, value):
    def change(states):
        states[field] = value

    return change


def lost(states):
    states["tick"][250:] += 2 * 50  # 50 of 550 did not come


def again(states):
    states["tick"][250] = states["tick"][249]


FINDINGS = [
    (
        "body",
        constant("mode_machine", 11),
        "mode_machine is 11: robot.yaml is true of 5, use mode_11",
    ),
    ("body", constant("mode_machine", 2), "no robot file"),
    ("body", constant("mode_pr", 1), "mode_pr is 1"),
    ("hottest motor", motor("temperature", 3, 91), "left_knee_joint 91 °C"),
    ("motor errors", motor("motorstate", 18, 0x2000), "left_elbow_joint 0x2000"),
    ("joint positions", motor("q", 9, -0.3), "right_knee_joint -0.300 in [-0.087, 2.880] rad"),
    ("joint positions", motor("q", 9, np.nan), "right_knee_joint nan"),
    ("joint positions", motor("q", slice(None), 0.0), "all are exactly 0"),
    ("IMU: gravity", imu("accelerometer", (0.0, 0.0, 1.0)), "1.00 m/s²"),
    ("IMU: gravity", imu("accelerometer", (0.0, 0.0, np.nan)), "nan"),
    ("IMU: turning", imu("gyroscope", (0.0, 0.3, 0.0)), "0.300 rad/s"),
    ("IMU: orientation against gravity", imu("quaternion", (0.0, 0.0, 0.0, 1.0)), ""),
    ("IMU: orientation against gravity", imu("quaternion", (0.0, 1.0, 0.0, 0.0)), "3.14"),
    ("upright", imu("accelerometer", (9.81, 0.0, 0.0)), "1.57 rad"),
    ("states lost by their tick", lost, "50 of 550"),
    ("order of ticks", again, "1 not newer"),
]


@pytest.mark.parametrize(("name", "change", "text"), FINDINGS)
def test_what_must_not_be_is_found_by_name(patient, name, change, text) -> None:
    heard = good(patient, change)
    check = found(heard, patient, name)
    if name == "IMU: orientation against gravity" and not text:
        assert check.ok, "half a turn about the vertical changes nothing"
        return
    assert not check.ok
    assert text in check.found
    assert check.advice
    assert not healthy(examine_robot(heard, patient))


def test_a_wrong_checksum_is_counted_and_its_state_not_believed(patient) -> None:
    heard = good(patient)
    heard.states["motor"]["temperature"][7] = 1000
    heard.states["motor"]["temperature"][-1] = 1000
    assert found(heard, patient, "checksums").found == "2 of 500 wrong"
    assert found(heard, patient, "hottest motor").ok


def test_a_robot_of_23_joints_is_asked_for_its_own_motors_only(patient) -> None:
    small = load_patient("g1/mode_4.yaml")

    def change(states):
        states["mode_machine"] = 4
        states["motor"]["q"][:, [13, 14, 20, 21, 27, 28]] = 99.0
        states["motor"]["motorstate"][:, [13, 14, 20, 21, 27, 28]] = 1

    assert healthy(examine_robot(good(patient, change), small))
    assert not healthy(examine_robot(good(patient, change), patient))


def test_half_of_the_rate_is_a_finding_and_an_uneven_one_a_remark(patient) -> None:
    slow = good(patient, arrivals=100.0 + 0.004 * np.arange(N))
    assert not found(slow, patient, "rate of states").ok
    uneven = good(patient)
    uneven.arrivals[300] += 0.0101
    check = found(uneven, patient, "between states")
    assert not check.ok
    assert not check.required


def test_a_clock_that_runs_away_is_named_beyond_what_a_tick_can_tell(patient) -> None:
    ticks = np.arange(N)
    heard = good(patient, arrivals=100.0 + 0.002 * ticks / 1.01)
    assert found(heard, patient, "robot's clock against ours").found.startswith("+10000 ppm")
    assert not found(heard, patient, "robot's clock against ours").ok


def test_while_the_robot_moves_its_imu_is_not_held_against_it(patient) -> None:
    def swinging(states):
        states["imu"]["accelerometer"][:, 2] += 3.0 * np.sin(np.arange(N))
        states["imu"]["gyroscope"][:, 1] = 0.5

    check = found(good(patient, swinging), patient, "IMU: turning")
    assert (check.ok, check.required) == (False, False)
    assert "while it moves" in check.found


def test_a_controller_of_the_robots_own_is_a_remark_and_so_are_its_commands(patient) -> None:
    heard = good(patient, owner="ai", commanders=1, commands=500)
    assert "'ai' is active" in found(heard, patient, "robot's own controller").found
    assert found(heard, patient, "who else commands").found == "1 publish, 500 commands/s"
    assert healthy(examine_robot(heard, patient))


def test_commands_of_a_stranger_are_a_finding(patient) -> None:
    for heard in (good(patient, commanders=1), good(patient, owner=None, commands=3)):
        assert not healthy(examine_robot(heard, patient))


def test_two_robots_in_one_domain_are_a_finding(patient) -> None:
    assert not healthy(examine_robot(good(patient, publishers=2), patient))


def test_a_flat_battery_is_a_finding_and_one_that_says_nothing_a_remark(patient) -> None:
    flat = good(patient, battery=good_battery(43900))
    assert "44 V" in found(flat, patient, "battery").advice
    assert not healthy(examine_robot(flat, patient))
    assert healthy(examine_robot(good(patient, battery=None), patient))


def test_a_remote_that_is_off_is_a_remark(patient) -> None:
    heard = good(patient, constant("wireless_remote", 0))
    assert not found(heard, patient, "remote control").ok
    assert healthy(examine_robot(heard, patient))


def test_a_silent_robot_has_one_check_that_says_what_to_try(patient) -> None:
    nothing = good(patient)
    nothing = replace(nothing, arrivals=nothing.arrivals[:0], states=nothing.states[:0])
    (check,) = examine_robot(nothing, patient)
    assert check.name == SILENT
    assert not check.ok
    for word in ("--interface", "--robot-domain", "cable", "firewall"):
        assert word in check.advice


def test_of_a_few_states_nothing_is_judged_but_that_they_are_few(patient) -> None:
    heard = good(patient)
    heard = replace(heard, arrivals=heard.arrivals[:19], states=heard.states[:19])
    assert found(heard, patient, "states").found == "19 sound of 19 in 1 s"
    assert not healthy(examine_robot(heard, patient))

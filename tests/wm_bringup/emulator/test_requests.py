"""What scripts ask of an emulated robot, as lines of JSON."""

import json

import pytest

from wm_bringup.emulator.requests import REQUESTS, obey, status
from wm_control.errors import ParameterError


@pytest.fixture
def robot(meet):
    return meet(crane={"start": "standing"}).robot


def test_the_remote_is_pressed_and_its_sticks_are_moved(robot):
    obey(robot, '{"press": ["L2", "B"], "sticks": {"lx": 0.5}}')
    assert robot.remote.raw[2:4].tolist() == [0x20, 0x02]
    assert robot.remote.raw[4:8].tobytes() == b"\x00\x00\x00\x3f"


def test_the_network_is_cut_in_either_direction_or_both(robot):
    obey(robot, '{"silent": 0.1}')
    assert (robot.states.is_cut(0.05), robot.commands.is_cut(0.05)) == (True, False)
    obey(robot, '{"deaf": 0.2}')
    assert robot.commands.is_cut(0.15)
    obey(robot, '{"cut": 0.3}')
    assert robot.states.is_cut(0.25)
    assert robot.commands.is_cut(0.25)


def test_the_network_is_made_imperfect_and_perfect_again(robot):
    obey(robot, '{"states": {"crc_errors": 0.01}, "commands": {"loss": 0.1, "jitter": 0.004}}')
    assert robot.states.parameters.crc_errors == 0.01
    assert robot.commands.parameters.jitter == 0.004
    obey(robot, '{"states": {}, "commands": {}}')
    assert robot.states.parameters.crc_errors == robot.commands.parameters.loss == 0.0


def test_crane_clock_mode_and_motors_are_worked(robot):
    obey(robot, '{"crane": "lift", "clock_step": 5.0, "mode": ""}')
    assert robot.crane.state == "lifting"
    assert robot.authority.mode == ""
    obey(robot, '{"errors": {"left_knee_joint": 512}, "winding": {"waist_yaw_joint": 80}}')
    obey(robot, '{"charge": 0.05, "mode": "ai"}')
    robot.step([])
    told = status(robot)
    assert told["motors_stopped"] == ["left_knee_joint"]
    assert told["hottest_winding"] == pytest.approx(80.0, abs=0.1)
    assert told["battery_voltage"] < 13 * 3.25
    assert told["mode"] == "ai"
    obey(robot, '{"errors": {"left_knee_joint": 0}}')
    robot.step([])
    assert status(robot)["motors_stopped"] == []


def test_a_push_pushes(robot):
    obey(robot, '{"push": [0, 10, 0]}')
    robot.step([])
    assert robot.simulation.ground_truth().push_force.tolist() == [0.0, 100.0, 0.0]


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("press L1", "JSON"),
        ("[1]", "object"),
        ('{"explode": 1}', "explode"),
        ('{"press": ["L3"]}', "L3"),
        ('{"press": "L1"}', "press"),
        ('{"silent": -1}', "silent"),
        ('{"silent": NaN}', "silent"),
        ('{"states": {"los": 0.1}}', "los"),
        ('{"states": {"loss": 1.5}}', "loss"),
        ('{"crane": "drop"}', "crane"),
        ("[" * 60000, "JSON"),
        ('{"clock_step": 1e306}', "clock_step"),
        ('{"winding": {"left_knee_joint": 40000}}', "winding"),
        ('{"mode": "dancing"}', "dancing"),
        ('{"errors": {"left_knee": 1}}', "left_knee"),
        ('{"winding": {"left_knee": 1}}', "left_knee"),
        ('{"push": [1, 2]}', "push"),
        ('{"charge": 2}', "charge"),
    ],
)
def test_what_cannot_be_is_refused_by_name(robot, line, named):
    with pytest.raises(ParameterError, match=named):
        obey(robot, line)


@pytest.mark.parametrize(
    "wrong",
    [
        '"silent": -1',
        '"press": ["L3"]',
        '"sticks": {"rz": 0}',
        '"sticks": {"lx": 2}',
        '"mode": "dancing"',
        '"errors": {"left_knee": 1}',
        '"winding": {"left_knee": 1}',
    ],
)
def test_of_a_line_with_one_wrong_value_nothing_is_done(robot, wrong):
    with pytest.raises(ParameterError):
        obey(robot, f'{{"crane": "lift", {wrong}}}')
    assert robot.crane.state == "slack"


def test_of_sticks_of_which_one_cannot_be_moved_none_is(robot):
    with pytest.raises(ParameterError, match=r"sticks.ly.*\[-1, 1\]"):
        obey(robot, '{"sticks": {"lx": 0.5, "ly": 2}}')
    assert not robot.remote.raw.any()


def test_every_request_is_explained():
    from working_tree import ROOT

    text = (ROOT / "docs" / "emulator.md").read_text()
    assert [key for key in REQUESTS if f'{{"{key}": ' not in text] == []


def test_the_status_is_json(robot):
    robot.step([])
    assert json.loads(json.dumps(status(robot)))["periods"] == 1

"""Scenario files and faults are validated, and mean what they say."""

import math

import pytest
import yaml

from wm_bringup.faults.fault import Fault
from wm_bringup.scenarios.scenario import Scenario, VelocitySegment, load_scenario
from wm_control.configuration.share import share_directory
from wm_control.errors import ParameterError
from wm_control.types import VelocityCommand


def test_velocity_holds_from_one_segment_to_the_next():
    scenario = Scenario(velocity=(VelocitySegment(at=1.0, x=0.5), VelocitySegment(at=3.0, yaw=0.2)))
    assert scenario.velocity_at(0.5) == VelocityCommand()
    assert scenario.velocity_at(1.0) == VelocityCommand(linear_x=0.5)
    assert scenario.velocity_at(2.999) == VelocityCommand(linear_x=0.5)
    assert scenario.velocity_at(60.0) == VelocityCommand(angular_z=0.2)


def test_every_shipped_scenario_is_valid():
    files = sorted((share_directory() / "config" / "scenarios").glob("*.yaml"))
    assert files
    for path in files:
        assert load_scenario(path).name == path.stem


def test_a_scenario_is_found_by_its_name():
    assert load_scenario("rough").payload.mass == 5.0


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"durations": 3.0}, "'durations'"),
        ({"duration": -1.0}, r"'duration'.*-1\.0.*greater than or equal to 0\.002"),
        ({"ground": {"friction": 0.0}}, r"'ground\.friction'"),
        ({"noise": "loud"}, r"'noise'.*'loud'.*'off', 'nominal', 'double' or 'hardware'"),
        ({"faults": ["gyro:explode@1"]}, r"'faults\.0'.*verb 'explode'"),
        ({"pushes": [{"impulse": [1.0, 0.0]}]}, r"'pushes\.0\.impulse"),
        ({"delay": float("nan")}, "'delay'"),
    ],
)
def test_a_bad_scenario_names_file_key_and_bound(tmp_path, content, said):
    path = tmp_path / "bad.yaml"
    path.write_text(yaml.safe_dump(content))
    with pytest.raises(ParameterError, match=said) as error:
        load_scenario(path)
    assert "bad.yaml" in str(error.value)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("imu:nan@5", Fault("imu", "nan", 0.0, 5.0, math.inf)),
        ("gyro:bias=0.2@5+1.5", Fault("gyro", "bias", 0.2, 5.0, 1.5)),
        ("left_knee_joint:stuck@0", Fault("left_knee_joint", "stuck", 0.0, 0.0, math.inf)),
        ("observation:drop@1", Fault("observation", "drop", 1.0, 1.0, math.inf)),
        ("accelerometer:scale=-1e0@1e-1", Fault("accelerometer", "scale", -1.0, 0.1, math.inf)),
    ],
)
def test_a_fault_is_read(text, fault):
    assert Fault.parse(text) == fault


@pytest.mark.parametrize(
    "text",
    [
        "imu",
        "imu:nan",
        "imu:nan@-1",
        "imu:nan=1@2",
        "imu:drop=1.5@2",
        "imu:bias=x@2",
        "imu:nan@2+0",
        "imu:nan@nan",
        "imu:bias=inf@1",
        "gyro:bias=0@1",
        "gyro:scale=1@1",
        "observation:drop=0@1",
    ],
)
def test_a_fault_that_means_nothing_is_refused(text):
    with pytest.raises(ValueError, match=r"fault|could not convert"):
        Fault.parse(text)

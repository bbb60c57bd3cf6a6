"""Bags of others are judged through a file that says which topic is what."""

from __future__ import annotations

import pytest
from foreign_bags import Foreign, imu, joint_state, low_cmd, low_state
from short_bags import cut
from synthetic import Course, SensorErrors, synthetic_walk

from wm_bringup.cli import main
from wm_bringup.replay.estimate import estimate
from wm_bringup.replay.mapping import load_mapping
from wm_control.errors import ParameterError
from wm_control.robot.description import load_robot

RECEPTION = 1.7e9
"""Wall clock at the begin of a bag [s]."""

IN_DEGREES = """
joints:
  topic: joints
  type: sensor_msgs/msg/JointState
  names: name
  position: position
  position_unit: deg
  velocity: velocity
  velocity_unit: deg/s
  effort: effort
imu:
  topic: imu
  type: sensor_msgs/msg/Imu
  orientation: orientation
  angular_velocity: angular_velocity
  linear_acceleration: linear_acceleration
  linear_acceleration_unit: g
"""

MOCAP = """
truth:
  topic: mocap
  type: nav_msgs/msg/Odometry
  position: pose.pose.position
  orientation: pose.pose.orientation
  velocity: twist.twist.linear
"""


@pytest.fixture(scope="module")
def robot():
    return load_robot("g1")


@pytest.fixture(scope="module")
def observed(robot):
    walk = synthetic_walk(robot, Course(velocity=(0.3, 0.0, 0.2)), 1.6)
    return list(walk.observations(SensorErrors(), 0))


@pytest.fixture(scope="module", params=["mcap", "sqlite3"])
def robots_own(request, tmp_path_factory, observed):
    """As ``ros2 bag record /lowstate`` leaves it, in both storages."""
    folder = tmp_path_factory.mktemp("g1") / request.param
    with Foreign(folder, request.param) as bag:
        for o in observed:
            bag.write("/lowstate", low_state(o), RECEPTION + o.stamp)
    return folder


@pytest.fixture(scope="module")
def in_degrees(tmp_path_factory, observed, robot):
    folder = tmp_path_factory.mktemp("degrees") / "bag"
    with Foreign(folder) as bag:
        for o in observed:
            arrived = RECEPTION + o.stamp
            bag.write("/robot/joints", joint_state(o, robot.joint_names, degrees=True), arrived)
            bag.write("/robot/imu", imu(o, gravity=9.80665), arrived + 1e-4)
    mapping = folder.parent / "map.yaml"
    mapping.write_text(IN_DEGREES)
    return folder, mapping


def test_a_g1s_own_messages_have_the_robots_sizes(observed):
    from foreign_bags import TYPES

    data = TYPES.serialize_cdr(low_state(observed[0]), "unitree_hg/msg/LowState")
    assert len(data) == 2092


def test_a_g1s_own_bag_is_estimated_in_either_storage(robots_own, observed):
    done = estimate(robots_own, load_mapping("unitree_g1"), "g1")
    assert done.samples == len(observed)
    assert done.problems == ()
    assert done.unhealthy == {}
    assert done.seconds == pytest.approx(1.6, abs=0.01)
    assert done.innovations["innovation_left"]["n"] > 100
    assert done.innovations["innovation_left"]["p50"] < 5.0


def test_what_a_g1_was_sent_is_shown_to_the_command_filter(tmp_path, observed):
    with Foreign(tmp_path / "sent") as bag:
        for k, o in enumerate(observed[:100]):
            bag.write("/lowstate", low_state(o), RECEPTION + o.stamp)
            bag.write("/lowcmd", low_cmd(o, 9.0 if k >= 90 else 0.0), RECEPTION + o.stamp + 1e-3)
    done = estimate(tmp_path / "sent", load_mapping("unitree_g1"), "g1")
    assert done.sent["commands"] == 100
    assert done.sent["filter_changes"] == 10
    assert done.sent["joints_by_kind"]["range"] == 10  # 9 rad are outside of every hip


def test_units_and_an_order_of_joints_of_others_are_understood(in_degrees, robots_own, observed):
    folder, mapping = in_degrees
    done = estimate(folder, load_mapping(mapping), "g1")
    assert done.samples == len(observed)
    assert done.unhealthy == {}
    same = estimate(robots_own, load_mapping("unitree_g1"), "g1")
    for name, tail in done.innovations.items():  # float32 there, degrees here
        assert tail["p50"] == pytest.approx(same.innovations[name]["p50"], rel=0.05)


def test_units_that_are_said_wrongly_are_noticed_by_the_estimator(in_degrees):
    folder, mapping = in_degrees
    wrong = mapping.with_name("wrong.yaml")
    wrong.write_text(IN_DEGREES.replace("linear_acceleration_unit: g", ""))
    done = estimate(folder, load_mapping(wrong), "g1")
    assert sum(done.unhealthy.values()) > 0.5 * done.samples


@pytest.mark.parametrize("tenths", range(1, 10))
def test_a_foreign_bag_that_was_cut_off_is_judged_up_to_there(
    robots_own, tmp_path, tenths, observed, capsys
):
    whole = next(file for file in robots_own.iterdir() if file.suffix in (".mcap", ".db3"))
    data = whole.read_bytes()
    file = tmp_path / f"cut{whole.suffix}"
    file.write_bytes(data[: round(tenths / 10 * len(data))])
    code = main(["replay", str(file), "--estimate", "--map", "unitree_g1"])
    said = capsys.readouterr()
    assert code in (1, 2)
    if code == 1:
        samples = int(said.out.split()[0])
        assert 0 < samples < len(observed)
        assert file.name in said.out or "breaks off" in said.out
    else:
        assert len(said.err.splitlines()) == 1
        assert tenths < 5 or whole.suffix == ".db3"


@pytest.mark.parametrize("tenths", range(3, 10, 3))
def test_of_a_bag_of_several_topics_that_was_cut_off_all_are_found(in_degrees, tmp_path, tenths):
    folder, mapping = in_degrees
    file = cut(folder, tenths / 10, tmp_path / "cut")
    done = estimate(file, load_mapping(mapping), "g1")
    assert done.samples > 10
    assert "not an intact bag" in done.problems[0]


def test_topics_that_are_not_there_or_of_another_type_are_named(robots_own, in_degrees, capsys):
    def told(*arguments):
        code = main(["replay", *map(str, arguments)])
        said = capsys.readouterr()
        return code, said.out + said.err

    code, said = told(robots_own, "--estimate")
    assert code == 2
    assert "holds no /joint_states; it holds /lowstate" in said
    folder, mapping = in_degrees
    wrong = mapping.with_name("type.yaml")
    wrong.write_text(IN_DEGREES.replace("sensor_msgs/msg/Imu", "sensor_msgs/msg/JointState"))
    code, said = told(folder, "--estimate", "--map", wrong)
    assert code == 2
    assert "/robot/imu is sensor_msgs/msg/Imu, not sensor_msgs/msg/JointState" in said


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("names: name", "nmes: name", "nmes"),
        ("position_unit: deg", "position_unit: grad", "position_unit"),
        ("effort: effort", "", "effort"),
        ("joints:", "robot: 5\njoints:", "robot"),
        ("joints:", "definitions: acme\njoints:", "known are unitree_hg"),
    ],
)
def test_a_mapping_file_that_is_wrong_is_refused_by_key(tmp_path, before, after, words):
    file = tmp_path / "map.yaml"
    file.write_text(IN_DEGREES.replace(before, after))
    with pytest.raises(ParameterError, match=words):
        load_mapping(file)


def test_a_field_that_messages_lack_is_named_with_their_number(in_degrees, capsys):
    folder, mapping = in_degrees
    wrong = mapping.with_name("field.yaml")
    wrong.write_text(IN_DEGREES.replace("effort: effort", "effort: torque"))
    assert main(["replay", str(folder), "--estimate", "--map", str(wrong)]) == 2
    said = capsys.readouterr().err
    assert "has no field 'torque'" in said
    assert "messages)" in said


def test_a_topic_that_the_mapping_asks_for_and_the_bag_lacks_is_a_problem(in_degrees, capsys):
    folder, mapping = in_degrees
    more = mapping.with_name("truth.yaml")
    more.write_text(IN_DEGREES + MOCAP)
    assert main(["replay", str(folder), "--estimate", "--map", str(more)]) == 1
    assert "holds no /mocap, which the mapping names" in capsys.readouterr().out


def test_samples_that_lack_a_half_or_come_too_late_are_told(tmp_path, observed, robot):
    mapping = tmp_path / "map.yaml"
    mapping.write_text(IN_DEGREES)
    with Foreign(tmp_path / "lossy") as bag:
        for k, o in enumerate(observed[:50]):
            arrived = RECEPTION + o.stamp
            bag.write("/joints", joint_state(o, robot.joint_names, degrees=True), arrived)
            if k != 20:
                bag.write("/imu", imu(o, gravity=9.80665), arrived + 1e-4)
            if k == 30:
                bag.write("/imu", imu(observed[25], gravity=9.80665), arrived + 2e-4)
    done = estimate(tmp_path / "lossy", load_mapping(mapping), "g1")
    assert done.problems == (
        "1 samples lack their joints or their IMU",
        "1 messages are older than what came before them, and were left out",
    )


def test_a_bag_whose_recorder_was_killed_before_sqlite3_was_done_is_told(tmp_path, observed):
    folder = tmp_path / "killed"
    with Foreign(folder, "sqlite3") as bag:
        for o in observed[:20]:
            bag.write("/lowstate", low_state(o), RECEPTION + o.stamp)
    log = folder / "killed.db3-wal"
    assert log.with_name("killed.db3").exists()
    log.write_bytes(b"")
    assert estimate(folder, load_mapping("unitree_g1"), "g1").problems == ()
    log.write_bytes(bytes(100))
    (problem,) = estimate(folder, load_mapping("unitree_g1"), "g1").problems
    assert "killed.db3-wal: the recorder did not finish" in problem

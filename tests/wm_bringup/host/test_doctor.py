"""``wm doctor`` judges facts; the facts here are made up, except in the last test."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from wm_bringup.cli import main
from wm_bringup.host import doctor
from wm_bringup.host.extras import EXTRAS
from wm_bringup.host.machine import GIBIBYTE, LIBRARIES, Library, Machine, examine, free_space
from wm_bringup.report.screen import make_screen

GOOD = Machine(
    python=(3, 11, 7),
    prefix="/opt/wm",
    libraries=(Library("numpy", "2.4.6", ""),),
    rclpy_file="/opt/wm/lib/python3.11/site-packages/rclpy/__init__.py",
    ros_wheels=True,
    middleware="rmw_fastrtps_cpp",
    node_error="",
    environment={"ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST"},
    ros2_command="/opt/ros/jazzy/bin/ros2",
    fifo_error="",
    memory_lock_error="",
    real_time_share=1.0,
    wake_ups=1000,
    wake_up_median=6e-5,
    wake_up_worst=3e-4,
    cores=2,
    load=0.1,
    robot="g1, 29 joints",
    robot_error="",
    configuration_files=7,
    configuration_errors=(),
    results="/home/someone/results",
    results_free=50.0,
)


def test_on_a_good_machine_everything_is_ok_and_nothing_is_advised() -> None:
    checks = doctor.diagnose(GOOD)
    assert [check for check in checks if not check.ok or check.advice] == []
    assert doctor.healthy(checks)


@pytest.mark.parametrize(
    ("name", "changes", "advice"),
    [
        ("python", {"python": (3, 13, 0)}, "3.12"),
        ("python", {"python": (3, 1, 0)}, "3.12"),
        ("library numpy", {"libraries": (Library("numpy", "", "ImportError: no"),)}, "make venv"),
        ("rclpy", {"rclpy_file": "", "node_error": "ModuleNotFoundError"}, "ros-wheels"),
        ("rclpy", {"rclpy_file": "/opt/ros/jazzy/lib/rclpy/__init__.py"}, "make clean"),
        ("ROS node", {"node_error": "RCLError: rmw"}, "RMW_IMPLEMENTATION"),
        ("robot description", {"robot_error": "RobotDescriptionError: no"}, "example-robot-data"),
        ("configuration", {"configuration_errors": ("a.yaml: bad",)}, "restore"),
        ("configuration", {"configuration_files": 0}, "restore"),
        ("results", {"results_free": -1.0}, "run elsewhere"),
    ],
)
def test_what_is_required_and_missing_makes_the_machine_unhealthy(
    name: str, changes: dict, advice: str
) -> None:
    checks = doctor.diagnose(replace(GOOD, **changes))
    bad = next(check for check in checks if not check.ok)
    assert bad.name == name
    assert advice in bad.advice
    assert not doctor.healthy(checks)


@pytest.mark.parametrize(
    ("name", "changes", "advice"),
    [
        ("DDS discovery", {"environment": {}}, "ROS_AUTOMATIC_DISCOVERY_RANGE=LOCALHOST"),
        ("DDS discovery", {"environment": {"ROS_LOCALHOST_ONLY": "1"}}, "unset"),
        ("middleware", {"middleware": "rmw_zenoh_cpp"}, "rmw_fastrtps_cpp"),
        ("ros2 command", {"ros2_command": ""}, "wm run"),
        ("results", {"results_free": 1.9}, "free some space"),
        ("cores", {"cores": 1}, "wm walk"),
        ("load", {"load": 0.51}, "close them"),
        ("real-time share", {"real_time_share": 0.95}, "50 ms a second"),
        ("real-time scheduling", {"fifo_error": "PermissionError"}, "rtprio 80"),
        ("memory locking", {"memory_lock_error": "Cannot allocate"}, "memlock unlimited"),
        ("wake-up on time", {"wake_up_worst": 0.009}, "virtual machine"),
    ],
)
def test_what_only_makes_things_better_is_advised_but_not_required(
    name: str, changes: dict, advice: str
) -> None:
    checks = doctor.diagnose(replace(GOOD, **changes))
    (bad,) = (check for check in checks if not check.ok)
    assert bad.name == name
    assert advice in bad.advice
    assert doctor.healthy(checks)


def test_rclpy_of_a_sourced_jazzy_is_as_good_as_the_wheels() -> None:
    sourced = replace(
        GOOD,
        rclpy_file="/opt/ros/jazzy/lib/python3.12/site-packages/rclpy/__init__.py",
        ros_wheels=False,
        environment={"ROS_DISTRO": "jazzy"},
    )
    check = doctor.check_rclpy(sourced)
    assert check.ok
    assert "ROS 2 jazzy" in check.found


def test_another_distribution_runs_with_a_warning() -> None:
    humble = replace(
        GOOD,
        rclpy_file="/opt/ros/humble/rclpy/__init__.py",
        ros_wheels=False,
        environment={"ROS_DISTRO": "humble"},
    )
    check = doctor.check_rclpy(humble)
    assert (check.ok, check.required) == (False, False)
    assert "Jazzy" in check.advice


def test_free_space_is_that_of_the_nearest_existing_folder(tmp_path: Path) -> None:
    assert free_space(tmp_path / "not" / "yet") == pytest.approx(free_space(tmp_path), abs=0.5)
    assert 0.0 <= free_space(tmp_path) < 1e9 / GIBIBYTE * 1e6


def test_a_file_in_the_place_of_the_results_folder_cannot_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "results").write_text("")
    assert free_space(tmp_path / "results") == -1.0


def test_this_machine_is_examined_and_the_checks_are_written_as_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    file = tmp_path / "new" / "doctor.json"
    code = main(["doctor", "--json", str(file), "--results", str(tmp_path)])
    written = json.loads(file.read_text())["checks"]
    assert {"name", "ok", "advice", "found", "required"} == set(written[0])
    assert code == (0 if all(check["ok"] for check in written if check["required"]) else 1)
    output = capfd.readouterr()
    assert all(check["name"].split()[0] in output.out for check in written)
    assert "pybullet build time" not in output.out + output.err


def test_every_library_of_the_package_is_looked_at(tmp_path: Path) -> None:
    machine = examine(tmp_path)
    extra = [name for libraries in EXTRAS.values() for name in libraries]
    looked_at = [library.distribution for library in machine.libraries]
    assert looked_at == [*LIBRARIES, *extra]
    assert [library.error for library in machine.libraries] == [""] * len(looked_at)
    needed = [library.distribution for library in machine.libraries if library.required]
    assert needed == list(LIBRARIES)


def test_a_library_of_an_extra_may_be_missing_and_its_extra_is_named() -> None:
    library = Library("pillow", "", "ModuleNotFoundError: no", required=False)
    checks = doctor.diagnose(replace(GOOD, libraries=(library,)))
    check = next(check for check in checks if check.name == "library pillow")
    assert not check.ok
    assert "'wm_humanoid[report]'" in check.advice
    assert doctor.healthy(checks)


@pytest.mark.parametrize(
    "option", [("--interface", "lo"), ("--seconds", "1"), ("--robot-domain", "1")]
)
def test_what_is_for_a_robot_is_refused_without_one(option, capsys):
    assert main(["doctor", *option]) == 2
    assert "only with --robot" in capsys.readouterr().err


def test_advice_keeps_its_brackets_on_the_screen(capsys):
    console = make_screen()
    console.width = 200
    without = replace(GOOD, libraries=(Library("mujoco", "", "not installed"),))
    console.print(doctor.table(doctor.diagnose(without)))
    assert "'wm_humanoid[sim]'" in capsys.readouterr().out

"""What is declared is what is used: libraries, ROS packages, executables, versions, formats."""

import ast
import importlib
import re
import sys
from importlib import metadata
from itertools import chain
from pathlib import Path
from xml.etree import ElementTree

import pytest
from catkin_pkg.package import parse_package
from packaging.requirements import Requirement
from working_tree import EXECUTABLES, ROOT

from wm_bringup.host.extras import EXTRAS
from wm_bringup.host.machine import LIBRARIES

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
MANIFEST = ElementTree.parse(ROOT / "package.xml").getroot()
ROSDEP_KEYS = {
    "casadi": "casadi-pip",
    "jinja2": "python3-jinja2",
    "matplotlib": "python3-matplotlib",
    "numpy": "python3-numpy",
    "pillow": "python3-pil",
    "pin": "pinocchio",
    "psutil": "python3-psutil",
    "pybullet": "python3-pybullet-pip",
    "pydantic": "python3-pydantic",
    "pyyaml": "python3-yaml",
    "rich": "python3-rich",
    "rosbags": "python3-rosbags-pip",
    "scipy": "python3-scipy",
    "typer": "python3-typer",
}
"""What rosdep calls the libraries; it does not know the rest."""
NOT_IN_ROSDEP = {"coal", "daqp", "example-robot-data", "mujoco", "onnx", "onnxruntime"}
DATA_ONLY = {"example-robot-data"}
LAUNCH = {"launch", "launch_ros"}
NOT_WHEELS = {*LAUNCH, "rcl_interfaces", "rclpy"}
"""ROS packages without a wheel of their own among the extra ``ros-wheels``."""

MESSAGE_TYPE = r"\w+/(msg|srv)/\w+"


def names(requirements: list[str]) -> set[str]:
    return {Requirement(requirement).name for requirement in requirements}


EVERYTHING = LIBRARIES | {name: module for of in EXTRAS.values() for name, module in of.items()}


def everything() -> set[str]:
    """Return the libraries of a whole installation: what drives a robot, simulates and reports."""
    optional = PROJECT["optional-dependencies"]
    return names([*PROJECT["dependencies"], *chain.from_iterable(optional[e] for e in EXTRAS)])


def exec_depends() -> set[str]:
    return {element.text or "" for element in MANIFEST.iter("exec_depend")}


def imported_modules() -> set[str]:
    """Return the top-level modules that the package and its launch files import or name.

    Message types may be named as ROS does, in a string such as ``sensor_msgs/msg/Imu``.
    """
    found = set()
    for path in [*ROOT.glob("src/**/*.py"), *ROOT.glob("launch/*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.split(".")[0])
            elif isinstance(node, ast.Constant) and re.fullmatch(MESSAGE_TYPE, str(node.value)):
                found.add(str(node.value).split("/")[0])
    ours = {"wm_control", "wm_policy", "wm_bringup", "wm_training"}
    return found - ours - sys.stdlib_module_names


def test_every_imported_module_is_declared_and_nothing_else() -> None:
    libraries = {EVERYTHING[name] for name in everything() - DATA_ONLY}
    optional = PROJECT["optional-dependencies"]
    extras = names([*optional["train"], *optional["ray"]])
    imported = imported_modules()
    assert imported - libraries - extras <= exec_depends()
    assert extras <= imported
    assert libraries - imported == set()


def test_every_declared_library_is_looked_at_by_doctor() -> None:
    assert names(PROJECT["dependencies"]) == set(LIBRARIES)
    for extra, libraries in EXTRAS.items():
        assert names(PROJECT["optional-dependencies"][extra]) == set(libraries)


def test_ros_knows_every_library_by_its_rosdep_key() -> None:
    assert everything() == set(ROSDEP_KEYS) | NOT_IN_ROSDEP
    assert set(ROSDEP_KEYS.values()) <= exec_depends()


def test_every_ros_package_comes_with_a_ros_installation_and_with_the_wheels() -> None:
    ros = exec_depends() - set(ROSDEP_KEYS.values())
    wheels = names(PROJECT["optional-dependencies"]["ros-wheels"])
    wheels = {name.removeprefix("ros-jazzy-").replace("-", "_") for name in wheels}
    assert ros - NOT_WHEELS == wheels - {"rclpy", "rmw_fastrtps_cpp"}


def test_ros_packages_that_are_not_imported_are_not_declared() -> None:
    ros = exec_depends() - set(ROSDEP_KEYS.values())
    assert ros - imported_modules() == set()


@pytest.mark.parametrize("name", sorted(EXECUTABLES))
def test_every_executable_exists(name: str) -> None:
    module, function = EXECUTABLES[name].split(":")
    assert callable(getattr(importlib.import_module(module), function))


@pytest.mark.parametrize("version", ["3.10", "3.11", "3.12"])
def test_every_loose_requirement_is_pinned_within_its_bounds(version: str) -> None:
    text = (ROOT / f"requirements/python{version}.txt").read_text()
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    pins = dict(line.split("==") for line in lines)
    extras = PROJECT["optional-dependencies"]
    kinds = (*EXTRAS, "ros-wheels", "dev", "train", "unitree")
    pinned = (PROJECT["dependencies"], *(extras[name] for name in kinds))
    for loose in chain.from_iterable(pinned):
        requirement = Requirement(loose)
        if requirement.marker and not requirement.marker.evaluate({"python_version": version}):
            continue
        assert requirement.specifier.contains(pins[requirement.name.lower()]), loose


def test_this_environment_has_the_pinned_versions_of_what_we_import() -> None:
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    text = (ROOT / f"requirements/python{version}.txt").read_text()
    for name in everything():
        assert f"\n{name}=={metadata.version(name)}\n" in text


def test_pyproject_and_package_xml_name_the_same_package() -> None:
    assert PROJECT["name"] == MANIFEST.findtext("name")


def test_package_xml_is_valid_without_a_warning() -> None:
    warnings: list[str] = []
    parsed = parse_package(str(ROOT / "package.xml"), warnings=warnings)
    assert warnings == []
    assert parsed.get_build_type() == "ament_python"


def test_the_changelog_has_an_unreleased_section_and_known_headings() -> None:
    text = (ROOT / "CHANGELOG.md").read_text()
    assert re.search(r"^## \[Unreleased\]", text, re.MULTILINE)
    headings = set(re.findall(r"^### (\w+)", text, re.MULTILINE))
    assert headings <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_every_folder_of_modules_is_a_package() -> None:
    """A folder without __init__.py is silently left out of wheels and colcon installations."""
    folders = {path.parent for path in ROOT.glob("src/*/**/*.py")}
    assert [folder for folder in folders if not (folder / "__init__.py").is_file()] == []


def test_no_two_helpers_of_tests_share_a_name() -> None:
    """Helpers are imported by their plain names, so one would hide the other."""
    stems: dict[str, list[Path]] = {}
    for path in ROOT.glob("tests/**/*.py"):
        if path.name != "conftest.py" and not path.name.startswith("test_"):
            stems.setdefault(path.stem, []).append(path)
    assert {stem: paths for stem, paths in stems.items() if len(paths) > 1} == {}

"""What drives a robot needs no simulator, no report and no training: the base installation alone.

Here those libraries are hidden from Python and from the processes that it starts.
"""

import configparser
import importlib.util
import os
import re
import socket
import subprocess
import sys
import zipfile
from itertools import chain
from pathlib import Path
from types import ModuleType

import pytest
from working_tree import ROOT, packaged_files

from wm_bringup.host.extras import EXTRAS, remedy

NOT_THERE = sorted({*chain.from_iterable(of.values() for of in EXTRAS.values()), "torch", "ray"})
HIDDEN = """
import sys

class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {names}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Hidden())
"""
"""A ``sitecustomize.py``, which every Python imports before anything else."""

ROS = ["rclpy", "sensor_msgs", "std_msgs", "rcl_interfaces", "launch"]

PROCESSES = [
    "wm_bringup.cycle.loop_process",
    "wm_bringup.robots.unitree.robot",
    *(f"wm_bringup.nodes.{name}" for name in ("control", "mpc", "policy", "recorder")),
]
"""Everything that runs beside a robot."""

NEITHER_ROS = ("src/wm_control", "src/wm_policy", "src/wm_bringup/robots/unitree")
WITHOUT_ROS = [
    ".".join(path.relative_to("src").with_suffix("").parts)
    for path in packaged_files()
    if path.suffix == ".py" and str(path).startswith(NEITHER_ROS) and path.stem != "__init__"
    if path.name != "mjcf.py"  # writes the model for one of the engines
]

LOOP = """
from wm_bringup.cycle.control_cycle import CycleOptions
from wm_bringup.cycle.loop_client import LoopClient
from wm_bringup.cycle.loop_messages import LoopRequest, LoopSetup
from wm_bringup.cycle.stack import estimator_parameters, model_based_parameters, safety_parameters

client = LoopClient(LoopSetup(
    robot="g1", backend="mock", engine="pybullet", drivers=("mpc",), scenario="", gui=False,
    ros_time=True, options=CycleOptions(arm=False, held=False), safety=safety_parameters("g1"),
    estimator=estimator_parameters("g1"), model_based=model_based_parameters("g1"),
))
try:
    client.await_ready()
    client.send(LoopRequest.START)
    records = 0
    while records < 100 and (message := client.receive()) is not None:
        records += isinstance(message, tuple)
    print(records, client.failure)
finally:
    client.close()
"""

DRIVERS = """
from wm_bringup.cycle.stack import build_estimator, build_planner, estimator_parameters
from wm_bringup.cycle.stack import model_based_parameters, named_policy, safety_parameters
from wm_bringup.cycle.loop import ControlLoop
from wm_bringup.robots.mock import MockRobot
from wm_control.controllers.model_based import ModelBasedController
from wm_control.robot.description import load_robot
from wm_control.types import VelocityCommand
from wm_policy.controller import PolicyController

robot = load_robot("g1")
parameters = model_based_parameters("g1")
planner = build_planner(robot, parameters)
controllers = [
    ModelBasedController(robot, parameters),
    PolicyController(named_policy(robot), robot),
]
print([controller.name for controller in controllers], planner.__class__.__name__)
estimate = build_estimator(robot, estimator_parameters("g1")).reset(MockRobot(robot).reset(0))
policy = controllers[1]
policy.reset(estimate)
print(policy.step(estimate, VelocityCommand(0.3, 0.0, 0.0), 0.002).status.name)
"""


def python(folder: Path, program: str, *hidden: str) -> str:
    """Run a program where ``hidden`` is not installed; return what it printed."""
    (folder / "sitecustomize.py").write_text(HIDDEN.format(names=list(hidden)))
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONPATH": f"{folder}:{ROOT / 'src'}"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def importing(modules: list[str]) -> str:
    return "import importlib\n" + "".join(f"importlib.import_module({m!r})\n" for m in modules)


def test_what_is_hidden_really_is(tmp_path: Path) -> None:
    program = "import subprocess, sys\n" + "".join(
        f"try:\n    import {name}\n    print({name!r})\nexcept ModuleNotFoundError: pass\n"
        for name in NOT_THERE
    )
    assert python(tmp_path, program, *NOT_THERE) == ""


def test_every_process_beside_a_robot_starts_from_the_base_installation(tmp_path: Path) -> None:
    python(tmp_path, importing(PROCESSES), *NOT_THERE)


def test_without_ros_as_well_everything_imports_that_the_loop_is_made_of(tmp_path: Path) -> None:
    python(tmp_path, importing(WITHOUT_ROS), *NOT_THERE, *ROS)


def test_the_loop_runs_from_the_base_installation_without_ros(tmp_path: Path) -> None:
    assert python(tmp_path, LOOP, *NOT_THERE, *ROS) == "100 \n"


def test_both_drivers_are_made_and_the_policy_infers_from_the_base_installation(
    tmp_path: Path,
) -> None:
    made, status = python(tmp_path, DRIVERS, *NOT_THERE, *ROS).splitlines()
    assert made == "['mpc', 'policy'] PlannerBeside"
    assert status == "OK"


@pytest.mark.parametrize(
    ("arguments", "extra"),
    [
        (["walk", "--seconds", "0.1"], "sim"),
        (["walk", "--seconds", "0.1", "--engine", "mujoco"], "sim"),
        (["demo"], "report"),
    ],
)
def test_a_command_that_needs_an_extra_names_it_on_one_line(
    tmp_path: Path, arguments: list[str], extra: str
) -> None:
    (tmp_path / "sitecustomize.py").write_text(HIDDEN.format(names=NOT_THERE))
    done = subprocess.run(
        [sys.executable, "-m", "wm_bringup.cli", *arguments],
        env=os.environ | {"PYTHONPATH": f"{tmp_path}:{ROOT / 'src'}"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    (line,) = [line for line in done.stderr.splitlines() if line]
    assert f"'wm_humanoid[{extra}]'" in line


def test_a_library_is_found_by_its_own_name_or_that_of_its_module() -> None:
    assert "'wm_humanoid[report]'" in remedy("PIL")
    assert "'wm_humanoid[report]'" in remedy("pillow")
    assert "'wm_humanoid[sim]'" in remedy("mujoco.batch")
    assert remedy("daqp").endswith("pip install daqp")
    assert remedy("pinocchio").endswith("pip install pin")
    assert "'wm_humanoid[ros-wheels]', or source a ROS 2" in remedy("rclpy.node")


METADATA = """Metadata-Version: 2.1
Name: wm_humanoid
Requires-Dist: numpy>=2.1
Requires-Dist: pin<5,>=4.1
Requires-Dist: mujoco>=3.17; extra == "sim"
Requires-Dist: cyclonedds>=11; platform_machine == "x86_64" and extra == "unitree"
"""


@pytest.fixture(scope="module")
def wheelhouse() -> ModuleType:
    spec = importlib.util.spec_from_file_location("wheelhouse", ROOT / "tools/wheelhouse.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_wheelhouse_asks_for_what_the_wheel_requires(
    wheelhouse: ModuleType, tmp_path: Path
) -> None:
    wheel = tmp_path / "wm_humanoid-1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("wm_humanoid-1.dist-info/METADATA", METADATA)
    assert wheelhouse.requirements(wheel, []) == ["numpy>=2.1", "pin<5,>=4.1"]
    assert wheelhouse.requirements(wheel, ["unitree"]) == [
        "numpy>=2.1",
        "pin<5,>=4.1",
        "cyclonedds>=11",
    ]


def test_a_wheelhouse_knows_the_oldest_system_that_it_is_for(
    wheelhouse: ModuleType, tmp_path: Path
) -> None:
    for name in (
        "pin-4.1-cp311-cp311-manylinux_2_28_aarch64",
        "numpy-2.4-cp311-cp311-manylinux_2_27_aarch64.manylinux_2_28_aarch64",
        "daqp-0.7-cp311-cp311-manylinux2014_aarch64",
        "rich-13-py3-none-any",
    ):
        (tmp_path / f"{name}.whl").touch()
    assert wheelhouse.newest_glibc(tmp_path) == (28, ["pin"])
    assert wheelhouse.tags("aarch64", 18) == [
        "--platform=manylinux_2_18_aarch64",
        "--platform=manylinux_2_17_aarch64",
        "--platform=manylinux2014_aarch64",
        "--platform=any",
    ]


PIP = (
    "ERROR: Cannot install ros-rosidl-parser because these package versions have conflicting "
    "dependencies.\n\nAdditionally, some packages in these conflicts have no matching "
    "distributions available for your environment:\n    empy\n    lark-parser\n\n"
    "To fix this you could try to:\n"
)
"""What pip says of two libraries that are there in source alone, for somebody else's sake."""


def test_a_wheelhouse_finds_in_pips_words_what_has_no_wheel(wheelhouse: ModuleType) -> None:
    asked = "ERROR: No matching distribution found for empy==3.3.4\n"
    assert wheelhouse.without_wheel(PIP) == {"empy", "lark-parser"}
    assert wheelhouse.without_wheel(asked) == {"empy"}
    assert wheelhouse.without_wheel("ERROR: no network") == set()


def test_a_wheelhouse_tells_no_answer_from_no_wheel(
    wheelhouse: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{closed.getsockname()[1]}/simple"
    for of_this_machine in ("PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(of_this_machine, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", nobody)
    monkeypatch.setenv("PIP_RETRIES", "1")
    with pytest.raises(wheelhouse.UnreachableError, match="NewConnectionError"):
        wheelhouse.gather("numpy", tmp_path, [])


def test_a_wheelhouse_builds_what_is_python_alone_and_says_of_the_rest_that_it_has_no_wheel(
    wheelhouse: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = {"empy": "empy-4.2.1-py3-none-any.whl", "fast": "fast-1-cp311-cp311-linux_x86_64.whl"}

    def build(*words: str) -> None:
        target = Path(words[words.index("--wheel-dir") + 1])
        (target / sources[words[-1]]).touch()

    def fetch(requirement: str, folder: Path, platforms: list[str]) -> tuple[str, set[str]]:
        without = {name for name in sources if not any(folder.glob(f"{name}-*"))}
        return ", ".join(sorted(without)), without

    monkeypatch.setattr(wheelhouse, "pip", build)
    monkeypatch.setattr(wheelhouse, "download", fetch)
    assert wheelhouse.gather("rclpy", tmp_path, []) == "fast"
    assert [wheel.name for wheel in tmp_path.iterdir()] == [sources["empy"]]


@pytest.fixture(scope="module")
def service() -> configparser.ConfigParser:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(ROOT / "deploy/wm-humanoid.service")
    return unit


def test_the_service_starts_by_nobodys_hand_but_a_persons(
    service: configparser.ConfigParser,
) -> None:
    assert service["Service"]["Restart"] == "no"
    assert "Install" not in service
    assert service["Service"]["KillSignal"] == "SIGINT"
    assert "--arm" not in (ROOT / "deploy/wm-humanoid.service").read_text()


def test_where_wm_is_killed_the_service_lets_the_others_damp_the_robot(
    service: configparser.ConfigParser,
) -> None:
    from wm_bringup.robots.unitree.guard import AFTERMATH

    assert service["Service"]["KillMode"] == "control-group"
    assert float(service["Service"]["TimeoutStopSec"]) > AFTERMATH


def test_the_service_runs_a_command_that_there_is_with_what_its_file_says(
    service: configparser.ConfigParser,
) -> None:
    command = service["Service"]["ExecStart"]
    run = command.split("wm run")[1]
    told = subprocess.run(
        [sys.executable, "-m", "wm_bringup.cli", "run", "--help"],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT / "src"), "COLUMNS": "200"},
    ).stdout
    for option in re.findall(r"--[a-z-]+", run):
        assert option in told, option
    said = (ROOT / "deploy/wm-humanoid.env").read_text()
    for variable in re.findall(r"\$([A-Z]+)", run):
        assert re.search(rf"^{variable}=", said, re.MULTILINE), variable


def test_the_service_gives_the_rights_that_the_loop_asks_for(
    service: configparser.ConfigParser,
) -> None:
    from wm_bringup.host.realtime import CONTROL_PRIORITY

    rights = service["Service"]
    assert int(rights["LimitRTPRIO"]) > CONTROL_PRIORITY + 5  # the guard of the wire is above it
    assert rights["LimitMEMLOCK"] == "infinity"

"""What drives a robot needs no simulator, no report and no training: the base installation alone.

Here those libraries are hidden from Python and from the processes that it starts.
"""

import os
import subprocess
import sys
from itertools import chain
from pathlib import Path

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

WITHOUT_ROS = [
    ".".join(path.relative_to("src").with_suffix("").parts)
    for path in packaged_files()
    if path.suffix == ".py"
    and str(path).startswith(("src/wm_control/", "src/wm_policy/", "src/wm_bringup/robots/unitree/"))
    and path.stem != "__init__"
    and path.name != "mjcf.py"
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

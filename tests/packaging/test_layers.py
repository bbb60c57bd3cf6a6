"""Data flows one way: who may import whom, what knows of ROS, clocks and terminals."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from working_tree import ROOT

SOURCE = ROOT / "src"

LAYERS = (
    # a model of the robot, and what controls it with that
    "wm_control.constants wm_control.errors wm_control.drivers wm_control.fast_init "
    "wm_control.vector3",
    "wm_control.types",
    "wm_control.configuration wm_control.kernel wm_control.quaternion",
    "wm_control.refusal wm_control.robot",
    "wm_control.derivation",
    "wm_control.estimation wm_control.gait wm_control.arbiter",
    "wm_control.mpc",
    "wm_control.wbc",
    "wm_control.controllers",
    # runs a learned policy
    "wm_policy",
    # what goes over the wire, robots, the control cycle
    "wm_bringup.host wm_bringup.bags wm_bringup.wire",
    "wm_bringup.faults",
    "wm_bringup.scenarios",
    "wm_bringup.robots",
    "wm_bringup.emulator",
    "wm_bringup.cycle",
    # runs, and what is said about them
    "wm_bringup.record",
    "wm_bringup.lockstep",
    "wm_bringup.judging",
    "wm_bringup.comparing wm_bringup.replay",
    "wm_bringup.view",
    # the graph of nodes
    "wm_bringup.graph",
    "wm_bringup.teleop",
    "wm_bringup.nodes",
    # what people start
    "wm_bringup.report wm_bringup.bench",
    "wm_bringup.costs",
    "wm_bringup.page",
    "wm_bringup.demo",
    "wm_bringup.rehearsal",
    "wm_bringup.commands",
    "wm_bringup.cli",
    # makes policies; nothing at run time imports it
    "wm_training",
)
"""Folders (and modules beside them) from the bottom up; each imports from lines above its own."""

EXTRAS = ("torch", "ray", "viser")
"""What only an optional extra brings: modules that need it may lack it, but not ROS."""

ROS_MODULES = ("rclpy", "launch", "launch_ros", "ament_index_python", "rcl_interfaces")
BLOCK = f"""
import importlib, sys

class NoRos:
    def find_spec(self, name, path=None, target=None):
        top = name.split(".")[0]
        if top in {ROS_MODULES!r} or top.endswith(("_msgs", "_srvs")):
            raise ModuleNotFoundError(f"{{name}} is blocked", name=name)

sys.meta_path.insert(0, NoRos())
failed = []
for module in sys.argv[1:]:
    try:
        importlib.import_module(module)
    except Exception as error:
        if getattr(error, "name", None) in {EXTRAS!r}:
            continue
        failed.append(f"{{module}}: {{type(error).__name__}}: {{error}}")
print("\\n".join(failed), end="")
"""


def module_name(path: Path) -> str:
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in sorted(SOURCE.glob("wm_*/**/*.py"))}
FLOORS = {name: floor for floor, names in enumerate(LAYERS) for name in names.split()}
PACKAGES = [path.parent for path in MODULES.values() if path.name == "__init__.py"]
WITHOUT_ROS = [name for name in MODULES if not name.startswith("wm_bringup.nodes")]
CORE = [name for name in MODULES if name.startswith(("wm_control", "wm_policy"))]


def layer_of(module: str) -> str:
    """Return the entry of LAYERS that a module belongs to."""
    parts = module.split(".")
    found = [".".join(parts[:n]) for n in range(len(parts), 0, -1) if ".".join(parts[:n]) in FLOORS]
    assert found or len(parts) == 1, f"{module} is in no layer"
    return found[0] if found else module


def imported_by(module: str) -> Iterator[str]:
    """Yield the modules of ours that a module imports, wherever in its text."""
    for node in ast.walk(ast.parse(MODULES[module].read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("wm_"):
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                yield full if full in MODULES else node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_from_its_own_folder_and_from_lower_layers_only(module: str) -> None:
    here = layer_of(module)
    upward = [
        other
        for other in imported_by(module)
        if layer_of(other) != here and FLOORS[layer_of(other)] >= FLOORS[here]
    ]
    assert upward == []


@pytest.mark.parametrize("folder", PACKAGES, ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_every_folder_says_what_it_is_for(folder: Path) -> None:
    text = ast.get_docstring(ast.parse((folder / "__init__.py").read_text())) or ""
    assert len(text.splitlines()[0]) > 20


def test_every_module_outside_the_nodes_imports_where_there_is_no_ros() -> None:
    done = subprocess.run(
        [sys.executable, "-c", BLOCK, *WITHOUT_ROS],
        cwd=SOURCE,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == ""


def test_the_block_really_blocks() -> None:
    done = subprocess.run(
        [sys.executable, "-c", BLOCK, "rclpy", "sensor_msgs.msg"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.count("is blocked") == 2


@pytest.mark.parametrize("module", CORE)
def test_the_control_and_policy_cores_read_no_clock_and_print_nothing(module: str) -> None:
    tree = ast.parse(MODULES[module].read_text())
    imported = {
        alias.name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    } | {
        (node.module or "").split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
    }
    assert imported & {"time", "datetime", "random", "threading"} == set()
    called = {
        node.func.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert "print" not in called

"""Two layers, one direction: what controls the robot knows nothing of ROS, clocks or terminals."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from working_tree import ROOT

SOURCE = ROOT / "src"
ROS_FACING = {"messages"}
"""Modules of wm_bringup that translate to and from ROS, beside everything in nodes/."""

EXTRAS = ("torch",)
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


def is_adapter(path: Path) -> bool:
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return "nodes" in parts or (parts[0] == "wm_bringup" and bool(ROS_FACING & set(parts)))


def module_name(path: Path) -> str:
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


CORE = sorted(path for path in SOURCE.glob("wm_*/**/*.py") if not is_adapter(path))
INNER = [path for path in CORE if path.relative_to(SOURCE).parts[0] != "wm_bringup"]


def test_every_core_module_imports_where_there_is_no_ros() -> None:
    done = subprocess.run(
        [sys.executable, "-c", BLOCK, *map(module_name, CORE)],
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


@pytest.mark.parametrize("path", INNER, ids=module_name)
def test_the_control_and_policy_cores_read_no_clock_and_print_nothing(path: Path) -> None:
    tree = ast.parse(path.read_text())
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
    assert imported & {"time", "datetime", "random", "threading", "wm_bringup"} == set()
    called = {
        node.func.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert "print" not in called

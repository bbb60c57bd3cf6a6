"""The working tree that is to be packaged, and commands run as from a plain terminal."""

import ast
import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EXECUTABLES = ast.literal_eval(
    next(
        node.value
        for node in ast.parse((ROOT / "setup.py").read_text()).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "EXECUTABLES"
    )
)
"""Name and function of every executable, as setup.py states them."""


def packaged_files() -> list[Path]:
    """Return every file of the working tree that git does not ignore, relative to the root."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [Path(name) for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def plain_environment() -> dict[str, str]:
    """Return the environment of a terminal in which no ROS workspace is sourced."""
    hidden = ("AMENT_", "COLCON_", "PYTHONPATH")
    return {key: value for key, value in os.environ.items() if not key.startswith(hidden)}


def run(*command: str | Path, cwd: Path) -> str:
    """Run a command of this environment, or fail with all it said."""
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env=plain_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout

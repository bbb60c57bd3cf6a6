"""A copy of the working tree, and what colcon makes of it."""

import shutil
import sys
from pathlib import Path

import pytest
from working_tree import ROOT, packaged_files, run


@pytest.fixture(scope="session")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the working tree, in which builds may leave what they like."""
    copy = tmp_path_factory.mktemp("tree") / "src" / "wm_humanoid"
    for name in packaged_files():
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, copy / name)
    return copy


@pytest.fixture(scope="session")
def colcon() -> list[str]:
    """Return the command that starts this environment's colcon."""
    return [str(Path(sys.executable).with_name("colcon"))]


@pytest.fixture(scope="session")
def workspace(tree: Path, colcon: list[str]) -> Path:
    """Return a colcon workspace in which this package was built and installed."""
    root = tree.parents[1]
    run(*colcon, "build", "--executor", "sequential", cwd=root)
    return root


@pytest.fixture(scope="session")
def prefix(workspace: Path) -> Path:
    """Return the installation prefix of this package in the colcon workspace."""
    return workspace / "install" / "wm_humanoid"

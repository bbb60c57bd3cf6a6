"""colcon and pip each build a complete package from a copy of the working tree."""

import subprocess
import sys
from pathlib import Path

import pytest
from working_tree import EXECUTABLES, ROOT, packaged_files, plain_environment, run

NODES = {
    "arbiter",
    "control",
    "mpc",
    "recorder",
    "robot",
    "state_estimator",
    "whole_body_controller",
}
SHARED = [path for path in packaged_files() if path.parts[0] in {"config", "launch"}]
MODULES = sorted(
    path.relative_to("src")
    for path in packaged_files()
    if path.parts[0] == "src" and path.suffix == ".py"
)


def test_colcon_takes_it_for_an_ament_python_package(tree: Path, colcon: list[str]) -> None:
    listed = run(*colcon, "list", cwd=tree.parents[1])
    assert listed.split() == ["wm_humanoid", "src/wm_humanoid", "(ros.ament_python)"]


def test_colcon_installs_the_ament_marker(prefix: Path) -> None:
    assert (prefix / "share/ament_index/resource_index/packages/wm_humanoid").is_file()
    assert (prefix / "share/wm_humanoid/package.xml").read_text() == (
        ROOT / "package.xml"
    ).read_text()


def test_colcon_installs_every_launch_and_config_file_unchanged(prefix: Path) -> None:
    share = prefix / "share/wm_humanoid"
    assert installed(share) == set(SHARED)
    for path in SHARED:
        assert (share / path).read_bytes() == (ROOT / path).read_bytes(), path


def test_colcon_installs_every_module(prefix: Path) -> None:
    assert missing(site_packages(prefix)) == []


def test_colcon_installs_one_executable_per_node_where_ros2_run_looks(prefix: Path) -> None:
    assert executables(prefix) == set(EXECUTABLES)
    assert set(EXECUTABLES) >= NODES | {"wm"}


def test_installed_by_colcon_it_uses_the_installed_configuration(prefix: Path) -> None:
    assert share_seen_from(site_packages(prefix)) == prefix / "share/wm_humanoid"


def test_the_installed_command_line_starts(prefix: Path) -> None:
    done = subprocess.run(
        [prefix / "lib/wm_humanoid/wm", "--version"],
        env=plain_environment() | {"PYTHONPATH": str(site_packages(prefix))},
        cwd=prefix,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (0, "wm_humanoid 0.1.0\n"), done.stderr


def test_a_symlinked_installation_runs_the_working_tree_itself(
    tree: Path, colcon: list[str], tmp_path: Path
) -> None:
    """``colcon build --symlink-install`` runs setup.py where there is no pyproject.toml."""
    run(
        *(*colcon, "build", "--symlink-install", "--executor", "sequential"),
        *("--base-paths", tree),
        cwd=tmp_path,
    )
    prefix = tmp_path / "install/wm_humanoid"
    assert executables(prefix) == set(EXECUTABLES)
    assert installed(prefix / "share/wm_humanoid") == set(SHARED)
    for path in SHARED:
        assert (prefix / "share/wm_humanoid" / path).resolve() == tree / path
    assert share_seen_from(tmp_path / "build/wm_humanoid/src") == tree


@pytest.fixture(scope="module")
def target(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder into which pip built and installed a wheel of the package, by itself."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation")
    run(*pip, "--target", folder, tree, cwd=tree)
    return folder


def test_a_wheel_holds_every_module_launch_and_config_file(target: Path) -> None:
    assert missing(target) == []
    assert installed(target / "share/wm_humanoid") == set(SHARED)
    assert (target / "share/ament_index/resource_index/packages/wm_humanoid").is_file()


def test_installed_from_a_wheel_it_uses_the_configuration_of_the_wheel(target: Path) -> None:
    assert share_seen_from(target) == target / "share/wm_humanoid"


def executables(prefix: Path) -> set[str]:
    """Return the names of what ``ros2 run wm_humanoid`` can start."""
    return {path.name for path in (prefix / "lib/wm_humanoid").iterdir()}


def installed(share: Path) -> set[Path]:
    """Return the launch and config files in a share folder, relative to it."""
    found = (path for folder in ("config", "launch") for path in (share / folder).rglob("*"))
    return {path.relative_to(share) for path in found if path.is_file() and path.suffix != ".pyc"}


def missing(libraries: Path) -> list[Path]:
    """Return the modules of the working tree that an installation lacks."""
    return [path for path in MODULES if not (libraries / path).is_file()]


def site_packages(prefix: Path) -> Path:
    """Return the one folder of Python libraries below an installation prefix."""
    (folder,) = prefix.glob("lib/python3.*/site-packages")
    return folder


def share_seen_from(libraries: Path) -> Path:
    """Return the share folder that code imported from ``libraries`` uses."""
    program = (
        f"import sys; sys.path.insert(0, {str(libraries)!r});"
        "from wm_control.configuration.share import share_directory; print(share_directory())"
    )
    return Path(run(sys.executable, "-c", program, cwd=libraries).strip())

"""The Makefile's promises that can be checked without the network."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from working_tree import ROOT

MAKE = shutil.which("make") or "make"


def dry_run(*targets: str, folder: Path) -> list[str]:
    """Return what make would run in a folder that has no environment yet."""
    own = ("MAKE", "MFLAGS", "ARGS", "PYTHON")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(own)}
    done = subprocess.run(
        [MAKE, "--dry-run", *targets],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Return a folder with what make looks at."""
    for name in ("Makefile", "pyproject.toml", "setup.py", "setup.cfg"):
        shutil.copy(ROOT / name, tmp_path / name)
    shutil.copytree(ROOT / "tools", tmp_path / "tools")
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    return tmp_path


@pytest.mark.parametrize(
    ("target", "last"),
    [
        ("demo", ".venv/bin/wm demo"),
        ("test", "tools/run_tests.sh .venv/bin/python"),
        ("lint", ".venv/bin/mypy"),
    ],
)
def test_every_target_sets_its_environment_up_first(clone: Path, target: str, last: str) -> None:
    steps = dry_run(target, folder=clone)
    assert "tools/setup_venv.sh .venv" in steps[0]
    assert steps[-1].strip() == last


def test_an_environment_that_is_ready_is_not_made_again(clone: Path) -> None:
    (clone / ".venv").mkdir()
    (clone / ".venv/.ready").write_text("")
    assert [step.strip() for step in dry_run("test", folder=clone)] == [
        "tools/run_tests.sh .venv/bin/python"
    ]


def test_changed_pins_make_the_environment_again(clone: Path) -> None:
    (clone / ".venv").mkdir()
    (clone / ".venv/.ready").write_text("")
    os.utime(clone / ".venv/.ready", (1, 1))
    assert "tools/setup_venv.sh" in dry_run("venv", folder=clone)[0]


@pytest.mark.parametrize(
    ("simulated", "live", "told"),
    [(0, 0, 0), (1, 0, 1), (0, 1, 1), (5, 0, 0), (0, 5, 0), (5, 5, 5), (5, 1, 1), (2, 5, 2)],
)
def test_tests_fail_when_either_half_does_and_when_none_was_selected(
    tmp_path: Path, simulated: int, live: int, told: int
) -> None:
    """5 is pytest's word for: no test was selected."""
    python = tmp_path / "python"
    python.write_text(
        f'#!/bin/sh\ncase "$*" in *"not live"*) exit {simulated};; *) exit {live};; esac\n'
    )
    python.chmod(0o755)
    assert subprocess.run([ROOT / "tools/run_tests.sh", python, "-x"]).returncode == told


def set_up(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ROOT / "tools/setup_venv.sh", folder / ".venv"],
        env={"PATH": os.environ["PATH"]} | environment,
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("version", ["3.13.1", "3.9.18"])
def test_a_python_of_another_version_is_named_and_refused(tmp_path: Path, version: str) -> None:
    other = tmp_path / "python-other"
    other.write_text(
        f'#!/bin/sh\ncase "$2" in *print*) echo "Python {version}" ;; *) exit 1 ;; esac\n'
    )
    other.chmod(0o755)
    done = set_up(tmp_path, PYTHON=str(other))
    assert done.returncode == 1
    assert f"{other}: Python {version}" in done.stderr
    assert "make venv PYTHON=" in done.stderr
    assert not (tmp_path / ".venv").exists()


def test_without_any_python_it_says_what_to_install(tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("bash", "env", "dirname"):
        (tools / name).symlink_to(shutil.which(name) or f"/usr/bin/{name}")
    done = set_up(tmp_path, PATH=str(tools))
    assert done.returncode == 1
    assert "no Python 3.10, 3.11 or 3.12" in done.stderr
    assert "sudo apt install" in done.stderr


def test_no_file_of_ours_names_a_package_index() -> None:
    files = [*ROOT.glob("requirements/*"), ROOT / "Makefile", *ROOT.glob("tools/*")]
    pattern = re.compile(r"index-url|find-links|https?://|file:/|@ ")
    found = [path for path in files if path.is_file() and pattern.search(path.read_text())]
    assert found == []


def test_ci_runs_the_lint_and_the_tests() -> None:
    script = ROOT / ".ci/run"
    assert os.access(script, os.X_OK)
    assert re.findall(r"^make (\w+)", script.read_text(), re.MULTILINE) == ["lint", "test"]


PIP = """#!/bin/sh
case "$*" in
*"-m pip"*"--editable .[sim,report,dev,unitree]"*)
    echo "Collecting numpy==1.26.4 (from -c requirements/python3.11.txt)"
    echo "  Using cached numpy-1.26.4.whl"
    sleep 1.5
    echo "Installing collected packages: numpy, rich"
    echo "WARNING: your disk is small" >&2 ;;
*"-m pip"*) ;;
*version_info*:2*) echo 3.11 ;;
esac
"""
"""A Python whose pip takes its time."""


def stand_in_environment(folder: Path, python: str) -> Path:
    program = folder / ".venv/bin/python"
    program.parent.mkdir(parents=True)
    program.write_text(python)
    program.chmod(0o755)
    return folder


def test_setting_up_says_what_is_fetched_and_that_it_still_goes_on(tmp_path: Path) -> None:
    done = set_up(stand_in_environment(tmp_path, PIP), SETUP_HEARTBEAT="1")
    assert done.returncode == 0, done.stderr
    for line in (
        "setup:   fetching numpy==1.26.4\n",
        "setup:   still at it, 1 s\n",
        "setup:   Installing collected packages ...\n",
        "WARNING: your disk is small\n",
        "setup: ready:",
    ):
        assert line in done.stderr
    assert "Using cached" not in done.stdout + done.stderr


def test_a_failing_pip_ends_the_set_up_with_its_own_words(tmp_path: Path) -> None:
    broken = PIP.replace("sleep 1.5", "echo 'ERROR: no network' >&2; exit 1")
    done = set_up(stand_in_environment(tmp_path, broken))
    assert done.returncode == 1
    assert "ERROR: no network" in done.stderr
    assert "pip could not install everything" in done.stderr
    assert "ready" not in done.stderr

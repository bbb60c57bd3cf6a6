"""Where the library is looked for, and what is said when it is not there or another."""

import subprocess
import sys

import pytest

from wm_bringup.robots.unitree.cyclone import library
from wm_bringup.robots.unitree.cyclone.library import Cyclone, load_library, places
from wm_bringup.robots.unitree.link import LinkError


@pytest.fixture
def nowhere(monkeypatch):
    """Let no library be installed."""
    monkeypatch.setattr(library, "find_spec", lambda name: None)
    monkeypatch.setattr(library, "find_library", lambda name: None)
    monkeypatch.setattr(library, "SYSTEM", ())
    for name in ("CYCLONEDDS_HOME", "AMENT_PREFIX_PATH"):
        monkeypatch.delenv(name, raising=False)


def test_without_a_library_it_is_said_how_to_get_one(nowhere):
    assert list(places()) == []
    with pytest.raises(LinkError, match="apt install libddsc0debian"):
        load_library.__wrapped__()


def test_a_home_that_is_named_comes_before_a_ros_that_is_sourced(nowhere, monkeypatch, tmp_path):
    for name in ("home/lib", "ros/lib/aarch64-linux-gnu"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "libddsc.so").touch()
    monkeypatch.setenv("AMENT_PREFIX_PATH", f"{tmp_path / 'gone'}:{tmp_path / 'ros'}")
    monkeypatch.setenv("CYCLONEDDS_HOME", str(tmp_path / "home"))
    assert list(places()) == [
        str(tmp_path / "home/lib/libddsc.so"),
        str(tmp_path / "ros/lib/aarch64-linux-gnu/libddsc.so"),
    ]


def test_a_file_that_is_no_library_is_refused_by_name(tmp_path):
    (tmp_path / "libddsc.so").write_text("no")
    with pytest.raises(LinkError, match=r"libddsc\.so cannot be loaded"):
        Cyclone(str(tmp_path / "libddsc.so"))


def test_another_library_is_refused_by_what_it_lacks():
    with pytest.raises(LinkError, match=r"no Cyclone DDS from 0\.9 on"):
        Cyclone("libc.so.6")


def test_importing_the_link_starts_no_thread_and_loads_no_library():
    code = (
        "import wm_bringup.robots.unitree.cyclone.link, os;"
        "print(len(os.listdir('/proc/self/task')), 'ddsc' in open('/proc/self/maps').read())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": ":".join(p for p in sys.path if p)},
    )
    assert done.stdout.split() == ["1", "False"]

"""What this machine has: the facts that ``wm doctor`` judges, found by trying things out.

Every function here looks at the machine and decides nothing; judgement is in ``doctor.py``.
"""

from __future__ import annotations

import ctypes
import importlib
import os
import shutil
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path
from statistics import median
from typing import Final

from wm_bringup.host.extras import EXTRAS
from wm_bringup.host.log_directory import check_log_directory
from wm_bringup.host.realtime import CONTROL_PRIORITY, PeriodicDeadlines, raise_thread
from wm_control.configuration.parameters import read_yaml
from wm_control.configuration.share import DEFAULT_ROBOT, share_directory
from wm_control.constants import CONTROL_PERIOD

LIBRARIES: Final[Mapping[str, str]] = {
    "casadi": "casadi",
    "coal": "coal",
    "daqp": "daqp",
    "example-robot-data": "",
    "numpy": "numpy",
    "onnx": "onnx",
    "onnxruntime": "onnxruntime",
    "pin": "pinocchio",
    "pydantic": "pydantic",
    "pyyaml": "yaml",
    "rich": "rich",
    "rosbags": "rosbags",
    "scipy": "scipy",
    "typer": "typer",
}
"""Each library that nothing runs without by its name on PyPI, and its module; data has none."""

MCL_CURRENT: Final = 1
FIFO_PRIORITY: Final = 1
GIBIBYTE: Final = 2.0**30

WAKE_UPS: Final = 1000
"""How often a waiting thread is watched, as far apart as the control loop wakes up."""


@dataclass(frozen=True, slots=True)
class Library:
    """One library: its import error, empty when it imports, and its version, empty if unknown.

    required: nothing runs without it; others come with an extra (``extras.EXTRAS``).
    """

    distribution: str
    version: str
    error: str
    required: bool = True


@dataclass(frozen=True, slots=True)
class Machine:
    """All facts about this machine at one moment.

    rclpy_file: where rclpy was imported from, empty if not; ros_wheels: True if the ROS wheels are
    installed in this environment. middleware: RMW in use. node_error: why no node could be made.
    fifo_error, memory_lock_error: why SCHED_FIFO or mlockall was refused; empty when granted.
    real_time_share: of every second that SCHED_FIFO may use of a core; 1: all of it.
    wake_ups: how often a thread at the control loop's rate and priority was watched waking up;
    wake_up_median, wake_up_worst: how late it did [s].
    cores: usable by this process; load: 1-minute average of runnable tasks.
    robot: one line about the loaded description; robot_error, configuration_errors: problems.
    results_free: free space where results go [GiB], negative when it cannot be written.
    """

    python: tuple[int, int, int]
    prefix: str
    libraries: tuple[Library, ...]
    rclpy_file: str
    ros_wheels: bool
    middleware: str
    node_error: str
    environment: Mapping[str, str]
    ros2_command: str
    fifo_error: str
    memory_lock_error: str
    real_time_share: float
    wake_ups: int
    wake_up_median: float
    wake_up_worst: float
    cores: int
    load: float
    robot: str
    robot_error: str
    configuration_files: int
    configuration_errors: tuple[str, ...]
    results: str
    results_free: float


def examine(results: Path) -> Machine:
    """Look at this machine; takes a few seconds, changes nothing that outlives the call.

    results: folder that commands write to; it need not exist.
    """
    rclpy_file, middleware, node_error = try_ros_node()
    robot, robot_error = try_robot()
    lateness = watch_wake_ups()
    files, errors = try_configuration()
    return Machine(
        python=sys.version_info[:3],
        prefix=sys.prefix,
        libraries=try_libraries(),
        rclpy_file=rclpy_file,
        ros_wheels=bool(version_of("ros-jazzy-rclpy")),
        middleware=middleware,
        node_error=node_error,
        environment={k: v for k, v in os.environ.items() if k.startswith(("ROS_", "RMW_"))},
        ros2_command=shutil.which("ros2") or "",
        fifo_error=try_fifo(),
        memory_lock_error=try_memory_lock(),
        real_time_share=real_time_share(),
        wake_ups=len(lateness),
        wake_up_median=median(lateness),
        wake_up_worst=max(lateness),
        cores=len(os.sched_getaffinity(0)),
        load=os.getloadavg()[0],
        robot=robot,
        robot_error=robot_error,
        configuration_files=files,
        configuration_errors=errors,
        results=str(results.absolute()),
        results_free=free_space(results),
    )


def version_of(distribution: str) -> str:
    """Return the installed version, or nothing."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return ""


def try_libraries() -> tuple[Library, ...]:
    """Import every library: those that nothing runs without, then those of the extras."""
    extra = [item for libraries in EXTRAS.values() for item in libraries.items()]
    needed = [try_library(*item) for item in LIBRARIES.items()]
    return (*needed, *(replace(try_library(*item), required=False) for item in extra))


def try_library(distribution: str, module: str) -> Library:
    """Import one library, or where it holds data only see that it is installed."""
    version = version_of(distribution)
    if not module:
        return Library(distribution, version, "" if version else "not installed")
    try:
        with quiet():
            imported = importlib.import_module(module)
    except Exception as error:  # a broken binary may raise anything
        return Library(distribution, "", one_line(error))
    return Library(distribution, version or str(getattr(imported, "__version__", "")), "")


@contextmanager
def quiet() -> Iterator[None]:
    """Drop what compiled libraries print while they are imported."""
    libc = ctypes.CDLL(None)
    sys.stdout.flush()
    kept = {descriptor: os.dup(descriptor) for descriptor in (1, 2)}
    with open(os.devnull, "wb") as nowhere:
        for descriptor in kept:
            os.dup2(nowhere.fileno(), descriptor)
    try:
        yield
    finally:
        libc.fflush(None)
        for descriptor, copy in kept.items():
            os.dup2(copy, descriptor)
            os.close(copy)


def try_ros_node() -> tuple[str, str, str]:
    """Make and destroy a node; return where rclpy is, the middleware, and what went wrong."""
    try:
        import rclpy
        from rclpy.context import Context
        from rclpy.signals import SignalHandlerOptions
        from rclpy.utilities import get_rmw_implementation_identifier
    except Exception as error:  # a half-installed ROS may raise anything
        return "", "", one_line(error)
    context = Context()
    try:
        check_log_directory(os.environ)
        rclpy.init(context=context, signal_handler_options=SignalHandlerOptions.NO)
        rclpy.create_node("wm_doctor", context=context).destroy_node()
        return rclpy.__file__, get_rmw_implementation_identifier(), ""
    except Exception as error:
        return rclpy.__file__, "", one_line(error)
    finally:
        context.try_shutdown()


def try_fifo() -> str:
    """Enter the real-time scheduling class and leave it again; return why that was refused."""
    before, parameters = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(FIFO_PRIORITY))
    except OSError as error:
        return one_line(error)
    os.sched_setscheduler(0, before, parameters)
    return ""


def real_time_share() -> float:
    """Share of a core's time that real-time threads may use; all of it where nobody limits them."""
    folder = Path("/proc/sys/kernel")
    try:
        runtime = int((folder / "sched_rt_runtime_us").read_text(encoding="ascii"))
        period = int((folder / "sched_rt_period_us").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return 1.0
    return 1.0 if runtime < 0 else runtime / period


def try_memory_lock() -> str:
    """Lock this process's memory and unlock it again; return why that was refused."""
    library = ctypes.CDLL(None, use_errno=True)
    if library.mlockall(MCL_CURRENT) != 0:
        return os.strerror(ctypes.get_errno())
    library.munlockall()
    return ""


def watch_wake_ups(count: int = WAKE_UPS) -> list[float]:
    """Lateness [s] of a thread that wakes up as the control loop does, and does nothing."""
    lateness: list[float] = []

    def wait() -> None:
        raise_thread(CONTROL_PRIORITY)
        deadlines = PeriodicDeadlines(CONTROL_PERIOD, patience=count)
        lateness.extend(deadlines.wait().lateness for _ in range(count))

    thread = threading.Thread(target=wait)
    thread.start()
    thread.join()
    return lateness


def try_robot() -> tuple[str, str]:
    """Load the robot that commands mean; return one line about it, and what went wrong."""
    try:
        from wm_control.robot.description import load_robot

        description = load_robot(DEFAULT_ROBOT)
    except Exception as error:
        return "", one_line(error)
    return f"{description.name}, {len(description.joint_names)} joints", ""


def try_configuration() -> tuple[int, tuple[str, ...]]:
    """Read every shipped YAML file; return how many there are and what is wrong with them."""
    try:
        files = sorted((share_directory() / "config").rglob("*.yaml"))
    except Exception as error:
        return 0, (one_line(error),)
    errors = []
    for path in files:
        try:
            read_yaml(path)
        except Exception as error:  # noqa: PERF203 - a handful of files
            errors.append(one_line(error))
    return len(files), tuple(errors)


def free_space(folder: Path) -> float:
    """Return the free space where ``folder`` is or would be [GiB], -1 if it cannot be written."""
    existing = next(
        path for path in (folder.absolute(), *folder.absolute().parents) if path.exists()
    )
    if not (existing.is_dir() and os.access(existing, os.W_OK)):
        return -1.0
    return shutil.disk_usage(existing).free / GIBIBYTE


def one_line(error: Exception) -> str:
    """Return the error's type and text on one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"

"""Whether what a fault is of is there at all: the one place that decides it."""

from __future__ import annotations

from collections.abc import Collection

from wm_bringup.faults.fault import Fault
from wm_bringup.faults.meanings import DRIVER_OF
from wm_bringup.faults.sensors import SensorLayout, check_sensor_fault
from wm_control.errors import ParameterError


def absent_driver(fault: Fault, controllers: Collection[str]) -> str:
    """Name the controller without which there is no path for a fault; empty where it can act.

    controllers: that drive or run in shadow.
    """
    needed = DRIVER_OF.get(fault.target, "")
    return needed if needed not in controllers else ""


def check_path(
    fault: Fault, controllers: Collection[str], key: str = "fault", origin: str = ""
) -> None:
    """ParameterError for a fault of what a controller sends that is not there.

    key, origin: what the fault was asked for with, for the error.
    """
    if absent := absent_driver(fault, controllers):
        expected = f"no effect: {absent} neither drives nor runs in shadow"
        raise ParameterError(key, fault.text, expected, origin)


def check_fault(
    fault: Fault,
    controllers: Collection[str],
    layout: SensorLayout,
    key: str = "fault",
    origin: str = "",
) -> None:
    """ParameterError for a fault of a path, or of a sensor, that is not there."""
    if fault.of_sensors:
        check_sensor_fault(fault, layout)
    else:
        check_path(fault, controllers, key, origin)

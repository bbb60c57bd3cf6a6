"""Heat of the motors and charge of the battery, from the torques that act."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from wm_bringup.emulator.parameters import BatteryParameters, HeatParameters
from wm_control.types import Array

CASING_TOO_HOT: Final = 0x80
WINDING_TOO_HOT: Final = 0x200
"""Bits of ``motorstate``, from the vendor's documents (G1 developer guide, "Common mistakes")."""

_CHARGES = (0.0, 0.1, 0.5, 1.0)
_CELL_VOLTAGES = (3.0, 3.5, 3.7, 4.2)
"""Open-circuit voltage of a lithium-ion cell by its charge [V], as data sheets draw it."""


class MotorHeat:
    """Temperatures of all motors, in the order of the joints.

    winding, casing: (n,) [°C]. errors: (n,) bits that the robot says and that stop a motor.
    """

    def __init__(self, torque_limit: Array, parameters: HeatParameters) -> None:
        """torque_limit: (n,) [N·m]."""
        self._parameters = parameters
        self._continuous = parameters.continuous * torque_limit
        begin = parameters.ambient if parameters.begin is None else parameters.begin
        self.winding: Array = np.full(torque_limit.shape, begin)
        self.casing: Array = np.full(torque_limit.shape, begin)
        self.errors: NDArray[np.uint32] = np.zeros(torque_limit.shape, np.uint32)
        self.forced: NDArray[np.uint32] = np.zeros(torque_limit.shape, np.uint32)

    def share(self, torque: Array) -> Array:
        """Heat of each motor (n,) by that at its continuous torque."""
        return (torque / self._continuous) ** 2

    def step(self, torque: Array, period: float) -> None:
        """Let ``torque`` (n,) [N·m] act for a period [s].

        Explicit Euler: time constants are thousands of periods.
        """
        p = self._parameters
        over = self.winding - self.casing
        winding_to = self.casing + p.winding_rise * self.share(torque)
        casing_to = p.ambient + p.casing_rise * over / p.winding_rise
        self.winding = self.winding + period / p.winding_time * (winding_to - self.winding)
        self.casing = self.casing + period / p.casing_time * (casing_to - self.casing)
        self._judge()

    def _judge(self) -> None:
        p = self._parameters
        for bit, temperature, limit in (
            (WINDING_TOO_HOT, self.winding, p.winding_limit),
            (CASING_TOO_HOT, self.casing, p.casing_limit),
        ):
            hot = temperature > np.where(self.errors & bit, limit - p.recovered, limit)
            self.errors = np.where(hot, self.errors | bit, self.errors & ~np.uint32(bit))
        self.errors = self.errors | self.forced


class Battery:
    """Charge and voltage under load. Nothing flows back into it when motors brake.

    charge: of the capacity. voltage: at the terminals [V]. current: drawn [A].
    """

    def __init__(self, parameters: BatteryParameters) -> None:
        """Start without load."""
        self.parameters = parameters
        self.charge = parameters.charge
        self.voltage, self.current = self._open(), 0.0

    def step(self, power: float, period: float) -> None:
        """Let ``power`` [W] be drawn for a period [s].

        From P = V I and V = V0 - R I: V = V0 / 2 + sqrt(V0^2 / 4 - R P). More than
        V0^2 / (4 R) cannot be drawn; the voltage then is half of V0.
        """
        half = 0.5 * self._open()
        self.voltage = half + math.sqrt(max(0.0, half**2 - self.parameters.resistance * power))
        self.current = power / self.voltage
        used = self.current * period / (3600.0 * self.parameters.capacity)
        self.charge = max(0.0, self.charge - used)

    def _open(self) -> float:
        cell = float(np.interp(self.charge, _CHARGES, _CELL_VOLTAGES))
        return self.parameters.cells * cell


def drawn_power(torque: Array, velocity: Array, heat: Array, battery: BatteryParameters) -> float:
    """Power drawn by all motors and what is beside them [W].

    heat: (n,) of the motors by that at their continuous torque.
    """
    mechanical = float(np.maximum(torque * velocity, 0.0).sum())
    return battery.idle + mechanical + battery.motor_loss * float(heat.sum())

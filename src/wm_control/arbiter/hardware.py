"""What a robot may tell of its drives and its battery, beside what its sensors observe."""

from __future__ import annotations

from dataclasses import dataclass

from wm_control.fast_init import fast_init
from wm_control.types import Array


@fast_init
@dataclass(frozen=True, slots=True)
class Hardware:
    """Of one instant; None where this robot does not tell.

    motor_temperature: (n,) of the windings, in the order of the joints [°C].
    battery_voltage: at the terminals, under load [V].
    """

    motor_temperature: Array | None = None
    battery_voltage: float | None = None


UNTOLD = Hardware()

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
    motor_errors: which drives report an error, and which.
    hindrance: why the robot cannot be driven now; empty: it can.
    lost: why the robot was damped past the arbiter; empty: it was not.
    """

    motor_temperature: Array | None = None
    battery_voltage: float | None = None
    motor_errors: tuple[str, ...] = ()
    hindrance: str = ""
    lost: str = ""


UNTOLD = Hardware()

"""Joules of a computation, estimated in two ways that bracket it.

*From below*, by arithmetic and memory: M. Horowitz, "Computing's energy problem (and what we can do
about it)", ISSCC 2014, figure 1.1.9, for 45 nm at 0.9 V: 0.9 pJ for an addition and 3.7 pJ for a
multiplication of 32-bit floats, 10 pJ to read 64 bits from a cache of 8 KiB. Fetching and decoding
instructions is left out, doubles are charged as floats, everything is taken to lie in that cache:
what a circuit made for the task could reach, good for comparing and not for sizing a battery.

*From above*, by time: CPU seconds times the power of one busy core. That power is an assumption,
not a measurement: thermal design powers of 15 to 65 W over 4 to 8 cores are 4 to 16 W.
"""

from __future__ import annotations

from wm_bringup.costs.work import Work

FLOP_ENERGY = 0.5 * (0.9e-12 + 3.7e-12)
"""Mean of an addition and a multiplication [J]."""

BYTE_ENERGY = 10e-12 / 8
"""Of one byte from or to the cache [J]."""

CORE_POWER = 10.0
"""Of one busy core [W], assumed."""


def from_work(work: Work) -> float:
    """Joules of arithmetic and cache."""
    return FLOP_ENERGY * work.flop + BYTE_ENERGY * work.touched


def from_time(cpu_seconds: float) -> float:
    """Joules of one core that is busy for so long."""
    return CORE_POWER * cpu_seconds

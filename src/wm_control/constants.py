"""Numbers that many parts share, stated once."""

from __future__ import annotations

from typing import Final

GRAVITY: Final = 9.81
"""Acceleration of free fall, along -z of the world [m/s²]."""

CONTROL_PERIOD: Final = 0.002
"""Between two observations, and between two commands: estimator, controller and arbiter [s]."""

HOLD_AFTER: Final = 0.020
DAMP_AFTER: Final = 0.100
"""Silence after which a robot that no command reaches holds its last pose, and after which it only
damps [s], unless a robot's ``arbiter.yaml`` says otherwise: drives, the robot's own watchdog, and
the arbiter's rules about a loop that stood still.
"""

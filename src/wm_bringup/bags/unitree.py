"""Messages of Unitree's humanoids, ``unitree_hg``: their fields as the robot's own tools have them.

Facts of the interface, from the vendor's public message package: no code is taken from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

PACKAGE: Final = "unitree_hg"

_FIELDS: Final[Mapping[str, str]] = {
    "IMUState": """\
float32[4] quaternion
float32[3] gyroscope
float32[3] accelerometer
float32[3] rpy
int16 temperature
""",
    "MotorState": """\
uint8 mode
float32 q
float32 dq
float32 ddq
float32 tau_est
int16[2] temperature
float32 vol
uint32[2] sensor
uint32 motorstate
uint32[4] reserve
""",
    "LowState": """\
uint32[2] version
uint8 mode_pr
uint8 mode_machine
uint32 tick
unitree_hg/IMUState imu_state
unitree_hg/MotorState[35] motor_state
uint8[40] wireless_remote
uint32[4] reserve
uint32 crc
""",
    "MotorCmd": """\
uint8 mode
float32 q
float32 dq
float32 tau
float32 kp
float32 kd
uint32 reserve
""",
    "LowCmd": """\
uint8 mode_pr
uint8 mode_machine
unitree_hg/MotorCmd[35] motor_cmd
uint32[4] reserve
uint32 crc
""",
}
DEFINITIONS: Final = {f"{PACKAGE}/msg/{name}": text for name, text in _FIELDS.items()}
"""By type. Quaternions are w, x, y, z; a tick is a millisecond."""

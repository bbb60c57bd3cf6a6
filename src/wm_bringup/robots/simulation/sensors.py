"""Sensors of a real robot: joint position, velocity, estimated torque and one IMU, with errors.

The presets are sized after the G1's encoders and IMU. Biases are drawn once per reset, uniformly
within their bound; noise is white and normal. Errors of assembly come before the sensors, see
``assembly``.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import replace

import casadi as ca
import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass

from wm_bringup.faults.fault import Fault
from wm_bringup.faults.sensors import FaultInjector, SensorLayout
from wm_bringup.robots.simulation.assembly import Assembly
from wm_control.configuration.parameters import STRICT
from wm_control.kernel import Kernel, quaternion_of_vector, quaternion_product
from wm_control.quaternion import Quaternion, quaternion_from_vector
from wm_control.types import Array, Observation


@dataclass(frozen=True, slots=True, config=STRICT)
class SensorParameters:
    """Errors of all sensors; ``noise`` is a standard deviation, ``bias`` a bound.

    ``range`` is the full scale per axis, at which a reading stays, with noise or without: that of
    the IMUs that such robots carry.
    """

    position_noise: float = Field(default=0.0, ge=0.0, description="[rad]")
    position_quantum: float = Field(default=0.0, ge=0.0, description="[rad]")
    position_zero: float = Field(
        default=0.0, ge=0.0, le=0.2, description="bound of every encoder's zero error [rad]"
    )
    velocity_noise: float = Field(default=0.0, ge=0.0, description="[rad/s]")
    torque_noise: float = Field(default=0.0, ge=0.0, description="[N·m]")
    torque_gain: float = Field(
        default=0.0, ge=0.0, lt=1.0, description="bound of the relative error [-]"
    )
    gyro_noise: float = Field(default=0.0, ge=0.0, description="[rad/s]")
    gyro_bias: float = Field(default=0.0, ge=0.0, description="per axis [rad/s]")
    gyro_quantum: float = Field(default=0.0, ge=0.0, description="[rad/s]")
    gyro_range: float = Field(default=34.9, gt=0.0, description="2000 degrees/s [rad/s]")
    accelerometer_noise: float = Field(default=0.0, ge=0.0, description="[m/s²]")
    accelerometer_bias: float = Field(default=0.0, ge=0.0, description="per axis [m/s²]")
    accelerometer_quantum: float = Field(default=0.0, ge=0.0, description="[m/s²]")
    accelerometer_range: float = Field(default=156.9, gt=0.0, description="16 g [m/s²]")
    orientation_noise: float = Field(default=0.0, ge=0.0, description="per axis [rad]")
    orientation_bias: float = Field(
        default=0.0, ge=0.0, description="roll and pitch, in IMU axes [rad]"
    )
    heading_offset: float = Field(
        default=0.0, ge=0.0, le=3.2, description="bound at the start [rad]"
    )
    heading_drift: float = Field(
        default=0.0, ge=0.0, description="bound of a constant rate [rad/s]"
    )
    imu_mounting: float = Field(
        default=0.0, ge=0.0, le=0.2, description="of the IMU as a whole, per axis [rad]"
    )
    skew: float = Field(
        default=0.0,
        ge=0.0,
        le=0.02,
        description="bound of the IMU's age beyond the joints', or theirs beyond its [s]",
    )
    delay: float = Field(
        default=0.0, ge=0.0, le=0.1, description="rounded up to control periods [s]"
    )


NOMINAL = SensorParameters(
    position_noise=0.0005,
    position_quantum=0.0001,
    velocity_noise=0.05,
    torque_noise=0.5,
    torque_gain=0.03,
    gyro_noise=0.005,
    gyro_bias=0.01,
    gyro_quantum=0.001,
    accelerometer_noise=0.1,
    accelerometer_bias=0.1,
    accelerometer_quantum=0.005,
    orientation_noise=0.001,
    orientation_bias=0.003,
    heading_offset=0.5,
    heading_drift=0.0005,
)


HARDWARE = replace(
    NOMINAL,
    position_zero=0.015,
    imu_mounting=0.01,
    skew=0.002,
)
"""A robot that people put together: ``nominal`` and the errors of assembly that stay.

position_zero: 0.9 degrees, the ``encoder_bias`` that mjlab's velocity tasks randomise by; what a
calibration against end stops or a level leaves. imu_mounting: 0.2 mm of play in the screws of a
board of 20 mm. skew: one period of the 500 Hz at which the G1's packets put together the newest of
each, of which neither waits for the other.
"""


def _scaled(parameters: SensorParameters, factor: float) -> SensorParameters:
    values = {
        name: getattr(parameters, name) * (1.0 if name.endswith("range") else factor)
        for name in SensorParameters.__dataclass_fields__
    }
    return SensorParameters(**values)


PRESETS = {
    "off": SensorParameters(),
    "nominal": NOMINAL,
    "double": _scaled(NOMINAL, 2.0),
    "hardware": HARDWARE,
}


class SensorSuite:
    """Turns the truth of one instant into the observation of one instant."""

    def __init__(
        self,
        joint_names: tuple[str, ...],
        parameters: SensorParameters,
        faults: Iterable[Fault],
        period: float,
    ) -> None:
        """period: time between two samples [s]. ParameterError for a fault of no sensor here."""
        self._parameters = parameters
        self._layout = SensorLayout(joint_names)
        self._period = period
        self._delay = int(np.ceil(parameters.delay / period - 1e-9))
        self.faults = FaultInjector(faults, self._layout)
        sigma = self._per_channel("noise")
        self._kernel = self._errors(sigma)
        self._inputs = self._kernel.inputs
        draws = sigma.size * bool(sigma.any()) + 3 * bool(parameters.orientation_noise)
        self._noise = self._inputs["noise"][:draws]
        self._assembly = Assembly(parameters, self._layout, period)
        self.reset(np.random.default_rng(0))

    @property
    def zero_offset(self) -> Array:
        """Measured minus true joint position (n,), which the drives' own loops see too [rad]."""
        return self._assembly.zero_offset

    def reset(self, rng: np.random.Generator) -> None:
        """Draw this episode's biases; ``rng`` then also gives the noise."""
        n, p = self._layout.n, self._parameters
        self._assembly.reset(rng.spawn(1)[0])
        self._rng = rng
        self._sequence = 0
        self._delayed: deque[Observation] = deque()
        self.faults.reset()
        gain, bias = self._inputs["gain"], self._inputs["bias"]
        gain[:] = 1.0
        gain[2 * n : 3 * n] += rng.uniform(-p.torque_gain, p.torque_gain, n)
        bias[:] = 0.0
        bias[self._layout.gyro] = rng.uniform(-p.gyro_bias, p.gyro_bias, 3)
        bias[self._layout.accelerometer] = rng.uniform(
            -p.accelerometer_bias, p.accelerometer_bias, 3
        )
        tilt = rng.uniform(-p.orientation_bias, p.orientation_bias, 2)
        self._inputs["tilt"][:] = quaternion_from_vector(float(tilt[0]), float(tilt[1]), 0.0)
        self._heading = float(rng.uniform(-p.heading_offset, p.heading_offset))
        self._drift = float(rng.uniform(-p.heading_drift, p.heading_drift))

    def measure(self, stamp: float, truth: Array, orientation: Quaternion) -> Observation:
        """Take one sample and return the newest observation that has come out of the delay.

        truth: (3n + 6,) joint position, velocity, torque, angular velocity, specific force of the
        IMU in its own axes. orientation: true quaternion xyzw, IMU axes to world.
        """
        truth, orientation = self._assembly.seen(stamp, truth, orientation)
        channels = self._disturbed(stamp, truth, orientation)
        dropped = self.faults.apply(stamp, channels, self._rng)
        self._sequence += 1
        if self._delayed and self._delayed[-1].stamp == stamp:
            self._delayed.pop()  # the robot is held: the same instant, sampled again
        if not (dropped and self._delayed):
            self._delayed.append(self._layout.observation(stamp, self._sequence - 1, channels))
        while len(self._delayed) > 1 and self._delayed[1].stamp <= self._visible(stamp):
            self._delayed.popleft()
        return self._delayed[0]

    def _visible(self, stamp: float) -> float:
        late = self._delay * self._period + self.faults.late(stamp)
        return stamp - late + 0.5 * self._period

    def _disturbed(self, stamp: float, truth: Array, orientation: Quaternion) -> Array:
        """(3n + 10,) what the sensors say of the truth."""
        inputs = self._inputs
        inputs["truth"][:] = truth
        inputs["orientation"][:] = orientation
        inputs["heading"][0] = self._heading + self._drift * stamp
        self._rng.standard_normal(out=self._noise)
        self._kernel.run()
        return self._kernel.outputs["channels"].copy()

    def _errors(self, sigma: Array) -> Kernel:
        """Write down what the sensors make of the truth.

        Scalars are scaled, shifted, disturbed by noise of unit variance, rounded to their quantum
        and end at full scale. The attitude is Rz(heading error) R exp(constant tilt) exp(noise).
        """
        layout, p, m = self._layout, self._parameters, self._layout.scalars
        sizes = {"truth": m, "gain": m, "bias": m, "noise": m + 3}
        sizes |= {"orientation": 4, "tilt": 4, "heading": 1}
        known = {name: ca.SX.sym(name, size) for name, size in sizes.items()}
        noise, turned = ca.vertsplit(known["noise"], (0, m, m + 3))
        if not sigma.any():
            turned = known["noise"][:3]
        measured = known["truth"] * known["gain"] + known["bias"] + ca.DM(sigma) * noise
        rows = ca.vertsplit(measured)
        for k, quantum in enumerate(self._per_channel("quantum").tolist()):
            if quantum > 0.0:
                rows[k] = quantum * ca.floor(rows[k] / quantum + 0.5)
        full_scale = self._per_channel("range")
        for k in range(layout.gyro.start, layout.accelerometer.stop):
            rows[k] = ca.fmin(ca.fmax(rows[k], -full_scale[k]), full_scale[k])
        half = 0.5 * known["heading"]
        attitude = quaternion_product(
            ca.vertcat(0.0, 0.0, ca.sin(half), ca.cos(half)), known["orientation"]
        )
        attitude = quaternion_product(attitude, known["tilt"])
        if p.orientation_noise > 0.0:
            noisy = quaternion_of_vector(p.orientation_noise * turned)
            attitude = quaternion_product(attitude, noisy)
        return Kernel("sensors", known, {"channels": ca.vertcat(*rows, attitude)})

    def _per_channel(self, kind: str) -> Array:
        """Spread one kind of parameter (noise, quantum) over all scalar channels; 0 if none."""
        layout = self._layout
        values = np.zeros(layout.scalars)
        for sensor, channels in layout.scalar_sensors.items():
            values[channels] = getattr(self._parameters, f"{sensor}_{kind}", 0.0)
        return values


def sensor_parameters(noise: str, delay: float) -> SensorParameters:
    """Return a preset with the delay of a scenario."""
    return replace(PRESETS[noise], delay=delay)

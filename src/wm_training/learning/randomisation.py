"""What differs from one simulated robot to the next."""

from __future__ import annotations

import mujoco
import numpy as np
from mujoco.batch import Batch
from numpy.typing import NDArray

from wm_control.types import Array
from wm_training.learning.mujoco_model import FLOOR
from wm_training.learning.parameters import Range, TrainingParameters


class Randomisation:
    """Draws friction, trunk, gains and delay of robots when their episodes begin.

    delay: (n,) physics steps from observation to torque. facts: (n, 4) friction, added mass, shift
    of the centre of mass forward and left, scaled to about one, for the critic.
    """

    def __init__(
        self,
        batch: Batch,
        model: mujoco.MjModel,
        parameters: TrainingParameters,
        rng: np.random.Generator,
    ) -> None:
        """Bind the fields; the trunk is the heaviest body: with it, all that is welded to it."""
        self._batch, self._rng = batch, rng
        self._parameters, self._step = parameters.randomisation, parameters.physics.step
        self._floor = model.geom(FLOOR).id
        self._friction = batch.expand("geom_friction")
        self._mass, self._com = batch.expand("body_mass"), batch.expand("body_ipos")
        self._gain, self._bias = batch.expand("actuator_gainprm"), batch.expand("actuator_biasprm")
        self._trunk = trunk = int(np.argmax(model.body_mass))
        self._trunk_mass, self._trunk_com = model.body_mass[trunk], model.body_ipos[trunk].copy()
        self._stiffness = model.actuator_gainprm[:, 0].copy()
        self._damping = -model.actuator_biasprm[:, 2].copy()
        self.delay = np.zeros(batch.nsim, dtype=np.int64)
        self.facts: Array = np.zeros((batch.nsim, 4))

    def draw(self, ids: NDArray[np.intp]) -> None:
        """Make new robots of ``ids``."""
        p, rng, k = self._parameters, self._rng, len(ids)
        friction, mass = self._uniform(p.friction, k), self._uniform(p.trunk_mass, k)
        shift = rng.uniform(-p.trunk_com, p.trunk_com, (k, 3))
        self._friction[ids, self._floor, 0] = friction
        self._mass[ids, self._trunk] = self._trunk_mass + mass
        self._com[ids, self._trunk] = self._trunk_com + shift
        self._batch.set_const(ids)
        joints = len(self._stiffness)
        stiffness = self._stiffness * self._uniform(p.stiffness, k * joints).reshape(k, joints)
        damping = self._damping * self._uniform(p.damping, k * joints).reshape(k, joints)
        self._gain[ids, :, 0] = stiffness
        self._bias[ids, :, 1] = -stiffness
        self._bias[ids, :, 2] = -damping
        self.delay[ids] = np.rint(self._uniform(p.delay, k) / self._step)
        self.facts[ids] = np.column_stack((friction, 0.3 * mass, 30.0 * shift[:, :2]))

    def _uniform(self, bounds: Range, count: int) -> Array:
        return self._rng.uniform(bounds[0], bounds[1], count)

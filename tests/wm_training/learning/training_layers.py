"""Networks that nobody trained."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from training_parameters import OUTPUTS, STUDENT

from wm_training.learning.network_graph import Layer
from wm_training.learning.observing import network_width


def random_layers(seed: int = 0) -> list[Layer]:
    rng = np.random.default_rng(seed)
    sizes = [network_width(STUDENT), 32, OUTPUTS]
    return [
        Layer(
            rng.normal(0.0, 0.3, (b, a)).astype(np.float32),
            rng.normal(0.0, 0.3, b).astype(np.float32),
        )
        for a, b in pairwise(sizes)
    ]

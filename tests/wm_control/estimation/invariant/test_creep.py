"""Soles that creep are told from soles that stay, by innovations that keep their sign."""

from __future__ import annotations

import numpy as np
import pytest

from wm_control.estimation.invariant import ekf as ekf
from wm_control.estimation.invariant.creep import Creep
from wm_control.estimation.invariant.parameters import InvariantEkfParameters
from wm_control.estimation.invariant.stance import Stance

DT = 0.002
DEVIATION = 1e-3
"""Of an innovation [m or rad]."""


def heard(innovations):
    """Creep after innovations (k, 2) in height and heading of the left sole."""
    creep = Creep()
    for height, heading in innovations:
        creep.height.hear(0, height, DEVIATION**2, DT)
        creep.heading.hear(0, heading, DEVIATION**2, DT)
    return creep


@pytest.mark.parametrize("seed", range(5))
def test_white_innovations_of_half_their_variance_are_no_creep(seed):
    """As soles that stay have them: 0.1 to 0.4 in height, up to 0.6 in heading."""
    share = np.sqrt((0.25, 0.5))
    noise = DEVIATION * share * np.random.default_rng(seed).standard_normal((2000, 2))
    creep = heard(noise)
    assert creep.sinking == 0.0
    assert creep.turning == 0.0


def test_innovations_that_keep_their_sign_are():
    """1 mm all the time: (1 - 0.4 * 0.0476) mm² unexplained after 3 s of a second's memory."""
    creep = heard([(DEVIATION, 0.0)] * 1500)
    assert creep.sinking == pytest.approx(60.0 * 0.98e-6 * (1.0 - np.exp(-3.0)) / 0.02, rel=0.03)


@pytest.mark.parametrize("period", [0.3, 0.5, 1.0])
def test_soles_that_sink_and_rise_with_every_step_creep(period):
    times = DT * np.arange(3000)
    creep = heard([(DEVIATION * np.sin(2.0 * np.pi * t / period), 0.0) for t in times])
    assert creep.sinking > 1e-4


def test_ground_that_yields_downwards_yields_to_turning_too():
    """By 2 rad per metre: 20 mrad where it sinks by 10 mm."""
    creep = heard([(DEVIATION, 0.0)] * 500)
    assert creep.turning == pytest.approx(4.0 * creep.sinking)


def test_turning_alone_is_no_sinking():
    creep = heard([(0.0, DEVIATION)] * 500)
    assert creep.sinking == 0.0
    assert creep.turning > 1e-4


def test_a_sole_put_down_anew_begins_without_a_sign():
    """Right after it nothing is left over to be smoothed."""
    creep = heard([(DEVIATION, DEVIATION)] * 100)
    before = creep.sinking
    creep.put_down(0)
    creep.height.hear(0, 0.0, DEVIATION**2, DT)
    assert creep.sinking < before


def test_on_ground_that_became_firm_creep_is_forgotten():
    soft = [(DEVIATION, 0.0)] * 500
    assert heard(soft + [(0.0, 0.0)] * 5000).sinking == 0.0


def test_creep_drifts_heights_and_headings_and_no_place_along_the_ground():
    stance = Stance(InvariantEkfParameters())
    still, creeping = np.zeros(ekf.SIZE), np.zeros(ekf.SIZE)
    stance.add_drift(still, Creep(), DT)
    creep = heard([(DEVIATION, 0.0)] * 500)
    stance.add_drift(creeping, creep, DT)
    more = np.zeros(ekf.SIZE)
    for foot in (0, 1):
        more[ekf.FOOT[foot].stop - 1] = DT * creep.sinking
        more[ekf.FOOT_HEADING[foot]] = DT * creep.turning
    np.testing.assert_allclose(creeping - still, more, rtol=1e-9, atol=1e-15)

"""Slide and slope of the soles that carry."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from robot_story import carried

from wm_control.arbiter.balance import BalanceMeter
from wm_control.arbiter.footing import Footing
from wm_control.arbiter.look import Looker
from wm_control.robot.model import RobotModel


@pytest.fixture
def looker(g1) -> Looker:
    return Looker(g1)


@pytest.fixture
def footing(g1) -> Footing:
    return Footing(RobotModel(g1).mass)


def at(g1, x: float, y: float = 0.0, lifted: int | None = None, **changes):
    """Stand with everything moved along the ground; a lifted foot carries nothing."""
    estimate = carried(g1, 0.0, 0, **changes)
    wrench = estimate.foot_wrench.copy()
    if lifted is not None:
        wrench[1 - lifted] += wrench[lifted]
        wrench[lifted] = 0.0
    place = estimate.base_position_in_world + np.array([x, y, 0.0])
    return replace(estimate, base_position_in_world=place, foot_wrench=wrench)


def test_a_sole_has_slid_from_where_it_began_to_carry_in_a_straight_line(g1, looker, footing):
    for x, y in ((0.0, 0.0), (0.03, 0.0), (0.03, 0.04)):
        footing(looker(at(g1, x, y)))
    assert footing.slide == pytest.approx(0.05)
    footing(looker(at(g1, 0.0)))
    assert footing.slide == pytest.approx(0.0)


def test_a_foot_that_swings_slides_nowhere_and_begins_anew_where_it_lands(g1, looker, footing):
    footing(looker(at(g1, 0.0, lifted=0)))
    footing(looker(at(g1, 0.0, lifted=1)))
    footing(looker(at(g1, 0.0, lifted=1)))
    footing(looker(at(g1, 0.1, lifted=0)))
    assert footing.slide == 0.0
    footing(looker(at(g1, 0.11, lifted=0)))
    assert footing.slide == pytest.approx(0.01)


def test_of_two_that_carry_the_farther_one_counts(g1, looker, footing):
    footing(looker(at(g1, 0.0, lifted=0)))
    footing(looker(at(g1, 0.02)))
    footing(looker(at(g1, 0.03)))
    assert footing.slide == pytest.approx(0.03)


@pytest.mark.parametrize("angle", [0.0, 0.1, -0.2])
def test_the_slope_is_the_tilt_of_what_carries(g1, looker, footing, angle):
    pitched = np.array([0.0, np.sin(angle / 2), 0.0, np.cos(angle / 2)])
    footing(looker(at(g1, 0.0, base_orientation=pitched)))
    assert footing.slope == pytest.approx(abs(angle), abs=1e-6)


def test_a_foot_on_its_toes_beside_a_flat_one_makes_no_slope(g1, looker, footing):
    estimate = at(g1, 0.0)
    joints = estimate.joint_position.copy()
    joints[g1.joint_names.index("left_ankle_pitch_joint")] += 0.3
    footing(looker(replace(estimate, joint_position=joints)))
    assert footing.slope == pytest.approx(0.0, abs=1e-3)


def test_in_the_air_there_is_neither(g1, looker, footing):
    footing(looker(at(g1, 0.0)))
    footing(looker(replace(at(g1, 1.0), foot_wrench=np.zeros((2, 6)))))
    assert (footing.slide, footing.slope) == (0.0, 0.0)


def test_the_balance_tells_both_and_forgets_with_a_state_that_is_not_finite(g1):
    meter = BalanceMeter(g1)
    meter(at(g1, 0.0))
    assert meter(at(g1, 0.03)).slide == pytest.approx(0.03)
    unknown = meter(at(g1, np.nan))
    assert np.isnan(unknown.slide)
    assert np.isnan(unknown.slope)
    assert meter(at(g1, 1.0)).slide == 0.0
    meter(at(g1, 1.02))
    meter.reset()
    assert meter(at(g1, 3.0)).slide == 0.0

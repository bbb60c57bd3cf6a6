"""How states come, by ticks and arrivals worked by hand."""

import numpy as np
import pytest

from wm_bringup.robots.unitree.frames import STATE
from wm_bringup.robots.unitree.timing import timing


def states(ticks):
    frames = np.zeros(len(ticks), STATE)
    frames["tick"] = np.array(ticks) % 2**32
    return frames


def test_every_2_ms_is_500_hz_and_nothing_is_lost() -> None:
    found = timing(7.0 + 0.002 * np.arange(101), states(range(0, 202, 2)))
    assert found.rate == pytest.approx(500.0)
    np.testing.assert_allclose(found.gaps, 0.002)
    np.testing.assert_allclose(found.lateness, 0.0, atol=1e-12)
    assert (found.lost, found.odd) == (0, 0)


def test_states_that_did_not_come_are_counted_by_the_tick() -> None:
    ticks = [0, 2, 4, 10, 12, 16]  # 6, 8 and 14 did not come
    found = timing(1e-3 * np.array(ticks), states(ticks))
    assert (found.lost, found.odd) == (3, 0)


def test_a_tick_that_begins_again_at_zero_has_lost_nothing() -> None:
    found = timing(0.002 * np.arange(4), states([2**32 - 4, 2**32 - 2, 0, 2]))
    assert (found.lost, found.odd) == (0, 0)
    np.testing.assert_allclose(found.lateness, 0.0, atol=1e-9)


def test_states_that_come_again_are_odd() -> None:
    found = timing(0.002 * np.arange(6), states([0, 2, 4, 4, 2, 4]))
    assert found.odd == 2


@pytest.mark.parametrize("skew", [0.0, 100e-6, -300e-6])
def test_the_clocks_run_apart_as_their_fastest_states_say(skew) -> None:
    """Nine of ten states are late by up to 5 ms, which must not be taken for the clocks."""
    ticks = np.arange(0, 20_000, 2)
    late = 0.005 * np.random.default_rng(1).random(len(ticks))
    late[::10] = 0.0
    found = timing(1e-3 * ticks / (1.0 + skew) + late, states(ticks))
    assert found.skew == pytest.approx(skew, abs=2e-6)
    assert found.skew_doubt == pytest.approx(1e-3 / 20.0, rel=1e-3)
    assert found.lateness.max() == pytest.approx(0.005, rel=0.01)
    assert np.median(found.lateness) == pytest.approx(0.00225, abs=2e-4)  # 0.9 x 2.5 ms


def test_lateness_is_beyond_the_fastest() -> None:
    arrivals = 0.002 * np.arange(101) + 0.25
    arrivals[40] += 0.003
    found = timing(arrivals, states(range(0, 202, 2)))
    assert found.lateness[40] == pytest.approx(0.003)
    assert found.gaps.max() == pytest.approx(0.005)

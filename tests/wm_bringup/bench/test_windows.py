import numpy as np
import pytest

from wm_bringup.bench.windows import Stretch, Window, differences, window_of


def samples(times, path, missed):
    times = np.array(times)
    return {
        "t_sensor": times,
        "t_published": times + path,
        "deadline_missed": np.array(missed),
    }


def test_periods_without_a_cycle_and_late_ones_are_misses():
    # 10 periods of 2 ms from 1.0 s on; the fifth was given up, the last was late
    times = [0.999, *(1.0005 + 0.002 * k for k in range(10) if k != 4), 1.0205]
    late = [True] + [False] * 8 + [True, False]
    stretch = Stretch(0, 3, 1.0, 1.02, 0.3, (30, 40))
    window = window_of(stretch, samples(times, 0.001, late))
    assert (window.periods, window.received, window.cpu) == (10, 70, 0.3)
    assert window.misses == pytest.approx(200.0)
    assert window.p50 == pytest.approx(1.0)


def test_windows_are_compared_within_their_round_only():
    def window(k, count, misses):
        return Window(k, count, 1000, misses, 1.0, 2.0, 0.1 + 0.1 * count, 0)

    # the machine was busy in the second round: 10 misses with and without browsers
    found = differences(
        [window(0, 0, 1.0), window(0, 3, 2.0), window(1, 3, 10.0), window(1, 0, 10.0)]
    )
    misses = next(one for one in found if one.figure == "misses")
    assert (misses.count, misses.n, misses.mean) == (3, 2, 0.5)
    assert misses.is_noise
    cpu = next(one for one in found if one.figure == "cpu")
    assert cpu.mean == pytest.approx(0.3)
    assert not cpu.is_noise

from dataclasses import replace

import numpy as np
import pytest

from wm_bringup.cycle.latency import LatencyLog, LatencySample, percentiles
from wm_control.types import Status


def sample(sequence, path=1e-3, missed=False, controller="mpc", status=Status.OK):
    t = 0.002 * sequence
    return LatencySample(
        sequence, controller, t, t + 1e-4, t + 2e-4, t + 0.9 * path, t + path, missed,
        iterations=3, status=status, estimator_time=1e-4, controller_time=4e-4,
    )  # fmt: skip


def filled(paths, capacity=1 << 10, missed=()):
    log = LatencyLog(capacity)
    for k, path in enumerate(paths):
        log.append(sample(k, path, k in missed))
    return log


def test_percentiles_of_one_to_one_hundred_are_the_hand_worked_ones():
    # numpy's linear rule on 1..100: p = 1 + 0.01 * q * 99
    p = percentiles(np.arange(1.0, 101.0))
    assert (p.p50, p.p95, p.p99) == pytest.approx((50.5, 95.05, 99.01))
    assert (p.max, p.n) == (100.0, 100)


@pytest.mark.parametrize(("n", "given"), [(2994, False), (2995, True)])
def test_p99_9_is_only_given_when_there_are_samples_to_support_it(n, given):
    assert (percentiles(np.ones(n)).p99_9 is not None) == given


def test_no_samples_give_no_percentiles_rather_than_zeros():
    p = percentiles(np.zeros(0))
    assert (p.p50, p.max, p.n) == (None, None, 0)


def test_a_nan_sample_gives_no_percentiles_rather_than_wrong_ones():
    assert percentiles(np.array([1.0, np.nan])).p50 is None


def test_misses_are_counted_with_their_longest_run():
    log = filled([1e-3] * 10, missed={1, 4, 5, 6, 9})
    assert (log.misses, log.longest_miss_run) == (5, 3)
    assert log.miss_rate == pytest.approx(0.5)


def test_a_full_ring_keeps_the_newest_samples_and_counts_all():
    log = filled([1e-3] * 6 + [2e-3] * 4, capacity=4, missed={0})
    assert (log.n, log.misses) == (10, 1)
    assert list(log.rows()["sequence"]) == [6, 7, 8, 9]


def test_the_last_samples_can_be_had_alone():
    assert list(filled([1e-3] * 8).rows(last=2)["sequence"]) == [6, 7]


def test_skipped_observations_are_counted_as_gaps():
    log = LatencyLog(8)
    for sequence in (4, 5, 8, 9):
        log.append(sample(sequence))
    assert log.sequence_gaps == 2


def test_saved_samples_come_back_with_their_controllers(tmp_path):
    log = LatencyLog(8)
    log.append(sample(0, controller="mpc"))
    log.append(sample(1, controller="arbiter", status=Status.FAILED))
    log.save(tmp_path / "new" / "latency.npz")
    data = np.load(tmp_path / "new" / "latency.npz")
    assert list(data["names"][data["controller"]]) == ["mpc", "arbiter"]
    assert list(data["status"]) == [0, 2]


def test_periods_given_up_are_misses_without_a_sample():
    """Two cycles on time and, between them, six periods that were given up: 6 of 8 missed."""
    log = LatencyLog(16)
    log.append(sample(0))
    log.append(replace(sample(1), skipped=6))
    assert (log.n, log.misses, log.skipped, log.longest_miss_run) == (2, 6, 6, 6)
    assert log.miss_rate == pytest.approx(0.75)

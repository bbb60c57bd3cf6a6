"""From a state to a command, by the samples that a run has kept."""

from dataclasses import replace

import pytest

from wm_bringup.cycle.latency import LatencyLog, LatencySample
from wm_bringup.rehearsal.path import path_of


def test_the_path_ends_when_the_command_is_written(tmp_path):
    log = LatencyLog()
    sample = LatencySample(0, "mpc", 10.0, 10.0, 10.0, 10.0004, 10.0005, backend_time=0.0001)
    for k in range(3):
        log.append(replace(sample, sequence=k))
    log.append(replace(sample, sequence=3, skipped=1))
    log.save(tmp_path / "latency.npz")
    found = path_of(tmp_path / "latency.npz")
    assert found["path_ms"]["p50"] == pytest.approx(0.6)
    assert found["path_ms"]["n"] == 4
    assert found["missed"] == 0.2, "a period that was given up is a miss without a sample"
    assert path_of(tmp_path / "none.npz") == {}

"""Parts that are put around a delivery, an estimator or a link, and fail on purpose."""

from __future__ import annotations

import numpy as np
import pytest
from loop_fakes import G1, FakeEstimator, N, observation_at

from wm_bringup.faults.fault import parse_all
from wm_bringup.faults.parts import (
    FaultyDelivery,
    FaultyEstimator,
    FaultyLink,
    InjectedFaultError,
)
from wm_bringup.faults.path import FaultyPath
from wm_bringup.faults.paths import FaultyPaths
from wm_control.types import Command

DT = 0.002


def path_of(target, *texts) -> FaultyPath:
    return FaultyPaths(parse_all(texts), G1.default_position).made(target)


def command(stamp):
    row = np.full(N, stamp)
    return Command(stamp, 0, row, row, row, row, row)


def test_a_delivery_loses_what_is_lost_and_adds_the_delay_to_the_compute_time():
    class Message:
        def __init__(self, stamp):
            self.stamp = stamp

    faults = FaultyPath(lambda f, m, _: m, parse_all(["plan:off@1+1", "plan:delay=0.5@2+1"]))
    received = []
    delivery = FaultyDelivery(lambda m: received.append(m.stamp), faults)
    for stamp in (0.0, 1.0, 2.0, 3.0):
        delivery.send(Message(stamp), stamp + 0.25)
    seen = []
    for now in (0.3, 1.3, 2.3, 2.8, 3.3):
        delivery.deliver(now)
        seen.append(list(received))
    assert seen == [[0.0], [0.0], [0.0], [0.0, 2.0], [0.0, 2.0, 3.0]]


def test_a_command_link_that_is_late_hands_over_old_commands_and_one_that_is_lost_none():
    faults = path_of("command", "command:delay=0.004@0.004+0.004", "command:off@0.016")
    link = FaultyLink(faults)
    arrived = [link.send(command(DT * k)) for k in range(10)]
    stamps = [None if one is None else round(one.stamp, 3) for one in arrived]
    # those of 4 and 6 ms come 4 ms later, and what follows does not overtake them
    assert stamps == [0.0, 0.002, None, None, 0.004, 0.01, 0.012, 0.014, None, None]


def test_an_estimator_that_is_late_holds_its_last_estimate_and_one_that_is_off_raises():
    faults = path_of("estimator", "estimator:delay=0.004@0.004+0.004", "estimator:off@0.016")
    estimator = FaultyEstimator(FakeEstimator(), faults)
    estimator.reset(observation_at(0.0, 0))
    stamps = [round(estimator.update(observation_at(DT * k, k)).stamp, 3) for k in range(8)]
    assert stamps == [0.0, 0.002, 0.002, 0.002, 0.004, 0.01, 0.012, 0.014]
    with pytest.raises(InjectedFaultError, match="estimator"):
        estimator.update(observation_at(0.016, 8))

"""What becomes of what a process sends, told estimate by estimate."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from loop_fakes import G1, estimate_of, observation_at

from wm_bringup.faults.fault import Fault, FaultRefusedError, parse_all
from wm_bringup.faults.outlet import FaultyOutlet
from wm_bringup.faults.paths import FaultyPaths


@dataclass(frozen=True)
class Message:
    """Something with the time of the estimate that it answers."""

    stamp: float


class Rig:
    """An outlet of plans that is shown an estimate, and sends a message, every 10 ms."""

    def __init__(self, *texts, seed=0):
        self.sent = []
        faults = parse_all(texts)
        self.outlet = FaultyOutlet("plan", G1.default_position, self._publish, faults, seed)

    def _publish(self, message):
        self.sent.append(round(message.stamp, 3))

    def see(self, stamp, run=0):
        self.outlet.see(estimate_of(replace(observation_at(stamp, 0), run=run)))

    def answer(self, stamp, run=0):
        """See an estimate and answer it; return what goes out meanwhile."""
        self.sent.clear()
        self.see(stamp, run)
        self.outlet.send(Message(stamp))
        return list(self.sent)

    def answers(self, *stamps, run=0):
        return [self.answer(stamp, run) for stamp in stamps]


def test_without_faults_everything_goes_out_at_once():
    rig = Rig()
    assert rig.answers(0.0, 0.01) == [[0.0], [0.01]]
    assert rig.outlet.acted == ()


def test_times_of_faults_count_from_the_first_estimate_of_a_run():
    rig = Rig("plan:off@0.01+0.01")
    assert rig.answers(5.0, 5.01, 5.02) == [[5.0], [], [5.02]]


def test_a_new_run_begins_with_its_faults_again():
    rig = Rig("plan:off@0.01")
    assert rig.answers(5.0, 5.01, 5.02) == [[5.0], [], []]
    assert rig.answers(7.0, 7.01, run=1) == [[7.0], []]
    assert [one.count for one in rig.outlet.acted] == [1]  # of this run


def test_what_is_late_goes_out_with_the_first_estimate_after():
    rig = Rig("plan:delay=0.015@0+0.01")
    assert rig.answer(0.0) == []
    assert rig.answer(0.01) == []  # does not overtake the one that is due at 15 ms
    rig.sent.clear()
    rig.see(0.02)
    assert rig.sent == [0.0, 0.01]


def test_a_fault_that_is_asked_for_counts_from_then_on():
    rig = Rig()
    rig.answer(3.0)
    rig.outlet.ask(Fault.parse("plan:off@0.01+0.01"))
    assert rig.answers(3.005, 3.01, 3.02) == [[3.005], [], [3.02]]
    assert [(one.fault.text, one.count) for one in rig.outlet.acted] == [("plan:off@0.01+0.01", 1)]


def test_before_the_first_estimate_there_is_no_time_to_count_from():
    with pytest.raises(FaultRefusedError, match="no estimate has come yet"):
        Rig().outlet.ask(Fault.parse("plan:off@0"))


def test_it_takes_the_faults_of_its_own_path_only():
    outlet = Rig().outlet
    taken = [text for text in ("plan:off@0", "plan.timing:nan@0", "policy:off@0", "gyro:nan@0")
             if outlet.takes(Fault.parse(text))]  # fmt: skip
    assert taken == ["plan:off@0", "plan.timing:nan@0"]


@pytest.mark.parametrize("seed", [0, 7])
def test_what_is_lost_is_drawn_from_the_seed_as_it_is_in_lockstep(seed):
    texts, stamps = ("plan:drop=0.5@0",), [0.01 * k for k in range(40)]
    path = FaultyPaths(parse_all(texts), G1.default_position, seed).made("plan")
    expected = [path.send(Message(s), s).message is not None for s in stamps]
    rig = Rig(*texts, seed=seed)
    assert [bool(sent) for sent in rig.answers(*stamps)] == expected
    assert 10 < sum(expected) < 30


def test_another_seed_loses_other_messages():
    stamps = [0.01 * k for k in range(40)]
    lost = [Rig("plan:drop=0.5@0", seed=seed).answers(*stamps) for seed in (0, 7)]
    assert lost[0] != lost[1]

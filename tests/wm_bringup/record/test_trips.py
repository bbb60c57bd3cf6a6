"""What is kept around a trip of the arbiter: when, how much of it, and how many."""

from __future__ import annotations

from dataclasses import replace

import pytest
from loop_fakes import G1, FakeController, FakeEstimator, observation_at
from robot_parameters import SAFETY

from wm_bringup.bags.reader import open_bag
from wm_bringup.cycle.control_cycle import CycleRecord
from wm_bringup.cycle.latency import LatencySample
from wm_bringup.cycle.loop import ControlLoop
from wm_bringup.cycle.record_codec import pack
from wm_bringup.record import trip_bags
from wm_bringup.record.trip_bags import TripBags, bags_in
from wm_bringup.record.trip_watch import TripWatch
from wm_control.arbiter.operator import OperatorInput
from wm_control.types import Action, Status, VelocityCommand

PERIOD = 0.002


class Story:
    """A loop with one controller, cycle after cycle."""

    def __init__(self):
        self.controller = FakeController()
        self.loop = ControlLoop(G1, FakeEstimator(), [self.controller], SAFETY, clock=lambda: 0.0)
        self.k = 0

    def cycles(self, n, **answer):
        self.controller.answer = answer
        for _ in range(n):
            self.k += 1
            now = self.k * PERIOD
            self.loop.tick(observation_at(now, self.k), VelocityCommand(), now)
            yield self.loop.last

    def arm(self):
        list(self.cycles(60))
        self.loop.request(OperatorInput(arm=True))
        list(self.cycles(60))
        assert self.loop.last.decision.armed
        return self


FAILED = {"status": Status.FAILED, "command": None, "cause": "diverged"}


def causes(watch, ticks):
    """Rule of every trip."""
    return [cause.rule for tick in ticks if (cause := watch.see(tick)) is not None]


def test_a_first_cause_is_a_trip_and_so_is_the_damping_that_follows_it():
    story, watch = Story().arm(), TripWatch()
    assert causes(watch, story.cycles(10)) == []
    found = causes(watch, story.cycles(100, **FAILED))
    assert found == ["controller_failed", "controller_lost"]
    assert story.loop.last.decision.action == Action.DAMPING


def test_a_robot_that_is_not_armed_trips_over_nothing():
    story, watch = Story(), TripWatch()
    assert causes(watch, story.cycles(100, **FAILED)) == []


def test_a_driver_that_is_replaced_by_a_cause_is_a_trip_and_one_taken_back_is_none():
    tick = next(Story().arm().cycles(1))
    cause = replace(trip_cause(), controller="mpc")
    by = replace(tick, driver="policy", decision=replace(tick.decision, causes=(cause,)))
    watch = TripWatch()
    assert watch.see(tick) is None
    assert watch.see(by) is cause
    assert watch.see(replace(tick, driver="mpc")) is None


def trip_cause():
    story = Story().arm()
    *_, last = story.cycles(5, **FAILED)
    return last.decision.causes[0]


def feed(bags, ticks):
    for tick in ticks:
        sample = LatencySample(0, "mpc", 0.0, 0.0, 0.0, 0.0, 0.0)
        record = CycleRecord(tick, sample, held=False)
        bags.see(pack(record), record)


@pytest.fixture
def said():
    return []


@pytest.fixture
def bags(tmp_path, said):
    made = TripBags(tmp_path / "trips", G1, "/r1", say=said.append, pause=0.0)
    yield made
    made.close()


def test_the_bag_of_a_trip_holds_a_second_and_a_half_before_it_and_half_a_second_after(
    bags, tmp_path, said
):
    story = Story().arm()
    feed(bags, story.cycles(800))
    feed(bags, story.cycles(260, **FAILED))
    bags.close()
    (path,) = bags_in(tmp_path / "trips")
    assert path.name.endswith("_mpc_controller_failed")
    assert "no usable command" in said[0]
    bag = open_bag(path)
    assert bag.problems == []
    assert bag.counts["/r1/joint_states"] == bag.counts["/r1/arbiter/decision"] == 1000
    assert {"/r1/imu/data", "/r1/state_estimator/estimate", "/r1/joint_command"} <= set(bag.counts)
    assert bag.counts["/r1/mpc/joint_command"] == 1000
    actions = [
        next(pair.value for pair in message.status[0].values if pair.key == "action")
        for _, _, message in bag.messages("/r1/arbiter/decision")
    ]
    # The cycle that trips, the second without a command, and 250 after it are the last 251.
    assert actions.index("SAFE_POSTURE") == 1000 - 251
    assert actions[-1] == "DAMPING"


def test_what_ends_before_the_half_second_is_over_is_written_as_far_as_it_came(bags, tmp_path):
    story = Story().arm()
    feed(bags, story.cycles(100))
    feed(bags, story.cycles(20, **FAILED))
    bags.close()
    (path,) = bags_in(tmp_path / "trips")
    assert open_bag(path).counts["/r1/joint_command"] == 120


def test_the_damping_at_the_end_of_a_run_is_no_trip(bags, tmp_path):
    story = Story().arm()
    feed(bags, story.cycles(10))
    bags.end()
    feed(bags, story.cycles(10, **FAILED))
    bags.close()
    assert bags_in(tmp_path / "trips") == []


def test_a_folder_keeps_the_newest_bags_and_everything_else(bags, tmp_path, monkeypatch):
    monkeypatch.setattr(trip_bags, "BAGS", 2)
    folder = tmp_path / "trips"
    for name in ("trip_2020_1", "trip_2020_2", "trip_2020_3", "mine"):
        (folder / name).mkdir(parents=True)
    feed(bags, Story().arm().cycles(5, **FAILED))
    bags.close()
    kept = sorted(path.name for path in folder.iterdir())
    assert kept[:2] == ["mine", "trip_2020_3"]
    assert len(kept) == 3


def test_a_folder_that_cannot_be_written_is_told_and_stops_nothing(tmp_path, said):
    (tmp_path / "file").write_text("in the way")
    bags = TripBags(tmp_path / "file", G1, say=said.append, pause=0.0)
    feed(bags, Story().arm().cycles(10, **FAILED))
    bags.close()
    assert "no bag of it" in said[0]

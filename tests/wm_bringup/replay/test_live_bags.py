"""Cycles that come over the link from the real-time process leave a bag that is judged again."""

from __future__ import annotations

import json

import pytest
from short_bags import cut

from wm_bringup.bags.stream import BagStream
from wm_bringup.cycle.cycle_message import decode_cycle
from wm_bringup.cycle.record_codec import pack
from wm_bringup.record.live_cycles import LiveCycles
from wm_bringup.replay.audit import audit
from wm_bringup.wire.messages import decode_string
from wm_bringup.wire.topics import CYCLES, SETUP


@pytest.fixture(scope="module")
def live(bag, tmp_path_factory):
    """The cycles of an episode, as a live run in a namespace would record them."""
    folder = tmp_path_factory.mktemp("live") / "bag"
    stream = BagStream(bag)
    (setup,) = stream.records(f"/{SETUP.name}")
    content = json.loads(decode_string(setup.data))
    del content["episode"]
    cycles = LiveCycles(folder, content, "/robot_1/")
    for record in stream.records(f"/{CYCLES.name}"):
        cycle = decode_cycle(record.data, 29)
        cycles.see(pack(cycle), cycle)
    assert cycles.close() == ""
    return folder


def test_they_are_bit_identical_in_whatever_namespace(live):
    done = audit(live, jobs=1)
    assert done.held
    assert done.cycles == 327
    assert {topic.split("/")[1] for topic in BagStream(live).msgtypes} == {"robot_1"}


def test_a_bag_that_was_cut_off_is_judged_up_to_there(live, tmp_path):
    done = audit(cut(live, 0.6, tmp_path / "cut"), jobs=1)
    assert done.parted is None
    assert 0 < done.cycles < 327
    assert not done.held

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_bags import TWIST, on_small_disk, twist, values

from wm_bringup.bags.reader import open_bag
from wm_bringup.bags.recorder import BagRecorder, SequenceGaps
from wm_bringup.bags.writer import BagWriter


def gaps_of(numbers, publishers=1):
    gaps = SequenceGaps()
    for number in numbers:
        gaps.see(number, publishers)
    return gaps.lost


def test_consecutive_numbers_have_no_gap():
    assert gaps_of(range(1, 100)) == 0


def test_missing_numbers_are_counted():
    assert gaps_of([1, 2, 5, 6, 10]) == 2 + 3


def test_a_recorder_that_joins_late_has_missed_nothing_it_could_have_had():
    assert gaps_of([812, 813, 814]) == 0


def test_a_publisher_that_starts_again_is_no_gap():
    assert gaps_of([1, 2, 3, 1, 2, 3]) == 0


def test_two_publishers_interleaved_have_no_gap():
    assert gaps_of([1, 2, 1, 2, 3, 3, 4, 4], publishers=2) == 0


@given(st.lists(st.booleans(), min_size=2, max_size=200))
def test_one_publishers_losses_are_counted_exactly(kept):
    kept = [True, *kept, True]
    numbers = [k + 1 for k, keep in enumerate(kept) if keep]
    assert gaps_of(numbers) == kept.count(False)


def recorded(recording, n=50):
    recording.announce("/cmd_vel", TWIST)
    for k in range(n):
        recording.put("/cmd_vel", k, twist(float(k)), number=k + 1)
    recording.close()
    return recording


def test_all_that_was_put_is_in_the_bag(tmp_path):
    recording = recorded(BagRecorder(BagWriter(tmp_path / "bag")))
    assert (recording.problem, recording.lost) == ("", 0)
    assert values(open_bag(tmp_path / "bag")) == list(np.arange(50.0))


def test_a_full_disk_is_said_in_words_and_every_message_is_accounted_for(tmp_path):
    writer = on_small_disk(tmp_path / "bag", room=3_000, reserve=4_000_000)
    recording = BagRecorder(writer, flush_period=1e-3)
    recording.announce("/cmd_vel", TWIST)
    k = 0
    while not recording.problem:
        recording.put("/cmd_vel", k, twist(float(k)), number=k + 1)
        k += 1
    recording.put("/cmd_vel", k, twist(0.0), number=k + 1)
    recording.close()
    count = recording.counts["/cmd_vel"]
    assert "disk full" in recording.problem
    assert "the robot goes on" in recording.problem
    assert count.taken + count.dropped == k + 1
    assert len(values(open_bag(tmp_path / "bag"))) == count.taken > 0


def test_a_type_that_cannot_be_recorded_is_a_named_problem(tmp_path):
    recording = BagRecorder(BagWriter(tmp_path / "bag"))
    recording.announce("/x", "acme_msgs/msg/Secret")
    recording.put("/x", 0, b"")
    recording.close()
    assert "acme_msgs/msg/Secret" in recording.problem


@pytest.mark.parametrize("n", [0, 1])
def test_closing_twice_is_harmless(tmp_path, n):
    recording = recorded(BagRecorder(BagWriter(tmp_path / "bag")), n)
    recording.close()
    assert recording.writer.counts.get("/cmd_vel", 0) == n

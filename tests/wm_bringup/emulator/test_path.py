"""What befalls frames on their way, drawn from a seed."""

from itertools import pairwise

import numpy as np
import pytest

from wm_bringup.emulator.parameters import PathParameters
from wm_bringup.emulator.path import Path
from wm_bringup.robots.unitree.frames import COMMAND, empty, is_sound, seal

PERIOD = 0.002


def path(seed=3, **parameters):
    return Path(PathParameters(**parameters), np.random.default_rng(seed), PERIOD)


def numbered(k):
    frame = empty(COMMAND)
    frame["reserve"] = k
    seal(frame)
    return frame


def sent_through(one, count=2000):
    """Send a frame per period; return the numbers that arrived, by period."""
    arrived = []
    for k in range(count):
        one.send(numbered(k), k * PERIOD)
        arrived.append([int(frame["reserve"][0, 0]) for frame in one.arrived(k * PERIOD)])
    return arrived


def flat(arrived):
    return [number for period in arrived for number in period]


def test_a_perfect_network_delivers_everything_at_once():
    one = path()
    assert sent_through(one, 50) == [[k] for k in range(50)]
    assert not one.happened


def test_a_delay_is_a_number_of_periods():
    assert sent_through(path(delay=0.006), 6) == [[], [], [], [0], [1], [2]]


def test_a_delay_between_periods_is_rounded_up():
    assert sent_through(path(delay=0.0021), 4) == [[], [], [0], [1]]


@pytest.mark.parametrize(
    ("what", "share"),
    [("lost", "loss"), ("wrong bit", "crc_errors"), ("repeated", "repeated")],
)
def test_a_share_of_frames_is_lost_spoiled_or_repeated(what, share):
    one = path(**{share: 0.1})
    count = len(flat(sent_through(one)))
    befallen = one.happened[what]
    assert 160 <= befallen <= 240  # 200 expected, sigma 13
    assert count == 2000 + {"lost": -befallen, "wrong bit": 0, "repeated": befallen}[what]


def test_spoiled_frames_are_told_by_their_checksum_and_the_sender_keeps_its_own():
    one, frame = path(crc_errors=1.0), numbered(1)
    one.send(frame, 0.0)
    (spoiled,) = one.arrived(0.0)
    assert not is_sound(spoiled)
    assert is_sound(frame)


def test_a_reordered_frame_comes_right_after_the_next_one():
    one = path(reordered=0.1, seed=1)
    came = flat(sent_through(one))
    late = [k for k, (a, b) in enumerate(pairwise(came)) if b < a]
    assert one.happened["reordered"] > 100
    assert len(late) > 80
    assert sorted(came)[:1900] == list(range(1900))
    assert all(came[k] - came[k + 1] <= 2 for k in late)


def test_jitter_reorders_and_loses_nothing():
    came = flat(sent_through(path(jitter=0.010), 1000))
    assert came != sorted(came)
    assert set(range(990)) <= set(came)


def test_a_cut_network_loses_what_is_sent_meanwhile_and_nothing_else():
    one = path()
    one.cut(0.010)
    assert flat(sent_through(one, 8)) == [5, 6, 7]
    assert one.happened["cut off"] == 5


def test_the_same_seed_does_the_same_again():
    wild = {"loss": 0.2, "jitter": 0.01, "reordered": 0.1, "repeated": 0.1}
    assert sent_through(path(**wild), 300) == sent_through(path(**wild), 300)
    assert sent_through(path(**wild), 300) != sent_through(path(seed=4, **wild), 300)

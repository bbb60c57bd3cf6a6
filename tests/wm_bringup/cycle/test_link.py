"""Both ends of a link in one process: sockets do not mind."""

import numpy as np
import pytest

from wm_bringup.cycle.link import LARGEST, Link, LinkClosedError, MessageTooLongError, pair


@pytest.fixture
def ends():
    links = [Link(end, backlog=5000) for end in pair()]
    yield links
    for link in links:
        link.close()


def test_objects_arrive_whole_and_in_order(ends):
    here, there = ends
    messages = [("cycle", 1), {"stiffness": 2.5}, "word", None, b"x" * 100_000]
    for message in messages:
        here.send(message)
    assert [there.receive() for _ in messages] == messages


def test_what_the_other_end_could_not_read_is_not_sent(ends):
    here, there = ends
    with pytest.raises(MessageTooLongError, match="bytes of 262"):
        here.send(b"x" * LARGEST)
    here.send("word")
    assert there.receive() == "word"


def test_arrays_arrive_as_they_were(ends):
    here, there = ends
    here.send(np.arange(6.0).reshape(2, 3))
    np.testing.assert_array_equal(there.receive(), np.arange(6.0).reshape(2, 3))


def test_nothing_to_receive_is_none_at_once_and_after_waiting(ends):
    assert ends[0].receive() is None
    assert ends[0].receive(patience=0.01) is None


def test_sending_to_one_who_does_not_read_never_waits_and_nothing_is_lost(ends):
    here, there = ends
    for k in range(3000):
        here.send((k, b"x" * 4000))
    assert not here.flush()
    got = []
    while len(got) < 3000:
        message = there.receive()
        if message is None:
            here.flush()
        else:
            got.append(message[0])
    assert got == list(range(3000))
    assert here.lost == 0


def test_what_exceeds_the_backlog_is_given_up_oldest_first_and_counted():
    here, there = (Link(end, backlog=10) for end in pair())
    for k in range(3000):
        here.send((k, b"x" * 4000))
    assert here.lost > 0
    got = []
    while len(got) < 3000 - here.lost:
        message = there.receive()
        if message is None:
            here.flush()
        else:
            got.append(message[0])
    assert got == sorted(got)
    assert got[-1] == 2999
    here.close()
    there.close()


def test_the_end_of_the_other_side_is_seen_after_its_last_words():
    here, there = (Link(end) for end in pair())
    here.send("last")
    here.close()
    assert there.receive(patience=None) == "last"
    with pytest.raises(LinkClosedError):
        there.receive(patience=None)
    with pytest.raises(LinkClosedError):
        there.send("anyone?")
    there.close()

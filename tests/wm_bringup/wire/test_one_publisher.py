"""Which of several publishers' messages are followed, told by their numbers alone."""

import pytest

from wm_bringup.wire.one_publisher import MISSED, PATIENCE, OnePublisher

PERIOD = 0.008


def hear(one, numbers, since=0.0):
    """Message after message, 8 ms apart; which of them are followed."""
    return [one.follows(number, since + PERIOD * k) for k, number in enumerate(numbers)]


def test_all_messages_of_one_publisher_are_followed_also_when_some_are_missed():
    one = OnePublisher()
    assert all(hear(one, [1, 2, 3, 5, 6, 40, 41]))
    assert one.refused == 0


def test_a_subscriber_that_comes_late_follows_from_any_number_on():
    assert all(hear(OnePublisher(), [90_000, 90_001]))


@pytest.mark.parametrize("rival", [1, 1_000, 99_990, 1_000_000])
def test_of_two_publishers_the_first_is_followed_and_the_other_counted(rival):
    one = OnePublisher()
    numbers = [n for k in range(200) for n in (100_000 + k, rival + k // 25)]
    followed = hear(one, numbers)
    assert followed == [True, False] * 200
    assert one.refused == 200


def test_the_same_message_twice_is_followed_once():
    assert hear(OnePublisher(), [7, 7]) == [True, False]


def test_a_restarted_publisher_is_followed_once_the_old_one_has_been_silent():
    one = OnePublisher()
    hear(one, [500, 501])
    assert not any(hear(one, [1, 2, 3], since=0.1))
    assert all(hear(one, [50, 51, 52], since=PERIOD + PATIENCE + 0.001))


def test_a_subscriber_that_was_stopped_itself_goes_on_with_the_publisher_it_had():
    """Half a second of the fastest topic is 250 messages, more than may be missed at once."""
    one = OnePublisher()
    hear(one, [500, 501])
    assert MISSED < 250
    assert all(hear(one, [751, 752], since=0.5))


def test_messages_without_a_number_cannot_be_told_apart_and_are_followed():
    one = OnePublisher()
    assert all(hear(one, [0, 0, 0]))
    assert one.refused == 0

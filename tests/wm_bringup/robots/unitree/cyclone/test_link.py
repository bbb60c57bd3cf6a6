"""Two participants, in one process and in two, over the loopback."""

import multiprocessing
import threading
import time
from dataclasses import replace

import numpy as np
import pytest
import rclpy
from ros_domain import Domain
from waiting import until

from wm_bringup.robots.unitree.cyclone.link import open_link
from wm_bringup.robots.unitree.frames import COMMAND, IMU, STATE, empty, is_sound, seal
from wm_bringup.robots.unitree.link import (
    BATTERY,
    LOW_COMMAND,
    LOW_STATE,
    SECONDARY_IMU,
    SWITCHER_REQUEST,
    SWITCHER_RESPONSE,
    ApiRequest,
    ApiResponse,
    LinkError,
)

CHANNELS = [LOW_COMMAND, LOW_STATE, SECONDARY_IMU, BATTERY]
START = multiprocessing.get_context("spawn")
SHORTER = np.dtype([("quaternion", "<f4", 4), ("gyroscope", "<f4", 3)], align=True)
LONGER = np.dtype([("imu", IMU), ("more", "<f4", 2)], align=True)


@pytest.fixture(scope="module")
def number():
    taken = Domain()
    yield taken.number
    taken.release()


@pytest.fixture
def link(number):
    opened = open_link(number)
    yield opened
    opened.close()


@pytest.fixture
def other(number):
    opened = open_link(number)
    yield opened
    opened.close()


def joined(link, other, channel, written_as=None):
    reader, writer = link.reader(channel), other.writer(written_as or channel)
    until(lambda: reader.matched and writer.matched)
    return reader, writer


def numbered(layout, number):
    frame = empty(layout)
    frame.view("u1")[:4] = np.frombuffer(np.uint32(number).tobytes(), "u1")
    return frame


@pytest.mark.parametrize("channel", CHANNELS, ids=lambda channel: channel.topic)
def test_a_frame_arrives_as_it_was_with_its_padding_zero(link, other, channel):
    reader, writer = joined(link, other, channel)
    frame, random = empty(channel.carries), np.random.default_rng(3)
    fill(frame, random)
    writer.write(frame)
    assert reader.wait(10.0)
    (taken,) = reader.take()
    assert taken.tobytes() == frame.tobytes()
    assert taken.dtype == channel.carries
    assert taken.flags.writeable


def fill(values, random):
    if values.dtype.names:
        for name in values.dtype.names:
            fill(values[name], random)
    elif values.dtype.kind == "f":
        values[...] = random.normal(size=values.shape)
    else:
        values[...] = random.integers(0, 100, values.shape)


def test_a_checksum_survives_many_frames(link, other):
    reader, writer = joined(link, other, LOW_STATE)
    for tick in range(300):
        frame = empty(STATE)
        frame["tick"] = tick
        seal(frame)
        writer.write(frame)
        assert reader.wait(10.0)
        (taken,) = reader.take()
        assert is_sound(taken)
        assert taken["tick"] == tick


def test_what_was_taken_does_not_change_when_more_comes(link, other):
    reader, writer = joined(link, other, LOW_COMMAND)
    taken = []
    for machine in (5, 6):
        frame = empty(COMMAND)
        frame["mode_machine"] = machine
        writer.write(frame)
        assert reader.wait(10.0)
        taken += reader.take()
    assert [int(frame["mode_machine"][0]) for frame in taken] == [5, 6]


def test_a_slow_reader_has_the_newest_of_its_depth_in_order(link, other):
    reader, writer = joined(link, other, LOW_STATE)
    for tick in range(20):
        frame = empty(STATE)
        frame["tick"] = tick
        writer.write(frame)
    newest = []

    def last_has_come():
        newest[:] = [*newest, *(int(frame["tick"][0]) for frame in reader.take())][-8:]
        return newest and newest[-1] == 19

    until(last_has_come)
    assert len(newest) <= LOW_STATE.depth
    assert newest == sorted(newest)


def test_waiting_ends_with_what_comes_and_without_it_with_patience(link, other):
    reader, writer = joined(link, other, LOW_COMMAND)
    begin = time.monotonic()
    assert not reader.wait(0.05)
    assert 0.04 <= time.monotonic() - begin < 5.0
    assert not reader.wait(0.0)
    later = threading.Timer(0.05, writer.write, (empty(COMMAND),))
    later.start()
    assert reader.wait(10.0)
    assert reader.wait(0.0)  # still there
    assert len(reader.take()) == 1
    assert reader.take() == []
    later.join()


def write_shorter(number, count):
    """Be a robot of another version."""
    link = open_link(number)
    writer = link.writer(replace(SECONDARY_IMU, carries=SHORTER))
    until(lambda: writer.matched)
    for _ in range(count):
        writer.write(np.ones(1, SHORTER))
        time.sleep(0.01)
    time.sleep(0.2)
    link.close()


def test_shorter_frames_are_not_delivered_and_counted(link, other, number):
    reader = link.reader(SECONDARY_IMU)
    robot = START.Process(target=write_shorter, args=(number, 30), daemon=True)
    robot.start()
    until(lambda: reader.refused >= 3, 30.0)
    robot.join(30.0)
    assert reader.refused <= 30
    assert reader.take() == []
    assert link.reader(SECONDARY_IMU).refused == 0  # counts what came to itself
    good = other.writer(SECONDARY_IMU)
    until(lambda: reader.matched and good.matched)
    good.write(empty(IMU))
    assert reader.wait(10.0)
    assert len(reader.take()) == 1


def test_longer_frames_are_read_by_their_first_members(link, other):
    longer = replace(SECONDARY_IMU, carries=LONGER)
    reader, writer = joined(link, other, SECONDARY_IMU, longer)
    frame = empty(LONGER)
    frame["imu"]["temperature"], frame["more"] = 31, 7.0
    writer.write(frame)
    assert reader.wait(10.0)
    (taken,) = reader.take()
    assert taken["temperature"] == 31


def test_calls_and_answers_are_kept_ten_deep_and_none_is_lost(link, other):
    requests, client = joined(link, other, SWITCHER_REQUEST)
    answers, server = joined(other, link, SWITCHER_RESPONSE)
    asked = [ApiRequest(2**40 + k, 1001 + k, f'{{"name": "ä{k}"}}') for k in range(10)]
    for request in asked:
        client.write(request)
    heard = []
    until(lambda: heard.extend(requests.take()) or len(heard) == 10)
    assert heard == asked
    server.write(ApiResponse(7, 1003, -3, ""))
    assert answers.wait(10.0)
    assert answers.take() == [ApiResponse(7, 1003, -3, "")]


def test_who_leaves_is_no_longer_matched_and_may_leave_twice(link, number):
    gone = open_link(number)
    writer, reader = link.writer(LOW_COMMAND), gone.reader(LOW_COMMAND)
    until(lambda: writer.matched == 1)
    gone.close()
    until(lambda: writer.matched == 0)
    gone.close()
    writer.write(empty(COMMAND))  # into the void
    assert not reader.wait(0.0)
    assert reader.take() == []


def test_domains_are_apart(link):
    elsewhere = Domain()
    far = open_link(elsewhere.number)
    try:
        reader, writer = link.reader(LOW_COMMAND), far.writer(LOW_COMMAND)
        near = link.writer(LOW_COMMAND)
        until(lambda: near.matched)
        assert (reader.matched, writer.matched) == (1, 0)
    finally:
        far.close()
        elsewhere.release()


def test_a_domain_is_open_on_one_interface(link, number):
    with pytest.raises(LinkError, match="open on another interface"):
        open_link(number, "lo", ["10.1.2.3"])


def test_a_domain_that_was_left_can_be_joined_again():
    taken = Domain()
    for peers in ([], ["127.0.0.1"]):
        open_link(taken.number, "lo", peers).close()
    taken.release()


def test_threads_end_with_the_last_link():
    before = threads()
    taken = Domain()
    first, second = open_link(taken.number), open_link(taken.number)
    first.close()
    assert threads() > before
    second.close()
    taken.release()
    until(lambda: threads() <= before)


def threads():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("Threads:"))


def answer_states(number, count):
    """Be a computer that answers each state by a command with its tick."""
    link = open_link(number)
    states, commands = link.reader(LOW_STATE), link.writer(LOW_COMMAND)
    while count:
        states.wait(1.0)
        for state in states.take():
            frame = empty(COMMAND)
            frame["reserve"][0, 0] = state["tick"][0]
            seal(frame)
            commands.write(frame)
            count -= int(state["tick"][0]) > 0
    time.sleep(0.2)
    link.close()


def test_a_process_beside_ros_and_one_without_answer_each_other(link, number):
    context = rclpy.Context()
    rclpy.init(context=context, domain_id=number)
    node = rclpy.create_node("beside", context=context)
    commands, states = link.reader(LOW_COMMAND), link.writer(LOW_STATE)
    computer = START.Process(target=answer_states, args=(number, 200), daemon=True)
    computer.start()
    until(lambda: commands.matched and states.matched, 30.0)
    answered = 0
    frame = empty(STATE)
    end = time.monotonic() + 30.0
    while answered < 200 and time.monotonic() < end:
        frame["tick"] = answered + 1
        seal(frame)
        states.write(frame)
        if commands.wait(0.5):
            taken = commands.take()
            assert all(is_sound(command) for command in taken)
            answered += any(command["reserve"][0, 0] == answered + 1 for command in taken)
    assert answered == 200
    computer.join(10.0)
    assert computer.exitcode == 0
    node.destroy_node()
    rclpy.shutdown(context=context)


def test_a_process_that_ends_without_leaving_ends_at_once_and_well(number):
    process = START.Process(target=open_and_forget, args=(number,))
    process.start()
    process.join(30.0)
    assert process.exitcode == 0


def open_and_forget(number):
    link = open_link(number)
    link.reader(LOW_STATE)
    link.writer(LOW_COMMAND)

"""Every member of every frame, written by us and read by the vendor's SDK, and the other way."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from frame_values import THEIR_NAMES, as_theirs, at, leaves, order_of, random_frame
from waiting import until

from wm_bringup.robots.unitree.frames import MOTORS, checksum, empty, is_sound, seal
from wm_bringup.robots.unitree.link import BATTERY, LOW_COMMAND, LOW_STATE, SECONDARY_IMU

CHANNELS = {
    "LowCmd_": LOW_COMMAND,
    "LowState_": LOW_STATE,
    "IMUState_": SECONDARY_IMU,
    "BmsState_": BATTERY,
}
THEIRS = {name: replace(one, topic=f"{one.topic}/theirs") for name, one in CHANNELS.items()}
"""Where they write, apart from where we do: they would hear themselves."""

SUMMED = ["LowCmd_", "LowState_"]
MEMBERS = [
    pytest.param(name, path, id=f"{name}{'.'.join(path)}")
    for name, channel in CHANNELS.items()
    for path in leaves(channel.carries, THEIR_NAMES[name])
]
MACHINES = [4, 5, 6, 10, 11, 12, 13, 14, 15, 16]


@dataclass
class Exchange:
    """A frame and what came out on the other side, as the vendor's classes hold it."""

    ours: dict
    theirs: dict


class Wire:
    """Both ends of all channels; what is sent arrives."""

    def __init__(self, vendor, link):
        self._vendor, self._link = vendor, link
        self._readers, self._writers = {}, {}

    def to_them(self, name, *frames):
        """Write frames; return what they read, and their checksums of it."""
        channel = CHANNELS[name]
        if name not in self._writers:
            writer = self._writers[name] = self._link.writer(channel)
            self._vendor.reader_of(name, writer, channel, empty(channel.carries))
        heard = {"messages": [], "checksums": []}
        for frame in frames:  # one by one: their reader keeps the last
            self._writers[name].write(frame)
            answer = self._vendor.ask("take", name=name, topic=channel.topic)
            for key, some in heard.items():
                some += answer[key]
        return heard

    def reader(self, name):
        if name not in self._readers:
            reader = self._readers[name] = self._link.reader(THEIRS[name])
            self._vendor.writer_to(name, reader, THEIRS[name])
        return self._readers[name]

    def from_them(self, name, message, do="say", **how):
        """Let them write; return the frame that we take."""
        reader = self.reader(name)
        reader.take()
        topic = THEIRS[name].topic
        assert self._vendor.ask(do, name=name, topic=topic, message=message, **how)["written"]
        assert reader.wait(10.0)
        (frame,) = reader.take()
        return frame


@pytest.fixture(scope="module")
def wire(vendor, link):
    return Wire(vendor, link)


@pytest.fixture(scope="module")
def written(wire):
    found = {}
    for name, channel in CHANNELS.items():
        frame = random_frame(channel.carries, 1)
        (message,) = wire.to_them(name, frame)["messages"]
        found[name] = Exchange(as_theirs(frame[0], THEIR_NAMES[name]), message)
    return found


@pytest.fixture(scope="module")
def read(wire):
    found = {}
    for name, channel in CHANNELS.items():
        message = as_theirs(random_frame(channel.carries, 2)[0], THEIR_NAMES[name])
        frame = wire.from_them(name, message)
        found[name] = Exchange(as_theirs(frame[0], THEIR_NAMES[name]), message)
    return found


@pytest.mark.parametrize(("name", "path"), MEMBERS)
def test_they_read_what_we_write(written, name, path):
    assert at(written[name].theirs, path) == at(written[name].ours, path)


@pytest.mark.parametrize(("name", "path"), MEMBERS)
def test_we_read_what_they_write(read, name, path):
    assert at(read[name].ours, path) == at(read[name].theirs, path)


@pytest.mark.parametrize("name", CHANNELS)
def test_members_have_their_order(vendor, name):
    ours = order_of(CHANNELS[name].carries, THEIR_NAMES[name])
    assert vendor.ask("order", name=name)["fields"] == ours


@pytest.mark.parametrize("name", CHANNELS)
def test_nothing_is_theirs_alone(written, name):
    assert set(written[name].theirs) == set(written[name].ours)


@pytest.mark.parametrize("name", SUMMED)
def test_our_checksum_is_theirs_on_what_they_read(wire, name):
    frames = [random_frame(CHANNELS[name].carries, seed) for seed in range(10, 30)]
    for frame in frames:
        seal(frame)
    heard = wire.to_them(name, *frames)
    assert heard["checksums"] == [checksum(frame) for frame in frames]
    assert [message["crc"] for message in heard["messages"]] == heard["checksums"]


@pytest.mark.parametrize("name", SUMMED)
def test_what_they_sealed_is_sound_to_us(wire, name):
    for seed in range(30, 50):
        message = as_theirs(random_frame(CHANNELS[name].carries, seed)[0], THEIR_NAMES[name])
        assert is_sound(wire.from_them(name, message, seal=True))


@pytest.mark.parametrize("name", SUMMED)
def test_what_they_did_not_seal_is_not_sound_to_us(wire, name):
    message = as_theirs(random_frame(CHANNELS[name].carries, 50)[0], THEIR_NAMES[name])
    assert not is_sound(wire.from_them(name, message))


@pytest.mark.parametrize("name", SUMMED)
def test_padding_that_was_dirt_is_not_on_the_wire_and_not_in_our_seal(wire, name):
    layout = CHANNELS[name].carries
    frame = empty(layout)
    frame.view("u1")[:] = 0x5A
    seal(frame)
    heard = wire.to_them(name, frame)
    assert heard["checksums"] == [int(frame["crc"][0])]


@pytest.mark.parametrize("name", CHANNELS)
def test_big_endian_frames_are_read(wire, name):
    message = as_theirs(random_frame(CHANNELS[name].carries, 60)[0], THEIR_NAMES[name])
    frame = wire.from_them(name, message, do="say_strangely", encoding="big-endian")
    assert as_theirs(frame[0], THEIR_NAMES[name]) == message


@pytest.mark.parametrize("name", CHANNELS)
def test_a_frame_of_no_known_encoding_is_not_delivered_and_counted(wire, vendor, name):
    reader, topic = wire.reader(name), THEIRS[name].topic
    message = as_theirs(random_frame(CHANNELS[name].carries, 61)[0], THEIR_NAMES[name])
    reader.take()
    before = reader.refused
    vendor.ask("say_strangely", name=name, topic=topic, message=message, encoding="none")
    until(lambda: reader.refused == before + 1)
    assert reader.take() == []


@pytest.mark.parametrize("machine", MACHINES)
def test_every_variant_and_mode_of_a_command_arrives(wire, machine):
    frames = []
    for mode_pr in (0, 1):
        frame = empty(LOW_COMMAND.carries)
        frame["mode_pr"], frame["mode_machine"] = mode_pr, machine
        frame["motor"]["mode"][0] = np.arange(MOTORS) % 2
        seal(frame)
        frames.append(frame)
    heard = wire.to_them("LowCmd_", *frames)
    assert [m["mode_pr"] for m in heard["messages"]] == [0, 1]
    assert {m["mode_machine"] for m in heard["messages"]} == {machine}
    assert [[c["mode"] for c in m["motor_cmd"]] for m in heard["messages"]] == [
        [k % 2 for k in range(MOTORS)]
    ] * 2
    assert heard["checksums"] == [m["crc"] for m in heard["messages"]]


@pytest.mark.parametrize("machine", MACHINES)
def test_every_variant_and_mode_of_a_state_arrives(wire, machine):
    for mode_pr in (0, 1):
        frame = wire.from_them(
            "LowState_", {"mode_pr": mode_pr, "mode_machine": machine}, seal=True
        )
        assert (frame["mode_pr"], frame["mode_machine"]) == (mode_pr, machine)
        assert is_sound(frame)


def test_a_fresh_command_of_theirs_has_what_a_robot_ignores(wire):
    frame = wire.from_them("LowCmd_", {})
    assert (frame["mode_machine"], frame["crc"]) == (0, 0)
    assert not frame["motor"]["mode"].any()
    assert not is_sound(frame)

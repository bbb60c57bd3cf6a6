"""Messages between two participants in one process."""

from wm_bringup.robots.unitree.frames import COMMAND, empty
from wm_bringup.robots.unitree.in_process import Network
from wm_bringup.robots.unitree.link import LOW_COMMAND, LOW_STATE


def test_what_is_written_is_taken_once_and_is_not_changed_by_what_the_writer_does_next():
    network = Network()
    reader = network.link().reader(LOW_COMMAND)
    writer = network.link().writer(LOW_COMMAND)
    assert (reader.matched, writer.matched) == (1, 1)
    frame = empty(COMMAND)
    frame["mode_machine"] = 5
    writer.write(frame)
    frame["mode_machine"] = 6
    assert reader.wait(0.0)
    (taken,) = reader.take()
    assert taken["mode_machine"] == 5
    assert not reader.wait(0.0)
    assert reader.take() == []


def test_a_slow_reader_has_the_newest_of_its_depth():
    network = Network()
    reader, writer = network.link().reader(LOW_COMMAND), network.link().writer(LOW_COMMAND)
    for machine in range(3):
        frame = empty(COMMAND)
        frame["mode_machine"] = machine
        writer.write(frame)
    assert [int(one["mode_machine"][0]) for one in reader.take()] == [2]


def test_topics_are_apart_and_who_leaves_is_gone():
    network = Network()
    robot, computer = network.link(), network.link()
    states, commands = computer.reader(LOW_STATE), robot.reader(LOW_COMMAND)
    writer = computer.writer(LOW_COMMAND)
    writer.write(empty(COMMAND))
    assert states.take() == []
    assert commands.matched == 1
    computer.close()
    computer.close()
    assert commands.matched == 0
    robot.close()
    assert writer.matched == 0

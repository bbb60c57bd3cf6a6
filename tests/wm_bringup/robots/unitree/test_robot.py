"""A Unitree humanoid over a network in this process; the other side is told in frames."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from wm_bringup.robots.mock import MockRobot
from wm_bringup.robots.self_standing import SelfStandingRobot
from wm_bringup.robots.unitree.frames import BATTERY_STATE, ENABLED, STATE, empty, seal
from wm_bringup.robots.unitree.in_process import Network
from wm_bringup.robots.unitree.link import (
    BATTERY,
    LOW_COMMAND,
    LOW_STATE,
    SWITCHER_REQUEST,
    SWITCHER_RESPONSE,
    ApiResponse,
)
from wm_bringup.robots.unitree.robot import SilentRobotError, UnitreeRobot
from wm_bringup.robots.unitree.variants import load_body
from wm_bringup.robots.unitree.wiring import JointFrames
from wm_control.arbiter.start_up import Phase
from wm_control.robot.description import load_robot
from wm_control.types import Command

G1 = load_robot("g1")
BODY = load_body("g1")
DT = 0.002
KNEE = G1.joint_names.index("left_knee_joint")


class FakeGuard:
    def __init__(self):
        self.tripped, self.engaged, self.notes, self.closed = False, None, 0, False
        self.alive = True

    def engage(self, machine):
        self.engaged, self.tripped = machine, False

    def note(self):
        self.notes += 1

    def release(self):
        self.engaged = None

    def close(self):
        self.closed = True


class Body:
    """The robot's side of the wire: joints follow what they are commanded."""

    def __init__(self, network):
        link = network.link()
        self.states, self.battery = link.writer(LOW_STATE), link.writer(BATTERY)
        self.commands = link.reader(LOW_COMMAND)
        self.asked, self.answers = link.reader(SWITCHER_REQUEST), link.writer(SWITCHER_RESPONSE)
        self.frames = JointFrames(G1.joint_names, BODY.wiring)
        self.mock = MockRobot(G1, time_constant=0.01)
        self.observation = self.mock.reset(0)
        self.owner, self.tick = "ai", 10_000
        self.machine, self.mode, self.errors, self.remote = 5, 0, {}, (0, 0)
        self.received = []

    def step(self, silent=False):
        for request in self.asked.take():
            if request.api == 1003:
                self.owner = ""
            elif request.api == 1002:
                self.owner = "ai"
            said = f'{{"form": "0", "name": "{self.owner}"}}'
            self.answers.write(ApiResponse(request.number, request.api, 0, said))
        commands = self.commands.take()
        self.received += commands
        command = self.frames.command(commands[-1], 0.0, 0) if commands else None
        self.observation = self.mock.step(command)
        self.tick += 2
        if not silent:
            self.states.write(self.state())

    def state(self):
        frame = empty(STATE)
        stamp = 1e-3 * self.tick
        self.frames.write_observation(frame, replace(self.observation, stamp=stamp))
        frame["mode_machine"], frame["mode_pr"] = self.machine, self.mode
        frame["motor"]["temperature"] = 40, 45
        for slot, bits in self.errors.items():
            frame["motor"]["motorstate"][0, slot] = bits
        frame["wireless_remote"][0, 2:4] = self.remote
        seal(frame)
        return frame


class World:
    """The robot, its computer, and the time between them."""

    def __init__(self):
        network = Network()
        self.now = 50.0
        self.guard, self.body = FakeGuard(), Body(network)
        self.robot = UnitreeRobot(G1, BODY, network.link(), self.guard, clock=lambda: self.now)
        assert isinstance(self.robot, SelfStandingRobot)
        self.body.step()
        self.robot.reset(0)

    def keep(self, seconds=DT, **body):
        for _ in range(round(seconds / DT)):
            self.now += DT
            self.body.step(**body)
            self.robot.keep()
        return self

    def drive(self, command, seconds=DT, **body):
        for _ in range(round(seconds / DT)):
            self.now += DT
            self.body.step(**body)
            self.robot.observe()
            self.robot.step(command)
        return self

    def stand(self):
        self.robot.ready()
        self.keep(7.0)
        assert self.robot.start_up.phase is Phase.READY
        return self

    @property
    def sent(self):
        """The newest command that reached the robot."""
        return self.body.frames.command(self.body.received[-1], 0.0, 0)


def walking(stiffness=1.0):
    n = len(G1.joint_names)
    position = G1.default_position + 0.01
    return Command(
        0.0, 0, position, np.zeros(n), stiffness * G1.stiffness, G1.damping, np.full(n, 0.5)
    )


def test_it_listens_and_sends_nothing_until_it_is_asked_to():
    world = World().keep(1.0)
    world.drive(walking(), 0.1)
    assert world.body.received == []
    assert world.body.owner == "ai"
    assert world.guard.engaged is None
    assert world.robot.held


def test_an_observation_is_what_the_state_said_with_a_gap_where_one_was_lost():
    world = World()
    first = world.robot.observe()
    world.keep(DT)
    assert world.robot.observe().sequence == first.sequence + 1
    world.keep(2 * DT, silent=True).keep(DT)
    seen = world.robot.observe()
    assert seen.sequence == first.sequence + 4
    assert seen.stamp == pytest.approx(first.stamp + 4 * DT)
    np.testing.assert_allclose(seen.joint_position, G1.default_position, atol=1e-6)
    assert world.robot.figures["lost"] == 2


def test_it_is_taken_from_its_own_controller_stood_up_and_driven():
    world = World().stand()
    assert world.body.owner == ""
    assert world.guard.engaged == 5
    assert world.guard.notes == len(world.body.received) + 1  # the newest is on its way
    world.drive(walking(), 0.1)
    np.testing.assert_allclose(world.sent.position, walking().position, atol=1e-6)
    np.testing.assert_allclose(world.sent.torque, 0.5)
    frame = world.body.received[-1]
    assert (frame["mode_machine"], frame["mode_pr"]) == (5, 0)
    enabled = frame["motor"]["mode"][0]
    assert enabled[:29].tolist() == [ENABLED] * 29
    assert not enabled[29:].any()
    assert not world.robot.held


def test_it_is_given_back_damped_and_then_nothing_more_is_sent():
    world = World().stand().drive(walking(), 0.1)
    world.robot.give_back()
    world.drive(walking(), 0.1)
    assert world.body.owner == ""  # a driver has it
    world.drive(walking(stiffness=0.0), 0.1)
    world.robot.give_back()
    world.keep(1.0)
    assert world.body.owner == "ai"
    assert world.robot.start_up.phase is Phase.LISTENING
    assert not world.sent.stiffness.any()
    count = len(world.body.received)
    world.keep(1.0)
    assert len(world.body.received) == count
    assert world.guard.engaged is None


def test_a_robot_of_another_kind_is_refused_by_the_file_that_fits():
    world = World()
    world.body.machine = 11
    world.keep(0.1)
    world.robot.ready()
    world.keep(0.1)
    assert "mode_machine is 11" in world.robot.hardware.hindrance
    assert "mode_11.yaml" in world.robot.hardware.hindrance
    world.body.machine, world.body.mode = 5, 1
    world.keep(0.1)
    world.robot.ready()
    world.keep(0.1)
    assert "mode_pr is 1" in world.robot.hardware.hindrance
    assert world.body.received == []


def test_a_silent_robot_that_is_driven_is_damped_within_40_ms_and_stays_so():
    world = World().stand().drive(walking(), 0.1)
    world.drive(walking(), 0.028, silent=True)
    assert world.sent.stiffness.any()
    world.drive(walking(), 0.008, silent=True)
    assert not world.sent.stiffness.any()
    assert "no state for 0.03" in world.robot.hardware.lost
    world.drive(walking(), 0.1)
    assert not world.sent.stiffness.any()
    world.stand().drive(walking(), 0.1)
    assert world.sent.stiffness.any()
    assert world.robot.hardware.lost == ""


def test_a_robot_that_falls_silent_while_it_stands_up_is_damped():
    world = World()
    world.robot.ready()
    world.keep(3.0)
    assert world.sent.stiffness.any()
    world.keep(0.04, silent=True)
    world.keep(0.02)
    assert world.robot.start_up.phase is Phase.DAMPED
    assert not world.sent.stiffness.any()


def test_what_the_guard_has_damped_is_not_driven_until_it_is_made_ready_again():
    world = World().stand().drive(walking(), 0.1)
    world.guard.tripped = True
    count = len(world.body.received)
    world.drive(walking(), 0.1)
    assert len(world.body.received) == count + 1  # was on its way
    assert "had sent nothing for too long" in world.robot.hardware.lost
    world.stand()
    assert not world.guard.tripped
    world.drive(walking(), 0.1)
    assert world.sent.stiffness.any()


def test_a_lost_robot_stays_so_when_it_is_not_made_ready():
    world = World().stand().drive(walking(), 0.1)
    world.drive(walking(), 0.04, silent=True)
    lost = world.robot.hardware.lost
    assert "no state for" in lost
    world.drive(walking(), DT)
    world.robot.ready()
    world.drive(walking(), 0.1)  # a driver has it: refused
    assert world.robot.hardware.lost == lost
    assert not world.sent.stiffness.any()


@pytest.mark.parametrize("tripped", [False, True])
def test_a_driven_robot_whose_guard_ends_is_damped_by_the_loop_itself(tripped):
    world = World().stand().drive(walking(), 0.1)
    world.guard.tripped, world.guard.alive = tripped, False
    count = len(world.body.received)
    world.drive(walking(), 0.1)
    assert len(world.body.received) == count + 50
    assert not world.sent.stiffness.any()
    assert world.robot.hardware.lost == "the guard has ended"


def test_a_robot_that_holds_itself_is_damped_when_the_guard_ends():
    world = World().stand()
    world.guard.alive = False
    world.keep(2 * DT)
    assert world.robot.start_up.phase is Phase.DAMPED
    assert not world.sent.stiffness.any()


def test_without_a_guard_no_robot_is_made_ready():
    world = World().keep(0.1)
    world.guard.alive = False
    world.robot.ready()
    world.keep(0.1)
    assert "not begun: the guard has ended" in world.robot.hardware.hindrance
    assert world.body.owner == "ai"
    assert world.body.received == []


def test_frames_that_are_wrong_or_old_are_counted_and_not_believed():
    world = World()
    stamp = world.robot.observe().stamp
    wrong = world.body.state()
    wrong["tick"] += 2
    world.body.states.write(wrong)
    old = world.body.state()
    world.body.states.write(old)
    world.robot.keep()
    assert world.robot.observe().stamp == stamp
    assert world.robot.counts["wrong checksum"] == 1
    assert world.robot.counts["older than the one before"] == 1


def test_a_drive_with_an_error_is_told_at_once_by_name():
    world = World().stand().drive(walking(), 0.1)
    assert world.robot.hardware.motor_errors == ()
    world.body.errors = {3: 0x400}
    world.drive(walking(), DT)
    assert world.robot.hardware.motor_errors == ("left_knee_joint: error 0x400",)
    world.body.errors = {}
    world.drive(walking(), DT)
    assert world.robot.hardware.motor_errors == ()


def test_temperatures_and_the_batterys_voltage_are_told():
    world = World()
    battery = empty(BATTERY_STATE)
    battery["bmsvoltage"] = 0, 48_500, 0
    world.body.battery.write(battery)
    world.keep(1.0)
    assert world.robot.hardware.motor_temperature.tolist() == [45.0] * 29
    assert world.robot.hardware.battery_voltage == 48.5
    figures = world.robot.figures
    assert figures["hottest_motor_celsius"] == 45.0
    assert figures["battery_volt"] == 48.5
    assert figures["mode_machine"] == 5
    assert figures["motor_errors"] == ""


def test_the_hardware_is_the_same_object_while_nothing_has_changed():
    world = World().stand().drive(walking(), 0.6)
    told = world.robot.hardware
    world.drive(walking(), 0.1)
    assert world.robot.hardware is told


STOP = (0b0010_0000, 0b0000_0010)


def test_while_the_remotes_stop_is_held_nothing_is_made_ready():
    world = World()
    world.body.remote = STOP
    world.keep(0.1)
    world.robot.ready()
    world.keep(0.1)
    assert "not begun: the remote's stop is held" in world.robot.hardware.hindrance
    assert world.body.owner == "ai"
    assert world.body.received == []
    world.body.remote = (0, 0)
    world.keep(DT).stand()


def test_while_the_remotes_stop_is_held_a_robot_that_was_driven_cannot_be_armed_again():
    world = World().stand().drive(walking(), 0.1)
    assert world.robot.hardware.hindrance == ""
    world.body.remote = STOP
    world.drive(walking(stiffness=0.0), 0.1)
    assert world.robot.hardware.hindrance == "the remote's stop is held"
    world.body.remote = (0, 0)
    world.drive(walking(stiffness=0.0), 0.1)
    assert world.robot.hardware.hindrance == ""


def test_the_remotes_two_buttons_stop_the_robot_once_however_long_they_are_held():
    world = World().stand()
    world.body.remote = STOP
    world.keep(DT)
    assert world.robot.asked().stop
    world.keep(0.1)
    assert not world.robot.asked().stop
    assert world.robot.start_up.phase is Phase.DAMPED
    assert not world.sent.stiffness.any()


def test_a_clock_that_is_set_is_borne():
    world = World().stand().drive(walking(), 0.1)
    world.body.tick += 3_600_000
    world.drive(walking(), 0.1)
    assert world.sent.stiffness.any()
    assert world.robot.figures["clock_steps"] == 1


def test_where_nobody_is_heard_that_is_said():
    network = Network()
    robot = UnitreeRobot(G1, BODY, network.link(), FakeGuard(), clock=lambda: 0.0)
    with pytest.raises(SilentRobotError, match=r"rt/lowstate within 3 s.*nobody is"):
        robot.reset(0)


def test_at_the_end_of_a_robot_that_was_let_go_of_the_guard_looks_away():
    world = World().stand().drive(walking(stiffness=0.0), 0.1)
    world.robot.let_go()
    world.robot.close()
    assert world.guard.closed
    assert world.guard.engaged is None


def test_a_robot_that_nobody_has_let_go_of_is_left_to_the_guard():
    world = World().stand().drive(walking(), 0.1)
    world.robot.close()
    assert world.guard.closed
    assert world.guard.engaged == 5


def test_a_robot_that_is_not_ours_is_not_left_to_the_guard():
    world = World().keep(0.1)
    world.guard.engaged = 5
    world.robot.close()
    assert world.guard.engaged is None


def driven():
    world = World().stand()
    world.drive(walking(), 0.1)
    assert not world.robot.held
    return world


def test_a_computer_that_stood_still_itself_does_not_lose_the_robot():
    world = driven()
    world.now += 0.04
    world.robot.observe()
    world.robot.step(walking())
    assert world.robot.hardware.lost == ""
    world.drive(walking(), 0.1)
    assert world.sent.stiffness.any()


def test_a_robot_that_is_not_heard_afterwards_either_is_lost_as_soon_as_ever():
    world = driven()
    world.now += 0.04
    world.robot.observe()
    world.robot.step(walking())
    world.drive(walking(), 0.022, silent=True)
    assert "no state for" in world.robot.hardware.lost
    assert not world.sent.stiffness.any()


def test_standing_still_for_long_is_no_excuse():
    world = driven()
    world.now += 0.07
    world.robot.observe()
    world.robot.step(walking())
    assert "no state for" in world.robot.hardware.lost

"""What will drive the real robot, against the emulated one: taken over, stood up, given back."""

import numpy as np
import pytest

from wm_bringup.emulator.assemble import choose, emulate
from wm_bringup.emulator.on_link import RobotOnLink
from wm_bringup.robots.unitree.in_process import Network
from wm_bringup.robots.unitree.robot import UnitreeRobot
from wm_bringup.robots.unitree.variants import load_body
from wm_control.arbiter.start_up import Phase
from wm_control.constants import CONTROL_PERIOD
from wm_control.types import Command


class NoGuard:
    """In lock-step the loop cannot stop."""

    tripped, alive = False, True

    def engage(self, machine):
        pass

    def note(self):
        pass

    def release(self):
        pass

    def close(self):
        pass


class Both:
    """Robot and computer, that live through periods in turns."""

    def __init__(self, g1, body="g1", machine=None):
        self.emulated = emulate(choose("g1", machine), engine="mujoco")
        network = Network()
        self._attached = RobotOnLink(self.emulated, network.link())
        self.robot = UnitreeRobot(
            g1, load_body(body), network.link(), NoGuard(), clock=lambda: self.emulated.now
        )
        self._attached.step()
        self.robot.reset(0)

    def go(self, seconds, until=lambda: False, act=None):
        for _ in range(round(seconds / CONTROL_PERIOD)):
            self._attached.step()
            if act is None:
                self.robot.hold()
            else:
                self.robot.step(act(self.robot.observe()))
            if until():
                break

    @property
    def phase(self):
        return self.robot.start_up.phase


@pytest.fixture
def holding(g1):
    zero = np.zeros(len(g1.joint_names))

    def _holding(observation):
        gains = 9.0 * g1.stiffness, 3.0 * g1.damping
        return Command(
            observation.stamp, observation.sequence, g1.default_position, zero, *gains, zero
        )

    return _holding


@pytest.fixture
def both(g1):
    one = Both(g1)
    yield one
    one.emulated.simulation.close()


def test_from_the_crane_to_a_standing_robot_and_back(both, holding):
    assert both.phase is Phase.LISTENING
    both.go(0.2)
    assert both.emulated.authority.mover == "vendor"
    assert both.emulated.counts.heard == 0
    both.robot.ready()
    both.go(12.0, until=lambda: both.emulated.crane.state == "slack")
    assert both.emulated.crane.state == "slack"
    both.go(3.0, until=lambda: both.phase is Phase.READY and not both.robot.start_up.said)
    assert both.phase is Phase.READY
    assert both.emulated.authority.fought == 0
    both.go(1.0, act=holding)
    assert both.phase is Phase.DRIVEN
    assert both.emulated.counts.fell_at is None
    assert abs(both.emulated.simulation.clearance()) < 0.01
    both.robot.relax()
    both.emulated.crane.lift()
    both.robot.give_back()
    both.go(3.0, until=lambda: both.phase is Phase.LISTENING)
    assert both.phase is Phase.LISTENING
    assert both.emulated.authority.mode == "ai"
    assert not both.emulated.counts.rejected


def test_a_body_that_is_another_than_its_file_is_not_taken_over(g1):
    other = Both(g1, machine=13)
    other.robot.ready()
    other.go(0.5)
    assert other.phase is Phase.LISTENING
    assert "mode_13.yaml" in other.robot.start_up.refused
    assert other.emulated.counts.heard == 0
    other.emulated.simulation.close()


def test_a_motor_that_stops_for_heat_is_told_with_its_name(both, holding):
    both.robot.ready()
    both.go(12.0, until=lambda: both.phase is Phase.READY)
    both.emulated.heat.winding[:] = 130.0
    both.go(0.1)
    assert "left_knee_joint: error 0x200" in both.robot.hardware.motor_errors
    assert both.phase is Phase.DAMPED


def test_states_that_fall_silent_or_are_wrong_are_noticed(both):
    both.robot.ready()
    both.go(12.0, until=lambda: both.phase is Phase.READY)
    both.emulated.silence(0.06)
    both.go(0.05)
    assert both.phase is Phase.DAMPED
    assert "no state for 0.03" in both.robot.hardware.lost
    both.go(0.05)
    both.emulated.replay(0.004)
    both.go(0.1)
    assert both.robot.counts["older than the one before"] == 2


def test_temperature_and_voltage_are_told(both):
    both.go(1.2)
    np.testing.assert_allclose(both.robot.hardware.motor_temperature, 25.0)
    assert 50.0 < both.robot.hardware.battery_voltage < 54.0


def test_the_remote_stops_the_robot(both):
    both.robot.ready()
    both.go(4.0)
    assert both.phase is Phase.STANDING_UP
    both.emulated.remote.press(["L2", "B"])
    both.go(0.01)
    assert both.phase is Phase.DAMPED
    assert both.robot.asked().stop

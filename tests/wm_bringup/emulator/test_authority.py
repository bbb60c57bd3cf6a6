"""Who moves the motors, told over time."""

import numpy as np
import pytest

from wm_bringup.emulator.authority import Authority
from wm_bringup.emulator.parameters import VendorParameters, WatchdogParameters
from wm_control.types import Command, Observation


@pytest.fixture
def observed(g1):
    n = len(g1.joint_names)
    zero = np.zeros(3)
    return Observation(
        0.0, 0, np.full(n, 0.1), np.zeros(n), np.zeros(n), np.array([0, 0, 0, 1.0]), zero, zero
    )


@pytest.fixture
def foreign(g1):
    n = len(g1.joint_names)
    ones = np.ones(n)
    return Command(0.0, 0, ones, ones, 50.0 * ones, ones, ones)


@pytest.fixture
def authority(g1):
    def _authority(damp_after=0.02, **vendor):
        return Authority(g1, VendorParameters(**vendor), WatchdogParameters(damp_after))

    return _authority


def test_the_vendors_controller_stands_stiffly_in_its_posture(authority, observed, g1):
    vendor = authority(stand_time=1.0)
    first = vendor.decide(0.0, None, observed)
    assert vendor.mover == "vendor"
    np.testing.assert_array_equal(first.position, observed.joint_position)
    half = vendor.decide(0.5, None, observed)
    np.testing.assert_allclose(half.position, 0.05 + 0.5 * g1.default_position)
    there = vendor.decide(3.0, None, observed)
    np.testing.assert_allclose(there.position, g1.default_position)
    np.testing.assert_allclose(there.stiffness, 9.0 * g1.stiffness)
    np.testing.assert_allclose(there.damping, 3.0 * g1.damping)


def test_commands_from_elsewhere_act_in_every_other_period_while_it_is_active(
    authority, observed, foreign
):
    both = authority()
    followed = [both.decide(0.002 * k, foreign, observed) is foreign for k in range(4)]
    assert followed == [True, False, True, False]
    assert both.fought == 4
    assert both.decide(0.008, None, observed) is not foreign
    assert both.fought == 4


def test_a_released_robot_has_no_torque_until_somebody_commands(authority, observed, foreign):
    robot = authority()
    robot.decide(0.0, foreign, observed)
    robot.release()
    limp = robot.decide(0.002, None, observed)
    assert robot.mover == "limp"
    assert not limp.stiffness.any()
    assert not limp.damping.any()
    assert not limp.torque.any()
    assert robot.decide(0.004, foreign, observed) is foreign
    assert robot.mover == "computer"


def test_the_watchdog_damps_20_ms_after_the_last_command_until_the_next(
    authority, observed, foreign, g1
):
    robot = authority(mode="")
    robot.decide(1.0, foreign, observed)
    for k in range(1, 10):
        assert robot.decide(1.0 + 0.002 * k, None, observed) is foreign
    damped = robot.decide(1.0 + 0.002 * 10, None, observed)
    assert (robot.mover, robot.trips) == ("damping", 1)
    assert not damped.stiffness.any()
    np.testing.assert_array_equal(damped.damping, g1.damping)
    robot.decide(1.1, None, observed)
    assert robot.trips == 1
    assert robot.decide(1.2, foreign, observed) is foreign
    robot.decide(1.3, None, observed)
    assert robot.trips == 2


def test_without_a_watchdog_the_last_command_acts_for_ever(authority, observed, foreign):
    robot = authority(damp_after=None, mode="")
    robot.decide(0.0, foreign, observed)
    assert robot.decide(1000.0, None, observed) is foreign
    assert robot.trips == 0


def test_given_back_it_is_limp_as_after_booting_or_stands_if_it_is_said_to(
    authority, observed, foreign
):
    limp = authority()
    limp.release()
    limp.select("ai")
    assert not limp.decide(0.0, None, observed).stiffness.any()
    assert limp.mover == "vendor"
    stands = authority(regained="stand")
    stands.release()
    stands.decide(0.0, foreign, observed)
    stands.select("ai")
    assert stands.decide(5.0, None, observed).stiffness.all()


def test_selecting_what_is_active_changes_nothing(authority, observed):
    vendor = authority()
    vendor.decide(0.0, None, observed)
    vendor.select("ai")
    assert vendor.decide(0.002, None, observed).stiffness.all()

"""Heat of motors and charge of the battery, against numbers worked by hand."""

import math

import numpy as np
import pytest

from wm_bringup.emulator.motors import Battery, MotorHeat, drawn_power
from wm_bringup.emulator.parameters import BatteryParameters, HeatParameters

LIMIT = np.array([100.0, 50.0])
HEAT = HeatParameters(
    ambient=20.0,
    continuous=0.5,
    winding_rise=40.0,
    casing_rise=30.0,
    winding_time=10.0,
    casing_time=100.0,
    winding_limit=110.0,
    casing_limit=80.0,
    recovered=10.0,
)


def run(heat, torque, seconds, step=0.01):
    for _ in range(round(seconds / step)):
        heat.step(np.array(torque), step)


def test_a_motor_without_torque_stays_as_warm_as_the_air():
    heat = MotorHeat(LIMIT, HEAT)
    run(heat, [0.0, 0.0], 10.0)
    assert heat.winding.tolist() == heat.casing.tolist() == [20.0, 20.0]
    assert not heat.errors.any()


def test_continuous_torque_ends_at_the_rises_that_were_said():
    heat = MotorHeat(LIMIT, HEAT)
    run(heat, [50.0, -25.0], 1500.0, 0.1)  # either direction heats
    np.testing.assert_allclose(heat.casing, 50.0, atol=0.1)
    np.testing.assert_allclose(heat.winding, 90.0, atol=0.1)


def test_heat_grows_with_the_square_of_the_torque():
    heat = MotorHeat(LIMIT, HEAT)
    run(heat, [25.0, 0.0], 1500.0, 0.1)  # half of the torque: a quarter of the rise
    assert heat.winding[0] == pytest.approx(20.0 + 70.0 / 4.0, abs=0.1)
    assert heat.winding[1] == 20.0


def test_the_winding_follows_within_its_time_constant():
    heat = MotorHeat(LIMIT, HEAT)
    run(heat, [50.0, 0.0], 10.0)
    # Without the casing's slow warming: 40 K (1 - 1/e) = 25.3 K; that adds 30 K · 10 / 100 at most.
    assert 45.0 < heat.winding[0] < 48.3


def test_a_motor_that_is_too_hot_says_so_until_it_has_cooled_by_ten_degrees():
    heat = MotorHeat(LIMIT, HEAT)
    heat.winding[0] = 109.9
    run(heat, [0.0, 0.0], 0.01)
    assert heat.errors.tolist() == [0, 0]
    heat.winding[0] = 112.0
    run(heat, [0.0, 0.0], 0.01)
    assert heat.errors.tolist() == [0x200, 0]
    heat.winding[0] = 101.0
    run(heat, [0.0, 0.0], 0.01)
    assert heat.errors.tolist() == [0x200, 0]
    heat.winding[0] = 99.0
    run(heat, [0.0, 0.0], 0.01)
    assert heat.errors.tolist() == [0, 0]


def test_a_casing_that_is_too_hot_has_a_bit_of_its_own():
    heat = MotorHeat(LIMIT, HEAT)
    heat.casing[1] = 81.0
    heat.winding[:] = 120.0
    run(heat, [0.0, 0.0], 0.01)
    assert heat.errors.tolist() == [0x200, 0x280]


def test_an_unloaded_battery_has_its_cells_voltage():
    battery = Battery(BatteryParameters(charge=1.0))
    assert battery.voltage == pytest.approx(13 * 4.2)
    assert Battery(BatteryParameters(charge=0.5)).voltage == pytest.approx(13 * 3.7)


def test_load_lowers_the_voltage_by_what_the_resistance_takes():
    battery = Battery(BatteryParameters(charge=0.5, resistance=0.1))  # 48.1 V
    battery.step(470.0, 0.002)
    # V = 24.05 + sqrt(24.05² - 47) = 47.1, I = 470 / 47.1 = 9.98 A, 0.1 ohm · 9.98 A = 1.0 V
    assert battery.voltage == pytest.approx(24.05 + math.sqrt(24.05**2 - 47.0))
    assert battery.voltage + 0.1 * battery.current == pytest.approx(48.1)


def test_more_than_it_can_give_halves_its_voltage():
    battery = Battery(BatteryParameters(charge=0.5, resistance=0.1))
    battery.step(1e6, 1e-9)
    assert battery.voltage == pytest.approx(24.05)


def test_a_charge_is_used_up_by_its_current():
    battery = Battery(BatteryParameters(charge=0.5, resistance=0.0, capacity=9.0))
    battery.step(48.1 * 9.0, 360.0)  # 9 A for a tenth of an hour from 9 Ah
    assert battery.charge == pytest.approx(0.4)
    battery.step(1e5, 3600.0)
    assert battery.charge == 0.0


def test_power_is_that_of_motors_that_drive_of_their_losses_and_of_all_else():
    torque, velocity = np.array([10.0, -10.0, 20.0]), np.array([2.0, -3.0, -1.0])
    heat = np.array([0.25, 0.25, 1.0])
    asked = BatteryParameters(idle=28.0, motor_loss=8.0)
    # 10 · 2 + 10 · 3, nothing back from 20 · 1; 8 · 1.5; 28
    assert drawn_power(torque, velocity, heat, asked) == pytest.approx(50.0 + 12.0 + 28.0)

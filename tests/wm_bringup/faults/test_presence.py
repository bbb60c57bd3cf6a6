"""Whether a fault can act where it is asked for."""

from __future__ import annotations

import pytest
from loop_fakes import G1

from wm_bringup.faults.fault import Fault
from wm_bringup.faults.meanings import DRIVER_OF, PATHS
from wm_bringup.faults.presence import absent_driver, check_fault, check_path
from wm_bringup.faults.sensors import SensorLayout
from wm_control.errors import ParameterError

LAYOUT = SensorLayout(G1.joint_names)


@pytest.mark.parametrize(("text", "needed"), [
    ("policy:nan@4", "policy"), ("mpc:off@4", "mpc"), ("plan:off@4", "mpc"),
    ("plan.timing:nan@4", "mpc"),
])  # fmt: skip
def test_what_a_controller_sends_is_there_where_that_controller_is(text, needed):
    other = {"policy": "mpc", "mpc": "policy"}[needed]
    assert absent_driver(Fault.parse(text), ("mpc", "policy")) == ""
    assert absent_driver(Fault.parse(text), (other,)) == needed


def test_what_is_in_every_loop_needs_no_controller():
    for target in set(PATHS) - set(DRIVER_OF):
        assert absent_driver(Fault.parse(f"{target}:nan@0"), ()) == ""


def test_a_path_that_is_not_there_is_refused_with_key_text_and_origin():
    with pytest.raises(ParameterError, match=r"'faults\.2' in walk: 'plan:off@4' - no effect: mpc"):
        check_path(Fault.parse("plan:off@4"), ("policy",), "faults.2", "walk")
    check_path(Fault.parse("plan:off@4"), ("policy", "mpc"))


def test_sensors_are_those_of_the_robot_whoever_drives():
    check_fault(Fault.parse("left_knee_joint:stuck@1"), (), LAYOUT)
    with pytest.raises(ParameterError, match="name of a joint"):
        check_fault(Fault.parse("left_wing_joint:nan@0"), ("mpc", "policy"), LAYOUT)


def test_a_fault_of_a_path_is_not_taken_for_one_of_a_sensor():
    with pytest.raises(ParameterError, match="policy neither drives nor runs in shadow"):
        check_fault(Fault.parse("policy:nan@4"), ("mpc",), LAYOUT)

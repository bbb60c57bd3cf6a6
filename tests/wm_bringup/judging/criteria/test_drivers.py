"""Criteria of several drivers on one robot, worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_up_records import DECISION, march

from wm_bringup.judging.criteria import arbiter
from wm_bringup.judging.statistics import combined
from wm_bringup.record.run_record import NotRecordedError, RunRecord
from wm_control.types import Cause

POLICY = replace(DECISION, source="policy")
ARBITER = replace(DECISION, source="arbiter")


def rescued(seconds=0.998, away=range(100, 200), facts=("mpc", "policy")):
    """The MPC walks, and the policy has the robot for a while."""
    cycles = {k: {"decision": POLICY} for k in away}
    return march(seconds=seconds, cycles=cycles).with_facts(preference=facts)


def test_the_robot_is_taken_once_and_given_back_and_the_share_of_who_is_preferred_is_the_rest():
    record = rescued()  # 500 cycles, of which the policy has 100
    assert arbiter.rescues(record) == 1
    assert arbiter.first_rescue(record) == pytest.approx(0.2)
    assert arbiter.preferred_share(record) == pytest.approx(0.8)
    assert arbiter.switches_per_minute(record) == pytest.approx(2 * 60.0)  # two in one second


def test_seen_from_the_other_order_the_same_run_has_a_rescue_when_the_robot_is_given_back():
    record = rescued(facts=("policy", "mpc"))
    assert arbiter.first_rescue(record) == pytest.approx(0.4)
    assert arbiter.preferred_share(record) == pytest.approx(0.2)


def test_commands_of_the_arbiter_in_between_are_no_change_of_driver():
    held = {k: {"decision": ARBITER} for k in range(50, 60)}
    record = march(seconds=0.998, cycles=held).with_facts(preference=("mpc", "policy"))
    assert arbiter.rescues(record) == 0
    assert arbiter.first_rescue(record) is None
    assert arbiter.switches_per_minute(record) == 0.0
    assert arbiter.preferred_share(record) == pytest.approx(0.98)


def test_without_a_word_on_who_was_to_drive_nothing_is_said_of_rescues():
    with pytest.raises(NotRecordedError, match="who was to drive"):
        arbiter.rescues(march(seconds=0.1))


def test_a_push_begins_at_the_last_look_without_a_force():
    record, force = rescued(), np.zeros((500, 3))
    force[91:110, 0] = 250.0  # seen first at 0.182 s, so that it may have begun at 0.180 s
    pushed = record.with_columns(push_force=force)
    assert arbiter.push_to_rescuer(pushed) == pytest.approx(0.020)  # the policy came at 0.200 s
    assert arbiter.push_to_rescuer(record) is None


def test_who_comes_more_than_a_second_after_a_push_does_not_come_for_it():
    force = np.zeros((1000, 3))
    force[91:110, 0] = 250.0
    record = rescued(seconds=1.998, away=range(700, 800)).with_columns(push_force=force)
    assert arbiter.push_to_rescuer(record) is None


def test_a_fault_is_answered_by_the_first_command_of_another_than_the_faulty_driver():
    record = rescued()
    fault = record.with_facts(driver_faults=(("mpc", 0.187),))
    assert arbiter.fault_to_command(fault) == pytest.approx(0.013)
    assert arbiter.unanswered_faults(fault) == 0
    with pytest.raises(NotRecordedError):
        arbiter.fault_to_command(record)


def test_a_fault_of_who_does_not_drive_is_no_fault_of_a_driver():
    record = rescued()  # by the policy from 0.200 s to 0.400 s
    for who, at in (("policy", 0.188), ("mpc", 0.300), ("policy", 0.500)):
        beside = record.with_facts(driver_faults=((who, at),))
        assert arbiter.fault_to_command(beside) is None
        assert arbiter.unanswered_faults(beside) is None
    # of two faults the one of who drives counts: the MPC's at 0.187 s is answered at 0.200 s
    both = record.with_facts(driver_faults=(("policy", 0.100), ("mpc", 0.187)))
    assert arbiter.fault_to_command(both) == pytest.approx(0.013)


def test_a_fault_in_the_very_cycle_in_which_a_driver_gives_way_is_answered_at_once():
    record = rescued().with_facts(driver_faults=(("mpc", 0.200),))
    assert arbiter.fault_to_command(record) == pytest.approx(0.0)


def test_a_fault_that_is_never_answered_lasts_to_the_end_and_is_counted():
    record = rescued(seconds=0.998)  # the last cycle is at 0.998 s
    never = record.with_facts(driver_faults=(("mpc", 0.187), ("mpc", 0.5)))
    assert arbiter.fault_to_command(never) == pytest.approx(0.498)
    assert arbiter.unanswered_faults(never) == 1


def test_commands_of_the_arbiter_itself_answer_a_fault():
    held = march(seconds=0.998, cycles={100: {"decision": ARBITER}})
    fault = held.with_facts(preference=("mpc",), driver_faults=(("mpc", 0.187),))
    assert arbiter.fault_to_command(fault) == pytest.approx(0.013)


def test_interventions_are_told_for_ten_minutes():
    cause = replace(DECISION, first_cause=Cause("tilt", 0.5, 0.4, "tilted"))
    record = march(seconds=5.998, cycles={10: {"decision": cause}})  # one in 6 s
    assert arbiter.interventions_per_10_min(record) == pytest.approx(100.0)


def stepping(usual, at_hand_over, lately=0.0, after=0) -> RunRecord:
    """4 s in which targets step by ``usual`` rad to and fro, and once more in the hand-over.

    lately: another step, so many looks after the policy's first command.
    """
    record = rescued(seconds=4.0, away=range(1000, 1501))
    count = len(record)
    target = np.zeros((count, 3))
    target[::2, 0] = usual
    target[1000:, 0] += at_hand_over  # the policy's first command
    target[1000 + after :, 0] += lately
    return record.with_columns(
        command_position=target,
        command_velocity=np.zeros((count, 3)),
        command_stiffness=np.full((count, 3), 100.0),
        command_damping=np.full((count, 3), 2.0),
        command_torque=np.zeros((count, 3)),
        joint_position=np.full((count, 3), 0.3),
        joint_velocity=np.ones((count, 3)),
    )


def test_the_torque_step_of_a_hand_over_is_told_beyond_what_is_usual_of_the_joint():
    # 100 N·m/rad: usual steps of 1 N·m; at the hand-over one of 0.01 + 0.07 rad, which is 8 N·m
    assert arbiter.hand_over_torque_step(stepping(0.01, 0.07)) == pytest.approx(7.0)
    assert arbiter.torque_steps(stepping(0.01, 0.0)).max() == pytest.approx(1.0)


def test_a_step_within_half_a_second_is_the_hand_overs_and_a_later_one_is_what_is_usual():
    # 0.48 s after: 5 - 1 N·m; with a change back at 1.0 s as well, 0.52 s after it is no hand-over
    assert arbiter.hand_over_torque_step(stepping(0.01, 0.0, 0.04, 240)) == pytest.approx(4.0)
    assert arbiter.hand_over_torque_step(stepping(0.01, 0.07, 0.04, 260)) == pytest.approx(3.0)


def test_the_same_target_with_another_gain_is_a_step_as_large_as_the_joint_is_away_from_it():
    record = stepping(0.0, 0.0)
    stiffness = record["command_stiffness"].copy()
    stiffness[1000:] = 120.0  # 20 N·m/rad more, of a joint that is 0.3 rad away
    assert arbiter.hand_over_torque_step(
        record.with_columns(command_stiffness=stiffness)
    ) == pytest.approx(6.0)


def test_without_a_hand_over_there_is_no_step_of_one():
    steady = stepping(0.01, 0.0)
    steady = steady.with_columns(driver=np.ones_like(steady.columns["driver"]))
    assert arbiter.hand_over_torque_step(steady) is None


def test_percentiles_are_over_runs():
    assert combined([0.01, 0.02, 0.03, 0.04, 0.05], "p50") == pytest.approx(0.03)
    assert combined([0.0, 1.0], "p90") == pytest.approx(0.9)

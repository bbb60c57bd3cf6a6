"""What each verb makes of a joint command, a plan, an estimate and the time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from loop_fakes import estimate_of, observation_at
from test_plan_check import plan

from wm_bringup.faults.fault import Fault
from wm_bringup.faults.spoiling import (
    spoil_command,
    spoil_estimate,
    spoil_plan,
    spoil_proposal,
    spoil_time,
)
from wm_control.controllers.proposal import Proposal
from wm_control.types import LEFT, RIGHT, Command, ControllerResult, Status

DEFAULT = np.array([0.1, -0.2, 0.9])


def command(stamp=4.0, first=0.3):
    return Command(
        stamp,
        round(500 * stamp),
        position=np.array([first, -0.2, 0.7]),
        velocity=np.array([1.0, 0.0, -2.0]),
        stiffness=np.array([100.0, 50.0, 20.0]),
        damping=np.array([3.0, 2.0, 1.0]),
        torque=np.array([0.0, 5.0, -5.0]),
    )


def spoiled(text, now=None, last=None):
    now = now or command()
    return spoil_command(DEFAULT, Fault.parse(f"policy:{text}@4"), now, last or now)


def test_sign_mirrors_targets_about_the_default_posture_and_speeds_and_torques_about_zero():
    found = spoiled("sign")
    np.testing.assert_allclose(found.position, [-0.1, -0.2, 1.1])  # 0.1 - 0.2; 0.9 + 0.2
    np.testing.assert_array_equal(found.velocity, [-1.0, 0.0, 2.0])
    np.testing.assert_array_equal(found.torque, [0.0, -5.0, 5.0])
    np.testing.assert_array_equal(found.stiffness, command().stiffness)


def test_scale_is_of_the_deviation_from_the_default_posture():
    found = spoiled("scale=3")
    np.testing.assert_allclose(found.position, [0.7, -0.2, 0.3])
    np.testing.assert_allclose(found.torque, [0.0, 15.0, -15.0])


def test_bias_is_added_to_every_target():
    np.testing.assert_allclose(spoiled("bias=0.1").position, [0.4, -0.1, 0.8])


def test_permute_gives_every_joint_what_is_meant_for_the_one_before():
    found = spoiled("permute")
    np.testing.assert_array_equal(found.position, [0.7, 0.3, -0.2])
    np.testing.assert_array_equal(found.stiffness, [20.0, 100.0, 50.0])


@pytest.mark.parametrize(("verb", "value"), [("nan", np.nan), ("inf", np.inf), ("huge", 1e9)])
def test_numbers_beyond_use_are_in_every_target(verb, value):
    np.testing.assert_array_equal(spoiled(verb).position, [value] * 3)


def test_a_stuck_command_is_the_last_one_with_the_stamps_of_the_new_one():
    found = spoiled("stuck", last=command(3.9, first=0.25))
    assert found.position[0] == 0.25
    assert (found.stamp, found.sequence) == (4.0, 2000)


def proposal(stamp, first=0.3, status=Status.OK):
    sent = None if status == Status.FAILED else command(stamp, first)
    return Proposal(stamp, round(500 * stamp), ControllerResult("policy", sent, status))


def test_a_stuck_policy_sends_its_last_proposal_as_the_answer_to_every_new_estimate():
    fault = Fault.parse("policy:stuck@4")
    found = spoil_proposal(DEFAULT, fault, proposal(4.02), proposal(3.98, 0.25))
    assert (found.stamp, found.sequence, found.result.command.stamp) == (4.02, 2010, 4.02)
    assert found.result.command.position[0] == 0.25
    kept = spoil_proposal(DEFAULT, fault, proposal(4.02, status=Status.FAILED), proposal(3.98))
    assert kept.result.status == Status.OK


def test_where_there_is_no_command_there_is_nothing_to_spoil():
    failed = proposal(4.0, status=Status.FAILED)
    assert spoil_proposal(DEFAULT, Fault.parse("policy:nan@4"), failed, failed) == failed


def planned(text, now=None, last=None):
    now = now or plan()
    return spoil_plan(Fault.parse(text), now, last or now)


def test_a_mirrored_plan_puts_the_feet_on_the_other_side_of_the_support_foot():
    """Support foot at (0, 0.1): the swing foot's place (0.1, -0.1) becomes (-0.1, 0.3)."""
    found = planned("plan:sign@1")
    np.testing.assert_allclose(found.footsteps[0], [-0.1, 0.3, 0.0, 0.1])
    np.testing.assert_allclose(found.cop_offset, [-0.02, 0.01])


def test_a_scaled_plan_steps_further_from_the_support_foot_and_a_biased_one_aside():
    np.testing.assert_allclose(planned("plan:scale=2@1").footsteps[0, :2], [0.2, -0.3])
    np.testing.assert_allclose(planned("plan:bias=0.05@1").footsteps[1, :2], [0.35, 0.15])
    np.testing.assert_allclose(planned("plan:bias=0.05@1").cop_offset, [0.07, 0.04])


def test_a_permuted_plan_is_for_the_other_foot():
    assert plan().gait.support == LEFT
    assert planned("plan:permute@1").gait.support == RIGHT


def test_a_plan_beyond_use_has_no_place_left():
    assert np.isnan(planned("plan:nan@1").footsteps[:, :2]).all()
    assert np.isinf(planned("plan:inf@1").cop_offset).all()
    assert (planned("plan:huge@1").footsteps[:, :2] == 1e9).all()


def test_a_stuck_plan_is_the_last_one_as_if_it_were_of_now():
    old = replace(plan(), stamp=0.9, sequence=450)
    found = planned("plan:stuck@1", last=old)
    assert (found.stamp, found.sequence) == (plan().stamp, 500)
    assert found.gait is old.gait


def test_the_times_of_a_plan_are_spoiled_about_its_stamp():
    """Stamped 1.096 s, touchdown at 1.36 s: 0.264 s ahead; the next step takes 0.36 s."""
    ahead = {
        "bias=0.1": (0.364, 0.46),
        "scale=2": (0.528, 0.72),
        "sign": (-0.264, -0.36),
        "huge": (1e9, 1e9),
    }
    for verb, (touch_down, duration) in ahead.items():
        found = planned(f"plan.timing:{verb}@1")
        assert found.gait.touch_down - found.stamp == pytest.approx(touch_down)
        assert found.next_duration == pytest.approx(duration)
        np.testing.assert_array_equal(found.footsteps, plan().footsteps)


def believed(text, last_velocity=(0.1, 0.0, 0.0)):
    now = estimate_of(observation_at(4.0, 2000), base_velocity_in_base=np.array([0.3, -0.1, 0.02]))
    last = estimate_of(observation_at(3.998, 1999), base_velocity_in_base=np.array(last_velocity))
    return spoil_estimate(Fault.parse(f"estimator:{text}@4"), now, last)


@pytest.mark.parametrize(
    ("text", "velocity"),
    [
        ("bias=0.2", (0.5, -0.1, 0.02)),
        ("sign", (-0.3, 0.1, -0.02)),
        ("scale=2", (0.6, -0.2, 0.04)),
        ("permute", (0.02, 0.3, -0.1)),
        ("huge", (1e9, 1e9, 1e9)),
    ],
)
def test_a_wrong_estimate_has_a_wrong_velocity_of_the_base(text, velocity):
    np.testing.assert_allclose(believed(text).base_velocity_in_base, velocity)


def test_a_stuck_estimator_believes_the_last_beside_the_new_observation():
    found = believed("stuck")
    assert found.base_velocity_in_base[0] == 0.1
    assert found.stamp == 4.0


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("stuck", 3.998),
        ("bias=0.1", 4.5 + 0.1),
        ("scale=1.2", 4.0 + 1.2 * 0.5),
        ("huge", 1e9),
        ("inf", np.inf),
    ],
)
def test_a_clock_jumps_drifts_or_stands_still(text, told):
    assert spoil_time(Fault.parse(f"clock:{text}@4"), 4.5, 3.998) == pytest.approx(told)

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from robot_parameters import SAFETY
from robot_story import DT, hold, standing

from wm_control.arbiter.command_filter import Clip, CommandFilter
from wm_control.robot.description import load_robot

G1 = load_robot("g1")
N = len(G1.joint_names)
KNEE = G1.joint_names.index("left_knee_joint")
STANDING = standing(G1, 0.0, 0)
COMMAND = hold(STANDING, G1).command
OBSERVATION = STANDING.observation


def changed(**parts):
    """COMMAND with single joints changed: changed(position={KNEE: 1.0})."""
    arrays = {}
    for name, entries in parts.items():
        arrays[name] = getattr(COMMAND, name).copy()
        for joint, value in entries.items():
            arrays[name][joint] = value
    return replace(COMMAND, **arrays)


def test_a_command_within_all_limits_passes_bit_for_bit():
    command, clipped = CommandFilter(G1, SAFETY.filter).apply(COMMAND, OBSERVATION, DT)
    assert not clipped.any()
    for part in ("position", "velocity", "stiffness", "damping", "torque"):
        assert getattr(command, part).tobytes() == getattr(COMMAND, part).tobytes()


def test_a_joint_without_finite_command_is_damped_alone():
    filtering = CommandFilter(G1, SAFETY.filter)
    command, clipped = filtering.apply(changed(torque={KNEE: np.nan}), OBSERVATION, DT)
    assert clipped.nonzero()[0].tolist() == [KNEE]
    assert command.stiffness[KNEE] == 0.0
    assert command.damping[KNEE] == G1.damping[KNEE]
    assert command.torque[KNEE] == 0.0
    assert filtering.counts[Clip.FINITE, KNEE] == 1
    assert filtering.counts.sum() == 1


def test_position_targets_stay_in_the_joint_range():
    filtering = CommandFilter(G1, SAFETY.filter)
    above = G1.position_upper[KNEE] + 1.0
    command, _ = filtering.apply(changed(position={KNEE: above}), OBSERVATION, DT)
    assert command.position[KNEE] == G1.position_upper[KNEE]
    assert filtering.counts[Clip.RANGE, KNEE] == 1


def test_position_targets_travel_no_faster_than_allowed():
    """Speed limit 20 rad/s, scale 2, 2 ms: 0.08 rad per cycle."""
    filtering = CommandFilter(G1, SAFETY.filter)
    filtering.apply(COMMAND, OBSERVATION, DT)
    target = COMMAND.position[KNEE] + 0.5
    command, _ = filtering.apply(changed(position={KNEE: target}), OBSERVATION, DT)
    assert command.position[KNEE] == pytest.approx(COMMAND.position[KNEE] + 0.08)
    assert filtering.counts[Clip.RATE, KNEE] == 1


def test_after_damping_the_target_starts_from_the_measured_position():
    filtering = CommandFilter(G1, SAFETY.filter)
    loose = replace(COMMAND, stiffness=np.zeros(N), position=np.zeros(N))
    filtering.apply(loose, OBSERVATION, DT)
    command, clipped = filtering.apply(COMMAND, OBSERVATION, DT)
    assert not clipped.any()
    assert command.position == pytest.approx(G1.default_position)


def test_gains_and_target_speeds_are_bounded():
    filtering = CommandFilter(G1, SAFETY.filter)
    wild = changed(stiffness={0: 1e4, 1: -1.0}, damping={2: 99.0}, velocity={3: -50.0})
    command, clipped = filtering.apply(wild, OBSERVATION, DT)
    assert (command.stiffness[0], command.stiffness[1]) == (500.0, 0.0)
    assert command.damping[2] == 50.0
    assert command.velocity[3] == -20.0
    assert clipped[:4].all()
    assert (filtering.counts[Clip.GAIN, :4] == 1).all()


def test_feed_forward_gives_way_so_that_the_whole_torque_keeps_the_limit():
    """At rest on the target, 200 N·m asked of a knee of 139 N·m; then 0.1 rad off at kp 99."""
    filtering = CommandFilter(G1, SAFETY.filter)
    command, _ = filtering.apply(changed(torque={KNEE: 200.0}), OBSERVATION, DT)
    assert command.torque[KNEE] == pytest.approx(139.0)
    measured = OBSERVATION.joint_position.copy()
    measured[KNEE] -= 0.1
    shifted = replace(OBSERVATION, joint_position=measured)
    command, _ = filtering.apply(changed(torque={KNEE: 135.0}), shifted, DT)
    assert command.torque[KNEE] == pytest.approx(139.0 - 0.1 * G1.stiffness[KNEE])
    assert filtering.counts[Clip.TORQUE, KNEE] == 2


def test_a_measurement_that_is_not_finite_does_not_spread_into_the_command():
    measured = OBSERVATION.joint_position.copy()
    measured[:] = np.nan
    blind = replace(OBSERVATION, joint_position=measured)
    command, _ = CommandFilter(G1, SAFETY.filter).apply(changed(torque={KNEE: 500.0}), blind, DT)
    assert np.isfinite(command.torque).all()
    assert command.torque[KNEE] == pytest.approx(139.0)


garbage = st.one_of(
    st.floats(-1e3, 1e3),
    st.sampled_from([np.nan, np.inf, -np.inf, 1e9, -1e9, 1e300]),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(garbage, min_size=5, max_size=5), min_size=1, max_size=4))
@example([[0.0, 2.0, 0.0, 3.0, 0.0]])  # a target for the velocity alone is no mere damping
def test_whatever_goes_in_what_comes_out_is_finite_and_within_limits(samples):
    filtering = CommandFilter(G1, SAFETY.filter)
    last = None
    for position, velocity, stiffness, damping, torque in samples:
        wild = replace(
            COMMAND,
            position=np.full(N, position),
            velocity=np.full(N, velocity),
            stiffness=np.full(N, stiffness),
            damping=np.full(N, damping),
            torque=np.full(N, torque),
        )
        out, _ = filtering.apply(wild, OBSERVATION, DT)
        feedback = out.stiffness * (out.position - OBSERVATION.joint_position)
        feedback += out.damping * (out.velocity - OBSERVATION.joint_velocity)
        assert (np.abs(out.torque + feedback) <= G1.torque_limit * (1 + 1e-6) + 1e-6).all()
        assert (out.position >= G1.position_lower - 1e-9).all()
        assert (out.position <= G1.position_upper + 1e-9).all()
        assert (out.stiffness >= 0.0).all()
        assert (out.damping >= 0.0).all()
        if last is not None and last.stiffness[0] > 0.0 and out.stiffness[0] > 0.0:
            travel = np.abs(out.position - last.position)
            assert (travel <= SAFETY.filter.rate_scale * G1.velocity_limit * DT + 1e-9).all()
        last = out


def test_counts_add_up_per_joint_until_reset():
    filtering = CommandFilter(G1, SAFETY.filter)
    for _ in range(3):
        filtering.apply(changed(torque={KNEE: 500.0}), OBSERVATION, DT)
    assert filtering.counts[:, KNEE].tolist() == [0, 0, 0, 0, 3]
    filtering.reset()
    assert not filtering.counts.any()


def seen(sequence: int, knee: float, speed: float = 0.0):
    """What is measured at rest, but of one knee."""
    position, velocity = OBSERVATION.joint_position.copy(), OBSERVATION.joint_velocity.copy()
    position[KNEE], velocity[KNEE] = knee, speed
    return replace(OBSERVATION, sequence=sequence, joint_position=position, joint_velocity=velocity)


REST = OBSERVATION.joint_position[KNEE]
STRONG = 1.5 * G1.torque_limit[KNEE]


def torques(filtering, *observations):
    """Feed-forward torque that is left of STRONG at the knee, cycle by cycle [N·m]."""
    wanted = changed(torque={KNEE: STRONG})
    return [filtering.apply(wanted, each, DT)[0].torque[KNEE] for each in observations]


@pytest.mark.parametrize("reading", [1e9, -1e9, np.nan, G1.position_upper[KNEE] + 0.6])
def test_a_reading_that_cannot_be_is_no_reason_for_a_torque(reading):
    """Against the feedback of such a reading no torque of the drive would be enough."""
    filtering = CommandFilter(G1, SAFETY.filter)
    (first,) = torques(filtering, seen(0, REST))
    told = torques(filtering, *(seen(k, reading) for k in range(1, 300)))
    assert told == pytest.approx([G1.torque_limit[KNEE]] * 299)
    assert first == pytest.approx(G1.torque_limit[KNEE])


def test_a_speed_that_cannot_be_is_no_reason_for_a_torque():
    filtering = CommandFilter(G1, SAFETY.filter)
    told = torques(filtering, seen(0, REST), seen(1, REST, 2.5 * G1.velocity_limit[KNEE]))
    assert told[1] == pytest.approx(told[0])


def test_where_no_joint_gets_in_a_cycle_is_believed_after_half_a_second():
    filtering = CommandFilter(G1, SAFETY.filter)
    stiff = G1.stiffness[KNEE]
    told = torques(filtering, seen(0, REST), *(seen(k, REST + 0.5) for k in range(1, 300)))
    assert told[:251] == pytest.approx([G1.torque_limit[KNEE]] * 251)
    expected = min(STRONG, G1.torque_limit[KNEE] + 0.5 * stiff)
    assert told[252:] == pytest.approx([expected] * 48)


def test_a_joint_that_moves_as_fast_as_it_can_is_believed_and_so_it_is_after_lost_samples():
    filtering = CommandFilter(G1, SAFETY.filter)
    stiff, step = G1.stiffness[KNEE], G1.velocity_limit[KNEE] * DT
    moving = [seen(k, REST + k * step) for k in range(4)]
    lost = [moving[-1]] * 8
    told = torques(filtering, *moving, *lost, seen(12, REST + 12 * step))
    for torque, k in zip(told, [0, 1, 2, 3, *[3] * 8, 12], strict=True):
        expected = min(STRONG, G1.torque_limit[KNEE] + k * step * stiff)
        assert torque == pytest.approx(expected)


def test_after_a_reset_nothing_is_held_against_the_first_reading():
    filtering = CommandFilter(G1, SAFETY.filter)
    torques(filtering, seen(0, REST), seen(1, REST + 0.5))
    filtering.reset()
    (told,) = torques(filtering, seen(2, REST + 0.5))
    assert told > G1.torque_limit[KNEE]


@pytest.mark.parametrize("speed", [5.0, 19.0, -35.0])
def test_a_joint_that_only_damps_gets_no_feed_forward_however_fast_it_is(speed):
    """With 50 N·m·s/rad beyond 2.8 rad/s the drive gives what it can, and that is all."""
    filtering = CommandFilter(G1, SAFETY.filter)
    zero = np.zeros(N)
    damping = replace(COMMAND, velocity=zero, stiffness=zero, torque=zero, damping=np.full(N, 50.0))
    command, clipped = filtering.apply(damping, seen(0, REST, speed), DT)
    assert not command.torque.any()
    assert not command.stiffness.any()
    assert not clipped.any()

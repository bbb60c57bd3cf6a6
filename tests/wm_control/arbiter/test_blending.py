"""Two commands in one: torques worked by hand, and the mean of two laws at any state."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from robot_story import standing

from wm_control.arbiter.blending import HandOver, blend, ramped, slewed, torque_of
from wm_control.types import Command

N = 4


def command(position, velocity, stiffness, damping, torque, stamp=0.0) -> Command:
    parts = (np.full(N, float(value)) for value in (position, velocity, stiffness, damping, torque))
    return Command(stamp, 0, *parts)


def some_command(rng: np.random.Generator) -> Command:
    position, velocity, torque = (rng.normal(size=N) for _ in range(3))
    return Command(0.0, 0, position, velocity, *(rng.uniform(0, 200, N) for _ in range(2)), torque)


OLD = command(position=0.2, velocity=0.0, stiffness=100.0, damping=2.0, torque=5.0)
NEW = command(position=0.6, velocity=1.0, stiffness=50.0, damping=6.0, torque=-3.0, stamp=1.0)


def test_a_quarter_of_the_way_by_hand():
    mixed = blend(OLD, NEW, 0.25)
    # kp = 75 + 12.5, q = (75 * 0.2 + 12.5 * 0.6) / 87.5; kd = 1.5 + 1.5, dq = 1.5 * 1 / 3
    assert mixed.stiffness == pytest.approx(np.full(N, 87.5))
    assert mixed.position == pytest.approx(np.full(N, 22.5 / 87.5))
    assert mixed.damping == pytest.approx(np.full(N, 3.0))
    assert mixed.velocity == pytest.approx(np.full(N, 0.5))
    assert mixed.torque == pytest.approx(np.full(N, 3.0))
    assert mixed.stamp == 1.0


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99, 1.0])
@pytest.mark.parametrize("seed", range(5))
def test_the_torque_is_the_mean_of_both_at_whatever_the_drive_measures(seed, share):
    rng = np.random.default_rng(seed)
    old, new = some_command(rng), some_command(rng)
    position, velocity = rng.normal(size=N), rng.normal(size=N)
    wanted = (1.0 - share) * torque_of(old, position, velocity)
    wanted += share * torque_of(new, position, velocity)
    assert torque_of(blend(old, new, share), position, velocity) == pytest.approx(wanted)


@pytest.mark.parametrize("seed", range(5))
def test_targets_lie_between_those_of_both_commands(seed):
    rng = np.random.default_rng(seed)
    old, new = some_command(rng), some_command(rng)
    mixed = blend(old, new, 0.3)
    for part in ("position", "velocity"):
        a, b, m = (getattr(c, part) for c in (old, new, mixed))
        assert (np.minimum(a, b) - 1e-12 <= m).all()
        assert (m <= np.maximum(a, b) + 1e-12).all()


def test_the_whole_share_is_the_new_command_itself():
    assert blend(OLD, NEW, 1.0) is NEW


def test_a_joint_without_gains_gets_the_new_target_and_stays_finite():
    limp = Command(0.0, 0, np.zeros(N), *[np.zeros(N)] * 3, np.ones(N))
    mixed = blend(limp, command(0.6, 1.0, 0.0, 0.0, 3.0), 0.5)
    assert mixed.position.tolist() == [0.6] * N
    assert mixed.velocity.tolist() == [1.0] * N
    assert mixed.torque.tolist() == [2.0] * N


def measured(g1, position, velocity):
    return replace(
        standing(g1, 1.0, 7).observation,
        joint_position=np.full(N, float(position)),
        joint_velocity=np.full(N, float(velocity)),
    )


def test_a_drive_makes_its_torque_of_all_five_parts():
    # -3 + 50 (0.6 - 0.1) + 6 (1 - 0.5); the old command: 5 + 100 (0.2 - 0.1) - 2 * 0.5
    state = np.full(N, 0.1), np.full(N, 0.5)
    assert torque_of(NEW, *state) == pytest.approx(np.full(N, 25.0))
    assert torque_of(OLD, *state) == pytest.approx(np.full(N, 14.0))


def test_each_joint_goes_as_far_to_the_next_command_as_its_own_step_of_torque_allows(g1):
    limit = np.array([20.0, 55.0, 110.0, 1000.0])  # 0.1 of it is 2, 5.5, 11 and 100 of the 11 N·m
    sent = slewed(OLD, NEW, 0.1, limit, measured(g1, 0.1, 0.5))
    step = torque_of(sent, np.full(N, 0.1), np.full(N, 0.5)) - 14.0
    assert step == pytest.approx([2.0, 5.5, 11.0, 11.0])
    assert sent.stiffness[1:] == pytest.approx([75.0, 50.0, 50.0])
    assert sent.position[2:] == pytest.approx(NEW.position[2:])


def test_a_step_that_is_allowed_passes_as_the_command_itself(g1):
    assert slewed(OLD, NEW, 0.1, np.full(N, 115.0), measured(g1, 0.1, 0.5)) is NEW


def test_what_the_last_command_wanted_beyond_the_limit_is_no_part_of_a_step(g1):
    # from 25 N·m, of which the drive makes 15, back to 14: the step is one of 1 N·m, 1.5 may be
    sent = slewed(NEW, OLD, 0.1, np.full(N, 15.0), measured(g1, 0.1, 0.5))
    assert sent is OLD


def test_a_state_that_is_not_finite_holds_no_joint_back(g1):
    assert slewed(OLD, NEW, 0.1, np.full(N, 10.0), measured(g1, np.nan, 0.5)) is NEW


def test_a_ramp_begins_as_damping_alone_and_ends_as_the_command(g1):
    observation = standing(g1, 1.0, 7).observation
    n = len(g1.joint_names)
    start, damping = observation.joint_position, g1.damping
    wanted = Command(1.0, 7, start + 0.4, np.ones(n), g1.stiffness, 2.0 * damping, np.full(n, 8.0))
    first = ramped(wanted, 0.0, start, damping, observation)
    assert not first.stiffness.any()
    assert not first.torque.any()
    assert not first.velocity.any()
    assert first.damping == pytest.approx(damping)
    half = ramped(wanted, 0.5, start, damping, observation)
    assert half.position == pytest.approx(start + 0.2)
    assert half.stiffness == pytest.approx(0.5 * g1.stiffness)
    assert half.damping == pytest.approx(1.5 * damping)
    assert half.torque == pytest.approx(np.full(n, 4.0))
    assert ramped(wanted, 1.0, start, damping, observation) is wanted


def test_a_hand_over_lasts_as_long_as_it_is_told_to():
    hand_over = HandOver("mpc", OLD, 2.0, 0.05)
    shares = [hand_over.share(now) for now in (2.0, 2.025, 2.05, 3.0)]
    assert shares == pytest.approx([0.0, 0.5, 1.0, 1.0])
    assert HandOver("mpc", OLD, 2.0, 0.0).share(2.0) == 1.0

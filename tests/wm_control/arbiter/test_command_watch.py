"""Commands that cannot be meant, told by what they would make the drives do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from robot_story import Story, hold, standing

from wm_control.arbiter.command_watch import CommandWatch
from wm_control.arbiter.parameters import DriverLimits


@pytest.fixture
def watch(g1) -> CommandWatch:
    return CommandWatch(g1.torque_limit)


def moved(g1, cycle: int, by: float = 0.0):
    """Estimate of a robot whose joints are ``by`` away from the default posture [rad]."""
    return standing(g1, 0.002 * cycle, cycle, joint_position=g1.default_position + by)


def command(g1, **changes):
    return replace(hold(standing(g1, 0.0, 0), g1).command, **changes)


def test_a_jump_is_the_change_of_torque_in_shares_of_what_each_joint_can_give(g1, watch):
    """One joint's feed-forward goes up by half of its limit; the others stay."""
    watch.see(command(g1), moved(g1, 0))
    torque = np.full(29, 1.0)
    torque[3] += 0.5 * g1.torque_limit[3]
    position = g1.default_position + 1e-9  # another command, by its targets
    watch.see(command(g1, torque=torque, position=position), moved(g1, 1))
    assert watch.jump == pytest.approx(0.5, abs=1e-6)
    watch.see(command(g1, torque=torque, position=position), moved(g1, 2))
    assert watch.jump == 0.0


def test_in_the_shadow_of_another_nothing_is_a_jump(g1, watch):
    watch.see(command(g1), moved(g1, 0), harmless=True)
    watch.see(command(g1, position=g1.default_position + 1.0), moved(g1, 1), harmless=True)
    assert watch.jump == 0.0


def test_gains_that_change_without_effect_at_the_measured_state_are_no_jump(g1, watch):
    watch.see(command(g1), moved(g1, 0))
    stiffer = command(g1, stiffness=2.0 * g1.stiffness, position=g1.default_position + 1e-9)
    watch.see(stiffer, moved(g1, 1))
    assert watch.jump == pytest.approx(0.0, abs=1e-6)


def test_a_command_is_frozen_for_as_long_as_it_repeats_itself_while_the_joints_move(g1, watch):
    for cycle in range(20):
        watch.see(command(g1), moved(g1, cycle, 0.001 * cycle))
    assert watch.frozen == pytest.approx(0.038)
    watch.see(command(g1, position=g1.default_position + 0.1), moved(g1, 20, 0.02))
    assert watch.frozen == 0.0


def test_where_nothing_moves_nothing_has_to_change(g1, watch):
    for cycle in range(200):
        watch.see(command(g1), moved(g1, cycle))
    assert watch.frozen == 0.0


def test_nothing_proposed_is_nothing_to_compare_with(g1, watch):
    watch.see(command(g1), moved(g1, 0))
    watch.see(None, moved(g1, 1))
    watch.see(command(g1, torque=g1.torque_limit), moved(g1, 2))
    assert (watch.jump, watch.frozen) == (0.0, 0.0)


def test_a_driver_whose_command_jumps_yields_in_the_same_cycle(g1):
    story = Story(g1, ("policy", "mpc"), yields={"policy": DriverLimits(jump=1.0)}).armed()
    assert story.step().source == "policy"
    wild = {"command": command(g1, position=g1.default_position + 2.0)}
    decision = story.step(policy=wild)
    assert decision.source == "mpc"
    assert decision.first_cause.rule == "command_jumps"


def test_a_shadow_that_begins_anew_is_still_there_for_a_driver_that_goes_wild(g1):
    limits = {"policy": DriverLimits(jump=1.0), "mpc": DriverLimits(jump=1.0)}
    story = Story(g1, ("policy", "mpc"), yields=limits).armed()
    wild = {"command": command(g1, position=g1.default_position + 2.0)}
    story.step(result=wild)
    assert story.step().source == "policy"
    assert story.step(policy=wild).source == "mpc"


def test_the_first_step_of_a_driver_that_takes_back_may_jump_for_it_is_slewed(g1):
    """What the MPC does in the half second after it took over is held to 8 % of each torque."""
    limits = {"mpc": DriverLimits(jump=1.0)}
    story = Story(g1, ("mpc", "policy"), yields=limits).armed()
    wild = {"command": command(g1, position=g1.default_position + 2.0)}
    story.steps(600, result={"command": None})
    while story.step().source != "mpc":
        pass
    story.steps(100)
    assert story.step(result=wild).source == "mpc"
    story.steps(600)
    assert story.step(result=wild).source == "policy"

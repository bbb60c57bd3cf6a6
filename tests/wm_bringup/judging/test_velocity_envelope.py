"""The velocity gate in use: what the project walks passes it, what made robots fall does not."""

from __future__ import annotations

from itertools import product

import pytest
from robot_parameters import ENVELOPES, SAFETY

from wm_bringup.judging.episodes import WalkSetup, run_episode
from wm_bringup.judging.suite import load_suite
from wm_bringup.scenarios.scenario import Ground, Scenario, VelocitySegment
from wm_control.arbiter.velocity_gate import bounded
from wm_control.configuration.parameters import read_yaml
from wm_control.configuration.share import config_file
from wm_control.types import Action, VelocityCommand

LIMITS = SAFETY.velocity
MPC, POLICY = ENVELOPES["mpc"], ENVELOPES["policy"]


def segments_of(name: str, key: str) -> list[tuple[float, float, float]]:
    """x, y [m/s] and yaw [rad/s] of every segment of a course in config/."""
    segments = read_yaml(config_file(name)).get(key, ())
    return [tuple(float(s.get(axis, 0.0)) for axis in ("x", "y", "yaw")) for s in segments]


def commanded_in(name: str) -> set[tuple[float, float, float]]:
    """x, y [m/s] and yaw [rad/s] of every command of a suite."""
    suite = load_suite(name)
    scenarios = (suite.scenario_of(case, suite.seeds_of(case).first) for case in suite.cases)
    return {(s.x, s.y, s.yaw) for scenario in scenarios for s in scenario.velocity}


WALKED = {
    *commanded_in("walking"),
    *commanded_in("estimator"),
    *commanded_in("estimator_policies"),
    *segments_of("demo.yaml", "segments"),
    *segments_of("scenarios/bumps.yaml", "velocity"),
    *segments_of("scenarios/rough.yaml", "velocity"),
}


@pytest.mark.parametrize("command", sorted(WALKED), ids=str)
def test_what_suites_demo_and_scenarios_walk_is_followed_as_it_is(command):
    asked = VelocityCommand(*command)
    assert bounded(asked, LIMITS, Action.NOMINAL, MPC) == asked


def test_what_the_policys_exam_asks_for_is_followed_as_it_is():
    drawn = next(c for c in load_suite("bar").cases if c.name == "kicks").draws.velocity
    corners_of_the_kicked = product(*zip(drawn.low, drawn.high, strict=True))
    for command in (*corners_of_the_kicked, *commanded_in("bar")):
        asked = VelocityCommand(*command)
        assert bounded(asked, LIMITS, Action.NOMINAL, POLICY) == asked


@pytest.mark.parametrize("command", [(-1.2, 0.0, 0.0), (1.2, -0.4, 1.0)], ids=str)
def test_a_command_that_made_the_robot_fall_and_then_silence_leave_it_standing(command):
    x, y, yaw = command
    scenario = Scenario(
        duration=7.0,
        velocity=(VelocitySegment(0.2, x, y, yaw), VelocitySegment(3.7)),
        ground=Ground(friction=0.6),
        noise="nominal",
        delay=0.008,
    )
    episode = run_episode(WalkSetup(scenario), seed=0)
    assert not episode.fell, episode.notes["fall_cause"]
    assert episode["interventions"] == 0
    assert episode["distance"] > 0.8

"""Walks of policies that know nothing of our gait: the estimate holds without its clock.

Needs the public policies, which are not part of the project: without the folder
``../shared/policies``, these tests say so and are skipped.
"""

from __future__ import annotations

import pytest
from working_tree import ROOT

from wm_bringup.judging.episodes import WalkSetup, walk
from wm_bringup.judging.estimators.replay import ESTIMATORS, JUDGED, judge_estimators
from wm_bringup.judging.suite import load_suite
from wm_bringup.record.geometry import to_base
from wm_bringup.scenarios.scenario import Scenario, VelocitySegment

FOLDER = ROOT.parent / "shared" / "policies"

pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason=f"the third-party policies are not in {FOLDER}"
)

SUITE = load_suite("estimator_policies")
ASKED = 0.5
SCENARIO = Scenario(
    duration=4.0, velocity=(VelocitySegment(0.5, ASKED),), noise="nominal", delay=0.008
)


@pytest.mark.parametrize("who", SUITE.contestants, ids=lambda who: who.name)
def test_while_a_policy_walks_the_velocity_is_right(who):
    setup = WalkSetup(
        SCENARIO, "policy", policy=FOLDER / who.policy, full_rate=True, walked_on="invariant_ekf"
    )
    record = walk(setup, 5).record
    assert record.facts.fall == ""
    forward = to_base(record["base_velocity"], record["base_orientation"])[-500:, 0]
    assert forward.mean() > 0.5 * ASKED
    results = judge_estimators("policy", who.name, record, tuple(ESTIMATORS))
    figures = {one.contestant: one for one in results}
    assert "clock_only" not in figures  # a policy has no plan whose clock could be asked
    for limit in SUITE.limits:
        assert figures[JUDGED][limit.criterion] <= limit.at_most
    assert figures[JUDGED]["contact_f1"] > 0.95
    assert figures[JUDGED]["unhealthy_share"] == 0.0


def test_the_policies_of_the_suite_are_those_of_the_folder():
    files = {FOLDER / who.policy for who in SUITE.contestants}
    assert all(file.is_file() for file in files)
    assert {file.parent for file in files} == {file.parent for file in FOLDER.rglob("*.onnx")}

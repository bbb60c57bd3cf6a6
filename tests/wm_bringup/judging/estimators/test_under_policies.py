"""Walks of policies that know nothing of our gait: the estimate holds without its clock.

Needs the public policies, which are not part of the project: without the folder
``../shared/policies``, these tests say so and are skipped.
"""

from __future__ import annotations

import pytest
from robot_parameters import ESTIMATOR
from working_tree import ROOT

from wm_bringup.judging.estimators.courses import JUDGED, POLICY, POLICY_FILES, policies_in
from wm_bringup.judging.estimators.recording import record
from wm_bringup.judging.estimators.report import judge_recording
from wm_bringup.scenarios.scenario import Scenario, VelocitySegment
from wm_control.robot.description import load_robot

FOLDER = ROOT.parent / "shared" / "policies"

pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason=f"the third-party policies are not in {FOLDER}"
)

ASKED = 0.5
SCENARIO = Scenario(
    duration=4.0, velocity=(VelocitySegment(0.5, ASKED),), noise="nominal", delay=0.008
)


@pytest.mark.parametrize("name", POLICY_FILES)
def test_while_a_policy_walks_the_velocity_is_right(name):
    recording = record(SCENARIO, 5, "invariant_ekf", FOLDER / name)
    assert recording.fall == ""
    assert recording["base_velocity_in_base"][-500:, 0].mean() > 0.5 * ASKED
    figures = judge_recording(recording, load_robot(recording.robot), ESTIMATOR)
    assert "clock_only" not in figures  # a policy has no plan whose clock could be asked
    for axis in ("velocity_x", "velocity_y", "velocity_z"):
        assert figures[JUDGED][axis] <= POLICY.limits[axis]
    assert figures[JUDGED]["contact_f1"] > 0.95
    assert figures[JUDGED]["unhealthy_share"] == 0.0


def test_the_list_of_policies_is_that_of_the_folder():
    assert [p.relative_to(FOLDER).as_posix() for p in policies_in(FOLDER)] == list(POLICY_FILES)
    assert len({p.parent for p in FOLDER.rglob("*.onnx")}) == len(POLICY_FILES)

"""A run is judged from its bag as it was judged when it was walked."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from short_bags import rewritten, walked

from wm_bringup.replay.audit import audit, decided_differently
from wm_bringup.replay.differences import EXACT
from wm_bringup.replay.recording import Recording
from wm_bringup.wire.messages import decode_string, encode_string
from wm_bringup.wire.topics import VERDICT
from wm_control.drivers import MPC
from wm_control.types import VelocityCommand

MEASURED = ("real_time_factor", "cpu_per_tick_ms", "thought")
"""Notes on an episode that no record of it repeats."""


@pytest.fixture(scope="module")
def audited(bag):
    return audit(bag, jobs=1)


def test_estimates_and_decisions_are_bit_identical(audited):
    assert audited.parted is None
    assert [stage.name for stage in audited.stages if stage.computed] == ["estimator", "arbiter"]
    assert audited.cycles == 327  # 0.6 s of episode, and 27 looks at the held robot before it
    assert audited.held


def test_minus_zero_is_not_zero(bag):
    recording = Recording(bag)
    recorded = next(recording.cycles()).tick
    assert recorded.velocity == VelocityCommand()
    computed = replace(recorded, velocity=VelocityCommand(linear_y=-0.0))
    joints = recording.setup.joints
    (found,) = decided_differently(recorded, computed, EXACT, joints)
    assert str(found) == "velocity.linear_y: 0.0 and -0.0"
    assert not list(decided_differently(recorded, replace(recorded), EXACT, joints))


def test_the_verdict_is_that_of_the_episode(audited, episode):
    said = {k: v for k, v in episode[1].as_json().items() if k not in MEASURED}
    assert audited.verdict == said
    assert said["trace_sha256"]
    assert audited.reproduced


def test_two_audits_are_the_same_byte_for_byte_in_one_process_or_two(audited, bag):
    first = json.dumps(audited.as_json())
    assert json.dumps(audit(bag, jobs=2).as_json()) == first
    assert json.dumps(audit(bag, jobs=1).as_json()) == first


def test_a_verdict_that_was_written_by_hand_is_found_out(bag, tmp_path):
    def changed(records):
        for record in records:
            if record.topic.endswith(VERDICT.name):
                said = json.loads(decode_string(record.data))
                said["result"]["distance"] = 12.5
                record = record._replace(data=encode_string(json.dumps(said)))
            yield record

    done = audit(rewritten(bag, tmp_path / "forged", changed), jobs=1)
    assert done.parted is None
    assert not done.held
    assert [one.field for one in done.changed] == ["distance"]
    assert done.changed[0].mine == "12.5"


def test_of_a_loop_that_was_given_the_truth_the_arbiter_alone_is_asked(tmp_path):
    walked(tmp_path / "true", seconds=0.2, state="true")
    done = audit(tmp_path / "true", jobs=1)
    assert done.held
    assert not done.stages[0].computed
    assert "no estimator" in done.notes[0]


def test_an_episode_without_its_safety_layer_is_judged_without_it(tmp_path):
    walked(tmp_path / "bare", seconds=0.3, safety_layer=False)
    assert audit(tmp_path / "bare", jobs=1).held


def test_faults_of_the_estimator_are_injected_again(tmp_path):
    walked(tmp_path / "faulty", seconds=0.3, faults=("estimator:scale=1.5@0.1+0.02",))
    assert audit(tmp_path / "faulty", jobs=1).held


def test_an_estimator_that_raised_is_taken_for_what_it_was(tmp_path):
    walked(tmp_path / "raised", seconds=0.3, faults=("estimator:off@0.1+0.01",))
    assert audit(tmp_path / "raised", jobs=1).held


def test_a_command_that_is_held_and_no_number_is_refused_again(tmp_path):
    walked(tmp_path / "nan", seconds=0.3, faults=(f"{MPC}:nan@0.1+0.05",))
    assert audit(tmp_path / "nan", jobs=1).held

"""One record of a run, from lock-step: its columns, its clocks, its file."""

from __future__ import annotations

import numpy as np
import pytest
from made_up_records import DECISION, LEVEL, N, cycle, estimate, march, truth

from wm_bringup.judging.episodes import WalkSetup, walk
from wm_bringup.record.evaluation import Evaluation
from wm_bringup.record.from_lockstep import RunRecorder
from wm_bringup.record.observations import by_observation, observations
from wm_bringup.record.run_record import (
    FIELDS,
    OBSERVED,
    TICKS,
    TIME,
    NotRecordedError,
    RunFacts,
    RunRecord,
)
from wm_bringup.scenarios.scenario import Scenario, VelocitySegment
from wm_control.types import VelocityCommand


def test_every_column_has_the_shape_and_the_rows_of_its_clock_that_the_table_says():
    record = march(seconds=0.1, observe=True)
    for name, column in record.columns.items():
        field = FIELDS[name]
        sizes = tuple(N if size == "n" else size for size in field.shape)
        assert column.shape == (len(record.columns[field.clock]), *sizes), name


def test_what_nobody_recorded_is_absent_and_said_by_name():
    record = march(seconds=0.1)
    assert OBSERVED not in record
    with pytest.raises(NotRecordedError, match="no column 'observed_sequence'"):
        record["observed_sequence"]
    with pytest.raises(NotRecordedError, match="mass"):
        assert RunRecord({}).mass


def test_equal_runs_have_equal_hashes_and_one_bit_changes_them():
    record = march(seconds=0.1)
    assert record.sha256() == march(seconds=0.1).sha256()
    moved = record.columns["base_position"].copy()
    moved[3, 0] = np.nextafter(moved[3, 0], 1.0)
    assert record.with_columns(base_position=moved).sha256() != record.sha256()


def test_a_saved_record_comes_back_bit_by_bit_with_facts_and_words(tmp_path):
    record = march(seconds=0.1, observe=True).with_facts(
        fall="base tilt", preference=("mpc", "policy"), driver_faults=(("policy", 0.05),)
    )
    record.save(tmp_path / "run.npz")
    again = RunRecord.load(tmp_path / "run.npz")
    assert again.sha256() == record.sha256()
    assert again.facts == record.facts
    assert set(again.told("driver")) == {"mpc"}


def test_a_file_that_is_no_record_is_named(tmp_path):
    np.savez(tmp_path / "other.npz", a=np.zeros(3))
    march(seconds=0.1).save(tmp_path / "whole.npz")
    whole = (tmp_path / "whole.npz").read_bytes()
    (tmp_path / "cut.npz").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "hole.npz").write_bytes(whole[:500] + bytes(500) + whole[1000:])
    (tmp_path / "empty.npz").touch()
    with (tmp_path / "plain.npz").open("wb") as file:
        np.save(file, np.zeros(3))
    names = ("other", "nowhere", "cut", "hole", "empty", "plain")
    for name in (f"{name}.npz" for name in names):
        with pytest.raises(NotRecordedError, match=name):
            RunRecord.load(tmp_path / name)


def test_the_truth_may_be_looked_at_less_often_than_the_loop_turns():
    recorder = RunRecorder(looks=2, ticks=4, joints=N)
    for k in range(4):
        record = cycle(estimate(0.002 * k))
        seen = truth(0.002 * k) if k % 2 == 0 else None
        stance = np.full(2, np.nan)
        told = Evaluation(k, 0.002 * k, 0.01, 0.001, stance, VelocityCommand(), 0.0, seen)
        recorder.take(record, told)
    done = recorder.finish(RunFacts())
    assert done[TIME].tolist() == [0.0, 0.004]
    assert done[TICKS].tolist() == [0.0, 0.002, 0.004, 0.006]
    assert done.rows(np.array([True, False]))[TICKS].size == 4


def test_a_late_sample_has_the_truth_of_its_own_time_and_none_where_nobody_looked():
    record = RunRecord(
        {
            TIME: np.array([0.000, 0.002, 0.004]),
            "base_position": np.array([[0.0, 0, 0], [0.2, 0, 0], [0.4, 0, 0]]),
            "base_orientation": np.tile(LEVEL, (3, 1)),
            OBSERVED: np.array([-0.002, 0.0, 0.002, 0.002]),
            "observed_sequence": np.array([0.0, 1.0, 2.0, 2.0]),
        }
    )
    seen = by_observation(record)
    assert seen[TIME].tolist() == [-0.002, 0.0, 0.002, 0.002]
    np.testing.assert_array_equal(seen["base_position"][:, 0], [np.nan, 0.0, 0.2, 0.2])


def test_a_walk_at_full_rate_is_recorded_with_all_that_was_sensed_planned_and_driven(tmp_path):
    scenario = Scenario(duration=1.0, velocity=(VelocitySegment(0.2, 0.3),), noise="nominal")
    record = walk(WalkSetup(scenario, full_rate=True), 3).record
    assert len(record) == len(record[TICKS]) == len(record[OBSERVED]) == 500
    np.testing.assert_array_equal(record[TIME], record[OBSERVED])
    assert (np.diff(record["observed_sequence"]) == 1).all()
    assert record["planned_stance"].min() == 0.0
    assert set(record.told("driver")) == {"mpc"}
    assert record["plan_age"].max() < 0.03
    assert record.mass == pytest.approx(33.3, abs=1.0)
    assert record.torque_limit.shape == (29,)
    record.save(tmp_path / "walk.npz")
    again = RunRecord.load(tmp_path / "walk.npz")
    for one, other in zip(observations(record), observations(again), strict=True):
        np.testing.assert_array_equal(one.joint_position, other.joint_position)
        assert (one.stamp, one.sequence) == (other.stamp, other.sequence)


def test_who_drives_is_told_in_words():
    assert DECISION.source == "mpc"
    record = march(seconds=0.02, cycles={3: {"decision": DECISION}})
    assert record.told("driver") == ["mpc"] * 11

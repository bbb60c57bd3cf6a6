"""Branches: what is simulated, kept on disk, and gone on with."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from wm_control.drivers import DRIVERS
from wm_training.recoverability import branches
from wm_training.recoverability.branches import (
    IMPULSES,
    LATEST,
    BranchesError,
    BranchFacts,
    BranchRecord,
    begin,
    branches_of,
    collect,
    drawn,
)

JOINTS = 29


def record_of(branch) -> BranchRecord:
    rows = np.random.default_rng(1).normal(size=(3, 27 + 2 * JOINTS))
    return BranchRecord(BranchFacts(branch, 3.0, 45.0, 3.9), np.array([2.0, 2.002, 2.004]), rows)


def test_every_driver_drives_alone_and_is_relieved_by_every_other_after_the_push():
    found = branches_of(4)
    push = drawn(4)[0].pushes[0]
    assert {(one.first, one.then) for one in found} == {(a, b) for a in DRIVERS for b in DRIVERS}
    for one in found:
        if one.first != one.then:
            assert push.at <= one.at <= push.at + LATEST + 0.001


def test_all_branches_of_a_seed_meet_the_same_push_and_seeds_differ():
    assert drawn(3) == drawn(3)
    impulses = [np.hypot(*drawn(seed)[0].pushes[0].impulse[:2]) for seed in range(40)]
    assert min(impulses) >= IMPULSES[0]
    assert max(impulses) <= IMPULSES[1]
    assert len(set(impulses)) == 40


def test_a_branch_is_read_back_as_it_was_written_and_its_estimates_as_the_arbiter_saw_them(
    tmp_path,
):
    record = record_of(branches_of(0)[2])
    record.save(tmp_path / "one.npz")
    again = BranchRecord.load(tmp_path / "one.npz")
    assert again.facts == record.facts
    estimate = list(again.estimates())[1]
    assert estimate.stamp == 2.002
    assert estimate.base_position_in_world == pytest.approx(record.rows[1, :3], rel=1e-6)
    assert estimate.foot_wrench.shape == (2, 6)
    assert estimate.joint_velocity == pytest.approx(record.rows[1, -JOINTS:], rel=1e-6)


def test_what_is_there_is_not_simulated_again(tmp_path, monkeypatch):
    simulated = []

    def simulate(branch, robot, engine):
        simulated.append(branch.name)
        return record_of(branch)

    monkeypatch.setattr(branches, "simulate_branch", simulate)
    first = list(collect(tmp_path, range(2), "g1", "mujoco"))
    assert len(simulated) == len(first) == 8
    first[3].unlink()
    assert list(collect(tmp_path, range(2), "g1", "mujoco")) == first
    assert simulated[8:] == [first[3].stem]


def test_branches_of_another_engine_are_refused(tmp_path):
    folder = begin(tmp_path, "g1", "mujoco")
    assert begin(tmp_path, "g1", "mujoco") == folder
    with pytest.raises(BranchesError, match="pybullet"):
        begin(tmp_path, "g1", "pybullet")


def test_branches_of_one_driver_have_no_hand_over():
    alone = [one for one in branches_of(1) if one.first == one.then]
    assert all(one.at == float("inf") for one in alone)
    assert len({replace(one, seed=0) for one in alone}) == len(DRIVERS)

"""A controller's result on the wire and back: nothing of it is lost."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from loop_fakes import FakeController, estimate_of, observation_at

from wm_bringup.wire import messages, proposals
from wm_bringup.wire.cdr import MessageError
from wm_control.controllers.proposal import Proposal
from wm_control.types import SolveReport, Status, VelocityCommand

N = 29
SOLVES = (
    SolveReport("footstep_mpc", Status.OK, 0.012, 1e-6, 3, 0.001),
    SolveReport("whole_body_qp", Status.DEGRADED, 0.0, 2e-5, 9, 0.0002, "slow ±", 0.02),
)


def proposal(**changes) -> Proposal:
    estimate = estimate_of(observation_at(0.5, 7))
    result = FakeController().step(estimate, VelocityCommand(), 0)
    return Proposal.of(replace(result, **changes), estimate)


def through(sent: Proposal) -> Proposal:
    return proposals.decode_proposal(proposals.ProposalEncoder(N).encode(sent), N)


def same(sent: Proposal, got: Proposal) -> None:
    assert (got.stamp, got.sequence) == (sent.stamp, sent.sequence)
    assert replace(got.result, command=None) == replace(sent.result, command=None)
    if sent.result.command is None:
        assert got.result.command is None
        return
    for part in ("position", "velocity", "stiffness", "damping", "torque"):
        ours, theirs = getattr(sent.result.command, part), getattr(got.result.command, part)
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"solves": ()},
        {"solves": SOLVES, "status": Status.DEGRADED, "cause": "one of two is slow"},
        {"figures": {"novelty": 1.25, "phase": 0.5}, "controller": "policy"},
        {"solves": SOLVES, "figures": {"margin": -0.02}},
        {"command": None, "status": Status.FAILED, "cause": "lost its mind", "solves": SOLVES},
    ],
)
def test_all_of_a_result_survives(changes):
    sent = proposal(**changes)
    same(sent, through(sent))


def test_one_encoder_carries_results_with_other_words_in_turn():
    encoder = proposals.ProposalEncoder(N)
    for sent in (
        proposal(),
        proposal(solves=SOLVES),
        proposal(cause="a", status=Status.DEGRADED),
        proposal(command=None, status=Status.FAILED, cause="b"),
        proposal(),
    ):
        same(sent, proposals.decode_proposal(encoder.encode(sent), N))


def test_whoever_wants_only_the_command_reads_only_that():
    data = proposals.ProposalEncoder(N).encode(proposal(solves=SOLVES, figures={"phase": 0.1}))
    command = messages.decode_command(data, N)
    assert (command.stamp, command.sequence) == (0.5, 7)
    np.testing.assert_array_equal(command.position, proposal().result.command.position)


def test_a_plain_command_is_a_proposal_whose_age_counts_from_its_stamp():
    sent = proposal()
    got = proposals.decode_proposal(messages.CommandEncoder(N).encode(sent.result.command), N)
    assert (got.stamp, got.result.status, got.result.solves) == (0.5, Status.OK, ())
    assert got.at(observation_at(0.53, 22)).solves[0].age == pytest.approx(0.03)


def test_a_failed_controller_sends_nan_and_never_an_old_command():
    encoder = proposals.ProposalEncoder(N)
    encoder.encode(proposal())
    failed = encoder.encode(proposal(command=None, status=Status.FAILED))
    assert np.isnan(messages.decode_command(failed, N).position).all()


def test_a_command_that_is_not_finite_stays_that_for_the_arbiter_to_see():
    command = proposal().result.command
    command = replace(command, position=np.full(N, np.nan))
    assert np.isnan(through(proposal(command=command)).result.command.position).all()


@pytest.mark.parametrize("status", [math.nan, math.inf, -1.0, 0.5, 3.0, 1e12])
def test_a_proposal_with_an_unknown_status_cannot_be_read(status):
    encoder = proposals.ProposalEncoder(N)
    encoder.encode(proposal())
    encoder._message.floats[2] = status
    with pytest.raises(MessageError, match="status"):
        proposals.decode_proposal(encoder._message.encode(), N)


@pytest.mark.parametrize("entry", [3, 4])
@pytest.mark.parametrize("count", [math.nan, math.inf, -1.0, 0.5, 2.0, 1e12])
def test_a_proposal_with_more_or_fewer_parts_than_it_says_cannot_be_read(entry, count):
    encoder = proposals.ProposalEncoder(N)
    encoder.encode(proposal())
    encoder._message.floats[entry] = count
    with pytest.raises(MessageError):
        proposals.decode_proposal(encoder._message.encode(), N)

from dataclasses import replace

import numpy as np
import pytest
from loop_fakes import G1, estimate_of, observation_at

from wm_bringup.cycle.proposal_holder import LOST_AFTER, ProposalHolder
from wm_control.arbiter.controller_measurements import REFUSED
from wm_control.controllers.proposal import Proposal
from wm_control.types import Command, ControllerResult, SolveReport, Status, VelocityCommand

N = len(G1.joint_names)
DT = 0.002


def proposal(stamp, status=Status.OK, plan_age=0.0, holds_for=0.02):
    row = np.full(N, 0.5)
    command = Command(stamp, round(stamp / DT), row, row, row, row, row)
    solve = SolveReport("policy", Status.OK, plan_age, 0.125, 3, 0.001, "", holds_for)
    cause = "" if status == Status.OK else "lost its mind"
    figures = {"novelty": 1.25}
    result = ControllerResult("policy", command, status, cause, (solve,), figures)
    return Proposal(stamp, round(stamp / DT), result)


def stepped(holder, now):
    observation = observation_at(now, round(now / DT))
    return holder.step(estimate_of(observation), VelocityCommand(), DT)


@pytest.fixture
def holder():
    return ProposalHolder("policy", G1)


def test_nothing_proposed_is_a_failure_that_says_so(holder):
    result = stepped(holder, 0.1)
    assert (result.status, result.command) == (Status.FAILED, None)
    assert "nothing proposed by the policy process" in result.cause


def test_the_newest_proposal_is_held_for_the_instant_asked_about(holder):
    holder.receive(proposal(0.10))
    holder.receive(proposal(0.12))
    result = stepped(holder, 0.13)
    assert (result.status, result.cause) == (Status.OK, "")
    assert (result.command.stamp, result.command.sequence) == (0.13, 65)
    np.testing.assert_array_equal(result.command.position, np.full(N, 0.5))
    (report,) = result.solves
    assert report.age == pytest.approx(0.01)
    assert (report.residual, report.iterations, report.holds_for) == (0.125, 3, 0.02)
    assert result.figures == {"novelty": 1.25}


def test_what_it_rests_on_may_be_older_than_the_proposal(holder):
    holder.receive(proposal(0.10, plan_age=0.005))
    assert stepped(holder, 0.104).solves[0].age == pytest.approx(0.009)


@pytest.mark.parametrize(("late", "lost"), [(LOST_AFTER - DT, False), (LOST_AFTER + DT, True)])
def test_a_silent_process_fails_when_its_proposal_is_beyond_use(holder, late, lost):
    holder.receive(proposal(1.0, holds_for=0.02))
    result = stepped(holder, 1.02 + late)
    assert (result.status == Status.FAILED) == lost
    assert (result.command is None) == lost
    assert ("silent" in result.cause) == lost


def test_a_process_that_answers_from_an_old_plan_is_not_silent(holder):
    """A follower walks itself to a stop without its planner: that is the arbiter's to judge."""
    holder.receive(proposal(1.0, Status.DEGRADED, plan_age=2.0, holds_for=0.0))
    result = stepped(holder, 1.002)
    assert result.status == Status.DEGRADED
    assert result.command is not None
    assert result.solves[0].age == pytest.approx(2.002)


def test_a_failed_proposal_has_no_command(holder):
    holder.receive(proposal(0.1, status=Status.FAILED))
    result = stepped(holder, 0.1)
    assert (result.status, result.command) == (Status.FAILED, None)
    assert result.cause == "lost its mind"
    assert result.figures == {"novelty": 1.25}


def test_a_degraded_proposal_stays_degraded(holder):
    holder.receive(proposal(0.1, status=Status.DEGRADED))
    assert stepped(holder, 0.1).status == Status.DEGRADED


def test_a_command_that_says_nothing_of_its_age_grows_old_all_the_same(holder):
    plain = proposal(0.1)
    holder.receive(replace(plain, result=replace(plain.result, solves=())))
    (report,) = stepped(holder, 0.15).solves
    assert report.age == pytest.approx(0.05)
    assert stepped(holder, 0.3).status == Status.FAILED


def test_it_answers_under_its_own_name(holder):
    other = proposal(0.1)
    holder.receive(replace(other, result=replace(other.result, controller="somebody")))
    assert stepped(holder, 0.1).controller == "policy"


def test_a_reset_forgets(holder):
    holder.receive(proposal(0.1))
    holder.reset(estimate_of(observation_at(0.1, 50)))
    assert stepped(holder, 0.1).command is None


def test_an_age_that_is_not_a_number_is_a_failure(holder):
    holder.receive(proposal(0.1, plan_age=float("nan")))
    assert stepped(holder, 0.1).status == Status.FAILED


def test_what_is_received_is_judged_by_the_time_it_is_followed_at(holder):
    """A loop that stood still for 50 ms refuses no answer to what happened meanwhile."""
    stepped(holder, 0.1)
    holder.receive(proposal(0.15))
    assert stepped(holder, 0.15).status == Status.OK
    holder.receive(proposal(9.0))  # another clock's
    assert stepped(holder, 0.152).status == Status.OK
    assert holder.refusals.counts == {"command: time ahead of the robot's": 1}


def test_it_says_how_many_newer_ones_were_refused_until_one_is_followed(holder):
    refused = []
    for tick, stamp in enumerate((0.1, 9.0, 9.0, 0.1, None, 0.106)):
        if stamp is not None:
            holder.receive(proposal(stamp))
        refused.append(stepped(holder, 0.1 + DT * tick).figures.get(REFUSED, 0.0))
    assert refused == [0.0, 1.0, 2.0, 0.0, 0.0, 0.0]
    holder.receive(proposal(9.0))
    holder.reset(estimate_of(observation_at(0.2, 100)))
    holder.receive(proposal(0.2))
    assert REFUSED not in stepped(holder, 0.2).figures


@pytest.mark.parametrize(
    ("stamp", "holds_for", "answered"),
    [
        (0.100, 0.0, True),  # the answer itself
        (0.102, 0.0, False),  # of a controller that answers every estimate the next is due
        (0.118, 0.02, True),  # made to hold for ten ticks: nine later it does
        (0.120, 0.02, False),  # ten later another is due
        (0.098, 0.0, True),  # one that answers a later estimate is the better answer
    ],
)
def test_it_knows_whether_to_wait_for_the_answer_to_an_estimate(holder, stamp, holds_for, answered):
    assert not holder.answers(stamp, DT)
    holder.receive(proposal(0.1, holds_for=holds_for))
    assert holder.answers(stamp, DT) == answered
    stepped(holder, 0.1)
    assert holder.answers(stamp, DT) == answered


class FixedLane:
    """Disagrees by a number with whatever it is asked, and notes what that is."""

    doubt = ""

    def __init__(self, apart=0.0):
        self.apart = apart
        self.seen, self.asked, self.resets = [], [], 0

    def reset(self):
        self.resets += 1

    def see(self, estimate, velocity):
        self.seen.append(estimate.stamp)

    def work_ahead(self, executed):
        pass

    def disagreement(self, proposal, estimate):
        self.asked.append(proposal.stamp)
        return self.apart


def figures_beside(lane, *proposals, at=0.1):
    held = ProposalHolder("policy", G1, lane)
    for one in proposals:
        held.receive(one)
    return stepped(held, at).figures


def test_a_proposal_says_how_far_it_is_from_what_its_lane_computes():
    assert figures_beside(FixedLane(0.25), proposal(0.1)) == {"novelty": 1.25, "disagreement": 0.25}


def test_what_a_driver_says_of_its_own_agreement_is_not_heard():
    sent = proposal(0.1)
    boasting = replace(sent, result=replace(sent.result, figures={"disagreement": 0.0}))
    assert "disagreement" not in figures_beside(FixedLane(None), boasting)


def test_the_lane_is_asked_once_of_every_proposal_and_shown_every_cycle():
    lane = FixedLane()
    held = ProposalHolder("policy", G1, lane)
    for stamp in (0.10, 0.12):
        held.receive(proposal(stamp))
    for tick in range(60, 70):
        stepped(held, tick * DT)
    assert lane.asked == [0.10, 0.12]
    assert lane.seen == pytest.approx([tick * DT for tick in range(60, 70)])
    held.reset(estimate_of(observation_at(0.2, 100)))
    assert lane.resets == 1

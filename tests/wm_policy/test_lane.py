"""A policy's lane beside the policy: in step with it, whatever is lost, late, new or wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
from policy_files import G1, deploy_yaml, estimate, write_yaml
from tiny_networks import linear

from wm_control.constants import CONTROL_PERIOD
from wm_control.controllers.proposal import Proposal
from wm_control.types import (
    Action,
    AdmittedVelocity,
    Command,
    Executed,
    VelocityCommand,
)
from wm_policy.beside import PolicyBeside
from wm_policy.controller import STEPS, PolicyController
from wm_policy.lane import MOST_LOST, SETTLING, PolicyLane
from wm_policy.loading import load_policy
from wm_policy.models import shipped_policy
from wm_policy.policy import Policy

FORGOTTEN = 1e-3
"""Difference of targets that is left of another beginning [rad]."""

ROW = np.zeros(29)
WALK = VelocityCommand(0.4, 0.0, 0.1)


@pytest.fixture(scope="module")
def policies(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Policy]:
    """Policies that are checked, the shipped one, and one that observes the last five frames."""
    folder = tmp_path_factory.mktemp("remembering")
    linear(folder / "policy.onnx", 5 * 96, 29)
    write_yaml(deploy_yaml(history=5), folder / "deploy.yaml")
    return {
        "with a clock": load_policy(shipped_policy(), G1),
        "with a history": load_policy(folder, G1),
    }


def fresh(policy: Policy) -> Policy:
    """Return an equal policy that remembers nothing."""
    return Policy(policy.manifest, policy.network, G1)


def steps_at(stamp: float) -> np.ndarray:
    """Contacts (2,) of a robot that walks: steps of 0.4 s, the other foot off for 0.3 s of them."""
    step, since = divmod(stamp, 0.4)
    contact = np.ones(2)
    contact[int(step) % 2] = float(since > 0.3)
    return contact


class Pair:
    """A policy beside a loop, and its lane in it, over cycles in which the robot shakes."""

    def __init__(self, policy: Policy, lane: Policy) -> None:
        self.policy = policy
        self.lane = PolicyLane(lane, G1)
        self.tick = 0
        self.source = "policy"
        self.walks = False
        self.restart()

    def restart(self) -> None:
        """Let the driver begin anew, as a process that was killed does."""
        self.policy.reset()
        self.controller = PolicyController(self.policy, G1)
        self.driver = PolicyBeside(self.controller, CONTROL_PERIOD)

    def cycles(self, count: int, heard: Callable[[int], bool] = lambda _: True) -> Iterator[object]:
        """Proposals of so many cycles, each on its way until the next one. heard: by the driver."""
        for _ in range(count):
            stamp = CONTROL_PERIOD * self.tick
            shaking = np.sin(9.0 * stamp), np.cos(7.0 * stamp), 0.3
            contact = steps_at(stamp) if self.walks else np.ones(2)
            believed = replace(estimate(stamp, gyro=shaking), contact_probability=contact)
            self.lane.see(believed, WALK)
            sent = Command(stamp, self.tick, 0.1 * ROW + np.sin(stamp), ROW, ROW, ROW, ROW + 1.0)
            executed = Executed(sent, self.source)
            self.lane.work_ahead(executed)
            if heard(self.tick):
                self.driver.hear(AdmittedVelocity(stamp, 0, WALK, Action.NOMINAL, self.source))
                self.driver.observe_executed(sent)
                answer = self.driver.answer(believed)
                if answer is not None:
                    yield Proposal.of(answer, believed)
            self.tick += 1

    def apart(self, proposal: Proposal) -> float | None:
        """How far the lane's targets are from these at most [rad]; None where it cannot know."""
        expected = self.lane.expects(proposal)
        if expected is None:
            return None
        return float(np.abs(proposal.result.command.position - expected.position).max())

    def agree(self, proposal: Proposal) -> bool | None:
        """Whether the lane expects exactly this; None where it cannot know."""
        apart = self.apart(proposal)
        return None if apart is None else apart == 0.0


@pytest.fixture(params=["with a clock", "with a history"])
def pair(request: pytest.FixtureRequest, policies: dict[str, Policy]) -> Pair:
    policy = policies[request.param]
    return Pair(fresh(policy), fresh(policy))


@pytest.mark.parametrize("source", ["policy", "mpc", "arbiter"])
def test_lane_and_driver_agree_to_the_last_bit_whoever_drives(pair: Pair, source: str) -> None:
    pair.source = source
    assert [pair.agree(one) for one in pair.cycles(200)] == [True] * 20
    assert pair.lane.doubt == ""


def test_the_step_that_is_due_is_taken_before_the_proposal_comes(pair: Pair) -> None:
    """What a proposal has to wait for is then a comparison only."""
    proposals = pair.cycles(60)
    for _ in range(3):
        pair.agree(next(proposals))
    waiting = next(proposals)
    taken: list[object] = []
    pair.lane._controller.answer = lambda *given: taken.append(given)  # type: ignore[assignment]
    assert pair.agree(waiting) is True
    assert taken == []


def test_proposals_that_were_lost_are_made_good(pair: Pair) -> None:
    answers = [pair.agree(one) for k, one in enumerate(pair.cycles(300)) if k % 6 == 0]
    assert answers == [True] * 5  # five of six are lost


def test_more_lost_in_a_row_are_followed_again_once_a_memory_is_over(pair: Pair) -> None:
    answers = [
        pair.apart(one)
        for k, one in enumerate(pair.cycles(600))
        if not 10 <= k < 10 + MOST_LOST + 1
    ]
    known = [answer is not None for answer in answers]
    silent = known[10:].index(True)
    assert all(known[:10])
    assert SETTLING <= silent <= SETTLING + 5
    assert all(known[10 + silent :])
    assert max(answers[10 + silent :]) < FORGOTTEN


def test_a_driver_that_missed_the_estimate_that_was_due_answered_the_next_one(pair: Pair) -> None:
    """The lane, which has already answered the one that was due, goes back."""
    missed = {100, 101, 200}
    assert [pair.agree(p) for p in pair.cycles(300, lambda k: k not in missed)] == [True] * 30


def test_a_driver_that_slept_for_some_steps_has_not_taken_them(pair: Pair) -> None:
    """0.1 s of silence; its clock stood still, and so does that of the lane."""
    answers = [pair.agree(p) for p in pair.cycles(400, lambda k: not 200 <= k < 250)]
    assert set(answers) == {True}


def test_a_driver_that_begins_anew_is_followed_from_its_first_step(pair: Pair) -> None:
    for one in pair.cycles(200):
        pair.agree(one)
    pair.restart()
    assert [pair.agree(one) for one in pair.cycles(200)] == [True] * 20


@pytest.mark.parametrize("source", ["mpc", "arbiter"])
@pytest.mark.parametrize("lost", [0, 2])
@pytest.mark.parametrize("before", [300, 333])
def test_so_is_one_that_begins_anew_while_another_drives(
    pair: Pair, source: str, lost: int, before: int
) -> None:
    """A new process does not know what was executed before it, nor which foot carried."""
    pair.source, pair.walks = source, True
    for one in pair.cycles(before):
        assert pair.agree(one) is True
    pair.restart()
    answers = [pair.agree(one) for one in list(pair.cycles(20 + 10 * lost))[lost:]]
    answers += [pair.agree(one) for one in pair.cycles(500)]
    assert set(answers) == {True}


@pytest.mark.parametrize("source", ["policy", "mpc", "arbiter"])
@pytest.mark.parametrize("late", [0, 3])
@pytest.mark.parametrize(
    ("of", "onto"), [("with a clock", "with a history"), ("with a history", "with a clock")]
)
def test_a_policy_that_takes_over_is_followed_from_its_first_step(
    policies: dict[str, Policy], of: str, onto: str, source: str, late: int
) -> None:
    """Its process goes on and knows what was executed; the lane may be given it some steps late."""
    pair = Pair(fresh(policies[of]), fresh(policies[of]))
    coming = fresh(policies[onto])
    pair.source, pair.walks = source, True
    for one in pair.cycles(300):
        assert pair.agree(one) is True
    pair.controller.replace(coming)
    for one in pair.cycles(10 * late):
        pair.agree(one)
    pair.lane.replace(fresh(policies[onto]))
    assert [pair.agree(one) for one in pair.cycles(500)] == [True] * 50


def test_a_driver_that_is_met_in_the_middle_is_believed_later(pair: Pair) -> None:
    for _ in pair.cycles(100):
        pass
    assert "nothing proposed" in pair.lane.doubt
    answers = [pair.apart(one) for one in pair.cycles(500)]
    assert answers[0] is None
    assert answers[-1] < FORGOTTEN
    assert pair.lane.doubt == ""


def test_another_policy_is_not_known_until_the_lane_has_it_too(
    policies: dict[str, Policy],
) -> None:
    clocked, other = policies.values()
    pair = Pair(fresh(other), fresh(clocked))
    answers = [pair.agree(one) for one in pair.cycles(50)]
    assert answers == [None] * 5
    assert pair.lane.doubt == "another policy proposes"
    pair.lane.replace(fresh(other))
    assert [pair.agree(one) for one in pair.cycles(10)] == [True]  # its sixth step: made good


def test_a_count_that_is_repeated_is_a_lie_and_does_not_let_the_driver_out_of_sight(
    pair: Pair,
) -> None:
    proposals = list(pair.cycles(60))
    for one in proposals[:4]:
        assert pair.agree(one) is True
    stuck = replace(proposals[4], result=proposals[3].result)
    assert pair.lane.disagreement(stuck, estimate()) == np.inf
    assert pair.agree(proposals[5]) is True


def test_a_proposal_that_comes_twice_is_compared_twice(pair: Pair) -> None:
    proposals = list(pair.cycles(40))
    for one in proposals:
        assert [pair.lane.disagreement(one, estimate()) for _ in range(2)] == [0.0, 0.0]


@pytest.mark.parametrize("figures", [{}, {STEPS: np.nan}, {STEPS: -1.0}, {STEPS: np.inf}])
def test_a_driver_that_does_not_say_how_many_steps_it_took_cannot_be_followed(
    pair: Pair, figures: dict[str, float]
) -> None:
    (sent,) = pair.cycles(10)
    told = {name: v for name, v in sent.result.figures.items() if name != STEPS} | figures
    assert pair.agree(replace(sent, result=replace(sent.result, figures=told))) is None
    assert "how many steps" in pair.lane.doubt


def test_disagreement_is_of_torques_in_shares_of_what_each_joint_can_give(pair: Pair) -> None:
    """Feed-forward apart by half of what the third joint can give, and a quarter of the fourth."""
    (sent,) = pair.cycles(10)
    command = sent.result.command
    torque = command.torque.copy()
    torque[3] += 0.5 * G1.torque_limit[3]
    torque[4] -= 0.25 * G1.torque_limit[4]
    spoiled = replace(sent.result, command=replace(command, torque=torque))
    apart = pair.lane.disagreement(replace(sent, result=spoiled), estimate())
    assert apart == pytest.approx(np.hypot(0.5, 0.25))


def test_what_was_computed_on_something_else_is_told_at_once(pair: Pair) -> None:
    proposals = pair.cycles(100)
    assert pair.agree(next(proposals)) is True
    taken = pair.driver.answer

    def misled(believed: object) -> object:
        velocity = -believed.joint_velocity + 1.0  # type: ignore[attr-defined]
        return taken(replace(believed, joint_velocity=velocity))  # type: ignore[type-var]

    pair.driver.answer = misled  # type: ignore[method-assign,assignment]
    wrong = next(proposals)
    assert wrong.result.figures[STEPS] == 2.0
    assert pair.agree(wrong) is False


def test_a_run_that_begins_again_is_followed(pair: Pair) -> None:
    for one in pair.cycles(100):
        pair.agree(one)
    pair.lane.reset()
    assert pair.lane.doubt == "the loop began anew"
    pair.restart()
    assert [pair.agree(one) for one in pair.cycles(100)] == [True] * 10

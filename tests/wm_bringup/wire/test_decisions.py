"""What is published of a decision: who drives, why, and what everybody proposes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from wm_bringup.wire.decisions import Changes, drivers_status, statuses, summary, worst_cause
from wm_bringup.wire.messages import Level
from wm_control.arbiter.background import Background
from wm_control.arbiter.balance import Balance
from wm_control.types import Action, Cause, Command, ControllerResult, Decision, Status

ROW = np.zeros(29)
OF_SHADOW = Cause("plan_old", 0.05, 0.024, "policy: age 0.05 s", Action.NOMINAL, "policy")
OF_DRIVER = Cause("controller_degraded", 1.0, 0.0, "mpc: limps", Action.FALLBACK, "mpc")


def decision(**changes) -> Decision:
    command = Command(1.0, 500, *[ROW] * 5)
    return replace(Decision(1.0, Action.NOMINAL, "mpc", command, armed=True), **changes)


def result(name, **changes) -> ControllerResult:
    return replace(ControllerResult(name, None, Status.OK), **changes)


def test_a_decision_says_who_drives_from_whom_and_by_which_share():
    whole = statuses(decision(source="policy", previous="mpc", share=0.25))[0]
    assert whole.values["source"] == "policy"
    assert (whole.values["previous"], whole.values["share"]) == ("mpc", 0.25)


def test_what_is_wrong_with_a_shadow_is_a_warning_and_not_the_reason_for_anything():
    told = decision(causes=(OF_SHADOW,))
    assert worst_cause(told) is None
    assert summary(told) == "NOMINAL: mpc drives"
    cause = statuses(told)[1]
    assert (cause.name, cause.level) == ("arbiter: policy: plan_old", Level.WARN)
    assert cause.values["controller"] == "policy"


def test_what_is_wrong_with_the_driver_is_the_reason():
    told = decision(action=Action.FALLBACK, causes=(OF_DRIVER, OF_SHADOW), first_cause=OF_DRIVER)
    assert summary(told) == "FALLBACK: mpc: limps"


def test_that_another_drives_than_the_preferred_one_is_told_with_what_began_it():
    told = decision(source="policy", first_cause=replace(OF_DRIVER, action=Action.NOMINAL))
    assert summary(told) == "NOMINAL: policy drives (began with: mpc: limps)"


BEHIND = Background(
    ("mpc", "policy"), {"mpc": "yields", "policy": "fit"}, Balance(0.74, 3.5, -0.1), switches=2
)
PUSHED = Cause("pushed", 3.5, 2.2, "mpc: robot pushed by 3.5 N·s", Action.NOMINAL, "mpc")


def test_what_a_decision_was_made_on_is_told_with_it():
    values = statuses(decision(source="policy"), behind=BEHIND)[0].values
    assert (values["preference"], values["switches"], values["settled"]) == ("mpc+policy", 2, False)
    assert (values["base_height"], values["impulse"]) == (0.74, 3.5)
    assert values["capture_margin"] == -0.1


def test_the_drivers_are_told_with_how_each_stands_and_what_is_held_against_it():
    status = drivers_status(decision(source="policy", causes=(PUSHED,)), "policy", BEHIND)
    assert status.message == "policy drives, mpc yields; mpc: robot pushed by 3.5 N·s"
    assert status.level == Level.WARN
    assert status.values["drives"] == "policy"
    assert (status.values["mpc"], status.values["policy"]) == ("yields", "fit")
    assert status.values["impulse_n_s"] == 3.5
    assert status.values["capture_margin_m"] == -0.1


def test_that_nobody_is_taken_back_is_a_warning_and_that_all_is_well_is_none():
    well = replace(BEHIND, standings={"mpc": "fit", "policy": "fit"})
    assert drivers_status(decision(), "mpc", well).level == Level.OK
    settled = drivers_status(decision(), "mpc", replace(well, settled=True))
    assert settled.level == Level.WARN
    assert "until /arbiter/clear" in settled.message


def test_a_driver_whose_command_does_not_pass_is_in_charge_only():
    status = drivers_status(decision(source="arbiter"), "mpc", BEHIND)
    assert status.message.startswith("mpc in charge, the arbiter acts")
    assert status.values["drives"] == "arbiter"


def test_every_proposal_is_told_with_its_status_and_figures():
    results = [
        result("mpc", figures={"phase": 0.5}),
        result("policy", status=Status.DEGRADED, cause="late", figures={"novelty": 1.25}),
    ]
    mpc, policy = statuses(decision(), results)[1:]
    assert mpc.name == "arbiter: proposal of mpc"
    assert (mpc.message, mpc.level) == ("drives", Level.OK)
    assert mpc.values == {"drives": True, "status": "OK", "phase": 0.5}
    assert (policy.message, policy.level) == ("late", Level.WARN)
    assert policy.values == {"drives": False, "status": "DEGRADED", "novelty": 1.25}


def test_another_controllers_cause_of_the_same_name_is_news_and_so_is_a_hand_over():
    changes = Changes()
    assert changes.news(decision(causes=(OF_SHADOW,)))
    assert not changes.news(decision(causes=(OF_SHADOW,)))
    assert changes.news(decision(causes=(replace(OF_SHADOW, controller="mpc"),)))
    assert changes.news(decision(previous="policy", share=0.5))
    assert changes.news(decision())

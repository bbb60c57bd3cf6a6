"""Networks are fitted to branches, and judged on episodes that they never saw."""

from __future__ import annotations

from math import inf

import numpy as np
import pytest

from wm_control.arbiter.recoverability import FEATURES, FallForecast
from wm_training.recoverability.branches import Branch, BranchFacts
from wm_training.recoverability.fitting import DISTURBED, Seen, fit, risk_of
from wm_training.recoverability.grading import (
    EVEN,
    Judged,
    auc,
    calibrated_limit,
    calibration_curve,
    card_of,
    cross_judged,
    folds,
)

SINCE = np.arange(-20, 60) * 0.01


def branch(seed: int, margin: float, *, relieved: bool = False) -> Seen:
    """Let a robot be pushed to a margin, where it falls below 0, with noise on all else."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(len(SINCE), len(FEATURES)))
    features[:, -1] = np.where(SINCE < 0.0, 0.15, margin)
    fell_at = 4.0 if margin < 0.0 else None
    first = "policy" if relieved else "mpc"
    facts = BranchFacts(Branch(seed, first, "mpc", 3.05 if relieved else inf), 3.0, 45.0, fell_at)
    kept = SINCE >= 0.05 if relieved else np.isfinite(SINCE)
    return Seen(facts, features[kept], SINCE[kept])


def many() -> list[Seen]:
    margins = np.random.default_rng(5).uniform(-0.3, 0.3, 60)
    return [branch(seed, float(margin)) for seed, margin in enumerate(margins)]


def judged(risks, *, fell: bool = False) -> Judged:
    whole = branch(0, -0.1 if fell else 0.1)
    return Judged(whole, np.array(risks, dtype=float))


def told(calm: float, after: float) -> np.ndarray:
    return np.where(SINCE < 0.0, calm, after)


def test_what_decides_is_found_among_what_does_not():
    network = fit(many(), seed=0)
    forecast = FallForecast({"mpc": network})
    lost, saved = branch(99, -0.25), branch(98, 0.25)
    assert np.median([forecast(tuple(row))["mpc"] for row in lost.features[30:]]) > 0.8
    assert np.median([forecast(tuple(row))["mpc"] for row in saved.features[30:]]) < 0.2


def test_the_exported_network_tells_what_the_fitted_one_was_judged_by():
    network = fit(many()[:20], seed=0)
    features = branch(99, 0.05).features
    forecast = FallForecast({"mpc": network})
    alone = [forecast(tuple(row))["mpc"] for row in features.tolist()]
    assert risk_of(network, features) == pytest.approx(alone)


def test_the_same_seed_fits_the_same_network():
    assert fit(many()[:20], seed=3) == fit(many()[:20], seed=3)


def test_examples_end_when_it_is_decided_and_calm_is_seen_more_rarely():
    chosen = branch(0, 0.1).examples()
    since = SINCE[chosen]
    assert since.max() <= DISTURBED
    assert (since < 0.0).sum() == 2
    assert (since >= 0.0).sum() == 14


def test_every_episode_is_judged_once_by_others_and_all_its_branches_together():
    branches = [*many(), branch(7, 0.1, relieved=True)]
    seen_once = []
    for others, held_out in folds(branches):
        assert not {one.seed for one in others} & {one.seed for one in held_out}
        seen_once += held_out
    assert sorted(one.seed for one in seen_once) == sorted(one.seed for one in branches)


def test_an_alarm_takes_two_cycles_in_a_row_after_the_push():
    risks = told(0.9, 0.1)
    risks[30] = 0.9
    assert judged(risks).alarm(0.5) is None
    risks[41:43] = 0.9
    assert judged(risks).alarm(0.5) == pytest.approx(SINCE[42])


def test_the_limit_is_what_no_calm_episode_went_beyond_for_two_cycles():
    """Of fewer than 200 episodes a share of 0.5 % allows none."""
    risks = told(0.55, 0.99)
    risks[3] = 0.97  # one cycle alone
    assert calibrated_limit([judged(told(0.6, 0.99)), judged(risks)]) == pytest.approx(0.6)


def test_of_two_hundred_episodes_one_may_be_a_false_alarm():
    episodes = [judged(told(0.7 if k == 0 else 0.6, 0.9)) for k in range(200)]
    assert calibrated_limit(episodes) == pytest.approx(0.6)


def test_no_limit_lies_below_even():
    assert calibrated_limit([judged(told(0.01, 0.9))]) == EVEN


def test_the_area_under_the_curve_counts_pairs_in_the_right_order():
    """0.9 is above both, 0.4 above one and level with the other: (1 + 1 + 1 + 0.5) / 4."""
    risk = np.array([0.9, 0.4, 0.1, 0.4])
    fell = np.array([True, True, False, False])
    assert auc(risk, fell) == pytest.approx(3.5 / 4.0)
    assert np.isnan(auc(risk, np.zeros(4, dtype=bool)))


def test_the_calibration_curve_tells_risk_and_share_of_falls_in_bands():
    episodes = [judged(told(0.0, 0.9), fell=True), judged(told(0.0, 0.1))]
    assert calibration_curve(episodes) == [[0.1, 0.0, 14], [0.9, 1.0, 14]]


def test_the_card_counts_falls_that_were_told_and_alarms_that_were_not_needed():
    episodes = [
        judged(told(0.1, 0.9), fell=True),
        judged(told(0.1, 0.2), fell=True),
        judged(told(0.1, 0.9)),
        judged(told(0.7, 0.1)),
    ]
    card = card_of(episodes, 0.5, 0)
    assert (card["falls"], card["falls_told"]) == (2, 1)
    assert (card["calm_episodes"], card["false_alarms"]) == (4, 1)
    assert card["alarms_after_pushes_it_survives"] == 1
    assert card["told_after_the_push_p50_s"] == pytest.approx(0.01)
    assert card["lead_before_the_fall_p50_s"] == pytest.approx(0.99)


def test_networks_that_never_saw_an_episode_still_tell_its_fall():
    told_of = cross_judged(many(), 0)
    at = np.array([one.risk[30] for one in told_of])
    assert auc(at, np.array([one.branch.fell for one in told_of])) > 0.9

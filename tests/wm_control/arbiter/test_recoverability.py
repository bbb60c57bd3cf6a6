"""What the networks are given, and how they are evaluated."""

from __future__ import annotations

from dataclasses import replace
from math import cos, exp, isnan, sin, tanh

import numpy as np
import pytest
from robot_parameters import SAFETY
from robot_story import Story, carried, standing

from wm_control.arbiter.balance import BalanceMeter
from wm_control.arbiter.look import Look
from wm_control.arbiter.parameters import DriverLimits
from wm_control.arbiter.recoverability import (
    FEATURES,
    FallForecast,
    FallNetwork,
    Recoverability,
    features,
)
from wm_control.configuration.parameters import load_parameters
from wm_control.drivers import DRIVERS
from wm_control.errors import ParameterError
from wm_control.robot.sources import load_part
from wm_control.types import LEFT

NOTHING = (0.0, 0.0, 0.0)
IMPULSE = (1.0, -2.0)
LOOK = Look(
    stamp=0.0,
    base=0.75,
    com=(0.02, 0.03, 0.66),
    linear=(12.0, -5.0, 1.0),
    angular=(0.4, -0.7, 0.2),
    soles=((0.05, 0.09, 0.0), (-0.1, -0.08, 0.04)),
    yaws=(0.1, -0.05),
    tilts=(0.0, 0.1),
    wrenches=(((5.0, 3.0, 300.0), NOTHING), ((0.0, 0.0, 20.0), NOTHING)),
    mass=33.0,
)


def tilted(roll: float, yaw: float) -> np.ndarray:
    """Orientation of a base that heads to ``yaw`` and then rolls, as a quaternion xyzw."""
    a, b = 0.5 * roll, 0.5 * yaw
    return np.array([sin(a) * cos(b), sin(a) * sin(b), cos(a) * sin(b), cos(a) * cos(b)])


def belief(g1, roll: float, yaw: float, side: float):
    return standing(
        g1,
        0.0,
        0,
        base_orientation=tilted(side * roll, side * yaw),
        base_angular_velocity_in_base=np.array([side * 0.3, -0.2, side * 0.5]),
        base_velocity_in_base=np.array([0.4, side * -0.1, 0.02]),
    )


def across(v):
    return v[0], -v[1], *v[2:]


def test_a_robot_and_its_mirror_image_are_the_same_to_the_network(g1):
    (left, _), (right, _) = LOOK.wrenches
    image = replace(
        LOOK,
        com=across(LOOK.com),
        linear=across(LOOK.linear),
        angular=(-LOOK.angular[0], LOOK.angular[1], -LOOK.angular[2]),
        soles=(across(LOOK.soles[1]), across(LOOK.soles[0])),
        yaws=(-LOOK.yaws[1], -LOOK.yaws[0]),
        wrenches=((across(right), NOTHING), (across(left), NOTHING)),
    )
    here = features(LOOK, belief(g1, 0.1, 0.2, 1.0), IMPULSE, 0.15)
    there = features(image, belief(g1, 0.1, 0.2, -1.0), across(IMPULSE), 0.15)
    assert there == pytest.approx(here, abs=1e-12)


def test_features_are_told_from_the_sole_that_carries_outward_being_to_the_other_foot(g1):
    told = dict(zip(FEATURES, features(LOOK, standing(g1, 0.0, 0), IMPULSE, 0.15), strict=True))
    assert LOOK.carrying == LEFT
    assert told["com_ahead"] == pytest.approx(-0.03)
    assert told["com_outward"] == pytest.approx(0.06)
    assert told["swing_outward"] == pytest.approx(0.17)
    assert told["swing_up"] == pytest.approx(0.04)
    assert told["load_share"] == pytest.approx(300.0 / 321.0)
    assert (told["impulse_ahead"], told["impulse_outward"]) == pytest.approx((1.0, 2.0))
    assert told["capture_margin"] == 0.15


def constant(output: float, offset: float, weight: float = 0.0) -> FallNetwork:
    wide = len(FEATURES)
    return FallNetwork(
        mean=(0.0,) * (wide - 1) + (0.1,),
        deviation=(1.0,) * (wide - 1) + (0.05,),
        hidden=((0.0,) * (wide - 1) + (weight,),),
        bias=(0.0,),
        output=(output,),
        offset=offset,
    )


def seen(margin: float) -> tuple[float, ...]:
    return (0.3,) * (len(FEATURES) - 1) + (margin,)


def test_a_network_of_one_unit_is_evaluated_by_hand():
    """(0.2 - 0.1) / 0.05 = 2 deviations; tanh(0.5 * 2) * 3 - 1 is the logit."""
    risk = FallForecast({"mpc": constant(3.0, -1.0, 0.5)})(seen(0.2))["mpc"]
    assert risk == pytest.approx(1.0 / (1.0 + exp(-(3.0 * tanh(1.0) - 1.0))))


def test_every_driver_is_told_by_its_own_network():
    one, other = constant(3.0, -1.0, 0.5), constant(-2.0, 0.3, 1.5)
    both = FallForecast({"mpc": one, "policy": other})(seen(0.17))
    assert both["mpc"] == pytest.approx(FallForecast({"mpc": one})(seen(0.17))["mpc"])
    assert both["policy"] == pytest.approx(FallForecast({"policy": other})(seen(0.17))["policy"])


def test_what_is_not_finite_has_no_known_risk_and_what_is_huge_a_finite_one():
    forecast = FallForecast({"mpc": constant(3.0, -1.0, 0.5)})
    assert isnan(forecast(seen(float("nan")))["mpc"])
    assert 0.0 <= FallForecast({"mpc": constant(1e6, 0.0, 1.0)})(seen(-9.0))["mpc"] <= 1.0


def test_a_network_for_other_features_is_refused_by_name():
    with pytest.raises(ParameterError, match="features"):
        load_parameters(Recoverability, {"features": ["com_ahead"]})


def test_a_network_with_columns_missing_is_refused():
    whole = constant(1.0, 0.0)
    with pytest.raises(ParameterError, match="hidden"):
        replace(whole, hidden=((0.0, 0.0),))


def test_the_shipped_networks_tell_of_every_driver_and_a_robot_at_rest_is_in_no_danger(g1):
    shipped = load_part(Recoverability, "g1", "recoverability")
    assert set(shipped.drivers) == set(DRIVERS)
    assert {"parameters_sha256", "branches", *DRIVERS} <= set(shipped.card)
    balance = BalanceMeter(g1, shipped)(carried(g1, 0.0, 0))
    assert max(balance.risks.values()) < 0.3


def test_a_limit_on_a_risk_that_nobody_can_tell_stops_start_up_by_name():
    limited = replace(SAFETY.arbiter, drivers={"mpc": DriverLimits(risk=0.5)})
    with pytest.raises(ParameterError, match=r"drivers\.mpc\.risk"):
        Recoverability().check(limited)
    Recoverability(drivers={"mpc": constant(1.0, 0.0)}).check(limited)


def test_a_driver_that_will_not_save_the_robot_yields_to_one_that_will(g1):
    limits = {"mpc": DriverLimits(risk=0.5)}
    story = Story(g1, ("mpc", "policy"), yields=limits).armed()
    assert story.step(risks={"mpc": 0.9, "policy": 0.1}).source == "mpc"
    decision = story.step(risks={"mpc": 0.8, "policy": 0.1})
    assert decision.source == "policy"
    assert decision.first_cause.rule == "recoverability"
    assert (decision.first_cause.value, decision.first_cause.limit) == (0.8, 0.5)


def test_where_nobody_will_save_it_the_driver_goes_on(g1):
    limits = {"mpc": DriverLimits(risk=0.5), "policy": DriverLimits(risk=0.5)}
    story = Story(g1, ("mpc", "policy"), yields=limits).armed()
    decisions = story.steps(20, risks={"mpc": 0.9, "policy": 0.9})
    assert {decision.source for decision in decisions} == {"mpc"}


def test_a_risk_that_nobody_could_tell_is_held_against_nobody(g1):
    story = Story(g1, ("mpc", "policy"), yields={"mpc": DriverLimits(risk=0.5)}).armed()
    decisions = story.steps(20, risks={"mpc": float("nan")})
    assert {decision.source for decision in decisions} == {"mpc"}

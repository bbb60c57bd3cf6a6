"""A plan on the wire, and a plan read at one instant."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from wm_control.gait.state import Gait, Mode
from wm_control.mpc.plan import (
    LAYOUT,
    SIZE,
    WalkingPlan,
    pack,
    predict_dcm,
    read_plan,
    unpack,
    with_age,
)
from wm_control.types import LEFT, RIGHT, SolveReport, Status

NUMBERS = st.floats(-1e6, 1e6)


def vectors(*shape):
    return arrays(np.float64, shape, elements=NUMBERS)


GAITS = st.builds(
    Gait,
    mode=st.sampled_from(Mode),
    support=st.sampled_from([LEFT, RIGHT]),
    step_start=NUMBERS,
    touch_down=NUMBERS,
    double_support=NUMBERS,
    lifts=st.booleans(),
    support_pose=vectors(4),
    swing_start=vectors(4),
    cop_start=vectors(2),
    velocity=vectors(3),
    correction=vectors(2),
    yaw=NUMBERS,
    steps=st.integers(0, 10**6),
)
REPORTS = st.builds(
    SolveReport,
    name=st.just("footstep_mpc"),
    status=st.sampled_from(Status),
    age=NUMBERS,
    residual=NUMBERS,
    iterations=st.integers(0, 10**6),
    solve_time=NUMBERS,
)
PLANS = st.builds(
    WalkingPlan,
    stamp=NUMBERS,
    sequence=st.integers(0, 2**40),
    gait=GAITS,
    footsteps=vectors(3, 4),
    cop_offset=vectors(2),
    next_duration=NUMBERS,
    dcm=vectors(2),
    dcm_touchdown=vectors(2),
    report=REPORTS,
)


def same(a, b):
    """Compare two dataclasses field by field, arrays entry by entry."""
    for field in fields(a):
        x, y = getattr(a, field.name), getattr(b, field.name)
        if hasattr(x, "__dataclass_fields__"):
            same(x, y)
        else:
            np.testing.assert_array_equal(x, y, err_msg=field.name)
            assert type(x) is type(y), field.name


def walking(**changes):
    """A step on the left foot from 1.00 s to 1.36 s; the right foot goes from -0.1 to +0.1 m."""
    gait = Gait(
        mode=Mode.WALK,
        support=LEFT,
        step_start=1.0,
        touch_down=1.36,
        double_support=0.04,
        lifts=True,
        support_pose=np.array([0.0, 0.1, 0.0, 0.0]),
        swing_start=np.array([-0.1, -0.1, 0.0, 0.0]),
        cop_start=np.array([-0.1, -0.1]),
        velocity=np.array([0.5, 0.0, 0.2]),
        correction=np.zeros(2),
        yaw=0.3,
        steps=4,
    )
    return WalkingPlan(
        stamp=1.0,
        sequence=500,
        gait=replace(gait, **changes),
        footsteps=np.array([[0.1, -0.1, 0, 0.1], [0.3, 0.1, 0, 0.2], [0.5, -0.1, 0, 0.3]]),
        cop_offset=np.array([0.02, -0.01]),
        next_duration=0.36,
        dcm=np.array([0.0, 0.02]),
        dcm_touchdown=np.array([0.1, 0.0]),
        report=SolveReport("footstep_mpc", Status.OK, 0.0, 1e-9, 3, 2e-4),
    )


@settings(deadline=None, max_examples=60)
@given(plan=PLANS)
def test_a_plan_survives_the_wire(plan):
    same(unpack(pack(plan)), plan)


def test_the_layout_counts_every_entry_once():
    vector = pack(walking())
    assert sum(size for _, size in LAYOUT) == SIZE == len(vector)
    assert len({name for name, _ in LAYOUT}) == len(LAYOUT)
    assert vector.dtype == np.float64


def test_the_layout_names_what_is_there():
    starts = np.cumsum([0] + [size for _, size in LAYOUT])
    at = {name: start for (name, _), start in zip(LAYOUT, starts, strict=False)}
    vector = pack(walking())
    assert vector[at["gait.touch_down"]] == 1.36
    assert vector[at["gait.yaw"]] == 0.3
    assert vector[at["next_duration"]] == 0.36
    assert vector[at["report.solve_time"]] == 2e-4


@pytest.mark.parametrize("change", [-1, 1, -SIZE])
def test_a_vector_of_another_size_is_refused(change):
    with pytest.raises(ValueError, match=rf"{SIZE} entries.*{SIZE + change}"):
        unpack(np.zeros(SIZE + change))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("entry", [0, 3, SIZE // 2, SIZE - 1])
def test_a_plan_that_is_not_finite_is_refused(bad, entry):
    vector = pack(walking())
    vector[entry] = bad
    with pytest.raises(ValueError, match="finite"):
        unpack(vector)


@pytest.mark.parametrize("name", ["gait.mode", "report.status", "gait.support"])
@pytest.mark.parametrize("value", [-1.0, 7.0])
def test_a_mode_status_or_foot_that_does_not_exist_is_refused(name, value):
    starts = np.cumsum([0] + [size for _, size in LAYOUT])
    vector = pack(walking())
    vector[starts[[key for key, _ in LAYOUT].index(name)]] = value
    with pytest.raises(ValueError, match="is one of"):
        unpack(vector)


def test_the_age_of_a_plan_counts_from_its_stamp():
    report = with_age(walking(), 1.25)
    assert report.age == pytest.approx(0.25)
    assert report.solve_time == 2e-4


def test_a_standing_robot_has_both_feet_on_the_ground_and_no_planned_pressure():
    phase = read_plan(walking(mode=Mode.STAND, velocity=np.zeros(3)), 1.5)
    assert (phase.mode, phase.contacts, phase.load) == (Mode.STAND, (True, True), (1.0, 1.0))
    assert phase.cop is None
    assert phase.swing is None


def test_at_the_start_of_a_step_the_old_foot_still_carries():
    phase = read_plan(walking(), 1.0)
    assert phase.contacts == (True, True)
    assert phase.load == (0.0, 1.0)
    assert phase.swing is None
    np.testing.assert_allclose(phase.cop, [-0.1, -0.1])


def test_halfway_through_double_support_both_feet_carry():
    phase = read_plan(walking(), 1.02)
    assert phase.load == pytest.approx((0.5, 0.5))
    np.testing.assert_allclose(phase.cop, [-0.04, -0.005])  # halfway to (0.02, 0.09)


def test_in_single_support_one_foot_carries_and_the_other_swings():
    phase = read_plan(walking(), 1.14)
    assert (phase.contacts, phase.load) == ((True, False), (1.0, 0.0))
    assert (phase.support, phase.swing) == (LEFT, RIGHT)
    assert phase.elapsed == pytest.approx(0.10)
    assert phase.remaining == pytest.approx(0.22)
    np.testing.assert_allclose(phase.cop, [0.02, 0.09])
    np.testing.assert_allclose(phase.target, [0.1, -0.1, 0.0, 0.1])


def test_after_the_touchdown_the_load_goes_to_the_new_foot_without_a_new_plan():
    phase = read_plan(walking(), 1.37)
    assert (phase.contacts, phase.swing, phase.support) == ((True, True), None, RIGHT)
    assert phase.load == pytest.approx((0.75, 0.25))
    np.testing.assert_allclose(phase.cop, [0.04, 0.0425])  # a quarter from (0.02, 0.09)


def test_long_after_the_touchdown_the_new_foot_carries_everything():
    phase = read_plan(walking(), 2.0)
    assert (phase.contacts, phase.load) == ((True, True), (0.0, 1.0))
    np.testing.assert_allclose(phase.cop, [0.1, -0.1])


def test_the_centre_of_pressure_never_jumps_within_a_plan():
    plan = walking()
    cops = np.array([read_plan(plan, t).cop for t in np.arange(1.0, 1.45, 0.001)])
    fastest = np.linalg.norm([0.12, 0.19]) / 0.04
    assert np.linalg.norm(np.diff(cops, axis=0), axis=1).max() < 1.01 * 0.001 * fastest


def test_the_mirrored_step_is_carried_by_the_other_foot():
    phase = read_plan(walking(support=RIGHT), 1.2)
    assert (phase.contacts, phase.load, phase.swing) == ((False, True), (0.0, 1.0), LEFT)


@pytest.mark.parametrize("now", [1.0, 1.03, 1.05, 1.2, 1.35, 1.4, 2.0])
def test_the_first_weight_shift_never_lifts_a_foot(now):
    phase = read_plan(walking(lifts=False), now)
    assert (phase.contacts, phase.load, phase.swing) == ((True, True), (1.0, 1.0), None)


def test_a_gait_without_double_support_swings_at_once():
    assert read_plan(walking(double_support=0.0), 1.0).swing == RIGHT
    assert read_plan(walking(double_support=0.0), 1.37).load == pytest.approx((0.0, 1.0))


@pytest.mark.parametrize("now", [1.0, 1.2, 1.4])
@pytest.mark.parametrize("mode", Mode)
def test_the_heading_goes_on_turning_between_plans(mode, now):
    phase = read_plan(walking(mode=mode), now)
    assert phase.yaw == pytest.approx(0.3 + 0.2 * (now - 1.0))
    assert phase.yaw_rate == 0.2


def test_the_predicted_divergent_component_runs_away_from_the_pressure():
    dcm, cop = np.array([0.02, 0.0]), np.array([0.0, 0.01])
    doubled = predict_dcm(dcm, cop, 4.0, np.log(2.0) / 4.0)
    np.testing.assert_allclose(doubled, [0.04, -0.01])

from dataclasses import replace

import numpy as np
import pytest

from wm_bringup.judging.episode import Episode, proportion_interval, summarise_episodes
from wm_bringup.judging.metrics import drift, judge, path_length
from wm_bringup.record.fall import FallLimits, fall_cause
from wm_bringup.record.trace import Trace, TraceRecorder
from wm_bringup.robots.base import GroundTruth
from wm_control.types import Action, Command, Decision, Estimate, Observation, VelocityCommand

N = 3
LEVEL = np.array([0.0, 0.0, 0.0, 1.0])


def truth(time=0.0, x=0.0, height=0.75, orientation=LEVEL, touching=(), torque=0.0, speed=0.0):
    return GroundTruth(
        stamp=time,
        base_position_in_world=np.array([x, 0.0, height]),
        base_orientation=orientation,
        base_velocity_in_world=np.array([speed, 0.0, 0.0]),
        base_velocity_in_base=np.array([speed, 0.0, 0.0]),
        base_angular_velocity_in_base=np.zeros(3),
        joint_position=np.zeros(N),
        joint_velocity=np.ones(N),
        joint_torque=np.full(N, torque),
        sole_position=np.zeros((2, 3)),
        sole_rotation=np.tile(np.eye(3), (2, 1, 1)),
        sole_velocity=np.zeros((2, 6)),
        foot_wrench=np.zeros((2, 6)),
        normal_force=np.array([160.0, 160.0]),
        tangential_force=np.zeros(2),
        ground_height=np.zeros(2),
        com_position=np.zeros(3),
        com_velocity=np.zeros(3),
        push_force=np.zeros(3),
        touching=touching,
    )


def estimate(time=0.0, x=0.0, speed=0.0):
    observation = Observation(time, 0, *(np.zeros(N),) * 3, LEVEL, np.zeros(3), np.zeros(3))
    return Estimate(
        observation=observation,
        base_position_in_world=np.array([x, 0.0, 0.75]),
        base_orientation=LEVEL,
        base_velocity_in_base=np.array([speed, 0.0, 0.0]),
        base_angular_velocity_in_base=np.zeros(3),
        joint_position=np.zeros(N),
        joint_velocity=np.zeros(N),
        contact_probability=np.ones(2),
        foot_wrench=np.zeros((2, 6)),
        pose_covariance=np.eye(6),
        twist_covariance=np.eye(6),
    )


DECISION = Decision(0.0, Action.NOMINAL, "mpc", Command(0.0, 0, *(np.zeros(N),) * 5), armed=True)


def march(speed=0.5, seconds=10.0, believed=1.0, torque=2.0):
    """A robot that glides forward and believes ``believed`` times its speed and way."""
    ticks = round(seconds / 0.002) + 1
    recorder = TraceRecorder(ticks, N)
    for k in range(ticks):
        t = 0.002 * k
        recorder.append(
            truth(t, x=speed * t, speed=speed, torque=torque),
            estimate(t, x=believed * speed * t, speed=believed * speed),
            DECISION,
            VelocityCommand(0.4, 0.0, 0.0),
        )
    return recorder.finish()


def judged(**options):
    return judge(march(**options), mass=30.0, torque_limit=np.full(N, 5.0))


def test_a_standing_robot_has_not_fallen():
    assert fall_cause(truth(), FallLimits.of_standing(0.75)) == ""


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (truth(height=0.44), "height 0.44 m below 0.45 m"),
        (truth(orientation=np.array([0.0, np.sin(0.6), 0.0, np.cos(0.6)])), "tilt 1.20 rad"),
        (truth(touching=("left_knee",)), "left_knee touched the ground"),
        (truth(height=np.nan), "height nan m"),
    ],
)
def test_a_fall_is_named_with_its_number(state, words):
    assert words in fall_cause(state, FallLimits.of_standing(0.75))


def test_links_that_touch_each_other_are_no_fall():
    assert fall_cause(truth(touching=("a|b",)), FallLimits.of_standing(0.75)) == ""


def test_the_height_that_counts_is_above_the_ground_under_the_feet():
    on_a_step = replace(truth(height=0.9), ground_height=np.full(2, 0.5))
    assert "0.40 m" in fall_cause(on_a_step, FallLimits.of_standing(0.75))


def test_velocity_error_is_true_minus_commanded():
    assert judged(speed=0.5)["stride_rms_error"] == pytest.approx((0.1, 0.0, 0.0))
    assert judged(speed=0.5)["mean_velocity"] == pytest.approx((0.5, 0.0, 0.0))


def test_the_estimators_errors_are_its_own():
    numbers = judged(speed=0.5, believed=1.1)
    assert numbers["estimator_velocity_rmse"] == pytest.approx((0.05, 0.0, 0.0))
    assert numbers["drift_percent"] == pytest.approx(10.0)


def test_cost_of_transport_is_positive_work_per_weight_and_distance():
    # 3 joints x 2 N·m x 1 rad/s x 10 s = 60 J over 5 m with 30 kg
    assert judged(torque=2.0)["cost_of_transport"] == pytest.approx(60 / (30 * 9.81 * 5), rel=1e-3)
    assert judged(torque=-2.0)["cost_of_transport"] == 0.0
    assert judged(torque=2.0)["torque_squared"] == pytest.approx(12.0)


def test_torque_at_the_limit_is_saturation():
    assert judged(torque=5.0)["torque_saturation"] == 1.0
    assert judged(torque=2.0)["torque_saturation"] == 0.0


def test_a_robot_that_stays_in_place_has_no_drift_per_metre():
    numbers = judged(speed=0.0)
    assert numbers["drift_percent"] is None
    assert numbers["cost_of_transport"] is None


def test_equal_runs_have_equal_hashes_and_one_bit_changes_them():
    trace = march(seconds=0.1)
    assert trace.sha256() == march(seconds=0.1).sha256()
    columns = {name: column.copy() for name, column in trace.columns.items()}
    columns["base_position"][3, 0] = np.nextafter(columns["base_position"][3, 0], 1.0)
    assert Trace(columns).sha256() != trace.sha256()


def test_a_saved_trace_comes_back_bit_by_bit(tmp_path):
    trace = march(seconds=0.1)
    trace.save(tmp_path / "trace.npz")
    assert Trace.load(tmp_path / "trace.npz").sha256() == trace.sha256()


def test_path_length_ignores_sway_within_a_stride():
    time = 0.002 * np.arange(5001)
    swaying = np.column_stack([0.5 * time, 0.05 * np.sin(2 * np.pi * time / 0.4)])
    assert path_length(time, swaying) == pytest.approx(5.0, rel=0.01)


def test_drift_does_not_count_where_and_which_way_the_estimate_started():
    true = np.array([[1.0, 1.0], [1.0, 3.0]])  # 2 m straight ahead, heading along y
    believed = np.array([[0.0, 0.0], [2.0, 0.1]])
    assert drift(true, np.full(2, np.pi / 2), believed, np.zeros(2)) == pytest.approx(0.1)


def test_no_fall_in_twenty_bounds_the_rate_at_seventeen_percent():
    # Clopper-Pearson: 1 - 0.025^(1/20)
    assert proportion_interval(0, 20) == pytest.approx((0.0, 1 - 0.025 ** (1 / 20)))


def test_episodes_are_summed_up_in_order_of_their_seeds():
    some = dict(seconds=9.0, mean_velocity=None, estimator_velocity_rmse=None, drift_percent=None)
    episodes = [
        Episode(seed=2, fell=True, stride_rms_error=(9.0, 9.0, 9.0), **some),
        Episode(seed=1, fell=False, stride_rms_error=(0.03, 0.0, 0.0), **some),
        Episode(seed=0, fell=False, stride_rms_error=(0.04, 0.0, 0.0), **some),
    ]
    summary = summarise_episodes(episodes)
    assert (summary["n"], summary["falls"]) == (3, 1)
    assert [e["seed"] for e in summary["episodes"]] == [0, 1, 2]
    assert summary["stride_rms_error"][0] == pytest.approx(np.sqrt((9 + 16) / 2) / 100)


def test_an_episode_survives_json():
    episode = Episode(3, False, 9.0, (0.1, 0.2, 0.3), None, None, None, causes={"rule": 2})
    assert Episode.from_json(episode.as_json()) == episode

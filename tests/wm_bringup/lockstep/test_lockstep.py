import math

import numpy as np
import pytest

from wm_bringup.judging.episodes import WalkSetup, build, compute_times, run_episode
from wm_bringup.lockstep.lockstep import NotArmedError
from wm_bringup.robots.simulated import ENGINES, simulate
from wm_bringup.robots.simulation.simulation import Simulation
from wm_bringup.scenarios.scenario import Body, Payload, Push, Scenario, VelocitySegment
from wm_bringup.wire.delayed_delivery import DelayedDelivery
from wm_control.errors import ParameterError
from wm_control.gait.state import Gait, Mode
from wm_control.mpc.plan import WalkingPlan, gait_phase
from wm_control.robot.description import load_robot
from wm_control.types import LEFT, RIGHT, SolveReport, Status
from wm_policy.models import shipped_policy


def plan(stamp=0.0, mode=Mode.WALK, support=LEFT, start=0.0, touch_down=0.4):
    zeros = np.zeros(2)
    gait = Gait(
        mode, support, start, touch_down, 0.04, True, np.zeros(4), np.zeros(4),
        zeros, np.zeros(3), zeros, 0.0, 1,
    )  # fmt: skip
    report = SolveReport("footstep_mpc", Status.OK, 0.0, 0.0, 1, 0.0)
    return WalkingPlan(stamp, 0, gait, np.zeros((3, 4)), zeros, 0.4, zeros, zeros, report)


def test_a_plan_is_not_followed_before_its_compute_time_has_passed():
    received = []
    delivery = DelayedDelivery(received.append)
    delivery.send(plan(0.0), arrival=0.0015)
    delivery.deliver(0.0)
    assert received == []
    delivery.deliver(0.002)
    assert [p.stamp for p in received] == [0.0]


def test_a_fast_plan_does_not_overtake_a_slow_one():
    received = []
    delivery = DelayedDelivery(received.append)
    delivery.send(plan(0.000), arrival=0.020)
    delivery.send(plan(0.008), arrival=0.010)
    delivery.deliver(0.012)
    assert received == []
    delivery.deliver(0.020)
    assert [p.stamp for p in received] == [0.0, 0.008]


@pytest.mark.parametrize(
    ("support", "now", "phase"),
    [(LEFT, 0.0, 0.0), (LEFT, 0.2, 0.25), (RIGHT, 0.0, 0.5), (RIGHT, 0.3, 0.875)],
)
def test_the_stride_begins_where_the_left_foot_lands(support, now, phase):
    assert gait_phase(plan(support=support), now) == pytest.approx(phase)


def test_a_late_touchdown_does_not_begin_the_next_half_of_the_stride():
    assert gait_phase(plan(support=LEFT), 0.5) < 0.5


def test_a_standing_robot_is_in_no_phase():
    assert math.isnan(gait_phase(plan(mode=Mode.STAND), 0.0))
    assert math.isnan(gait_phase(None, 0.0))


def walked(seconds=1.0, speed=0.4, seed=3, engine="pybullet", **changes):
    scenario = Scenario(
        duration=seconds,
        velocity=(VelocitySegment(0.1, speed),),
        noise="nominal",
        delay=0.008,
        initial_joint_noise=0.005,
        **changes,
    )
    return run_episode(WalkSetup(scenario, engine=engine), seed)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_same_seed_gives_the_same_trace_to_the_last_bit(engine):
    first, again = walked(engine=engine), walked(engine=engine)
    assert first.notes["trace_sha256"] == again.notes["trace_sha256"]


@pytest.mark.parametrize("controller", ["mpc", "policy"])
def test_a_robot_put_together_by_people_walks_in_mujoco(controller):
    """Errors of assembly, and a body of other masses, lengths and friction than believed."""
    scenario = Scenario(
        duration=5.0,
        velocity=(VelocitySegment(0.2, 0.5),),
        noise="hardware",
        delay=0.008,
        body=Body(mass_spread=0.05, inertia_spread=0.1, com_spread=0.005, length_spread=0.003),
    )
    policy = shipped_policy() if controller == "policy" else None
    setup = WalkSetup(scenario, controller, engine="mujoco", policy=policy)
    episode = run_episode(setup, 1)
    assert not episode.fell
    assert episode["mean_velocity"][0] == pytest.approx(0.5, abs=0.05)
    assert np.linalg.norm(episode["estimator_velocity_rmse"]) < 0.03


def test_another_seed_gives_another_trace():
    assert walked(0.2, seed=3).notes["trace_sha256"] != walked(0.2, seed=4).notes["trace_sha256"]


def test_an_episode_says_where_its_time_went():
    episode = walked(0.3)
    assert set(episode.notes["cpu_per_tick_ms"]) == {
        "estimator", "controller", "arbiter", "planner", "physics", "judging",
    }  # fmt: skip
    assert all(ms > 0.0 for ms in episode.notes["cpu_per_tick_ms"].values())
    assert episode["seconds"] == pytest.approx(0.3, abs=0.005)


def test_a_robot_under_an_impossible_load_falls_and_the_episode_ends_there():
    episode = walked(3.0, payload=Payload(50.0, (0.6, 0.0, 0.3)))
    assert episode.fell
    assert episode.notes["fall_cause"]
    assert episode["seconds"] < 2.9


def test_the_robot_is_told_the_drawn_compute_time_of_every_tick(monkeypatch):
    told, step = [], Simulation.step

    def spy(self, command, compute_time=0.0):
        told.append(compute_time)
        return step(self, command, compute_time)

    monkeypatch.setattr(Simulation, "step", spy)
    walked(0.2, seed=3)
    drawn = compute_times(seed=3)
    assert told == [drawn.control() for _ in range(100)]
    assert min(told) > 0.0
    assert len(set(told)) > 80


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ("accelerometer:scale=0.102@0", "in g"),
        ("accelerometer:scale=0.001@0", "gravity"),
        ("gyro:scale=57.3@0", "degrees"),
        ("observation:nan@0", "finite"),
    ],
)
def test_a_robot_whose_sensors_make_no_sense_at_rest_is_not_armed(fault, why):
    scenario = Scenario(duration=1.0, noise="nominal", faults=(fault,))
    with pytest.raises(NotArmedError, match=why):
        run_episode(WalkSetup(scenario), 0)


@pytest.mark.parametrize("lost_at", [3.066, 3.130])
def test_one_lost_packet_at_full_walk_is_no_restart_and_no_fall(lost_at):
    # at these two times of six a planner that took the repeated sample for a restart fell
    scenario = Scenario(
        duration=5.0,
        velocity=(VelocitySegment(0.0, 0.8),),
        delay=0.008,
        faults=(f"observation:drop=1@{lost_at - 0.001:.3f}+0.002",),
    )
    records = []
    description = load_robot("g1")
    robot = simulate(description, scenario)
    lockstep = build(
        WalkSetup(scenario),
        description,
        robot,
        0,
        lambda record, plan: records.append((record, plan)),
    )
    run = lockstep.run(0)
    robot.close()
    stamps = [record.observation.stamp for record, _ in records]
    again = [k for k in range(1, len(stamps)) if stamps[k] == stamps[k - 1]]
    assert [round(0.002 * k, 3) for k in again] == [lost_at]
    speeds = [plan.gait.velocity[0] for _, plan in records[again[0] - 4 :]]
    assert min(speeds) == pytest.approx(0.8)
    assert not run.fall


def test_a_burst_of_lost_packets_is_no_contradiction_of_the_joints_speeds():
    # 16 ms in which an ankle goes 0.06 rad further than its speeds at both ends say
    scenario = Scenario(
        duration=9.0,
        velocity=(VelocitySegment(1.0, 0.8),),
        noise="nominal",
        delay=0.008,
        initial_joint_noise=0.005,
        faults=tuple(
            f"observation:drop=1@{lost}" for lost in ("3.277+0.004", "6.067+0.004", "8.659+0.016")
        ),
    )
    policy = shipped_policy()
    episode = run_episode(WalkSetup(scenario, controller="policy", policy=policy), 4)
    assert episode["interventions"] == 0


def test_a_plan_arrives_after_its_estimate_and_is_followed_at_the_next_tick_at_the_earliest():
    scenario = Scenario(duration=0.2, velocity=(VelocitySegment(0.0, 0.4),))
    ages = []
    description = load_robot("g1")
    robot = simulate(description, scenario)
    lockstep = build(
        WalkSetup(scenario),
        description,
        robot,
        seed=0,
        watch=lambda record, plan: ages.append(record.observation.stamp - plan.stamp),
    )
    lockstep.run(0)
    robot.close()
    assert min(ages[4:]) >= 0.002 - 1e-9
    assert max(ages) <= 0.012


def test_with_the_true_state_the_estimator_has_no_error():
    scenario = Scenario(duration=0.4, velocity=(VelocitySegment(0.1, 0.4),), noise="double")
    episode = run_episode(WalkSetup(scenario, state="true"), 0)
    assert episode["estimator_velocity_rmse"] == pytest.approx((0.0, 0.0, 0.0), abs=1e-12)


def test_stepping_in_place_steps_without_a_command():
    scenario = Scenario(duration=1.5)
    standing = run_episode(WalkSetup(scenario), 0)
    stepping = run_episode(WalkSetup(scenario, step_in_place=True), 0)
    assert standing["peak_force"] < 1.0 < stepping["peak_force"]


def test_what_the_robot_fell_before_is_listed_as_missed():
    scenario = Scenario(
        duration=3.0,
        velocity=(VelocitySegment(at=2.5, x=0.3),),
        pushes=(
            Push(impulse=(200.0, 0.0, 0.0), at=0.1),
            Push(impulse=(5.0, 0.0, 0.0), at=2.8),
        ),
        faults=("gyro:nan@2.9", "encoders:stuck@0.2+0.02"),
    )
    episode = run_episode(WalkSetup(scenario), seed=0)
    assert episode.fell
    assert episode.missed == (
        "velocity 0.3 0 0 from 2.5 s",
        "push 5 0 0 N·s at 2.8 s",
        "fault gyro:nan@2.9",
    )
    assert [one["at"] for one in episode.notes["happened"]] == pytest.approx(
        [0.1, None, None, 0.2], nan_ok=True
    )
    assert episode.notes["happened"][-1]["samples"] == 10


def test_a_push_at_a_phase_that_a_standing_robot_never_has_is_missed():
    push = Push(impulse=(5.0, 0.0, 0.0), at=0.1, phase=0.25)
    episode = run_episode(WalkSetup(Scenario(duration=0.4, pushes=(push,))), seed=0)
    assert not episode.fell
    assert episode.missed == ("push 5 0 0 N·s at phase 0.25 after 0.1 s",)


def test_what_cannot_happen_is_refused_wherever_an_episode_is_run():
    late = Scenario(duration=1.0, pushes=(Push(impulse=(5.0, 0.0, 0.0), at=2.0),))
    with pytest.raises(ParameterError, match="the end is at 1 s"):
        run_episode(WalkSetup(late), seed=0)
    with pytest.raises(ParameterError, match=r"engine.*'abacus'.*pybullet"):
        run_episode(WalkSetup(Scenario(), engine="abacus"), seed=0)


def test_an_episode_of_one_control_period_is_judged():
    episode = run_episode(WalkSetup(Scenario(duration=0.002)), seed=0)
    assert (episode.fell, episode["seconds"], episode["strides"]) == (False, 0.0, 0)

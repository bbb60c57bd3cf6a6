import json
from dataclasses import replace

import numpy as np
import pytest
from made_up_run import START, write_bag, write_latencies

from wm_bringup.bags.reader import open_bag
from wm_bringup.bags.writer import BagError
from wm_bringup.cycle.latency import LatencyLog, LatencySample
from wm_bringup.demo import demo
from wm_bringup.demo.course import DemoCourse, Segment, load_course
from wm_bringup.demo.demo import DemoOptions, clear, held, judge_run, read_course, reduced_on
from wm_bringup.demo.judge import with_pushes
from wm_bringup.demo.live import LiveRun
from wm_bringup.demo.report import lines
from wm_bringup.host.claims import ClaimedError, claim
from wm_bringup.lockstep.compute_time import ComputeTime
from wm_bringup.record.from_bag import with_latencies
from wm_bringup.record.run_record import NotRecordedError, RunRecord
from wm_bringup.record.strides import left_touchdowns
from wm_bringup.scenarios.scenario import Push, Scenario, load_scenario
from wm_control.configuration.share import config_file
from wm_control.errors import ParameterError
from wm_control.types import VelocityCommand

COURSE = DemoCourse(
    segments=(
        Segment("stand", 2.0),
        Segment("walk", 8.0, x=0.5),
        Segment("push", 6.0, x=0.5, push=(15.0, 0.0, 0.0), push_after=1.0),
        Segment("turn", 8.0, x=0.3, yaw=0.4),
    )
)


def judged(
    folder, course=COURSE, *, ended_early="", failures=(), missed=(), woken_late=(), **options
):
    write_bag(folder / "bag", course, **options)
    write_latencies(folder / "latency.npz", course.seconds, missed=missed, woken_late=woken_late)
    run = LiveRun(START, course.seconds, ended_early, ["/robot"], [], list(failures))
    return judge_run(run, DemoOptions(folder, course))


def test_the_shipped_course_is_the_promised_one():
    course = load_course(config_file("demo.yaml"))
    assert 35.0 <= course.seconds <= 45.0
    assert {segment.x for segment in course.segments} >= {0.0, 0.3, 0.6, 1.0}
    assert [push.impulse for push in course.pushes()] == [(0.0, 30.0, 0.0)]
    assert [fault.target for fault in course.faults()] == ["plan"]
    course.check()
    assert course.segments[0].velocity == course.segments[-1].velocity == VelocityCommand()


def test_each_segment_holds_until_its_end_and_the_last_one_on():
    assert [COURSE.at(t).name for t in (0.0, 1.99, 2.0, 23.9, 99.0)] == [
        "stand", "stand", "walk", "turn", "turn",
    ]  # fmt: skip
    assert COURSE.starts == (0.0, 2.0, 10.0, 16.0)


def test_a_push_comes_at_its_time_in_the_course():
    assert [push.at for push in COURSE.pushes()] == [11.0]


def test_a_stretched_course_keeps_its_proportions():
    short = COURSE.shortened(12.0)
    assert short.seconds == pytest.approx(12.0)
    assert short.pushes()[0].at == pytest.approx(5.5)


FAULTY = DemoCourse(
    segments=(
        Segment("walk", 4.0, x=0.5),
        Segment("silent", 6.0, x=0.5, fault="plan:off@1+1"),
        Segment("stuck", 6.0, x=0.5, fault="policy:scale=2@2"),
    )
)


def test_a_fault_comes_at_its_time_in_the_course_and_is_in_the_scenario():
    assert FAULTY.whole.faults == ("plan:off@5+1", "policy:scale=2@12")
    assert FAULTY.shortened(8.0).whole.faults == ("plan:off@2.5+0.5", "policy:scale=2@6")


@pytest.mark.parametrize(
    ("controllers", "left"),
    [
        (("mpc", "policy"), ("plan", "policy")),
        (("mpc",), ("plan",)),
        (("policy",), ("policy",)),
    ],
)
def test_what_is_wrong_with_somebody_who_is_not_there_is_left_out(controllers, left):
    assert tuple(fault.target for fault in FAULTY.of(controllers).faults()) == left


@pytest.mark.parametrize("fault", ["plan:off@6", "plan:explode@1", "plan"])
def test_a_fault_that_cannot_happen_in_its_segment_is_refused(fault):
    with pytest.raises(ValueError, match="fault"):
        Segment("silent", 6.0, fault=fault)


@pytest.mark.parametrize("times", [0, 125])
def test_a_fault_that_did_not_act_is_not_held(tmp_path, times):
    course = FAULTY.of(["mpc"])
    summary = judged(tmp_path, course, acted={"plan:off@5+1": times}).summary
    assert summary["faults"] == [{"text": "plan:off@5+1", "at": 5.0, "happened": times > 0}]
    assert held(summary) == (times > 0)


def test_who_drove_from_when_for_how_long_is_in_the_summary_whoever_it_was(tmp_path):
    decisions = [
        (0.0, "NOMINAL", "mpc drives"),
        (11.0, "NOMINAL", "policy drives (began with: pushed)", "policy"),
        (11.5, "NOMINAL", "policy drives", "policy"),
        (13.0, "NOMINAL", "mpc drives"),
    ]
    summary = judged(tmp_path, decisions=decisions).summary
    rows = [(s["driver"], round(s["time"], 3), round(s["seconds"], 2)) for s in summary["drivers"]]
    assert rows == [("mpc", 0.0, 11.0), ("policy", 11.0, 2.0), ("mpc", 13.0, 11.0)]
    assert summary["drivers"][1]["text"] == "policy drives (began with: pushed)"
    assert "from 11.0 s for 2.0 s: policy drives (began with: pushed)" in list(lines(summary))
    assert held(summary)


def test_the_scenario_for_the_simulator_holds_the_push_and_is_valid(tmp_path):
    COURSE.write_scenario(tmp_path / "scenario.yaml")
    scenario = load_scenario(tmp_path / "scenario.yaml")
    assert scenario.pushes == COURSE.pushes()


def test_pushes_of_the_scenario_are_judged_as_those_of_segments():
    push = Push((0.0, 8.0, 0.0), at=4.0, duration=0.2)
    course = replace(COURSE, scenario=Scenario(pushes=(push,)))
    record = RunRecord({"time": np.array([3.9, 4.1, 4.3, 11.05])})
    force = with_pushes(record, course)["push_force"]
    np.testing.assert_allclose(force, [[0, 0, 0], [0, 40, 0], [0, 0, 0], [150, 0, 0]])


def test_a_push_that_waits_for_a_phase_is_refused_on_a_course_and_its_key_named():
    course = replace(COURSE, scenario=Scenario(pushes=(Push((0.0, 8.0, 0.0), phase=0.3),)))
    with pytest.raises(ParameterError, match=r"scenario\.pushes\.phase.*0\.3"):
        course.check()


def test_a_course_with_an_unknown_key_is_refused_by_name(tmp_path):
    (tmp_path / "course.yaml").write_text("segments: [{name: a, speed: 1.0}]")
    with pytest.raises(ParameterError, match=r"segments\.0.*speed"):
        load_course(tmp_path / "course.yaml")


@pytest.mark.parametrize("other", ["the folder {}", "{}/robot"])
def test_beside_another_nothing_of_an_earlier_demo_is_taken_away(tmp_path, monkeypatch, other):
    monkeypatch.setenv("ROS_DOMAIN_ID", "191")
    monkeypatch.setattr(demo, "_refuse_what_cannot_come_up", lambda *_: None)
    (tmp_path / "summary.json").write_text("{}")
    course = load_course(config_file("demo.yaml"))
    what = other.format("191" if "robot" in other else tmp_path.resolve())
    with claim(what), pytest.raises(ClaimedError):
        demo.run_demo(DemoOptions(tmp_path, course), lambda *_: None, lambda: False)
    assert (tmp_path / "summary.json").is_file()


def test_a_robot_that_does_what_is_asked_has_no_error(tmp_path):
    summary = judged(tmp_path).summary
    assert summary["velocity_rmse"] == pytest.approx([0.0, 0.0, 0.0], abs=0.01)
    assert summary["real_time_factor"] == pytest.approx(1.0, abs=1e-3)
    assert not summary["fell"]
    assert held(summary)


def test_the_error_is_what_the_robot_lacks_per_stride(tmp_path):
    summary = judged(tmp_path, gain=0.9).summary
    walk = next(row for row in summary["segments"] if row["name"] == "walk")
    assert walk["reached"] == pytest.approx([0.45, 0.0, 0.0], abs=1e-3)
    assert walk["strides"] >= 3
    turn = next(row for row in summary["segments"] if row["name"] == "turn")
    assert turn["reached"][2] == pytest.approx(0.36, abs=2e-3)


def test_strides_are_cut_where_the_planner_puts_the_left_foot_down(tmp_path):
    write_bag(tmp_path / "bag", COURSE)
    record = read_course(open_bag(tmp_path / "bag"), START, COURSE.seconds, "g1")
    spacing = np.diff(record["time"][left_touchdowns(record)])
    assert spacing == pytest.approx(np.full(len(spacing), 0.8), abs=0.021)


def test_a_fall_is_told_with_its_time_and_is_not_held(tmp_path):
    summary = judged(tmp_path, fall_at=14.0).summary
    assert summary["fell"]
    assert "fell at 14.0 s: base height 0.30 m" in summary["fall"]
    assert not held(summary)


def test_a_slow_simulation_is_seen_in_the_real_time_factor(tmp_path):
    write_bag(tmp_path / "bag", COURSE, slow=1.25)
    write_latencies(tmp_path / "latency.npz", COURSE.seconds)
    run = LiveRun(START, 1.25 * COURSE.seconds, "", [], [], [])
    summary = judge_run(run, DemoOptions(tmp_path, COURSE)).summary
    assert summary["real_time_factor"] == pytest.approx(0.8, abs=1e-3)


def test_misses_are_counted_with_their_longest_run(tmp_path):
    summary = judged(tmp_path, missed={10, 500, 501, 502}).summary
    assert (summary["deadline_misses"], summary["longest_miss_run"]) == (4, 3)
    assert summary["deadline_miss_rate"] == pytest.approx(4 / summary["path_latency_ms"]["n"])
    assert summary["path_latency_ms"]["p50"] == pytest.approx(0.8, abs=5e-4)  # ROS time to 0.24 µs


def test_every_run_of_misses_is_put_down_to_what_its_first_cycle_lost_time_on(tmp_path):
    summary = judged(tmp_path, missed={10, 500, 501, 502}, woken_late={700, 800, 900}).summary
    assert summary["miss_origins"] == {"waking up": 3, "controller": 2}
    assert judged(tmp_path / "punctual").summary["miss_origins"] == {}


def test_the_arbiters_interventions_are_listed_once_each_with_their_cause(tmp_path):
    decisions = [
        (1.0, "NOMINAL", "mpc drives"),
        (3.0, "LIMITED", "late"),
        (3.1, "LIMITED", "late"),
        (3.2, "FALLBACK", "later"),
        (4.0, "LIMITED", "late"),
        (5.0, "NOMINAL", "mpc drives"),
        (6.0, "LIMITED", "late"),
    ]
    found = judged(tmp_path, decisions=decisions).summary["interventions"]
    assert [(round(i["time"], 3), i["action"]) for i in found] == [
        (3.0, "LIMITED"), (3.2, "FALLBACK"), (6.0, "LIMITED"),
    ]  # fmt: skip


def test_the_planners_solve_times_are_those_in_its_plans(tmp_path):
    assert judged(tmp_path).summary["mpc_solve_ms"]["p50"] == pytest.approx(0.2)


def test_a_velocity_that_the_gate_gives_in_part_is_told_and_not_held(tmp_path):
    course = DemoCourse(segments=(Segment("stand", 2.0), Segment("dash", 8.0, x=2.0)))
    summary = judged(tmp_path, course).summary
    (said,) = summary["reduced"]
    assert said.startswith("velocity command 2 0 0 reduced to 1.1 0 0: ")
    assert said.endswith("from 2 s")
    assert said in "".join(map(str, lines(summary)))
    assert not held(summary)


@pytest.mark.parametrize("controller", ["mpc", "policy", "mpc+policy"])
def test_the_shipped_course_asks_for_nothing_that_the_gate_reduces(tmp_path, controller):
    course = load_course(config_file("demo.yaml"))
    assert reduced_on(DemoOptions(tmp_path, course, controller)) == []


@pytest.mark.parametrize("trouble", [{"ended_early": "interrupted"}, {"failures": ["mpc died"]}])
def test_a_broken_off_course_or_a_failed_process_is_not_held(tmp_path, trouble):
    assert not held(judged(tmp_path, **trouble).summary)


def test_the_summary_on_disk_has_the_promised_keys(tmp_path):
    judged(tmp_path, lost=2)
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert {
        "fell", "seconds", "real_time_factor", "controller", "nodes", "processes",
        "velocity_rmse", "path_latency_ms", "deadline_miss_rate", "bag",
    } <= set(summary)  # fmt: skip
    assert {"p50", "p95", "p99", "p99_9", "max", "n"} == set(summary["path_latency_ms"])
    assert summary["messages_lost"] == 2
    assert summary["topics"]["/joint_states"]["count"] == 1201


def test_the_measured_latency_can_be_replayed_in_lock_step(tmp_path):
    judged(tmp_path)
    distribution = ComputeTime.load(tmp_path / "compute_time.yaml")
    assert distribution.quantile(0.5) == pytest.approx(0.0008)


def test_a_bag_without_the_truth_says_what_is_missing(tmp_path):
    from wm_bringup.bags.writer import BagWriter

    writer = BagWriter(tmp_path / "bag")
    writer.add_topic("/cmd_vel", "geometry_msgs/msg/Twist")
    writer.write("/cmd_vel", START, bytes(4 + 48))
    writer.close()
    with pytest.raises(BagError, match="ground_truth/odom; it has /cmd_vel"):
        read_course(open_bag(tmp_path / "bag"), START, 1.0, "g1")


def test_latencies_are_differences_of_stamps(tmp_path):
    """Measured at 1.0, arrived after 0.1, begun after 0.2, ended after 0.9, sent after 1.0 ms."""
    log, second = LatencyLog(4), START * 1e-9 + 1.0
    stamps = (second + 1e-3 * after for after in (0.0, 0.1, 0.2, 0.9, 1.0))
    log.append(LatencySample(0, "mpc", *stamps, False, controller_time=4e-4))
    log.save(tmp_path / "latency.npz")
    record = with_latencies(RunRecord({}), tmp_path / "latency.npz", START, 2.0)
    found = {name: float(record[name][0]) for name in record.columns}
    assert found["cycle_time"] == pytest.approx(1.0, abs=1e-6)
    assert found["path_latency"] == pytest.approx(1.0e-3, abs=1e-6)
    assert found["wait"] == pytest.approx(0.1e-3, abs=1e-6)
    assert found["node_latency"] == pytest.approx(0.7e-3, abs=1e-6)
    assert found["controller_time"] == pytest.approx(0.4e-3)


def test_a_control_process_that_left_no_latencies_is_named(tmp_path):
    with pytest.raises(NotRecordedError, match=r"latency\.npz"):
        with_latencies(RunRecord({}), tmp_path / "latency.npz", START, 1.0)


def test_clearing_takes_away_an_earlier_demo_and_nothing_else(tmp_path):
    judged(tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    clear(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]

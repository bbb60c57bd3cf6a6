"""The demo for real, but short: processes, DDS, physics, bag and report."""

import json

import pytest

from wm_bringup.bags.reader import open_bag
from wm_bringup.cli import main
from wm_bringup.commands import COULD_NOT_RUN, HELD

COURSE = """
segments:
  - {name: stand, seconds: 1.0}
  - name: walk
    seconds: 5.0
    x: 0.4
    push: [5.0, 0.0, 0.0]
    push_after: 2.0
    fault: plan:off@3+0.5
scenario: {noise: nominal, delay: 0.004}
"""


def test_a_short_course_is_walked_recorded_and_judged(domain, tmp_path, capfd):
    (tmp_path / "course.yaml").write_text(COURSE)
    output = tmp_path / "demo"
    code = main(["demo", "--course", str(tmp_path / "course.yaml"), "--output", str(output)])
    assert code == HELD, capfd.readouterr()
    summary = json.loads((output / "summary.json").read_text())
    assert not summary["fell"]
    assert [(p["at"], p["happened"]) for p in summary["pushes"]] == [(3.0, True)]
    assert summary["seconds"] == pytest.approx(6.0, abs=0.2)
    assert summary["faults"] == [{"text": "plan:off@4+0.5", "at": 4.0, "happened": True}]
    assert "policy" in [stint["driver"] for stint in summary["drivers"]]
    assert {"/robot", "/state_estimator", "/whole_body_controller", "/arbiter", "/mpc"} <= set(
        summary["nodes"]
    )
    names = {p["name"] for p in summary["processes"]}
    assert names == {"control", "loop_process", "mpc", "policy", "recorder"}
    bag = open_bag(output / "bag")
    assert bag.problems == []
    # On a busy machine DDS may lose some. None may be lost unseen.
    assert bag.counts["/joint_states"] + summary["messages_lost"] >= 2400
    for picture in ("film.png", "motion.png", "drivers.png", "latency.png"):
        assert (output / picture).stat().st_size > 10_000


def test_a_controller_that_does_not_exist_is_refused_before_anything_starts(
    domain, tmp_path, capfd
):
    code = main(["demo", "--controller", "magic", "--output", str(tmp_path)])
    assert code == COULD_NOT_RUN
    assert "magic" in capfd.readouterr().err


def test_a_course_with_a_velocity_out_of_bounds_is_refused_by_key(tmp_path, capfd):
    (tmp_path / "course.yaml").write_text("segments: [{name: a, x: 9.0}]")
    code = main(["demo", "--course", str(tmp_path / "course.yaml"), "--output", str(tmp_path)])
    assert code == COULD_NOT_RUN
    assert "segments.0.x" in capfd.readouterr().err


def test_what_cannot_come_up_is_refused_before_the_last_report_is_thrown_away(tmp_path, capfd):
    (tmp_path / "summary.json").write_text("of an earlier demo")
    code = main(["demo", "--robot", "nobody", "--output", str(tmp_path)])
    said = capfd.readouterr().err
    assert code == COULD_NOT_RUN
    assert "nobody" in said
    assert (tmp_path / "summary.json").read_text() == "of an earlier demo"


def test_so_is_what_the_course_adds_to_the_graph(tmp_path, capfd):
    course = "segments: [{name: a, seconds: 5}]\nscenario: {wishes: [{at: 1.0, driver: mpc}]}"
    (tmp_path / "course.yaml").write_text(course)
    (tmp_path / "summary.json").write_text("of an earlier demo")
    (tmp_path / "bag").mkdir()
    code = main(["demo", "--course", str(tmp_path / "course.yaml"), "--output", str(tmp_path)])
    assert code == COULD_NOT_RUN
    assert "an operator in real time wishes for himself" in capfd.readouterr().err
    assert (tmp_path / "summary.json").read_text() == "of an earlier demo"


@pytest.mark.parametrize(
    ("course", "said"),
    [
        (
            "segments: [{name: a, seconds: 5, push: [9, 0, 0], push_after: 5}]",
            "the segment 'a' is over after 5 s",
        ),
        ("segments: [{name: a, seconds: 5, push: [9, 0, 0], push_after: 4.95}]", "5.05 s"),
        ("segments: [{name: a, seconds: 5, push: [0, 0, 0]}]", "zero"),
        ("segments: [{name: a, seconds: 5}]\nscenario: {faults: ['gyro:nan@5']}", "gyro:nan@5"),
        (
            "segments: [{name: a, seconds: 5}]\nscenario: {velocity: [{at: 1, x: 0.5}]}",
            "the segments say what is commanded",
        ),
    ],
)
def test_what_cannot_happen_on_a_course_is_refused(course, said, tmp_path, capfd):
    (tmp_path / "course.yaml").write_text(course)
    code = main(["demo", "--course", str(tmp_path / "course.yaml"), "--output", str(tmp_path)])
    assert code == COULD_NOT_RUN
    assert said in capfd.readouterr().err

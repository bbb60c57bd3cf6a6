"""What is said of a rehearsal, by hand-worked commands on the wire."""

from dataclasses import replace
from pathlib import Path

import pytest

from wm_bringup.rehearsal.outcome import Outcome, Seen, Sent, damped_after, outcome
from wm_bringup.rehearsal.plan import Mishap, load_plan
from wm_control.configuration.share import config_file
from wm_control.errors import ParameterError

GOOD = Seen(armed=True, finished=True, stopped=True, given_back=True)
SILENT = Mishap(name="silent", ends="damped", ask={"silent": 0.06})
KILLED = Mishap(name="mpc killed", ends="walking", kill="mpc")


def stream(*spans):
    """Commands every 10 ms; spans: (from, until, stiff) [ms]."""
    return tuple(
        Sent(ms / 1000.0, stiff) for begin, end, stiff in spans for ms in range(begin, end, 10)
    )


def test_damping_counts_from_the_last_stiff_command():
    sent = stream((0, 1000, True), (1040, 2000, False))
    assert damped_after(sent, 1.0) == pytest.approx(0.040)
    assert damped_after(sent, 0.9) == pytest.approx(0.140)


def test_damping_that_is_followed_by_something_stiff_does_not_count():
    sent = stream((0, 1000, True), (1000, 1100, False), (1100, 1110, True), (1200, 1300, False))
    assert damped_after(sent, 1.0) == pytest.approx(0.200)
    assert damped_after(stream((0, 1000, True)), 0.5) is None
    assert damped_after(sent, None) is None


def test_a_course_that_was_walked_stopped_and_given_back_is_good():
    assert outcome(GOOD, None) == Outcome(True, None, "")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"fell": True}, "fell"),
        ({"finished": False}, "course not finished"),
        ({"stopped": False}, "not damped by the stop"),
        ({"given_back": False}, "not given back"),
        ({"rejected": 3}, "3 frames rejected"),
        ({"problem": "graph ended", "finished": False}, "graph ended; course not finished"),
        ({"armed": False, "problem": "standing: not within 60 s"}, "standing: not within 60 s"),
    ],
)
def test_what_was_not_as_it_had_to_be_is_said(change, why):
    assert outcome(replace(GOOD, **change), None) == Outcome(False, None, why)


def test_a_mishap_that_has_to_end_in_damping_does_so_in_time_or_not():
    walked = replace(GOOD, mishap_at=1.0, fell=True)
    good = replace(walked, sent=stream((0, 1020, True), (1030, 2000, False)))
    assert outcome(good, SILENT) == Outcome(True, pytest.approx(0.030), "")
    late = replace(walked, sent=stream((0, 1050, True), (1060, 2000, False)))
    assert outcome(late, SILENT).why == "damped after 60 ms, not 40"
    never = replace(walked, sent=stream((0, 2000, True)))
    assert outcome(never, SILENT).why == "never damped"


def test_a_mishap_that_is_to_be_walked_through_must_not_end_in_a_fall():
    walked = replace(GOOD, mishap_at=1.0)
    assert outcome(walked, KILLED).held
    assert outcome(replace(walked, fell=True), KILLED).why == "fell"


def test_frames_that_a_mishap_spoilt_are_not_held_against_the_graph():
    spoilt = Mishap(name="crc", ends="walking", ask={"commands": {"crc_errors": 0.01}})
    assert outcome(replace(GOOD, mishap_at=1.0, rejected=25), spoilt).held


def test_the_shipped_plan_says_of_every_mishap_how_it_ends():
    plan = load_plan(config_file("rehearsal.yaml"))
    assert {mishap.ends for mishap in plan.mishaps} == {"walking", "damped"}
    assert len({mishap.name for mishap in plan.mishaps}) == len(plan.mishaps)
    assert plan.segments(None) == plan.course
    assert plan.segments(plan.mishaps[0]) == (plan.walking, plan.walking)
    assert plan.named(("remote",))[0].ask == {"press": ["L2", "B"]}
    with pytest.raises(ValueError, match="'wings': must be one of loop killed"):
        plan.named(("wings",))


@pytest.mark.parametrize(
    ("mishap", "said"),
    [
        ("{name: a, ends: damped}", "one of kill, stop, ask"),
        ("{name: a, ends: damped, kill: mpc, stop: mpc}", "one of kill, stop, ask"),
        ("{name: a, ends: never, kill: mpc}", "ends"),
        ("{name: a, ends: damped, kill: robot}", "kill"),
    ],
)
def test_a_mishap_that_cannot_be_meant_is_refused_by_key(mishap, said, tmp_path):
    path = Path(tmp_path, "plan.yaml")
    walk = "{name: walk, x: 0.3}"
    path.write_text(f"course: [{walk}]\nwalking: {walk}\nmishaps: [{mishap}]\n", encoding="utf-8")
    with pytest.raises(ParameterError, match=said):
        load_plan(path)

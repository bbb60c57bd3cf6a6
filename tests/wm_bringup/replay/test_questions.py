"""Two bags side by side, other parameters, another controller: what changes, and when."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from short_bags import cut, rewritten, walked

from wm_bringup.cli import main
from wm_bringup.cycle.cycle_message import decode_cycle, encode_cycle
from wm_bringup.cycle.loop import Call
from wm_bringup.replay import shadow as shadowing
from wm_bringup.replay.against import against
from wm_bringup.replay.differences import Tolerances
from wm_bringup.replay.recording import Recording
from wm_bringup.replay.shadow import shadow
from wm_bringup.replay.what_if import what_if
from wm_bringup.wire.messages import decode_string, encode_string
from wm_bringup.wire.topics import CYCLES, EVALUATION, SETUP
from wm_control.errors import ParameterError
from wm_control.types import ControllerResult, Status


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    """The same episode from another seed: its noise differs from the first look on."""
    folder = tmp_path_factory.mktemp("other") / "bag"
    walked(folder, seed=1, seconds=0.2)
    return folder


def test_a_bag_is_the_same_as_itself(bag):
    done = against(bag, bag, Tolerances())
    assert done.held
    assert done.alike == 327


def test_two_seeds_part_in_what_the_sensors_said_at_the_first_look(bag, other):
    done = against(bag, other, Tolerances())
    assert not done.held
    assert done.parted is not None
    assert done.parted.cycle == 0
    assert done.parted.difference.field.startswith("observation.joint_position[")
    assert done.lengths == (327, 127)
    assert "setup.seed: 0 and 1" in [str(one) for one in done.setup]


def test_differences_within_the_tolerances_are_none(bag, other):
    loose = Tolerances({"observation.*": 1e9, "estimate.*": 1e9})
    done = against(bag, other, loose)
    assert done.parted is not None
    assert done.parted.difference.field.split(".")[0] not in ("observation", "estimate")


def test_a_bag_that_was_cut_off_is_compared_as_far_as_it_goes(bag, tmp_path):
    done = against(bag, cut(bag, 0.6, tmp_path / "cut"), Tolerances())
    assert done.parted is None
    assert not done.held
    assert 0 < done.alike < 327


def test_a_truth_that_only_one_bag_holds_is_a_difference(bag, tmp_path):
    blind = rewritten(
        bag,
        tmp_path / "blind",
        lambda records: [r for r in records if not r.topic.endswith(EVALUATION.name)],
    )
    done = against(bag, blind, Tolerances())
    assert done.parted is not None
    assert done.parted.difference.field == "truth"
    assert done.parted.difference.other == "None"


def test_a_limit_that_is_met_changes_decisions_from_then_on(bag):
    done = what_if(bag, {"arbiter.joint_speed": "0.02"})
    assert [one.field for one in done.changed] == ["arbiter.joint_speed"]
    first = done.changes[0]
    assert "LIMITED" in first.now
    assert first.was == "NOMINAL by mpc"
    assert 0.0 < first.time < 0.6
    assert 0 < done.decisions <= done.cycles


def test_a_limit_that_is_not_met_changes_nothing(bag):
    done = what_if(bag, {"arbiter.tilt": "0.9"})
    assert (done.decisions, done.differing, done.changes) == (0, 0, ())


def test_limits_that_were_changed_during_the_run_still_change_where_another_is_asked(bag, tmp_path):
    def tightened(records):
        """In cycle 60 somebody made the limit of speed one that is met."""
        at = [i for i, r in enumerate(records) if r.topic.endswith(CYCLES.name)][60]
        cycle = decode_cycle(records[at].data, 29)
        safety = Recording(bag).setup.safety
        safety = replace(safety, arbiter=replace(safety.arbiter, joint_speed=0.02))
        heard = replace(cycle.tick.heard, calls=((Call.SAFETY, (safety,)), *cycle.tick.heard.calls))
        told = replace(cycle, tick=replace(cycle.tick, heard=heard))
        records[at] = records[at]._replace(data=encode_cycle(told))
        return records

    changed = rewritten(bag, tmp_path / "changed", tightened)
    done = what_if(changed, {"arbiter.tilt": "0.9"})
    assert any("LIMITED" in change.now for change in done.changes)
    loose = str(Recording(bag).setup.safety.arbiter.joint_speed)
    assert what_if(changed, {"arbiter.joint_speed": loose}).decisions == 0


def test_a_parameter_of_the_estimator_changes_what_the_arbiter_decides_on(bag):
    done = what_if(bag, {"estimator.invariant_ekf.observer_bandwidth": "200.0"})
    assert done.first is not None
    assert done.differing > 0


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("arbiter.tlt", "1", "no such parameter"),
        ("arbiter", "1", "names many"),
        ("arbiter.tilt", "9", "less than or equal to 3.1"),
        ("arbiter.tilt", "fast", "number"),
        ("estimator.nothing", "1", "no such parameter"),
        ("nobody.tilt", "1", "no such parameter"),
    ],
)
def test_a_parameter_that_is_none_is_refused_by_name(bag, name, value, words):
    with pytest.raises(ParameterError, match=words) as refusal:
        what_if(bag, {name: value})
    assert name in str(refusal.value)


def test_the_controller_that_drove_commands_the_same_again(bag):
    content = shadow(bag, "mpc").as_json()
    assert content["from_what_it_proposed"]["bit_identical"] == content["cycles"] == 300
    assert content["from_what_was_sent"]["first"] is None


def with_setup(bag, to, change):
    """Copy a bag; change: edits what its loop was built from."""

    def edited(records):
        at = next(i for i, r in enumerate(records) if r.topic.endswith(SETUP.name))
        content = json.loads(decode_string(records[at].data))
        change(content)
        records[at] = records[at]._replace(data=encode_string(json.dumps(content)))
        return records

    return rewritten(bag, to, edited)


def test_gains_that_are_not_the_recorded_ones_are_told_of_the_model_based_controller(bag, tmp_path):
    def retuned(content):
        content["model_based"]["gait"]["step_duration"] = 9.0

    assert shadow(bag, "mpc").notes == ()
    (note,) = shadow(with_setup(bag, tmp_path / "retuned", retuned), "mpc").notes
    assert note.startswith("recorded with model_based.gait.step_duration 9.0; it is ")


@pytest.mark.parametrize(
    ("policy", "overlay", "used"),
    [
        (None, None, "then.yaml"),
        (None, "now.yaml", "now.yaml"),
        ("now.onnx", "now.yaml", "now.yaml"),
        ("now.onnx", None, "None"),
    ],
)
def test_an_overlay_completes_the_policy_that_was_recorded_or_is_named(
    bag, tmp_path, policy, overlay, used
):
    def led(content):
        content["episode"] |= {"policy": "then.onnx", "overlay": "then.yaml"}

    recording = Recording(with_setup(bag, tmp_path / "led", led))
    asked = (Path(one) if one else None for one in (policy, overlay))
    assert str(shadowing._walk_setup(recording, "policy", *asked).overlay) == used


def test_another_controller_is_compared_and_nothing_is_said_of_its_success(bag):
    content = shadow(bag, "policy").as_json()
    assert content["from_what_it_proposed"] is None
    assert content["from_what_was_sent"]["distance"]["p50"] > 0.01
    assert content["open_loop"] == "says nothing of success or falls"
    assert not {"fell", "success", "verdict"} & content.keys()


def test_a_controller_that_gave_no_command_is_not_called_bit_identical(bag, monkeypatch, capsys):
    monkeypatch.setattr(
        shadowing._Shadowing,
        "do",
        lambda *_: ControllerResult("mpc", status=Status.FAILED, command=None),
    )
    assert main(["replay", str(bag), "--shadow", "mpc"]) == 1
    said = capsys.readouterr().out
    assert "bit-identical" not in said
    assert "mpc gave no command in any of 300 cycles" in said


def test_every_question_has_its_exit_code_and_its_file(bag, other, tmp_path, capsys):
    file = tmp_path / "out.json"
    for arguments, code, words in (
        (["--audit"], 0, "verdict: reproduced bit for bit"),
        (["--against", str(bag)], 0, "the same in 327 cycles"),
        (["--against", str(other)], 1, "part at"),
        (["--what-if", "arbiter.tilt=0.9"], 0, "0 of 327 cycles are decided otherwise"),
        (["--shadow", "mpc"], 0, "nothing is said of success or falls"),
        (["--estimate"], 0, "velocity_rmse"),
        (["--what-if", "arbiter.tlt=1"], 2, "no such parameter"),
        (["--against", str(tmp_path / "none")], 2, "there is no bag"),
        ([], 2, "name one of"),
        (["--audit", "--estimate"], 2, "name one of"),
        (["--audit", "--tolerance", "estimate.*=1"], 2, "--against"),
        (["--against", str(bag), "--tolerance", "estimate.*=-1"], 2, "no bound"),
        (["--against", str(bag), "--tolerance", "stamps.*=1"], 2, "fits no field"),
        (["--shadow", "nobody"], 2, "nobody"),
        (["--shadow", "mpc", "--policy", str(bag)], 2, "only with --shadow policy"),
        (["--estimate", "--robot", "g1"], 2, "says that its robot is 'g1'"),
    ):
        assert main(["replay", str(bag), *arguments, "--json", str(file)]) == code, arguments
        said = capsys.readouterr()
        assert words in said.out + said.err, arguments
        if code < 2:
            assert json.loads(file.read_text())["problems"] == []

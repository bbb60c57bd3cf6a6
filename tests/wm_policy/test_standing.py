"""Standing as trained: a blank phase, one norm over the command, a flag that says moving."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from foreign_metadata import MJLAB_OVERLAY, mjlab_metadata
from policy_files import (
    G1,
    deploy_yaml,
    estimate,
    examined,
    first_problem,
    leg_manifest,
    write_yaml,
)
from tiny_networks import linear, normalised

from wm_control.types import VelocityCommand
from wm_policy.loading import load_policy
from wm_policy.manifest import Moving, Phase, Standing
from wm_policy.network import read_network
from wm_policy.phase import PhaseClock
from wm_policy.standing import stands

BLANK = Standing(command_below=0.1, blank=True)
STAND, WALK = (0.0, 0.0, 0.0), (0.5, 0.0, 0.0)


def seen(clock: PhaseClock, *command: float) -> tuple[float, float]:
    clock.tick(command, 0.0, 0.0)
    return float(clock.sine[0]), float(clock.cosine[0])


def test_a_blank_phase_is_on_no_circle_and_its_clock_goes_on() -> None:
    """At 1 Hz and 8 steps a second: the third step walks at three eighths of a turn."""
    clock = PhaseClock(Phase(1.0, (0.0,), "before", BLANK), 8.0)
    assert seen(clock, *STAND) == (0.0, 0.0)
    assert seen(clock, *STAND) == (0.0, 0.0)
    assert seen(clock, *WALK) == pytest.approx((math.sqrt(0.5), -math.sqrt(0.5)))
    assert seen(clock, *STAND) == (0.0, 0.0)
    assert seen(clock, *WALK) == pytest.approx((-math.sqrt(0.5), -math.sqrt(0.5)))


def test_a_clock_may_stop_and_be_blank() -> None:
    standing = Standing(command_below=0.1, phase=(0.0,), blank=True)
    clock = PhaseClock(Phase(1.0, (math.pi / 2,), "before", standing), 8.0)
    assert seen(clock, *STAND) == (0.0, 0.0)
    assert seen(clock, *WALK) == pytest.approx((1.0, 0.0), abs=1e-6)


@pytest.mark.parametrize(
    ("limits", "command", "still"),
    [
        (Moving(command_below=0.1), (0.06, 0.06, 0.05), True),  # norm 0.0985
        (Moving(command_below=0.1), (0.06, 0.06, 0.06), False),  # norm 0.1039
        (Moving(command_below=0.1), (0.0, 0.0, -0.1), False),  # not strictly below
        (Moving(command_below=0.1), (0.0, 0.0, -0.099), True),
        (Moving(linear_below=0.1, angular_below=0.1), (0.06, 0.06, 0.09), True),  # 0.085 and 0.09
        (Moving(linear_below=0.1, angular_below=0.1), (0.08, 0.08, 0.0), False),  # 0.113
        (Moving(linear_below=0.1), (0.05, 0.0, 3.0), True),
        (Moving(linear_below=0.2, command_below=0.1), (0.15, 0.0, 0.0), False),
        (Moving(command_below=0.1), (math.nan, 0.0, 0.0), False),
    ],
)
def test_a_robot_stands_while_every_stated_limit_holds(
    limits: Moving, command: tuple[float, float, float], still: bool
) -> None:
    assert stands(limits, command) is still


def flagged(tmp_path: Path, *terms: dict[str, Any], **changes: object) -> Path:
    """A leg policy that sees ``terms`` after its gravity, and 6 + their values in all."""
    network = linear(tmp_path / "legs.onnx", 6 + len(terms), 12)
    content = {**leg_manifest(network), **changes}
    del content["phase"]
    content["inputs"][0]["blocks"][0]["terms"][2:] = list(terms)
    return write_yaml(content, tmp_path / "legs.yaml")


def test_a_flag_says_whether_motion_is_asked_for(tmp_path: Path) -> None:
    """0 and 1; -1 and 1; a stand flag, which is the other way round; each times its scale."""
    terms = [
        {"name": "moving", "scale": 1.0},
        {"name": "moving", "scale": 1.0, "value": [-1.0, 1.0]},
        {"name": "moving", "scale": 0.5, "value": [1.0, 0.0]},
    ]
    policy = load_policy(flagged(tmp_path, *terms, moving={"command_below": 0.1}), G1)
    flags = policy.runner.inputs["obs"][6:]
    policy.step(estimate(), VelocityCommand(0.0, 0.05, 0.05))
    assert flags.tolist() == [0.0, -1.0, 0.5]
    policy.step(estimate(), VelocityCommand(0.0, 0.0, 0.2))
    assert flags.tolist() == [1.0, 1.0, 0.0]


FLAG = {"name": "moving", "scale": 1.0}


@pytest.mark.parametrize(
    ("term", "moving", "text"),
    [
        (FLAG, None, "moving: expected the limits of inputs[0].blocks[0].terms[2] (moving)"),
        (FLAG, {}, "moving: expected command_below, linear_below or angular_below, found none"),
        (FLAG, {"command_below": -0.1}, "moving.command_below: expected greater than 0"),
        ({**FLAG, "value": [1.0, 1.0]}, {"command_below": 0.1}, "two values that differ"),
        ({**FLAG, "value": [1.0]}, {"command_below": 0.1}, "two values that differ"),
        ({**FLAG, "clip": [0.0, 1.0]}, {"command_below": 0.1}, "no clip of the term 'moving'"),
    ],
)
def test_a_flag_is_refused_for(
    tmp_path: Path, term: dict[str, Any], moving: object, text: str
) -> None:
    assert text in first_problem(flagged(tmp_path, term, moving=moving))


@pytest.mark.parametrize(
    ("standing", "text"),
    [
        ({"blank": True}, "phase.standing: expected command_below, linear_below or angular_below"),
        (
            {"command_below": 0.1},
            "phase.standing: expected phase, at which the clock stops",
        ),
        ({"command_below": 0.1, "blank": "yes"}, "phase.standing.blank"),
        ({"command_below": 0.1, "phase": [0.0, 0.0]}, "phase.standing.phase: expected 1 phases"),
        (
            {
                "command_below": 0.1,
                "blank": True,
                "wake": {"angular_velocity": 1.0, "strides": 1.0, "initial_right": [0.0]},
            },
            "initial_right: expected a clock that stops",
        ),
    ],
)
def test_standing_is_refused_for(tmp_path: Path, standing: object, text: str) -> None:
    content = leg_manifest(linear(tmp_path / "legs.onnx", 47, 12))
    content["phase"]["standing"] = standing
    assert text in first_problem(write_yaml(content, tmp_path / "legs.yaml"))


def gait_deploy(tmp_path: Path, params: dict[str, Any], name: str = "gait_phase") -> Path:
    content = deploy_yaml()
    term = {"params": params, "clip": None, "scale": [1.0, 1.0], "history_length": 1}
    content["observations"][name] = term
    linear(tmp_path / "policy.onnx", 98, 29)
    return write_yaml(content, tmp_path / "deploy.yaml")


def phase_seen(path: Path, *command: float, overlay: Path | None = None) -> list[float]:
    policy = load_policy(path, G1, overlay)
    policy.step(estimate(), VelocityCommand(*command))
    return policy.runner.inputs["obs"][-2:].tolist()


@pytest.mark.parametrize("name", ["gait_phase", "gait_phase_my", "phase"])
def test_unitrees_gait_phase_is_blank_while_the_norm_of_the_command_is_below_a_tenth(
    tmp_path: Path, name: str
) -> None:
    """One step of 0.02 s of a period of 0.6 s is 12 degrees."""
    path = gait_deploy(tmp_path, {"period": 0.6, "command_name": "twist"}, name)
    assert phase_seen(path, 0.0, 0.0, 0.0) == [0.0, 0.0]
    assert phase_seen(path, 0.06, 0.06, 0.05) == [0.0, 0.0]
    angle = math.radians(12.0)
    walking = pytest.approx([math.sin(angle), math.cos(angle)], abs=1e-6)
    assert phase_seen(path, 0.06, 0.06, 0.06) == walking


def test_the_phase_of_unitree_rl_labs_exporter_is_never_blank_unless_it_takes_a_command(
    tmp_path: Path,
) -> None:
    """Only that exporter leaves a slice; only unitree_rl_mjlab's term takes a command_name."""
    path = gait_deploy(tmp_path, {"period": 0.8})
    slice_ = "joint_ids: !!python/object/apply:builtins.slice [null, null, null]"
    path.write_text(path.read_text().replace("joint_ids: null", slice_))
    assert phase_seen(path, 0.0, 0.0, 0.0)[1] > 0.9
    path = gait_deploy(tmp_path, {"period": 0.8, "command_name": "twist"})
    path.write_text(path.read_text().replace("joint_ids: null", slice_))
    assert phase_seen(path, 0.0, 0.0, 0.0) == [0.0, 0.0]


def overlay(tmp_path: Path, network: Path, **content: object) -> Path:
    said = {"overlay_version": 1, "sha256": read_network(network).sha256, **content}
    return write_yaml(said, tmp_path / "overlay.yaml")


@pytest.mark.parametrize("joint_ids", ["null", "[" + ", ".join(map(str, range(29))) + "]"])
def test_what_a_phase_shows_while_standing_is_not_guessed_from_how_joints_are_written(
    tmp_path: Path, joint_ids: str
) -> None:
    """Files of unitree_rl_lab, where it runs on, and of unitree_rl_mjlab may look alike."""
    path = gait_deploy(tmp_path, {"period": 0.6})
    path.write_text(path.read_text().replace("joint_ids: null", f"joint_ids: {joint_ids}"))
    problem = first_problem(path)
    assert "MissingValueError" in problem
    assert "deploy.yaml: observations.gait_phase.params.command_name: expected" in problem
    assert "fill: {phase: {standing: {command_below: 0.1, blank: true}}}" in problem


@pytest.mark.parametrize("say", ["fill", "override"])
def test_an_overlay_may_say_that_the_phase_runs_on_stops_or_is_blank(
    tmp_path: Path, say: str
) -> None:
    path = gait_deploy(tmp_path, {"period": 0.6})
    network = tmp_path / "policy.onnx"
    on = overlay(tmp_path, network, **{say: {"phase": {"standing": None}}})
    assert phase_seen(path, 0.0, 0.0, 0.0, overlay=on)[1] > 0.9
    stops = {"command_below": 0.2, "blank": False, "phase": [math.pi]}
    stop = overlay(tmp_path, network, **{say: {"phase": {"standing": stops}}})
    assert phase_seen(path, 0.15, 0.0, 0.0, overlay=stop) == pytest.approx([0.0, -1.0], abs=1e-6)
    blank = overlay(
        tmp_path, network, **{say: {"phase": {"standing": {"command_below": 0.1, "blank": True}}}}
    )
    assert phase_seen(path, 0.0, 0.0, 0.0, overlay=blank) == [0.0, 0.0]


def test_mjlabs_phase_begins_at_zero_and_is_blank_while_standing(tmp_path: Path) -> None:
    names = "base_ang_vel,projected_gravity,command,joint_pos,joint_vel,actions,phase"
    lists = {
        "observation_terms_scale": ",".join(["1.0"] * 7),
        "observation_terms_clip": ",".join(["None"] * 7),
        "observation_terms_history_length": ",".join(["0"] * 7),
        "observation_terms_flatten_history_dim": ",".join(["True"] * 7),
    }
    metadata = mjlab_metadata(observation_names=names, **lists)
    network = linear(tmp_path / "p.onnx", 98, 29, metadata=metadata)
    assert {problem.field for problem in examined(network).problems} == {
        "rate", "command", "phase.frequency",
    }  # fmt: skip
    said = overlay(tmp_path, network, fill={**MJLAB_OVERLAY, "phase": {"frequency": 1.25}})
    assert phase_seen(network, 0.0, 0.0, 0.0, overlay=said) == [0.0, 0.0]
    assert phase_seen(network, 0.5, 0.0, 0.0, overlay=said) == pytest.approx([0.0, 1.0])


def test_a_normaliser_that_remembers_a_blank_phase_contradicts_one_that_never_is(
    tmp_path: Path,
) -> None:
    """Blank for 10 % of the time: E[sin²] = E[cos²] = 0.45, so that their deviation is 0.671."""
    deviation = np.ones(47)
    deviation[-2:] = math.sqrt(0.45)
    mean = np.zeros(47)
    mean[5] = -1.0
    network = normalised(tmp_path / "legs.onnx", mean, deviation, 12)
    content = leg_manifest(network)
    content["inputs"][0]["blocks"][0]["terms"][-2:] = [{"name": "phase_sin_cos", "scale": 1.0}]
    problem = first_problem(write_yaml(content, tmp_path / "never.yaml"))
    assert "ImplausibleError" in problem
    assert "blank: true, as the network's normaliser remembers" in problem
    assert "E[sin² + cos²] = 0.900 at value 45" in problem
    content["phase"]["standing"] = {"command_below": 0.1, "blank": True}
    assert examined(write_yaml(content, tmp_path / "blank.yaml")).ok

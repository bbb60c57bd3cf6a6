"""Parameters that follow from a robot: what they are, and what a robot's own files change."""

import dataclasses

import numpy as np
import pytest
import yaml
from talos_folder import talos_folder

from wm_control.arbiter.parameters import SafetyParameters
from wm_control.controllers.model_based import ModelBasedParameters
from wm_control.derivation.formulas import FORMULAS, as_mapping
from wm_control.derivation.parts import derived_parameters, load_derived
from wm_control.errors import ParameterError
from wm_control.estimation.parameters import EstimatorParameters

PARTS = {
    "model_based": ModelBasedParameters,
    "estimator": EstimatorParameters,
    "arbiter": SafetyParameters,
}

TUNED = {
    "model_based": {
        "gait": {
            "com_height": 0.60,
            "com_height_standing": 0.66,
            "fast_speed": 1.0,
            "step_duration": 0.36,
            "double_support": 0.04,
            "shift_duration": 0.16,
            "step_width": 0.171,
            "apex_height": 0.06,
            "stand_dcm_margin": 0.045,
            "linear_slew": 0.4,
            "angular_slew": 1.0,
        },
        "mpc": {
            "cop_margin_x": (0.020, 0.015),
            "cop_margin_y": 0.0045,
            "step_x": 0.60,
            "step_y": (0.101, 0.50),
            "swing_speed": 2.8,
            "single_support": (0.16, 0.50),
        },
        "whole_body": {
            "sole_margin": (0.005, 0.0025),
            "com_height_stiffness": 120.0,
            "com_height_damping": 20.0,
        },
    },
    "estimator": {
        "contact": {
            "joint_torque_noise": 3.0,
            "base_force_noise": 80.0,
            "base_torque_noise": 40.0,
            "prior_force": 500.0,
            "prior_torque": 20.0,
            "unexplained_moment": 35.0,
            "unexplained_torque": 6.0,
        }
    },
    "arbiter": {
        "arbiter": {
            "base_height": 0.40,
            "drivers": {"mpc": {"impulse": 2.2, "jump": 1.5, "slide": 0.02, "slope": 0.13}},
        },
        "filter": {"stiffness_limit": 500.0, "damping_limit": 50.0},
        "velocity": {
            "max_linear_x": 1.1,
            "max_linear_x_backward": 0.8,
            "max_linear_y": 0.3,
            "max_angular_z": 0.9,
        },
        "envelopes": {
            "mpc": {
                "forward": 1.1,
                "backward": 0.8,
                "sideways": 0.3,
                "turning": 0.9,
                "exponent": 1.0,
            }
        },
    },
}
"""What the G1 was tuned with by hand, but for its wide steps, which are for the policy's sake."""


@pytest.fixture(scope="module")
def talos(tmp_path_factory):
    return talos_folder(tmp_path_factory.mktemp("robots") / "talos")


@pytest.mark.parametrize("part", PARTS)
def test_of_the_g1_the_formulas_give_what_it_was_tuned_with(part):
    assert as_mapping(derived_parameters("g1"), part) == TUNED[part]


@pytest.mark.parametrize("part", PARTS)
def test_a_folder_with_nothing_but_a_robot_file_has_all_parameters(talos, part):
    theirs, ours = load_derived(PARTS[part], talos, part), load_derived(PARTS[part], "g1", part)
    assert theirs != ours
    assert load_derived(PARTS[part], talos / "robot.yaml", part) == theirs


@pytest.mark.parametrize("part", PARTS)
def test_every_parameter_without_a_default_is_derived(part):
    def required(schema, prefix=""):
        for field in dataclasses.fields(schema):
            below = field.type if isinstance(field.type, type) else None
            name = f"{prefix}{field.name}"
            hints = getattr(schema, "__annotations__", {})
            kind = hints.get(field.name)
            missing = (
                field.default is dataclasses.MISSING
                and field.default_factory is dataclasses.MISSING
            )
            nested = {"GaitParameters", "FootstepMpcParameters", "WholeBodyParameters"}
            nested |= {"ContactParameters", "ArbiterParameters", "FilterParameters"}
            nested |= {"VelocityParameters"}
            if missing and str(kind) not in nested and below is None:
                yield name

    groups = as_mapping(derived_parameters("g1"), part)
    assert set(groups) >= set(required(PARTS[part]))
    assert load_derived(PARTS[part], "g1", part)


def test_what_a_robots_own_file_says_goes_before_what_is_derived(talos):
    file = talos / "model_based.yaml"
    file.write_text(yaml.safe_dump({"gait": {"com_height": 0.8}}))
    try:
        told = load_derived(ModelBasedParameters, talos, "model_based")
        assert told.gait.com_height == 0.8
        assert told.gait.step_duration == pytest.approx(0.419)
        file.write_text(yaml.safe_dump({"gait": {"com_hight": 0.8}}))
        with pytest.raises(ParameterError, match=r"gait\.com_hight.*model_based\.yaml"):
            load_derived(ModelBasedParameters, talos, "model_based")
    finally:
        file.unlink()


def test_speeds_that_were_set_wider_than_derived_are_refused_by_the_envelope(talos):
    file = talos / "arbiter.yaml"
    file.write_text(yaml.safe_dump({"velocity": {"max_linear_x": 1.2}}))
    try:
        with pytest.raises(ParameterError, match=r"velocity\.max_linear_x.*1\.2.*at most 0\.58"):
            load_derived(SafetyParameters, talos, "arbiter")
    finally:
        file.unlink()


def test_talos_is_slower_than_it_is_tall_because_of_its_joints(talos):
    # leg 0.812 m: 1.1 sqrt(0.812 / 0.6892) = 1.19 m/s by its size, half of it by its joints
    gait = as_mapping(derived_parameters(talos), "arbiter")["velocity"]
    assert 0.5 <= gait["max_linear_x"] <= 0.65
    assert gait["max_linear_y"] == pytest.approx(0.3 * np.sqrt(0.812 / 0.6892), rel=0.005)


def test_no_parameter_is_derived_twice():
    names = [(formula.part, formula.key) for formula in FORMULAS]
    assert len(set(names)) == len(names)

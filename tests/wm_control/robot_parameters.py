"""What the G1's folder says: the parameters that tests of its control begin with."""

from __future__ import annotations

from wm_control.arbiter.parameters import SafetyParameters
from wm_control.controllers.model_based import ModelBasedParameters
from wm_control.derivation.parts import load_derived
from wm_control.estimation.parameters import EstimatorParameters

MODEL_BASED = load_derived(ModelBasedParameters, "g1", "model_based")
GAIT, MPC, WHOLE_BODY = MODEL_BASED.gait, MODEL_BASED.mpc, MODEL_BASED.whole_body
ESTIMATOR = load_derived(EstimatorParameters, "g1", "estimator")
SAFETY = load_derived(SafetyParameters, "g1", "arbiter")
ENVELOPES = SAFETY.envelopes

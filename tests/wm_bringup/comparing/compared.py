"""A small comparison and made-up episodes of it."""

from __future__ import annotations

from wm_bringup.comparing.plan import Comparison, cell_name
from wm_bringup.judging.criteria.criterion import Measured
from wm_bringup.judging.episode import EpisodeResult
from wm_control.configuration.parameters import load_parameters, merged

CONTENT = {
    "name": "made_up",
    "seeds": {"count": 8},
    "worlds": [
        {"name": "home"},
        {"name": "other", "engine": "mujoco"},
        {"name": "bare", "safety_layer": False},
    ],
    "axes": [{"name": "course"}, {"name": "load", "outside": ["mpc"]}],
    "cases": [
        {
            "name": "walk", "axis": "course", "worlds": ["home", "other", "bare"],
            "scenario": {"duration": 4.0, "velocity": [{"at": 1.0, "x": 0.5}]},
            "draws": {"push": {"impulse": 30.0}},
        },
        {"name": "loaded", "axis": "load", "scenario": {"payload": {"mass": 5.0}}},
    ],
    "contestants": [
        {"name": "mpc"},
        {"name": "policy", "controller": "policy"},
        {"name": "hybrid", "controller": "hybrid"},
    ],
    "random": {"of": ["hybrid"], "axes": ["course"]},
    "oracle": ["mpc", "policy"],
    "paired": [{"contestant": "hybrid", "parents": ["mpc", "policy"]}],
    "facets": [
        {
            "name": "performance", "title": "Does it",
            "headline": {"figure": "success", "one": "hybrid", "other": "mpc"},
            "figures": [
                {"name": "success", "title": "stays up", "value": "success", "over": "share",
                 "more_is_better": True},
                {"name": "error", "title": "error", "value": "stride_rms_error", "component": 0},
                {"name": "change", "title": "elsewhere", "value": "success", "over": "share",
                 "of": {"world": "other", "axes": ["course"]}, "beside": {"axes": ["course"]},
                 "more_is_better": True},
                {"name": "kept", "title": "kept", "value": "success", "over": "share",
                 "of": {"distribution": "outside"}, "beside": {"distribution": "inside"},
                 "between": "ratio", "more_is_better": True},
            ],
        },
        {
            "name": "compute", "title": "Costs",
            "headline": {"figure": "cpu", "one": "policy", "other": "mpc"},
            "figures": [{"name": "cpu", "title": "CPU", "value": "control_cpu",
                         "fallen": "measured"}],
        },
        {
            "name": "safety", "title": "Falls",
            "headline": {"figure": "falls", "one": "hybrid", "other": "mpc"},
            "figures": [{"name": "falls", "title": "falls per hour", "value": "fell",
                         "over": "per_hour"}],
        },
    ],
}  # fmt: skip


def comparison(**changes) -> Comparison:
    return load_parameters(Comparison, merged(CONTENT, changes))


def episode(
    case, contestant, seed, *, world="home", fell=False, error=0.01, cpu=0.1, rescued=None, **notes
):
    metrics = {
        "first_rescue": Measured(rescued, "s"),
        "preferred_share": Measured(1.0 if rescued is None else 0.5, ""),
        "switches_per_minute": Measured(0.0, "1/min"),
        "fell": Measured(float(fell), ""),
        "seconds": Measured(2.0 if fell else 4.0, "s"),
        "stride_rms_error": Measured(
            None if error is None else (error, 0.0, 0.0), "m/s, m/s, rad/s"
        ),
    }
    stages = {"estimator": cpu, "controller": cpu, "arbiter": cpu, "planner": cpu, "physics": 9.0}
    notes = {"cpu_per_tick_ms": stages, **notes}
    return EpisodeResult(cell_name(case, world), contestant, seed, metrics, notes)


def walked(falls, **changes):
    """Eight episodes of ``walk`` and ``loaded`` at home; falls: seeds by contestant."""
    return [
        episode(case, who, seed, fell=seed in seeds and case == "walk", **changes)
        for who, seeds in falls.items()
        for case in ("walk", "loaded")
        for seed in range(8)
    ]

"""A small folder of results, made up: three contestants, five facets, one of them named badly."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

NASTY = "<script>alert('$x$')</script>"
NAMES = ("mpc", "policy", NASTY)
METHOD = "Wilson, 95 %"


def number(value, low=None, high=None, n=208, events=None) -> dict[str, Any]:
    return {"value": value, "low": low, "high": high, "n": n, "events": events, "bound": None}


def figure(name: str, title: str, unit: str, numbers, *, more=False) -> dict[str, Any]:
    return {
        "name": name,
        "title": title,
        "unit": unit,
        "definition": f"What {title} is.",
        "version": 1,
        "method": METHOD,
        "selection": "all cases in pybullet",
        "more_is_better": more,
        "contestants": dict(zip(NAMES, numbers, strict=True)),
    }


def difference(figure_name, one, other, value, low, high, p, *, headline=False, better=""):
    shown = bool(better)
    words = f"{better} is better" if shown else f"no difference shown between {one} and {other}"
    return {
        "figure": figure_name,
        "one": one,
        "other": other,
        "value": value,
        "low": low,
        "high": high,
        "p": p,
        "p_holm": None if headline else min(1.0, 2 * p),
        "n": 208,
        "method": "McNemar, exact",
        "headline": headline,
        "shown": shown,
        "better": better,
        "words": words,
    }


def facet(title, figures=(), differences=(), facts=None) -> dict[str, Any]:
    head = next((one for one in differences if one["headline"]), None)
    return {
        "title": title,
        "headline": head,
        "figures": list(figures),
        "differences": list(differences),
        "verdict": [one["words"] for one in differences],
        "facts": facts or {},
    }


def fact(value, unit, *, n=1, low=None, high=None) -> dict[str, Any]:
    told = {"value": value, "unit": unit, "definition": "What it is.", "method": "counted"}
    return {**told, "version": 1, "n": n, "low": low, "high": high}


def direction(angle: float, half: float | None) -> dict[str, Any]:
    rows = [
        {"impulse": i, "survived": s, "n": 8, "low": 0.1, "high": 0.9}
        for i, s in ((20.0, 8), (30.0, 5), (40.0, 1))
    ]
    low, high = (None, None) if half is None else (half - 3.0, half + 4.0)
    beyond = 40.0 if half is None else None
    return {
        "direction": angle,
        "half": half,
        "low": low,
        "high": high,
        "beyond": beyond,
        "below": None,
        "n": 24,
        "rows": rows,
    }


def curve(falls: int) -> dict[str, Any]:
    share = [1.0, 1.0 - falls / 208, 1.0 - falls / 208]
    bands = {"low": [s - 0.03 for s in share], "high": [min(1.0, s + 0.02) for s in share]}
    return {"n": 208, "falls": falls, "times": [0.0, 5.1, 15.0], "share": share, **bands}


def summary() -> dict[str, Any]:
    success = figure(
        "success",
        "episodes without a fall",
        "",
        [
            number(120 / 208, 0.509, 0.642, events=120),
            number(186 / 208, 0.845, 0.929, events=186),
            number(188 / 208, 0.856, 0.937, events=188),
        ],
        more=True,
    )
    speed = figure(
        "velocity_error",
        "velocity error",
        "m/s",
        [number(0.0123, 0.011, 0.0141), number(0.0456, 0.04, 0.05), number(None, n=0)],
    )
    falls = figure(
        "falls_per_hour",
        "falls per hour",
        "1/h",
        [number(101.5, 80.0, 125.0), number(25.25, 16.0, 38.0), number(23.75, 15.0, 36.0)],
    )
    performance = facet(
        "Performance",
        [success, speed],
        [
            difference("success", NASTY, "policy", 0.0096, -0.03, 0.05, 0.73, headline=True),
            difference("success", "policy", "mpc", 0.317, 0.24, 0.39, 1e-9, better="policy"),
            difference("velocity_error", "policy", "mpc", 0.033, 0.028, 0.039, 1e-6, better="mpc"),
        ],
    )
    safety = facet(
        "Safety",
        [falls],
        [
            difference(
                "falls_per_hour", NASTY, "mpc", 0.23, 0.15, 0.35, 1e-8, headline=True, better=NASTY
            )
        ],
    )
    compute = facet(
        "Computational efficiency",
        facts={
            "mpc": {"flop_per_control_step": fact(249385.5, "FLOP")},
            "policy": {"flop_per_control_step": fact(22779.9, "FLOP")},
            NASTY: {"flop_per_control_step": fact(272165.4, "FLOP")},
        },
    )
    scalability = facet(
        "Scalability and time to market",
        facts={
            "mpc": {"training_cpu_seconds": fact(0.0, "s")},
            "policy": {"training_cpu_seconds": fact(2880.0, "s")},
            NASTY: {"training_cpu_seconds": fact(None, "s")},
        },
    )
    worst = {
        "key": "walk_35 in pybullet, mpc, seed 3",
        "case": "walk_35",
        "world": "pybullet",
        "contestant": "mpc",
        "seed": 3,
        "seconds": 5.13,
        "cause": "tilt 1.1 rad, 1.2 s after a push of 350 N",
    }
    return {
        "schema": 1,
        "name": "example",
        "title": "Model, policy or both",
        "robot": "g1",
        "contestants": [
            {
                "name": name,
                "kind": kind,
                "drivers": drivers,
                "policy": None,
                "episodes": 208,
                "offences": {"policy hung for more than 30 s": 1} if name == "policy" else {},
                "disqualified": "",
            }
            for name, kind, drivers in zip(
                NAMES,
                ("mpc", "policy", "hybrid"),
                (["mpc"], ["policy"], ["mpc", "policy"]),
                strict=True,
            )
        ],
        "worlds": [{"name": "pybullet", "engine": "pybullet", "safety_layer": True}],
        "axes": [{"name": "push", "title": "pushes", "outside": ["mpc"]}],
        "cases": [
            {
                "name": "walk_35",
                "title": "0.5 m/s, 35 N·s",
                "axis": "push",
                "worlds": ["pybullet"],
                "outside": ["mpc"],
                "falls": {name: {"pybullet": [k, 208]} for k, name in enumerate(NAMES)},
            }
        ],
        "facets": {
            "performance": performance,
            "scalability": scalability,
            "compute": compute,
            "safety": safety,
        },
        "pushes": {
            "method": "logistic fit",
            "selection": "episodes with one push",
            "contestants": {
                name: [
                    direction(
                        45.0 * k, None if k == 2 and name == "policy" else 25.0 + 5.0 * math.cos(k)
                    )
                    for k in range(8)
                ]
                for name in NAMES
            },
        },
        "time_to_fall": {
            "method": "Kaplan-Meier, 95 %",
            "selection": "push",
            "contestants": {name: curve(f) for name, f in zip(NAMES, (88, 22, 20), strict=True)},
        },
        "arbiters": {
            NASTY: {
                "beside": "mpc",
                "n": 208,
                "method": "Clopper-Pearson, 95 %",
                "precision": number(68 / 80, 0.75, 0.92, n=80, events=68),
                "recall": number(0.9, 0.8, 0.96, n=88, events=79),
                "harm": number(0.025, 0.003, 0.087, n=80, events=2),
                "lead_p10": 0.31,
                "lead_p50": 0.62,
                "preferred_share": 0.95,
                "switches_per_minute": 1.25,
            }
        },
        "worst": [worst],
        "claims": [],
        "broken": ["hybrid: falls too often"],
        "missed": [],
        "held": False,
    }


def timings() -> dict[str, Any]:
    cpu = figure(
        "control_cpu",
        "CPU seconds per simulated second",
        "s/s",
        [number(0.34, 0.33, 0.35), number(0.15, 0.14, 0.16), number(0.41, 0.4, 0.42)],
    )
    quantiles = [[0.0, 0.3], [0.5, 0.6], [0.9, 0.7], [0.99, 0.9], [0.999, 1.4], [1.0, 2.2]]
    told = {"n": 4000, "period_ms": 2.0, "quantiles": quantiles, "method": "CPU time"}
    return {
        "schema": 1,
        "name": "example",
        "facets": {"compute": facet("Computational efficiency", [cpu])},
        "latency": dict.fromkeys(NAMES, told),
        "late": {"mpc": "3.1 ms for a plan, charged 2.0 ms"},
    }


def example_folder(folder: Path) -> Path:
    """Write it."""
    folder.mkdir(parents=True, exist_ok=True)
    manifest = {"schema": 1, "complete": True, "wall": 123.4, "conditions": {"git": "0" * 40}}
    for name, content in (
        ("summary.json", summary()),
        ("timings.json", timings()),
        ("manifest.json", manifest),
    ):
        (folder / name).write_text(json.dumps(content), encoding="utf-8")
    return folder

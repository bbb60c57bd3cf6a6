"""What the page says in words and bars: who drives and why, now and over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from math import degrees, isfinite

from wm_bringup.view.scene import Scene
from wm_bringup.view.timeline import Stint, Told
from wm_control.drivers import ARBITER, MPC, POLICY
from wm_control.types import Action

Rgb = tuple[int, int, int]

COLOURS: Mapping[str, Rgb] = {MPC: (11, 98, 196), POLICY: (21, 128, 61), ARBITER: (185, 28, 29)}
"""Of who drives, as in the plots of ``wm demo``."""

OTHER: Rgb = (91, 100, 112)
"""Of a driver of your own."""

ACTIONS: Mapping[Action, str] = {
    Action.NOMINAL: "#d5dbe3",
    Action.LIMITED: "#f2c94c",
    Action.FALLBACK: "#f2994a",
    Action.SAFE_POSTURE: "#eb5757",
    Action.FALL_POSTURE: "#b5266d",
    Action.DAMPING: "#7f1d1d",
}

_WIDTH, _DRIVERS, _ACTIONS, _HEIGHT = 1000.0, 26.0, 12.0, 56.0
"""Of the timeline: its width, the height of both bars and of all, in its own units."""


def colour_of(driver: str) -> Rgb:
    """Colour of a driver."""
    return COLOURS.get(driver, OTHER)


def css(colour: Rgb) -> str:
    """Write a colour as CSS does."""
    return "#{:02x}{:02x}{:02x}".format(*colour)


def status_html(
    scene: Scene | None, waiting: str = "nothing has come yet", *, slow_motion: float = 1.0
) -> str:
    """Who drives and why, and the figures of the balance, at one instant."""
    if scene is None:
        return f'<div style="padding:4px 8px">{escape(waiting)}</div>'
    slow = f"<div>slow motion by {slow_motion:g}</div>" if slow_motion > 1.0 else ""
    told = f"{slow}{_who(scene.told)}{_figures(scene)}"
    return f'<div style="padding:2px 8px;font-size:13px">{told}</div>'


def _who(told: Told | None) -> str:
    if told is None:
        return "<div>no decision was told yet</div>"
    causes = "".join(f"<li>{escape(cause)}</li>" for cause in told.causes)
    handing = f" ({100 * told.share:.0f} %, from {escape(told.previous)})" if told.previous else ""
    chip = (
        f'<b style="background:{css(colour_of(told.driver))};color:#fff;padding:1px 8px;'
        f'border-radius:4px">{escape(told.driver)}</b>'
    )
    armed = "" if told.armed else " · not armed"
    return (
        f"<div>{chip}{handing}{armed}</div><div>{escape(told.text)}</div>"
        f'<ul style="margin:2px 0;padding-left:18px">{causes}</ul>'
    )


def _figures(scene: Scene) -> str:
    asked = scene.asked
    wanted = (
        "-"
        if asked is None
        else f"{asked.linear_x:+.2f} {asked.linear_y:+.2f} {asked.angular_z:+.2f}"
    )
    rows = (
        ("asked x y yaw", f"{wanted} m/s, rad/s"),
        ("goes x y", f"{scene.speed[0]:+.2f} {scene.speed[1]:+.2f} m/s"),
        ("capture margin", f"{100 * scene.margin:.0f} cm" if isfinite(scene.margin) else "-"),
        ("tilt", f"{degrees(scene.tilt):.1f}°"),
    )
    cells = "".join(
        f'<tr><td style="opacity:.7;padding-right:10px">{name}</td><td>{escape(text)}</td></tr>'
        for name, text in rows
    )
    return f"<table>{cells}</table>"


def timeline_svg(stints: Sequence[Stint], begin: float, end: float, now: float) -> str:
    """Bars of who drove and what the arbiter did from ``begin`` to ``end`` [s], with ``now``."""
    span = max(end - begin, 1e-6)

    def at(time: float) -> float:
        return _WIDTH * (min(max(time, begin), end) - begin) / span

    bars = []
    for stint in stints:
        if stint.end < begin or stint.begin > end:
            continue
        x, width = at(stint.begin), max(at(stint.end) - at(stint.begin), 1.5)
        said = f"<title>{stint.begin:.2f} s {escape(stint.driver)}: {escape(stint.text)}</title>"
        fill = css(colour_of(stint.driver))
        bars.append(_bar(x, 0.0, width, _DRIVERS, fill, said))
        bars.append(_bar(x, _DRIVERS, width, _ACTIONS, ACTIONS[stint.action], said))
    here = f"{at(now):.1f}"
    line = f'<line x1="{here}" x2="{here}" y1="0" y2="40" stroke="#111" stroke-width="3"/>'
    words = _ends(begin, end) + _legend()
    return (
        f'<div style="padding:2px 8px"><svg viewBox="0 0 {_WIDTH:g} {_HEIGHT:g}" width="100%" '
        f'height="48" preserveAspectRatio="none">{"".join(bars)}{line}</svg>{words}</div>'
    )


def _bar(x: float, y: float, width: float, height: float, fill: str, said: str) -> str:
    return (
        f'<rect x="{x:.1f}" y="{y:g}" width="{width:.1f}" height="{height:g}" fill="{fill}">'
        f"{said}</rect>"
    )


def _ends(begin: float, end: float) -> str:
    return (
        '<div style="display:flex;justify-content:space-between;font-size:11px;opacity:.7;'
        f'margin-top:-14px"><span>{begin:.0f} s</span><span>{end:.0f} s</span></div>'
    )


def _legend() -> str:
    drivers = [(name, css(colour)) for name, colour in COLOURS.items()]
    actions = [(a.name.lower().replace("_", " "), fill) for a, fill in ACTIONS.items()]
    marks = "".join(
        '<span style="margin-right:8px;white-space:nowrap"><span style="display:inline-block;'
        f'width:9px;height:9px;background:{fill};margin-right:3px"></span>{name}</span>'
        for name, fill in (*drivers, *actions)
    )
    return f'<div style="font-size:10px;opacity:.85;line-height:1.4">{marks}</div>'

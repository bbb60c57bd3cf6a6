"""Controls of a recording: play, speed, scrubbing, from one intervention to the next."""

from __future__ import annotations

from typing import Any

import viser

from wm_bringup.view.acting import on_change, on_click
from wm_bringup.view.player import SPEEDS, Player
from wm_bringup.view.timeline import Intervention, following, preceding

LEAD = 0.3
"""A jump ends this much before the intervention, so that one sees it come [s]."""


class PlayerControls:
    """Buttons, a slider and a list, which act on a player."""

    def __init__(self, gui: viser.GuiApi, player: Player, jumps: tuple[Intervention, ...]) -> None:
        """Put them where the panel is now."""
        self._player = player
        self._times = [one.time - LEAD for one in jumps]
        self._play = gui.add_button("Play", icon=viser.Icon.PLAYER_PLAY)
        self._slider = gui.add_slider(
            "time, s", min=0.0, max=round(player.seconds, 2), step=0.01, initial_value=0.0
        )
        self._speed = gui.add_dropdown(
            "speed", [f"{speed:g}x" for speed in SPEEDS], initial_value="1x"
        )
        self._jump = gui.add_button_group("intervention", ["◀ previous", "next ▶"])
        self._list: Any = None
        if jumps:
            options = [f"{k + 1}. {one.time:.2f} s  {one.text}" for k, one in enumerate(jumps)]
            self._list = gui.add_dropdown("go to", options)
            on_change(self._list, lambda _: self._to(options.index(self._list.value)))
        on_click(self._play, lambda _: player.toggle())
        on_change(self._slider, lambda _: player.seek(float(self._slider.value)))
        on_change(self._speed, self._change_speed)
        on_click(self._jump, self._hop)

    def _change_speed(self, _: object) -> None:
        self._player.speed = float(str(self._speed.value).removesuffix("x"))

    def _to(self, place: int) -> None:
        self._player.seek(self._times[place])

    def _hop(self, _: object) -> None:
        find = following if str(self._jump.value).startswith("next") else preceding
        time = find(self._times, self._player.time)
        if time is not None:
            self._player.seek(time)

    def show(self) -> None:
        """Let the slider follow the player."""
        self._slider.value = round(self._player.time, 2)
        label = "Pause" if self._player.playing else "Play"
        if self._play.label != label:
            playing = self._player.playing
            self._play.label = label
            self._play.icon = viser.Icon.PLAYER_PAUSE if playing else viser.Icon.PLAYER_PLAY

"""Who drove, what there is to jump to, and the clock of a recording."""

from __future__ import annotations

import pytest

from wm_bringup.view.player import Player
from wm_bringup.view.timeline import (
    Told,
    following,
    interventions,
    newest,
    preceding,
    stints,
)
from wm_control.types import Action


def told(time: float, driver: str, action: Action = Action.NOMINAL, armed: bool = True) -> Told:
    return Told(time, action, driver, f"{driver} at {time:g}", armed)


RUN = [
    told(0.0, "arbiter", Action.DAMPING, armed=False),
    told(1.0, "mpc"),
    told(1.1, "mpc"),
    told(3.0, "policy"),
    told(5.0, "mpc"),
    told(6.0, "mpc", Action.LIMITED),
    told(7.0, "mpc"),
    told(8.0, "arbiter", Action.DAMPING, armed=False),
]


def test_decisions_that_say_the_same_are_one_stretch_told_as_it_began():
    found = stints(RUN, 9.0)
    assert [(s.begin, s.end, s.driver) for s in found[:4]] == [
        (0.0, 1.0, "arbiter"),
        (1.0, 3.0, "mpc"),
        (3.0, 5.0, "policy"),
        (5.0, 6.0, "mpc"),
    ]
    assert found[1].text == "mpc at 1"
    assert found[-1].end == 9.0


def test_without_a_decision_there_is_no_stretch():
    assert stints([], 5.0) == ()


def test_changes_of_driver_and_worse_actions_are_interventions_and_arming_and_relief_are_not():
    found = interventions(stints(RUN, 9.0))
    assert [one.time for one in found] == [3.0, 5.0, 6.0, 8.0]
    assert found[0].text == "mpc → policy: policy at 3"


def test_jumps_go_to_the_next_one_and_never_stay():
    times = [3.0, 5.0, 6.0]
    assert following(times, 0.0) == 3.0
    assert following(times, 3.0) == 5.0
    assert following(times, 6.0) is None
    assert preceding(times, 5.0) == 3.0
    assert preceding(times, 3.0) is None
    assert preceding([], 3.0) is None


@pytest.mark.parametrize(("now", "place"), [(-1.0, -1), (0.0, 0), (0.5, 0), (1.0, 1), (9.0, 2)])
def test_scrubbing_finds_the_newest_message(now, place):
    assert newest([0.0, 1.0, 2.0], now) == place


def test_a_player_goes_as_fast_as_asked_and_ends_with_the_recording():
    player = Player(10.0)
    assert player.advance(1.0) == 0.0
    player.toggle()
    player.speed = 2.0
    assert player.advance(1.5) == 3.0
    assert player.advance(60.0) == 10.0
    assert not player.playing


def test_at_the_end_play_begins_anew_and_seeking_stays_within():
    player = Player(10.0, time=10.0)
    player.toggle()
    assert (player.time, player.playing) == (0.0, True)
    player.seek(12.0)
    assert player.time == 10.0
    player.seek(-1.0)
    assert player.time == 0.0

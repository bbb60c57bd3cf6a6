"""A bag is played by ROS 2's own player, beside the tool that shows it; what cannot be is said."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
from small_bags import record

from wm_bringup.graph import playing
from wm_bringup.graph.playing import CannotPlayError, play_arguments
from wm_control.errors import WmError

LAUNCH = Path(__file__).parents[3] / "launch" / "replay.launch.py"

NAMES = {
    "launch": ("LaunchContext", "LaunchDescription"),
    "launch.actions": ("DeclareLaunchArgument", "ExecuteProcess", "OpaqueFunction", "Shutdown"),
    "launch.substitutions": ("LaunchConfiguration",),
    "launch_ros": (),
    "launch_ros.actions": ("Node",),
    "launch_ros.parameter_descriptions": ("ParameterValue",),
}


class StandIn:
    """Stands in for any class of launch."""

    def __init__(self, *positional, **named) -> None:
        self.positional, self.named = positional, named

    def perform(self, context):
        return context.values[self.positional[0]]


@pytest.fixture
def bag(tmp_path):
    record(tmp_path / "bag").close()
    return tmp_path / "bag"


@pytest.fixture
def started(monkeypatch):
    """Start what the launch file starts, with ``ros2`` there; returns the actions."""
    for name, classes in NAMES.items():
        module = ModuleType(name)
        for kind in classes:
            setattr(module, kind, type(kind, (StandIn,), {}))
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setattr(playing, "shutil", SimpleNamespace(which=lambda name: f"/usr/bin/{name}"))
    spec = importlib.util.spec_from_file_location("replay_launch", LAUNCH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def start(**given):
        *declared, act = module.generate_launch_description().positional[0]
        defaults = {one.positional[0]: one.named["default_value"] for one in declared}
        typed = [f"{name}:={value}" for name, value in given.items()]
        return act.named["function"](SimpleNamespace(values={**defaults, **given}, argv=typed))

    return start


def test_the_player_plays_the_bag_and_everything_ends_with_it(started, bag):
    (player,) = started(bag=str(bag))
    command = player.named["cmd"]
    assert command[:4] == ["ros2", "bag", "play", str(bag)]
    assert command[-2:] == ["--rate", "1"]
    assert player.named["on_exit"]


def test_rviz_is_given_the_model_of_the_robot_and_the_recorded_time(started, bag):
    player, publisher, viewer = started(bag=str(bag), viewer="rviz", rate="0.5", loop="true")
    assert player.named["cmd"][-3:] == ["--rate", "0.5", "--loop"]
    given = publisher.named["parameters"][0]
    assert given["robot_description"].positional[0].startswith("<?xml")
    assert given["robot_description"].named["value_type"] is str
    assert viewer.named["executable"] == "rviz2"
    assert viewer.named["parameters"] == [{"use_sim_time": True}]


def test_plotjuggler_needs_no_model(started, bag):
    assert len(started(bag=str(bag), viewer="plotjuggler")) == 2


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"viewer": "gazebo"}, "viewer.*'foxglove'"),
        ({"rate": "0"}, "rate.*greater than 0"),
        ({"rate": "fast"}, "rate.*number"),
        ({"speed": "1"}, "speed.*no such parameter"),
    ],
)
def test_an_argument_that_is_none_is_refused_by_name(bag, given, words):
    with pytest.raises(WmError, match=words):
        play_arguments({"bag": str(bag), **given})


def test_a_misspelt_argument_is_refused_with_the_one_that_it_resembles(started, bag, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["ros2", "launch", "wm_humanoid", LAUNCH.name])
    with pytest.raises(WmError, match=r"viwer.*did you mean 'viewer'"):
        started(bag=str(bag), viwer="foxglove")


def test_where_it_is_included_it_is_given_what_another_file_takes(started, bag):
    assert started(bag=str(bag), world="empty")


def test_what_is_no_bag_is_refused_before_anything_starts(started, tmp_path):
    with pytest.raises(WmError, match="there is no bag"):
        started(bag=str(tmp_path / "none"))


def test_without_ros2_it_is_said_what_opens_the_bag_itself(bag, monkeypatch):
    monkeypatch.setattr(playing, "shutil", SimpleNamespace(which=lambda _: None))
    with pytest.raises(CannotPlayError, match="open the bag in Foxglove"):
        playing.playing(play_arguments({"bag": str(bag)}))

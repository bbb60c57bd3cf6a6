"""The command line of the arbiter on its own."""

from __future__ import annotations

import pytest

from wm_bringup.nodes.arbiter import parse


def test_the_model_based_controller_drives_unless_others_are_named_in_order_of_preference():
    alone = parse(["--robot", "g1"])
    assert (alone.driver, alone.shadow) == (["mpc"], [])
    line = "--driver policy --driver mpc --shadow own --ros-args -p arbiter.ramp_time:=0.0"
    named = parse(line.split())
    assert (named.driver, named.shadow) == (["policy", "mpc"], ["own"])


def test_nobody_is_named_twice(capsys):
    with pytest.raises(SystemExit, match="2"):
        parse(["--driver", "mpc", "--shadow", "mpc"])
    assert "named more than once: mpc, mpc" in capsys.readouterr().err

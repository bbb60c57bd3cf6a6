"""What the plot of who drove shows of faults."""

from __future__ import annotations

import math

import numpy as np
import pytest
from matplotlib.figure import Figure

from wm_bringup.report.drivers import Timeline, mark_events
from wm_control.drivers import MPC


def timeline(*faults):
    time = np.linspace(0.0, 8.0, 81)
    return Timeline([(0.0, MPC)], 8.0, time, 0.0 * time, 0.0 * time, [], faults)


@pytest.mark.parametrize(
    ("begin", "until", "drawn"),
    [(4.0, 5.0, (4.0, 5.0)), (4.0, math.inf, (4.0, 8.0)), (9.0, 10.0, (9.0, 9.0))],
)
def test_a_fault_is_drawn_as_long_as_it_lasted_in_the_run(begin, until, drawn):
    axes = Figure().add_subplot()
    mark_events(axes, timeline((begin, until, "plan:off")))
    (span,) = axes.patches
    extent = span.get_extents().transformed(axes.transData.inverted())
    assert (extent.x0, extent.x1) == pytest.approx(drawn)

"""Runs that are watched: out of a bag, a trace, and as messages come."""

from __future__ import annotations

import numpy as np
import pytest
from loop_fakes import G1, N
from recorded import PUSHED, decision, standing, write_bag

from wm_bringup.bags.writer import BagError, BagWriter
from wm_bringup.record.run_record import NotRecordedError
from wm_bringup.view.charts_data import CHARTS, WINDOW, held, window
from wm_bringup.view.from_bag import BagRun
from wm_bringup.view.from_trace import TraceRun
from wm_bringup.view.live import LiveRun
from wm_bringup.view.recording import NO_CURVE, Curve
from wm_bringup.view.siblings import siblings
from wm_bringup.view.telling import status_html, timeline_svg
from wm_bringup.wire.messages import encode_string
from wm_bringup.wire.robot_messages import EstimateEncoder
from wm_bringup.wire.topics import DECISION, ESTIMATE, ROBOT_DESCRIPTION


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return BagRun(write_bag(tmp_path_factory.mktemp("view") / "bag"))


def test_a_bag_says_of_which_robot_it_is_how_long_and_who_drove(run):
    assert run.description.name == G1.name
    assert run.seconds == pytest.approx(1.98)
    assert [stint.driver for stint in run.stints()] == ["mpc", "policy", "mpc"]
    assert [one.time for one in run.story.interventions] == pytest.approx([1.0, 1.5])


def test_any_instant_of_it_can_be_looked_at(run):
    moment = run.moment(1.21)
    assert moment.estimate.base_position_in_world[0] == pytest.approx(0.2 * 1.2)
    assert moment.told.driver == "policy"
    assert moment.told.causes == (PUSHED,)
    assert run.moment(0.0).told.driver == "mpc"
    assert run.moment(99.0).estimate.base_position_in_world[0] == pytest.approx(0.2 * 1.98)


def test_its_curves_hold_what_was_told(run):
    impulse = run.curves()["impulse"]
    assert impulse.value.max() == 3.0
    assert impulse.time[np.argmax(impulse.value)] == pytest.approx(1.0)
    assert "latency" not in run.curves()


def test_a_bag_without_an_estimate_is_refused_by_the_name_of_what_lacks(tmp_path):
    writer = BagWriter(tmp_path / "bag", ballast_bytes=0)
    writer.add_topic(f"/{ROBOT_DESCRIPTION.name}", ROBOT_DESCRIPTION.type)
    writer.write(f"/{ROBOT_DESCRIPTION.name}", 0, encode_string(G1.visual_urdf))
    writer.close()
    with pytest.raises(BagError, match="state_estimator/estimate"):
        BagRun(tmp_path / "bag")


def test_a_file_that_is_no_trace_is_refused(tmp_path):
    (tmp_path / "a.npz").write_bytes(b"no archive")
    with pytest.raises(NotRecordedError):
        TraceRun(tmp_path / "a.npz")


def test_a_live_run_shows_the_newest_of_everything():
    live = LiveRun(G1)
    assert live.moment(0.0) is None
    encoder = EstimateEncoder(N)
    live.see(ESTIMATE, encoder.encode(standing(0.0, 0.1)), 100.0)
    live.see(DECISION, decision(0.0, "mpc"), 100.0)
    live.see(ESTIMATE, encoder.encode(standing(0.5, 0.3)), 100.5)
    live.see(DECISION, decision(0.5, "policy", why=PUSHED), 100.5)
    moment = live.moment(0.0)
    assert moment.time == pytest.approx(0.5)
    assert moment.estimate.base_position_in_world[0] == pytest.approx(0.3)
    assert moment.told.driver == "policy"
    assert [stint.driver for stint in live.stints()] == ["mpc", "policy"]
    assert live.curves()["impulse"].value.tolist() == [0.1, 3.0]


def test_a_live_run_that_hears_nothing_says_for_how_long_and_passes_over_what_it_cannot_read():
    live = LiveRun(G1)
    live.see(ESTIMATE, EstimateEncoder(N).encode(standing(0.0)), 100.0)
    live.see(ESTIMATE, b"\x00\x01\x00\x00nothing", 101.0)
    live.see(DECISION, b"\x00\x01\x00\x00", 101.0)
    live.tick(103.0)
    assert live.silence == pytest.approx(3.0)


def test_curves_hold_their_values_and_begin_with_none():
    curve = Curve(np.array([1.0, 2.0]), np.array([5.0, 6.0]))
    assert held(curve, np.array([0.5, 1.0, 1.9, 2.5])).tolist()[1:] == [5.0, 5.0, 6.0]
    assert np.isnan(held(curve, np.array([0.5])))
    assert np.isnan(held(NO_CURVE, np.array([0.5])))
    time, value = window(CHARTS[0], {"margin": curve}, 3.0)
    assert (time[0], time[-1], value[-1]) == (0.0, 3.0, 6.0)
    assert window(CHARTS[0], {}, 50.0)[0][0] == 50.0 - WINDOW


def test_words_of_a_decision_are_text_and_no_markup(run):
    assert "nothing has come yet" in status_html(None)
    stint = run.stints()[0]
    hostile = type(stint)(0.0, 1.0, "<b>", stint.action, True, "<script>")
    assert "<script>" not in timeline_svg([hostile], 0.0, 1.0, 0.5)
    assert "&lt;script&gt;" in timeline_svg([hostile], 0.0, 1.0, 0.5)


def test_the_timeline_draws_stretches_to_scale_and_only_those_in_sight(run):
    svg = timeline_svg(run.stints(), 1.0, 2.0, 1.5)
    assert svg.count("<rect") == 2 * len(run.stints())
    assert 'x="0.0" y="0" width="500.0"' in svg
    assert timeline_svg(run.stints(), 5.0, 6.0, 5.5).count("<rect") == 0


def test_processes_of_the_graph_are_found_below_whoever_started_it(tmp_path):
    def process(pid, module, children=()):
        (tmp_path / str(pid) / "task" / str(pid)).mkdir(parents=True)
        (tmp_path / str(pid) / "cmdline").write_bytes(f"python\0-m\0{module}\0x\0".encode())
        text = " ".join(map(str, children))
        (tmp_path / str(pid) / "task" / str(pid) / "children").write_text(text)

    process(10, "wm_bringup.cli", [11, 12])
    process(11, "wm_bringup.nodes.control", [13])
    process(12, "somebody.else")
    process(13, "wm_bringup.cycle.loop_process")
    assert siblings(10, tmp_path) == {"control": 11, "loop_process": 13}

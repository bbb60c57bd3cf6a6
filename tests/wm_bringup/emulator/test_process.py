"""The loop in real time, with time in the tests' hands, and the table at its end."""

import json

import pytest

from wm_bringup.emulator import process
from wm_bringup.emulator.process import Lateness, run
from wm_bringup.emulator.report import summary, table
from wm_bringup.host.realtime import PeriodicDeadlines, RealTimeReport


@pytest.fixture
def time(monkeypatch):
    """Replace clock and sleep: every wait ends on time, but for ``late`` by its number [s]."""

    class Time:
        now, waits, late = 100.0, 0, {}

        def sleep_until(self, deadline):
            self.waits += 1
            self.now = max(self.now, deadline) + self.late.get(self.waits, 0.0)

    world = Time()
    monkeypatch.setattr(
        process.realtime,
        "PeriodicDeadlines",
        lambda period: PeriodicDeadlines(
            period, clock=lambda: world.now, sleep_until=world.sleep_until
        ),
    )
    report = RealTimeReport(True, True, ())
    monkeypatch.setattr(process.realtime, "prepare_process", lambda: report)
    return world


def test_it_lives_for_the_periods_that_were_asked_for(meet, time):
    computer = meet()
    result = run(computer._attached, lambda: False, periods=100)
    assert computer.robot.counts.periods == 100
    assert (result.late, result.skipped) == (0, 0)


def test_it_ends_when_it_is_told_to(meet, time):
    computer = meet()
    run(computer._attached, lambda: time.waits >= 7)
    assert computer.robot.counts.periods == 7


def test_late_periods_are_counted_and_made_up_for(meet, time):
    computer = meet()
    time.late = {10: 0.0045}
    result = run(computer._attached, lambda: False, periods=50)
    # 4.5 ms late, the next one 2.5 ms, the one after 0.5 ms
    assert (result.late, result.skipped) == (2, 0)
    assert result.began.worst == pytest.approx(0.0045)


def test_after_a_long_stop_its_clock_has_gone_on(meet, time):
    computer = meet()
    time.late = {10: 1.001}
    result = run(computer._attached, lambda: False, periods=20)
    assert result.skipped == 500
    computer.go()
    ticks = [int(state["tick"][0]) for state in computer.states]
    assert ticks[-1] == 60000 + 2 * 21 + 1000


def test_requests_are_served_between_periods(meet, time, tmp_path):
    import socket

    computer = meet()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:

        def stopped():
            if time.waits == 1:
                client.connect(str(tmp_path / "g1"))
                client.sendall(b'{"press": ["A"]}\n')
            return time.waits >= 5

        run(computer._attached, stopped, tmp_path / "g1")
        assert json.loads(client.recv(100)) == {"done": 0.004}
    assert computer.robot.remote.raw[3] == 1


def test_percentiles_of_lateness_are_kept_to_ten_microseconds():
    lateness = Lateness()
    assert lateness.percentile(0.5) == 0.0
    for k in range(100):
        lateness.add(1e-4 * k)
    lateness.add(3.0)
    assert lateness.percentile(0.5) == pytest.approx(0.0050, abs=1.1e-4)
    assert lateness.percentile(0.98) == pytest.approx(0.0098, abs=1.1e-4)
    assert lateness.worst == 3.0


def test_everything_counted_is_in_the_summary_and_in_the_table(meet, time):
    computer = meet()
    result = run(computer._attached, lambda: False, periods=10)
    figures = summary(computer.robot, result)
    assert json.loads(json.dumps(figures))["periods"] == 10
    assert figures["permissions"] == "SCHED_FIFO; memory locked"
    assert table(figures).row_count == len(figures)

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from loop_fakes import G1, FakeController, FakeEstimator, observation_at
from robot_parameters import SAFETY as G1_SAFETY

from wm_bringup.cycle.control_cycle import HOLD_EVERY, ControlCycle, CycleOptions
from wm_bringup.cycle.loop import GOOD_LOOKS, Call, ControlLoop
from wm_bringup.cycle.loop_faults import LoopFaults
from wm_bringup.faults.fault import Fault, parse_all
from wm_bringup.host.realtime import PeriodStart
from wm_bringup.robots.clocks import FollowedClock, SteppedClock
from wm_bringup.robots.self_standing import SelfStandingRobot
from wm_control.arbiter.hardware import Hardware
from wm_control.arbiter.operator import NO_REQUEST, OperatorInput
from wm_control.arbiter.velocity_gate import VelocityGate
from wm_control.types import Action, ControllerResult, Status, VelocityCommand

DT = 0.002
SAFETY = replace(G1_SAFETY, arbiter=replace(G1_SAFETY.arbiter, ramp_time=0.0))


@dataclass(frozen=True)
class FakePlan:
    stamp: float


class FakeRobot:
    """Stands still; remembers what it was told."""

    description = G1

    def __init__(self) -> None:
        self.commands = []
        self.compute_times = []
        self.resets = 0
        self.ticks = 0
        self.sensor_delay = 0.0
        self.clock = SteppedClock()

    def observe(self):
        return observation_at(self.ticks * DT - self.sensor_delay, self.ticks)

    def hold(self):
        return self.observe()

    def pass_over(self, periods):
        self.ticks += periods
        return self.observe()

    def reset(self, seed):
        self.resets += 1
        self.ticks = 0
        return observation_at(0.0, 0)

    def step(self, command, compute_time=0.0):
        self.commands.append(command)
        self.compute_times.append(compute_time)
        self.ticks += 1
        return self.observe()


class PlanlessController(FakeController):
    """Like the model-based controller: degraded until a plan has come, and reset forgets it."""

    def __init__(self) -> None:
        super().__init__()
        self.plan = None

    def reset(self, estimate):
        super().reset(estimate)
        self.plan = None

    def receive(self, plan):
        self.plan = plan

    def step(self, estimate, velocity, dt, executed=None) -> ControllerResult:
        waiting = {"status": Status.DEGRADED, "cause": "no mpc plan yet"}
        self.answer = {} if self.plan else waiting
        return super().step(estimate, velocity, dt)


class World:
    """A robot under a cycle. ros_ahead: of ROS time before the clock of the periods [s]."""

    def __init__(
        self,
        controller=None,
        robot=None,
        ros_ahead=None,
        others=(),
        faults=(),
        standing=None,
        **options,
    ) -> None:
        self.time = 50.0
        self.ros_ahead = ros_ahead
        self.robot = robot or FakeRobot()
        self.controller = controller or FakeController()
        self.loop = ControlLoop(
            G1, FakeEstimator(), [self.controller], SAFETY, clock=lambda: self.time
        )
        self.gate = VelocityGate(SAFETY.velocity, SAFETY.envelopes["mpc"])
        scripted = parse_all(faults)
        self.records = []
        self.cycle = ControlCycle(
            self.robot,
            self.loop,
            self.gate,
            {"mpc": self.controller.receive, **dict(others)},
            self.records.append,
            clock=lambda: self.time,
            ros_clock=None if ros_ahead is None else lambda: self.time + self.ros_ahead,
            options=CycleOptions(**options),
            faults=LoopFaults(self.loop, G1, scripted) if scripted else None,
            standing=standing,
        )
        self.cycle.start()

    def period(self):
        self.time += DT
        return PeriodStart(self.time, self.time)

    def run(self, count=1):
        for _ in range(count):
            self.cycle.run(self.period())
        return self.records[-1]


def stamps_of(world):
    return [record.tick.observation.stamp for record in world.records]


def test_stamps_are_ros_time_and_advance_by_one_period_per_cycle():
    world = World(arm=True, held=False, ros_ahead=1e9)
    world.run(3)
    first = 50.0 + DT + 1e9
    assert stamps_of(world) == pytest.approx([first, first + DT, first + 2 * DT], abs=1e-6)
    assert [r.tick.observation.sequence for r in world.records] == [0, 1, 2]


def test_without_ros_time_stamps_count_from_zero():
    world = World(arm=True, held=False)
    world.run(3)
    assert stamps_of(world) == pytest.approx([0.0, DT, 2 * DT])


def test_stamps_stay_ros_time_however_long_the_robot_was_held():
    world = World(arm=False, ros_ahead=1e9)
    world.run(12_000)
    assert stamps_of(world)[-1] == pytest.approx(world.time + 1e9, abs=HOLD_EVERY * DT)
    world.loop.request(OperatorInput(arm=True))
    world.run(HOLD_EVERY + 3)
    assert stamps_of(world)[-1] == pytest.approx(world.time + 1e9, abs=1e-6)


def test_every_start_is_a_run_of_its_own_and_nothing_else_is():
    world = World(arm=True, held=False, first_run=7)
    world.run(3)
    world.cycle.request_reset()
    world.run(2)
    assert [r.tick.observation.run for r in world.records] == [7, 7, 7, 8, 8]


def test_skipped_periods_have_passed_for_the_robot_too():
    world = World(arm=True, held=False, ros_ahead=1e9)
    world.run(3)
    world.time += 30 * DT
    world.cycle.run(PeriodStart(world.time, world.time, skipped=29))
    # three cycles stepped the robot to tick 3, and 29 periods went by without a command
    assert world.records[-1].tick.observation.sequence == 3 + 29
    assert stamps_of(world)[-1] == pytest.approx(world.time + 1e9, abs=1e-6)


class FreeRobot(FakeRobot):
    """Runs by itself on a clock of its own; ``rate`` 1.0001 is 100 ppm too fast."""

    def __init__(self, rate, time):
        super().__init__()
        self.clock = FollowedClock()
        self.rate, self.time = rate, time
        self.lost = False

    def observe(self):
        shown = 7.0 + self.rate * (self.time() - 0.0004)
        if not self.lost:
            self.last = observation_at(shown, round(shown / DT))
        return self.last

    def step(self, command, compute_time=0.0):
        return self.observe()

    def reset(self, seed):
        return self.observe()


@pytest.mark.parametrize("rate", [0.9999, 1.0, 1.0001])
def test_ages_stay_true_when_the_robots_clock_drifts(rate):
    world = World(robot=FreeRobot(rate, lambda: world.time), arm=True, held=False, ros_ahead=1e9)
    world.run(5_000)  # 10 s, in which 100 ppm become 1 ms
    tick = world.records[-1].tick
    assert world.cycle.now - tick.observation.stamp == pytest.approx(0.0, abs=2e-4)
    assert tick.observation.stamp == pytest.approx(world.time + 1e9, abs=1e-3)
    assert tick.decision.action == Action.NOMINAL
    world.robot.lost = True
    world.run(20)
    assert world.cycle.now - world.records[-1].tick.observation.stamp > 0.035
    assert world.records[-1].tick.decision.first_cause.rule == "state_old"


def test_a_held_robot_is_not_stepped_until_armed():
    world = World(arm=False)
    record = world.run(5 * HOLD_EVERY)
    assert record.held
    assert record.tick.decision.first_cause.rule == "unarmed"
    assert world.robot.ticks == 0
    assert len(world.records) == 5


def test_it_arms_by_itself_only_when_nothing_speaks_against_it():
    world = World(PlanlessController(), arm=True)
    assert world.run(10 * HOLD_EVERY).held
    world.cycle.post("mpc", FakePlan(world.cycle.now))
    world.run(40 * HOLD_EVERY)
    assert not world.records[-1].held
    assert world.records[-1].tick.decision.action == Action.NOMINAL
    assert world.controller.plan is not None
    assert world.robot.ticks > 0


def test_after_arming_itself_once_it_does_not_arm_again_after_a_stop():
    world = World(arm=True, held=False)
    world.run(5)
    world.loop.request(OperatorInput(stop=True))
    world.run()
    world.loop.request(OperatorInput(clear=True))
    record = world.run(20)
    assert not record.tick.decision.armed
    assert record.tick.decision.action == Action.DAMPING


@pytest.mark.parametrize("held", [False, True])
def test_a_reset_does_not_undo_the_operators_stop_whatever_arm_says(held):
    world = World(arm=True, held=held)
    world.run((GOOD_LOOKS + 5) * HOLD_EVERY)
    assert world.records[-1].tick.decision.armed
    world.loop.request(OperatorInput(stop=True))
    world.run()
    world.cycle.request_reset()
    world.run(100 * HOLD_EVERY)
    decision = world.records[-1].tick.decision
    assert not decision.armed
    assert decision.first_cause.rule == "operator_stop"
    world.loop.request(OperatorInput(clear=True))
    world.run(10 * HOLD_EVERY)
    assert not world.records[-1].tick.decision.armed
    world.loop.request(OperatorInput(arm=True))
    world.run(10 * HOLD_EVERY)
    assert world.records[-1].tick.decision.action == Action.NOMINAL


def test_a_stop_and_a_reset_at_once_and_a_stop_while_held_keep_the_robot_still():
    world = World(arm=True)
    world.loop.request(OperatorInput(stop=True))
    world.cycle.request_reset()
    world.run(50 * HOLD_EVERY)
    assert world.records[-1].held
    assert world.records[-1].tick.decision.first_cause.rule == "operator_stop"
    assert world.robot.ticks == 0


def test_a_loop_that_stood_still_for_half_a_second_is_damped_with_the_reason_and_counted():
    world = World(arm=True, held=False)
    world.run(5)
    world.time += 0.5
    world.cycle.run(PeriodStart(world.time, world.time, skipped=250))
    record = world.records[-1]
    assert record.tick.decision.action == Action.DAMPING
    assert record.tick.decision.first_cause.rule == "loop_lost"
    assert "0.5 s" in record.tick.decision.first_cause.text
    assert record.latency.skipped == 250
    world.run(1000)
    assert world.records[-1].tick.decision.action == Action.DAMPING


def test_a_robot_that_is_held_does_not_mind_that_the_loop_stood_still():
    world = World(arm=False)
    world.cycle.run(PeriodStart(world.time, world.time, skipped=250))
    assert world.records[-1].tick.decision.first_cause.rule == "unarmed"


def test_a_reset_starts_over_without_time_running_backwards_and_drops_old_plans():
    world = World(arm=True, held=False, ros_ahead=100.0)
    world.run(10)
    before = world.cycle.now
    world.cycle.request_reset()
    world.cycle.post("mpc", FakePlan(before - DT))
    world.run()
    assert world.robot.resets == 2
    assert world.records[-1].tick.observation.sequence == 0
    assert world.records[-1].tick.observation.stamp >= before
    assert world.controller.plans == []
    world.cycle.post("mpc", FakePlan(world.cycle.now))
    world.run()
    assert len(world.controller.plans) == 1


def test_the_robot_learns_how_long_the_command_took_lateness_included():
    world = World(arm=True, held=False)
    scheduled = world.time + DT
    world.time = scheduled + 0.0007
    world.cycle.run(PeriodStart(scheduled, world.time))
    assert world.robot.compute_times == pytest.approx([0.0007])


def test_a_cycle_that_ends_after_its_period_is_late_and_many_in_a_row_limit():
    world = World(arm=True, held=False)
    for _ in range(11):
        scheduled = world.time
        world.time = scheduled + 0.0021
        world.cycle.run(PeriodStart(scheduled, world.time))
        assert world.records[-1].latency.deadline_missed
    assert world.run().tick.decision.action == Action.LIMITED
    assert not world.records[-1].latency.deadline_missed


def test_path_latency_contains_the_sensors_own_delay():
    world = World(arm=True, held=False)
    world.robot.sensor_delay = 0.008
    record = world.run(2)
    assert record.latency.path == pytest.approx(0.008)


def test_a_silent_operator_stops_the_robot_after_half_a_second():
    world = World(arm=True, held=False)
    world.run()
    world.gate.receive(VelocityCommand(0.5, 0.0, 0.0), world.cycle.now)
    world.run(2)
    assert world.records[-1].tick.velocity.linear_x == 0.5
    world.run(251)
    assert world.records[-1].tick.velocity == VelocityCommand()


def test_shutting_down_ends_with_damping_on_the_robot():
    world = World(arm=True, held=False)
    world.run(3)
    assert world.robot.commands[-1].stiffness.any()
    world.cycle.shut_down(world.period)
    last = world.robot.commands[-1]
    assert not last.stiffness.any()
    assert not last.torque.any()
    assert (last.damping > 0).all()
    assert np.isfinite(last.position).all()
    assert world.records[-1].tick.decision.first_cause.rule == "operator_stop"


def test_a_cycle_that_fails_leaves_the_robot_damped_and_says_why(monkeypatch):
    world = World(arm=True, held=False)
    world.run(3)

    def broken(*arguments):
        raise ArithmeticError("the arbiter is broken")

    monkeypatch.setattr(world.loop.arbiter, "update", broken)
    with pytest.raises(ArithmeticError, match="the arbiter is broken"):
        world.run()
    last = world.robot.commands[-1]
    assert not last.stiffness.any()
    assert not last.torque.any()
    assert (last.damping > 0).all()


def test_a_robot_that_fails_is_heard_of_even_if_it_cannot_be_damped(monkeypatch):
    world = World(arm=True, held=False)

    def broken(command, compute_time=0.0):
        raise ConnectionError("no bus")

    monkeypatch.setattr(world.robot, "step", broken)
    with pytest.raises(ConnectionError, match="no bus"):
        world.run()


def test_each_controller_gets_its_own_mail_and_the_newest_of_each_again_after_a_look():
    other = []
    world = World(others={"policy": other.append})
    world.run(HOLD_EVERY)
    plan, proposal = FakePlan(world.cycle.now), FakePlan(world.cycle.now)
    for name, message in (("mpc", plan), ("policy", proposal), ("somebody", plan)):
        world.cycle.post(name, message)
    world.run(2 * HOLD_EVERY)
    assert (world.controller.plans, other) == ([plan, plan], [proposal, proposal])


def test_scripted_faults_act_at_their_time_after_the_robot_was_let_go_and_again_after_a_reset():
    world = World(ros_ahead=1e9, faults=("command:off@0.01+0.004", "gyro:bias=0.5@0.02+0.002"))
    world.run(4 * HOLD_EVERY)  # held: every look begins a run
    world.loop.request(OperatorInput(arm=True))
    for _ in range(2):
        world.run(HOLD_EVERY)
        begun = next(k for k, r in enumerate(world.records) if not r.held)
        world.run(20)
        rates = [r.tick.observation.imu_angular_velocity[0] for r in world.records[begun:]]
        assert rates.index(0.5) == 10
        assert rates.count(0.5) == 1
        sent = world.robot.commands[-len(rates) :]
        assert [k for k, command in enumerate(sent) if command is None] == [5, 6]
        assert [(one.first, one.count) for one in world.cycle.faults] == [
            (pytest.approx(0.02, abs=1e-5), 1),
            (pytest.approx(0.01, abs=1e-5), 2),
        ]
        world.records.clear()
        world.cycle.request_reset()
        world.loop.request(OperatorInput(arm=True))


def test_a_fault_that_is_asked_for_while_the_robot_moves_counts_from_then_on():
    world = World(arm=True, held=False)
    world.run(10)
    assert world.cycle.faults == ()
    world.cycle.inject(Fault.parse("estimator:off@0.004+0.002"))
    causes = []
    for _ in range(5):
        world.run()
        causes.append(world.records[-1].tick.estimate.healthy)
    assert causes.count(False) == 1
    assert world.cycle.faults[0].count == 1


@pytest.mark.parametrize(
    ("text", "seen"),
    [("observation:off@0+0.006", [9, 9, 12, 13]), ("observation:delay=0.004@0", [9, 9, 10, 11])],
)
def test_the_first_fault_of_packets_that_is_asked_for_repeats_the_last_one_before_it(text, seen):
    world = World(arm=True, held=False)
    world.run(10)
    world.cycle.inject(Fault.parse(text))
    world.run(4)
    assert [record.tick.observation.sequence for record in world.records[10:]] == seen


def test_a_held_robot_of_which_no_packets_come_any_more_grows_old_and_is_not_let_go_of():
    world = World(arm=False)
    world.run(20 * HOLD_EVERY)
    world.cycle.inject(Fault.parse("observation:off@0"))
    world.run(10 * HOLD_EVERY)
    world.loop.request(OperatorInput(arm=True))
    record = world.run(20 * HOLD_EVERY)
    assert record.held
    assert record.tick.observation.stamp < world.cycle.now - 0.1


class StandingRobot(FakeRobot):
    """Holds itself until it is told to be ready, and a command comes."""

    def __init__(self) -> None:
        super().__init__()
        self.held, self.kept, self.relaxed, self.shift = True, 0, 0, 0.0
        self.let_go_after = None
        self.hardware = Hardware(hindrance="nothing is sent")
        self.requests = []

    def keep(self):
        self.kept += 1

    def asked(self):
        return self.requests.pop() if self.requests else NO_REQUEST

    def ready(self):
        self.held, self.hardware = True, Hardware()

    def give_back(self): ...

    def close(self): ...

    def let_go(self):
        self.let_go_after = len(self.commands)

    def relax(self):
        self.relaxed += 1
        self.hardware = Hardware(hindrance="damping is sent")

    def step(self, command, compute_time=0.0):
        self.held = False
        return super().step(command, compute_time)


def standing_world(**options):
    robot = StandingRobot()
    assert isinstance(robot, SelfStandingRobot)
    return World(robot=robot, standing=robot, **options), robot


def test_a_robot_that_holds_itself_is_kept_in_every_period_and_moved_in_none():
    world, robot = standing_world()
    world.run(50)
    assert (robot.kept, robot.commands) == (50 - 50 // HOLD_EVERY, [])
    assert robot.resets == 1


def test_it_cannot_be_armed_before_it_says_that_it_is_ready():
    world, robot = standing_world()
    world.run(50)
    world.loop.request(OperatorInput(arm=True))
    record = world.run(HOLD_EVERY)
    assert record.held
    assert "robot not ready to be driven: nothing is sent" in [
        cause.text for cause in record.tick.decision.causes
    ]
    robot.ready()
    world.run(HOLD_EVERY)
    world.loop.request(OperatorInput(arm=True))
    assert not world.run(HOLD_EVERY).held
    assert robot.commands
    assert not robot.held


def test_asked_to_start_by_itself_it_waits_until_the_robot_is_ready():
    world, robot = standing_world(arm=True)
    world.run(GOOD_LOOKS * HOLD_EVERY * 2)
    assert robot.commands == []
    robot.ready()
    world.run(GOOD_LOOKS * HOLD_EVERY * 2)
    assert robot.commands


def test_a_robot_that_holds_itself_again_is_a_new_run_and_nobody_drives():
    world, robot = standing_world(arm=True)
    robot.ready()
    run = world.run(GOOD_LOOKS * HOLD_EVERY * 2).tick.observation.run
    count = len(robot.commands)
    robot.held, robot.hardware = True, Hardware(hindrance="gains go up")
    record = world.run(50)
    assert record.held
    assert record.tick.observation.run > run
    assert len(robot.commands) == count


@pytest.mark.parametrize("by_remote", [True, False])
def test_a_stop_relaxes_a_robot_that_holds_itself_and_stops_the_loop(by_remote):
    world, robot = standing_world()
    robot.ready()
    world.run(50)
    stop = OperatorInput(stop=True)
    if by_remote:
        robot.requests.append(stop)
        world.run()
    else:
        world.cycle.request(stop)
    assert robot.relaxed == 1
    world.run(HOLD_EVERY)
    assert world.loop.arbiter.stopped


def test_what_the_robot_tells_is_passed_on_when_it_changes():
    world, robot = standing_world()
    world.run(50)
    calls = [c for r in world.records for c in r.tick.heard.calls if c[0] is Call.HARDWARE]
    assert calls == [(Call.HARDWARE, (Hardware(hindrance="nothing is sent"),))]
    robot.hardware = Hardware(battery_voltage=44.0)
    record = world.run(HOLD_EVERY)
    assert (Call.HARDWARE, (robot.hardware,)) in record.tick.heard.calls


def test_at_the_end_it_is_relaxed_and_then_let_go_of():
    world, robot = standing_world(arm=True)
    robot.ready()
    world.run(GOOD_LOOKS * HOLD_EVERY * 2)
    world.cycle.shut_down(world.period)
    assert robot.relaxed == 1
    assert not robot.commands[-1].stiffness.any()
    assert robot.let_go_after == len(robot.commands)


@pytest.mark.parametrize("failing", ["run", "shut_down"])
def test_of_a_robot_that_holds_itself_a_failure_leaves_nothing_stiff_and_nobody_lets_go(
    failing, monkeypatch
):
    world, robot = standing_world()
    robot.ready()
    world.run(HOLD_EVERY)

    def broken(*_):
        raise ArithmeticError("a look is broken")

    monkeypatch.setattr(robot, "hold", broken)
    monkeypatch.setattr(robot, "keep", broken)
    with pytest.raises(ArithmeticError, match="a look is broken"):
        world.run() if failing == "run" else world.cycle.shut_down(world.period)
    assert robot.relaxed
    assert not robot.commands[-1].stiffness.any()
    assert robot.let_go_after is None

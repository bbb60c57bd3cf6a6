"""The model-based contestant: which plan it follows, and what it does without one."""

from dataclasses import replace

import numpy as np
import pytest
from robot_parameters import MODEL_BASED
from robot_states import at, planner_and_controller

from wm_control.arbiter.controller_measurements import REFUSED
from wm_control.controllers.model_based import (
    STALE_PERIODS,
    ModelBasedController,
)
from wm_control.derivation.parts import part_content
from wm_control.errors import ParameterError
from wm_control.gait.state import Mode
from wm_control.mpc.footstep_mpc import FootstepMpc
from wm_control.mpc.plan import pack, unpack
from wm_control.types import Executed, Status, VelocityCommand

DT = 0.002
STILL = VelocityCommand()
PARAMETERS = MODEL_BASED
LIMIT = STALE_PERIODS * PARAMETERS.mpc.period + PARAMETERS.mpc.delay


@pytest.fixture(scope="module")
def pair(g1):
    """Planner and controller; building them takes a while, so every test resets them."""
    return planner_and_controller(g1)


@pytest.fixture
def planner(pair, standing):
    pair[0].reset(standing)
    return pair[0]


@pytest.fixture
def controller(pair, standing):
    pair[1].reset(standing)
    return pair[1]


def finite(command):
    arrays = [command.position, command.velocity, command.stiffness, command.damping,
              command.torque]  # fmt: skip
    return all(array.shape == (29,) and np.isfinite(array).all() for array in arrays)


def test_it_is_called_mpc(controller):
    assert controller.name == "mpc"


def test_with_a_fresh_plan_all_is_well(planner, controller, standing):
    controller.receive(planner.step(standing, STILL))
    result = controller.step(at(standing, DT), STILL, DT)
    assert (result.controller, result.status, result.cause) == ("mpc", Status.OK, "")
    assert finite(result.command)


def test_every_solve_is_reported_with_the_age_of_its_state(planner, controller, standing):
    controller.receive(planner.step(standing, STILL))
    result = controller.step(at(standing, 0.01), STILL, DT)
    ages = {solve.name: solve.age for solve in result.solves}
    assert ages == pytest.approx({"footstep_mpc": 0.01, "whole_body_qp": 0.0})


def test_a_plan_that_came_over_the_wire_does_as_well(planner, controller, standing):
    controller.receive(unpack(pack(planner.step(standing, STILL))))
    assert controller.step(standing, STILL, DT).status == Status.OK


def test_without_a_plan_it_stands_with_its_own_and_says_so(controller, standing):
    for k in range(20):
        result = controller.step(at(standing, k * DT), STILL, DT)
        assert result.status == Status.DEGRADED
        assert "no mpc plan yet" in result.cause
        assert finite(result.command)
    assert controller.plan.gait.mode == Mode.STAND


def test_its_own_planner_does_not_walk_off_whatever_is_commanded(controller, standing):
    for k in range(20):
        controller.step(at(standing, k * DT), VelocityCommand(1.0), DT)
    assert controller.plan.gait.mode == Mode.STAND


def test_a_plan_is_followed_until_the_limit_and_not_longer(planner, controller, standing):
    plan = planner.step(standing, STILL)
    controller.receive(plan)
    assert controller.step(at(standing, LIMIT - 1e-6), STILL, DT).status == Status.OK
    assert controller.plan is plan
    assert controller.step(at(standing, LIMIT + DT), STILL, DT).status == Status.DEGRADED
    assert controller.plan is not plan


def test_a_stale_plan_is_named_with_its_age_and_the_limit(planner, controller, standing):
    controller.receive(planner.step(standing, STILL))
    result = controller.step(at(standing, 0.120), STILL, DT)
    assert result.status == Status.DEGRADED
    assert "mpc plan is 120 ms old" in result.cause
    assert f"limit {1e3 * LIMIT:.0f} ms" in result.cause
    assert result.solves[0].age == pytest.approx(0.120)
    assert finite(result.command)


def walking_plan(planner, standing, seconds=0.4):
    """Plan of a robot that was told to walk, a while ago."""
    plan = None
    for k in range(round(seconds / 0.008)):
        plan = planner.step(at(standing, 0.008 * k), VelocityCommand(0.3))
    assert plan.gait.mode == Mode.WALK
    return plan


def test_the_backup_goes_on_with_the_step_that_was_under_way(planner, controller, standing):
    plan = walking_plan(planner, standing)
    controller.receive(plan)
    controller.step(at(standing, plan.stamp), STILL, DT)
    controller.step(at(standing, plan.stamp + LIMIT + DT), STILL, DT)
    own = controller.plan
    assert own is not plan
    assert own.gait.mode == Mode.WALK
    assert (own.gait.support, own.gait.step_start) == (plan.gait.support, plan.gait.step_start)
    assert own.gait.touch_down == pytest.approx(plan.gait.touch_down, abs=0.2)


def test_the_backup_slows_down(planner, controller, standing):
    plan = walking_plan(planner, standing, 0.8)
    controller.receive(plan)
    speeds = []
    for k in range(100):
        controller.step(at(standing, plan.stamp + LIMIT + (k + 1) * DT), VelocityCommand(0.3), DT)
        speeds.append(controller.plan.gait.velocity[0])
    assert speeds[-1] < plan.gait.velocity[0] - 0.05
    assert (np.diff(speeds) <= 1e-12).all()


def test_the_backup_plans_at_the_planners_rate(planner, controller, standing):
    plan = walking_plan(planner, standing)
    controller.receive(plan)
    stamps = set()
    for k in range(40):
        controller.step(at(standing, plan.stamp + LIMIT + (k + 1) * DT), STILL, DT)
        stamps.add(controller.plan.stamp)
    assert len(stamps) == 10


def test_a_fresh_plan_ends_the_emergency(planner, controller, standing):
    controller.receive(planner.step(standing, STILL))
    assert controller.step(at(standing, 0.2), STILL, DT).status == Status.DEGRADED
    plan = planner.step(at(standing, 0.2), STILL)
    controller.receive(plan)
    result = controller.step(at(standing, 0.202), STILL, DT)
    assert (result.status, result.cause) == (Status.OK, "")
    assert controller.plan is plan


def test_a_failed_plan_is_ignored(planner, controller, standing):
    good = planner.step(standing, STILL)
    bad = planner.step(at(standing, 0.008), STILL)
    controller.receive(good)
    controller.receive(replace(bad, report=replace(bad.report, status=Status.FAILED)))
    controller.step(at(standing, 0.01), STILL, DT)
    assert controller.plan is good


def test_a_degraded_plan_is_followed_and_its_cause_passed_on(planner, controller, standing):
    plan = planner.step(standing, STILL)
    report = replace(plan.report, status=Status.DEGRADED, cause="footstep QP failed once")
    controller.receive(replace(plan, report=report))
    result = controller.step(standing, STILL, DT)
    assert (result.status, result.cause) == (Status.DEGRADED, "footstep QP failed once")
    assert finite(result.command)


def test_an_older_plan_that_arrives_late_is_ignored(planner, controller, standing):
    first, second = (planner.step(at(standing, stamp), STILL) for stamp in (0.0, 0.008))
    controller.receive(second)
    controller.receive(first)
    controller.step(at(standing, 0.01), STILL, DT)
    assert controller.plan is second


def test_it_says_how_many_newer_plans_were_refused_until_one_is_followed(
    planner, controller, standing
):
    good, later = planner.step(standing, STILL), planner.step(at(standing, 0.008), STILL)
    refused = []
    for tick, plan in enumerate((good, replace(good, stamp=9.0), replace(good, stamp=9.0), later)):
        controller.receive(plan)
        result = controller.step(at(standing, DT + DT * tick), STILL, DT)
        refused.append(result.figures.get(REFUSED, 0.0))
    assert refused == [0.0, 1.0, 2.0, 0.0]


def test_a_reset_forgets_the_plan(planner, controller, standing):
    controller.receive(planner.step(standing, STILL))
    controller.reset(at(standing, 0.004))
    assert "no mpc plan yet" in controller.step(at(standing, 0.004), STILL, DT).cause


def test_a_plan_from_before_the_clock_was_set_back_does_not_block_newer_ones(
    planner, controller, standing
):
    late = planner.step(at(standing, 60.0), STILL)  # still under way when everything was reset
    controller.reset(standing)
    controller.receive(late)
    controller.step(standing, STILL, DT)
    planner.reset(at(standing, DT))
    fresh = planner.step(at(standing, DT), STILL)
    controller.receive(fresh)
    controller.step(at(standing, 2 * DT), STILL, DT)
    assert controller.plan is fresh


def test_a_failed_whole_body_solve_is_a_failure_without_a_command_in_the_end(
    planner, controller, standing, monkeypatch
):
    controller.receive(planner.step(standing, STILL))
    assert controller.step(standing, STILL, DT).command is not None
    real = controller._body._qp.solve
    monkeypatch.setattr(
        controller._body._qp, "solve", lambda problem: replace(real(problem), ok=False)
    )
    statuses = [controller.step(at(standing, k * DT), STILL, DT) for k in range(1, 4)]
    assert [result.status for result in statuses] == [
        Status.DEGRADED, Status.DEGRADED, Status.FAILED,
    ]  # fmt: skip
    assert statuses[0].command is not None
    assert statuses[-1].command is None
    assert "whole-body QP failed 3 times" in statuses[-1].cause


def test_a_state_that_is_not_finite_gives_no_command_that_is_not(planner, controller, standing):
    controller.receive(planner.step(standing, STILL))
    controller.step(standing, STILL, DT)
    lost = replace(standing, joint_velocity=np.full(29, np.nan))
    for k in range(1, 5):
        result = controller.step(at(lost, k * DT), STILL, DT)
        assert result.status > Status.OK
        assert result.cause
        assert result.command is None or finite(result.command)
    assert result.status == Status.FAILED


def test_planner_and_controller_share_their_parameters(g1):
    planner, controller = planner_and_controller(g1, {"mpc": {"period": 0.01, "delay": 0.004}})
    assert isinstance(planner, FootstepMpc)
    assert isinstance(controller, ModelBasedController)
    assert planner.parameters.period == 0.01
    assert planner.parameters.delay == 0.004


def test_the_shipped_configuration_is_valid(g1):
    planner, _ = planner_and_controller(g1, part_content("g1", "model_based"))
    assert planner.parameters.period == pytest.approx(0.008)


@pytest.mark.parametrize(
    ("source", "key"),
    [
        ({"gait": {"com_hight": 0.6}}, "gait.com_hight"),
        ({"gait": {"com_height": 6.0}}, "gait.com_height"),
        ({"mpc": {"period": 0.0}}, "mpc.period"),
        ({"whole_body": {"friction": float("nan")}}, "whole_body.friction"),
        ({"whole_bodi": {}}, "whole_bodi"),
    ],
)
def test_a_wrong_key_or_value_is_named(g1, source, key):
    with pytest.raises(ParameterError, match=key):
        planner_and_controller(g1, source)


def test_a_planner_that_lost_the_robots_step_is_followed_again_only_when_both_stand(
    planner, controller, standing
):
    plan = walking_plan(planner, standing)
    controller.receive(plan)
    controller.step(at(standing, plan.stamp), STILL, DT)
    back = plan.stamp + LIMIT + DT
    assert "old" in controller.step(at(standing, back), STILL, DT).cause
    own = controller.plan
    swapped = replace(
        own.gait,
        support=own.gait.swing,
        support_pose=own.gait.swing_start,
        swing_start=own.gait.support_pose,
    )
    feet = np.vstack((own.gait.support_pose, own.footsteps[:-1]))
    other = replace(own, stamp=back, gait=swapped, footsteps=feet)
    controller.receive(other)
    result = controller.step(at(standing, back + DT), STILL, DT)
    assert result.status == Status.DEGRADED
    assert "another step" in result.cause
    same = replace(own, stamp=back + DT)
    controller.receive(same)
    assert controller.step(at(standing, back + 2 * DT), STILL, DT).status == Status.OK
    assert controller.plan is same


def driven_by(source, command):
    return Executed(command, source)


def test_in_shadow_a_plan_of_the_steps_that_happen_is_followed_whatever_its_own_step_was(
    planner, controller, standing
):
    controller.receive(planner.step(standing, STILL))
    command = controller.step(standing, STILL, DT).command
    late = at(standing, 0.2)
    assert controller.step(late, STILL, DT).status == Status.DEGRADED  # its own step, to a stop
    seen = replace(at(standing, 0.204), contact_probability=np.array([0.0, 1.0]))
    plan = planner.step(seen, STILL, in_shadow=True)
    assert plan.gait.mode == Mode.WALK
    controller.receive(plan)
    result = controller.step(at(standing, 0.206), STILL, DT, driven_by("policy", command))
    assert result.status == Status.OK
    assert controller.plan is plan


def test_the_arbiters_own_commands_put_it_in_nobodys_shadow(planner, controller, standing):
    controller.receive(planner.step(standing, STILL))
    command = controller.step(standing, STILL, DT).command
    for source in ("mpc", "arbiter"):
        assert not driven_by(source, command).driven_by_another(controller.name)
    assert driven_by("policy", command).driven_by_another(controller.name)


def test_walking_it_tells_its_phase_and_standing_it_is_ready_to_take_over(
    planner, controller, standing
):
    controller.receive(planner.step(standing, STILL))
    assert controller.step(standing, STILL, DT).figures == {"ready": 1.0}
    walking = planner.step(at(standing, 0.1), VelocityCommand(0.5))
    controller.receive(walking)
    assert walking.gait.mode == Mode.WALK
    assert 0.0 <= controller.step(at(standing, 0.102), STILL, DT).figures["phase"] < 1.0

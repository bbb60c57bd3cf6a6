"""Which topic a driver is heard on, and which topics steer the robot."""

from __future__ import annotations

import pytest

from wm_bringup.wire.topics import (
    JOINT_STATES,
    POLICY_PROPOSAL,
    PROPOSAL,
    STEERING,
    proposal_topic,
    steers,
)
from wm_control.errors import ParameterError


def test_every_driver_is_heard_on_a_topic_of_its_own_name():
    assert proposal_topic("mpc") is PROPOSAL
    assert proposal_topic("policy") is POLICY_PROPOSAL
    assert proposal_topic("dance_2").name == "dance_2/joint_command"
    assert proposal_topic("dance_2").type == PROPOSAL.type


@pytest.mark.parametrize("name", ["", "a/b", "2nd", "my-driver", "Upper", "arbiter"])
def test_a_name_that_no_driver_can_have_is_refused(name):
    with pytest.raises(ParameterError, match="lower-case word"):
        proposal_topic(name)


def test_proposals_of_anybody_steer_the_robot_and_so_are_heard_from_one_publisher_only():
    assert all(map(steers, (*STEERING, proposal_topic("dance"))))
    assert not steers(JOINT_STATES)

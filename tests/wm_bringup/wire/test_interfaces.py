"""docs/interfaces.md says what the code does."""

from __future__ import annotations

from pathlib import Path

import pytest

from wm_bringup.wire import interfaces
from wm_bringup.wire.topics import PUBLISHER, SUBSCRIBER, TOPICS, Flow

ROOT = Path(__file__).parents[3]
DOCUMENT = (ROOT / "docs" / "interfaces.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("make", interfaces.TABLES, ids=lambda make: make.__name__)
def test_every_table_of_the_document_is_the_one_printed_from_the_code(make):
    assert make() in DOCUMENT, "print the tables with: python -m wm_bringup.wire.interfaces"


def test_topic_names_are_unique():
    assert len({topic.name for topic in TOPICS}) == len(TOPICS)


@pytest.mark.parametrize("flow", list(Flow))
def test_every_subscriber_of_ours_can_hear_every_publisher_of_ours(flow):
    offered, asked = PUBLISHER[flow], SUBSCRIBER[flow]
    assert offered.reliable or not asked.reliable
    assert offered.latched or not asked.latched


def test_a_recorder_that_stalls_for_a_second_loses_nothing():
    assert PUBLISHER[Flow.STREAM].reliable
    assert PUBLISHER[Flow.STREAM].depth >= 500

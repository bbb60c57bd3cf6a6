"""The cycles of a run in real time, in a bag of their own: written beside what is published.

Each is encoded as it came over the link, without being unpacked, and written by a thread of its
own: what happens in the real-time process is what happens without a bag.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wm_bringup.bags.recorder import BagRecorder
from wm_bringup.bags.writer import BagWriter
from wm_bringup.cycle.control_cycle import CycleRecord
from wm_bringup.cycle.cycle_message import encode_packed
from wm_bringup.cycle.record_codec import Packed
from wm_bringup.wire.messages import encode_string
from wm_bringup.wire.robot_messages import TruthEncoder
from wm_bringup.wire.topics import CYCLES, GROUND_TRUTH, SETUP, Topic


class LiveCycles:
    """A bag of all cycles; ``see`` never waits and never raises."""

    def __init__(self, folder: Path, setup: Mapping[str, Any], namespace: str = "") -> None:
        """Begin a new folder; BagError where it cannot be. setup: see ``loop_setup``."""
        folder.parent.mkdir(parents=True, exist_ok=True)
        space = namespace.strip("/")
        self._space = f"/{space}" if space else ""
        self._recorder = BagRecorder(BagWriter(folder))
        self._truth = TruthEncoder()
        self._stamp = 0
        self._announced: set[Topic] = set()
        self._put(SETUP, encode_string(json.dumps(setup)))

    def see(self, packed: Packed, record: CycleRecord) -> None:
        """Take in a cycle, as it came over the link and as it was read."""
        self._stamp = max(self._stamp, round(1e9 * record.tick.decision.stamp))
        self._put(CYCLES, encode_packed(packed))
        if record.truth is not None:
            self._put(GROUND_TRUTH, self._truth.encode(record.truth))

    def _put(self, topic: Topic, message: bytes) -> None:
        name = f"{self._space}/{topic.name}"
        if topic not in self._announced:
            self._announced.add(topic)
            self._recorder.announce(name, topic.type)
        self._recorder.put(name, self._stamp, message)

    def close(self) -> str:
        """Write what is queued; return what went wrong, or nothing."""
        self._recorder.close()
        return self._recorder.problem

"""The service that switches the robot's own controllers, asked without waiting for the answer."""

from __future__ import annotations

import json

from wm_bringup.robots.unitree.link import (
    SWITCHER_REQUEST,
    SWITCHER_RESPONSE,
    ApiRequest,
    ApiResponse,
    Link,
)

CHECK_MODE, SELECT_MODE, RELEASE_MODE = 1001, 1002, 1003

ASK_EVERY = 0.2
"""From one question to the next [s]."""


class MotionSwitcher:
    """Knows who has the robot, and asks for changes; call ``update`` often.

    owner: name of the robot's own controller that is active; empty: none; None: not known since
    ``forget``.
    """

    def __init__(self, link: Link, first_number: int = 1) -> None:
        """first_number: of the calls; others may use the same service."""
        self._requests = link.writer(SWITCHER_REQUEST)
        self._responses = link.reader(SWITCHER_RESPONSE)
        self.owner: str | None = None
        self._number = first_number
        self._checks: set[int] = set()
        self._asked = float("-inf")

    def forget(self) -> None:
        """Take nothing for known that was said before now."""
        self.owner = None
        self._checks.clear()
        self._asked = float("-inf")

    def update(self, now: float, *, select: str | None) -> None:
        """Hear answers and ask, at most every ``ASK_EVERY``.

        select: controller that is to have the robot; empty: none of the robot's own; None: whoever.
        """
        for response in self._responses.take():
            self._hear(response)
        if now - self._asked < ASK_EVERY:
            return
        self._asked = now
        if self.owner is not None and select is not None and self.owner != select:
            if select:
                self._call(SELECT_MODE, {"name": select})
            else:
                self._call(RELEASE_MODE, {})
        self._checks.add(self._call(CHECK_MODE, {}))

    def _call(self, api: int, parameter: dict[str, str]) -> int:
        self._number += 1
        self._requests.write(ApiRequest(self._number, api, json.dumps(parameter)))
        return self._number

    def _hear(self, response: ApiResponse) -> None:
        """Take the answer to a check; one that cannot be read says nothing."""
        if response.number not in self._checks or response.code != 0:
            return
        self._checks.discard(response.number)
        try:
            said = json.loads(response.data)
        except ValueError:
            return
        name = said.get("name") if isinstance(said, dict) else None
        if isinstance(name, str):
            self.owner = name

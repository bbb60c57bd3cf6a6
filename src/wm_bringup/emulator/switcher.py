"""The robot's service ``motion_switcher``: says, gives and takes the vendor's controller.

APIs and error codes are those of the vendor's documents (G1 developer guide, "Motion Switcher
Service Interface").
"""

from __future__ import annotations

import json
from typing import Final

from wm_bringup.emulator.authority import Authority
from wm_bringup.robots.unitree.link import ApiRequest, ApiResponse
from wm_bringup.robots.unitree.motion_switcher import CHECK_MODE, RELEASE_MODE, SELECT_MODE

DONE: Final = 0
WRONG_PARAMETER: Final = 7001
UNKNOWN_MODE: Final = 7004
UNKNOWN_API: Final = 3203
"""Of the vendor's remote calls in general: the server has no such API."""

STANDARD_FORM: Final = "0"


class MotionSwitcher:
    """Answers calls; what it changes takes effect in the next period."""

    def __init__(self, authority: Authority, modes: tuple[str, ...]) -> None:
        """modes: that can be selected."""
        self._authority, self._modes = authority, modes

    def answer(self, request: ApiRequest) -> ApiResponse:
        """Do what is asked."""
        code, data = self._do(request)
        return ApiResponse(request.number, request.api, code, data)

    def _do(self, request: ApiRequest) -> tuple[int, str]:
        if request.api == CHECK_MODE:
            return DONE, json.dumps({"form": STANDARD_FORM, "name": self._authority.mode})
        if request.api == RELEASE_MODE:
            self._authority.release()
            return DONE, ""
        if request.api == SELECT_MODE:
            return self._select(request.parameter), ""
        return UNKNOWN_API, ""

    def _select(self, parameter: str) -> int:
        try:
            name = json.loads(parameter)["name"]
        except (ValueError, TypeError, KeyError):
            return WRONG_PARAMETER
        if name not in self._modes:
            return UNKNOWN_MODE
        self._authority.select(name)
        return DONE

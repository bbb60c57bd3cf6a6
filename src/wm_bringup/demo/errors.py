"""What can make a demo impossible."""

from wm_control.errors import WmError


class DemoError(WmError):
    """The demo could not be run, or left nothing to judge."""

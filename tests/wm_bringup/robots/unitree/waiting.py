"""Waiting for what another process or thread does in its own time."""

import time


def until(true, patience=10.0):
    """Wait until it is; fails when it is not within ``patience`` [s]."""
    end = time.monotonic() + patience
    while not true():
        assert time.monotonic() < end, "has not happened"
        time.sleep(0.002)

"""The control cycle: loop, arbiter and filter in one process at 500 Hz, and the link to it."""

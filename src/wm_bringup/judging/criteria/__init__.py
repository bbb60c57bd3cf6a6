"""Criteria: pure functions of a run's record, each with unit, definition and version."""

"""Sensor readings before the filter: finite, in range, alive, and of one physical robot."""

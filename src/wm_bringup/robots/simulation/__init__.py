"""A simulated robot on any physics engine: drives, sensors, faults, disturbances, truth."""

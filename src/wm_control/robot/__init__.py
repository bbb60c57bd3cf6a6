"""The robot: one description, shared by controllers, estimator and every simulator."""

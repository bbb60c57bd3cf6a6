"""Parameters of planner, controller, estimator and arbiter, computed from the robot itself."""

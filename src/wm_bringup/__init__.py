"""What runs the controllers and judges them: robot backends, loop, ROS 2 graph, evaluation."""

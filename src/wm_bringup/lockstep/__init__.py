"""Lock-step: robot, loop and driver advanced tick by tick, without ROS and without clocks."""

"""``wm demo``: the full ROS graph in real time on a velocity course, judged from its bag."""

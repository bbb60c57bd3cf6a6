"""State estimation: sensors in, where the robot is and what carries it out."""

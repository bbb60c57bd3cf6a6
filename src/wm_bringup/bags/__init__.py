"""rosbag2 files: written so that nothing is lost, read back also when they are damaged."""

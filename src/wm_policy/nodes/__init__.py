"""ROS 2 nodes of learned policies."""

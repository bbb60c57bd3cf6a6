"""rclpy adapters of the bring-up: robot, composed control process, recorder, velocity source."""

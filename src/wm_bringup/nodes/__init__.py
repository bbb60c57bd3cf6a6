"""The nodes: rclpy adapters that turn messages into core types, call, and publish."""

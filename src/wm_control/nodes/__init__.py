"""Thin rclpy adapters around the core: message in, core type out, call, publish."""

"""Driving by hand: what keys and gamepads mean, without ROS and without a clock."""

"""What happened in one run: columns over time, strides, falls, pictures."""

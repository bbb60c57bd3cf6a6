"""What a driver costs: arithmetic, memory and energy of a control step, and what making it took."""

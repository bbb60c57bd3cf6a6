"""Footsteps and their timing, planned on the divergent component of motion."""

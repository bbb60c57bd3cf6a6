"""A first robot file from nothing but a URDF: what can be read off it, what is guessed, and why."""

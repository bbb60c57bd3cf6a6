"""The gait apart from whoever plans it: its clock and steps, its velocity, and what is seen of it."""

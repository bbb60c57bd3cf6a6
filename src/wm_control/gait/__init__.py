"""The gait apart from whoever plans it: its clock, its steps, its velocity, what is seen of it."""

"""The computer this runs on: what it has, how to be punctual on it, where results come from."""

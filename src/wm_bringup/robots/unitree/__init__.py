"""Unitree's wire: the messages of its humanoids, and what carries them."""

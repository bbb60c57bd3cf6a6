"""Unitree's wire on real DDS: Cyclone's C library, called without types of Python in between."""
